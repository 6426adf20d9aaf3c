package custody

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/escrow"
	"batsignal/oncall/fault"
)

const (
	sqlExportPeople = `
		select p.id, p.handle from person p where exists (select from sealed_contact c where c.owner_id = p.id) order by p.id`
	sqlExportRecords = `
		select record_id::text, owner_id, kind, policy, content_epoch, epoch, nonce, content, commitment, commit_bot, commit_switchboard
		from sealed_contact order by record_id`
	sqlExportWraps = `
		select record_id::text, epoch, slot, wrapped from sealed_wrap order by record_id, epoch, slot`
)

// exportTitle is the first line of an export.
const exportTitle = "batsignal sealed export v1"

// exportLine is one line of an export: one of its fields.
type exportLine struct {
	Keyring string      `json:"keyring,omitempty"`
	Person  *exportWho  `json:"person,omitempty"`
	Record  *exportRec  `json:"record,omitempty"`
	Wrap    *exportWrap `json:"wrap,omitempty"`
	End     *exportEnd  `json:"end,omitempty"`
}

type exportWho struct {
	ID     int64  `json:"id"`
	Handle string `json:"handle"`
}

type exportRec struct {
	escrow.Record
	Epoch int
}

type exportWrap escrow.Wrap

// exportEnd is the last line: without it the export was cut off.
type exportEnd struct {
	Records int `json:"records"`
	Wraps   int `json:"wraps"`
}

// ExportSealed writes everything that the offline paths need, as of one moment: a line of
// JSON for each row. It holds ciphertexts, keyrings and handles, and opens only with shares.
// db is a pool or a connection, not a transaction.
func ExportSealed(ctx context.Context, db pg.DB, w io.Writer) error {
	out := bufio.NewWriter(w)
	if _, err := out.WriteString(exportTitle + "\n"); err != nil {
		return err
	}
	if err := pg.Snapshot(ctx, db, func(tx pgx.Tx) error { return export(ctx, tx, json.NewEncoder(out)) }); err != nil {
		return err
	}
	return out.Flush()
}

func export(ctx context.Context, tx pgx.Tx, enc *json.Encoder) error {
	all, err := All(ctx, tx)
	if err != nil {
		return err
	}
	for _, k := range all {
		if err := enc.Encode(exportLine{Keyring: k.Text()}); err != nil {
			return err
		}
	}
	var end exportEnd
	if err := exportRows(ctx, tx, sqlExportPeople, func(rows pgx.Rows) error {
		var p exportWho
		if err := rows.Scan(&p.ID, &p.Handle); err != nil {
			return err
		}
		return enc.Encode(exportLine{Person: &p})
	}); err != nil {
		return err
	}
	if err := exportRows(ctx, tx, sqlExportRecords, func(rows pgx.Rows) error {
		var r exportRec
		end.Records++
		if err := rows.Scan(&r.ID, &r.Owner, &r.Kind, &r.Policy, &r.ContentEpoch, &r.Epoch, &r.Nonce, &r.Content,
			&r.Commitment, &r.CommitBot, &r.CommitSwitchboard); err != nil {
			return err
		}
		return enc.Encode(exportLine{Record: &r})
	}); err != nil {
		return err
	}
	if err := exportRows(ctx, tx, sqlExportWraps, func(rows pgx.Rows) error {
		var r exportWrap
		end.Wraps++
		if err := rows.Scan(&r.Record, &r.Epoch, &r.Slot, &r.Wrapped); err != nil {
			return err
		}
		return enc.Encode(exportLine{Wrap: &r})
	}); err != nil {
		return err
	}
	return enc.Encode(exportLine{End: &end})
}

// exportRows hands rows on one by one, so that ten thousand people do not stand in memory.
func exportRows(ctx context.Context, tx pgx.Tx, sql string, each func(pgx.Rows) error) error {
	rows, err := tx.Query(ctx, sql)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// ReadSealed reads an export, or a dump of the database as pg_dump writes it in plain SQL.
func ReadSealed(r io.Reader) (Backup, error) {
	in := bufio.NewReaderSize(r, 1<<16)
	first, err := in.Peek(len(exportTitle) + 1)
	if string(first) == exportTitle+"\n" {
		return readExport(in)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return Backup{}, err
	}
	return readDump(in)
}

// nextLine returns a line without its end; io.EOF comes with an empty one.
func nextLine(in *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := in.ReadSlice('\n')
		if len(line)+len(part) > longestBackupLine {
			return nil, fault.New(fault.Invalid, "The backup has a line of more than a megabyte. It is no export, and no dump in plain SQL.")
		}
		line = append(line, part...)
		switch {
		case err == nil:
			return bytes.TrimRight(line, "\r\n"), nil
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && len(line) > 0:
			return line, nil
		default:
			return nil, err
		}
	}
}

func readExport(in *bufio.Reader) (Backup, error) {
	a := newAssembly()
	if _, err := nextLine(in); err != nil { // the title
		return Backup{}, err
	}
	for {
		line, err := nextLine(in)
		if errors.Is(err, io.EOF) {
			return Backup{}, fault.New(fault.Invalid, "The export was cut off: its last line is missing. Take another copy.")
		}
		if err != nil {
			return Backup{}, err
		}
		var row exportLine
		if err := strict(line, &row); err != nil {
			return Backup{}, fault.Wrap(fault.Invalid, err, "A line of the export cannot be read. Take another copy.")
		}
		switch {
		case row.Keyring != "":
			err = a.keyring(row.Keyring)
		case row.Person != nil:
			a.handles[row.Person.ID] = row.Person.Handle
		case row.Record != nil:
			err = a.record(row.Record.Record, row.Record.Epoch)
		case row.Wrap != nil:
			err = a.wrap(escrow.Wrap(*row.Wrap))
		case row.End != nil:
			if row.End.Records != len(a.records) || row.End.Wraps != len(a.wraps) {
				return Backup{}, fault.New(fault.Invalid, "The export says that it holds %s, and it holds %d. Take another copy.", oncall.Plural(row.End.Records, "sealed address", "sealed addresses"), len(a.records))
			}
			return a.backup(), nil
		default:
			err = fault.New(fault.Invalid, "A line of the export says nothing (%q). Take another copy.", strings.TrimSpace(string(line[:min(len(line), 40)])))
		}
		if err != nil {
			return Backup{}, err
		}
	}
}
