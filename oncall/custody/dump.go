package custody

import (
	"bufio"
	"encoding/hex"
	"errors"
	"io"
	"strconv"
	"strings"

	"batsignal/oncall/escrow"
	"batsignal/oncall/fault"
)

// dumped are the tables that are taken out of a dump, and what is done with a row: the
// columns come by name, since their order is the dump's.
func dumped(a *assembly) map[string]func(row map[string]string) error {
	return map[string]func(map[string]string) error{
		"keyring": func(row map[string]string) error { return a.keyring(row["manifest"]) },
		"person": func(row map[string]string) error {
			id, err := strconv.ParseInt(row["id"], 10, 64)
			a.handles[id] = row["handle"]
			return err
		},
		"sealed_contact": func(row map[string]string) error {
			var f rowReader
			r := escrow.Record{
				ID: row["record_id"], Owner: f.number(row["owner_id"]), Kind: row["kind"], Policy: row["policy"],
				ContentEpoch: int(f.number(row["content_epoch"])), Nonce: f.bytes(row["nonce"]), Content: f.bytes(row["content"]),
				Commitment: f.bytes(row["commitment"]), CommitBot: f.bytes(row["commit_bot"]), CommitSwitchboard: f.bytes(row["commit_switchboard"]),
			}
			epoch := int(f.number(row["epoch"]))
			return errors.Join(f.err, a.record(r, epoch))
		},
		"sealed_wrap": func(row map[string]string) error {
			var f rowReader
			w := escrow.Wrap{Record: row["record_id"], Epoch: int(f.number(row["epoch"])), Slot: escrow.Slot(row["slot"]), Wrapped: f.bytes(row["wrapped"])}
			return errors.Join(f.err, a.wrap(w))
		},
	}
}

// readDump picks our tables out of plain SQL: the rows between "COPY … FROM stdin;" and a
// line with a backslash and a dot.
func readDump(in *bufio.Reader) (Backup, error) {
	a := newAssembly()
	tables := dumped(a)
	found := false
	for {
		line, err := nextLine(in)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Backup{}, err
		}
		table, columns, ok := copyLine(string(line))
		if !ok {
			continue
		}
		found = found || table == "sealed_wrap"
		if err := readCopy(in, columns, tables[table]); err != nil {
			return Backup{}, err
		}
	}
	if !found {
		return Backup{}, fault.New(fault.Invalid, "That is neither an export (batsignal custody export) nor a dump in plain SQL with sealed addresses. A dump in another format becomes one by: pg_restore -f -.")
	}
	return a.backup(), nil
}

// copyLine reads "COPY public.person (id, handle) FROM stdin;".
func copyLine(line string) (table string, columns []string, ok bool) {
	rest, ok := strings.CutPrefix(line, "COPY ")
	if !ok {
		return "", nil, false
	}
	rest, ok = strings.CutSuffix(rest, ") FROM stdin;")
	if !ok {
		return "", nil, false
	}
	table, names, ok := strings.Cut(rest, " (")
	if i := strings.LastIndexByte(table, '.'); i >= 0 {
		table = table[i+1:]
	}
	for _, name := range strings.Split(names, ", ") {
		columns = append(columns, strings.Trim(name, `"`))
	}
	return strings.Trim(table, `"`), columns, ok
}

// readCopy reads rows until their end; take is nil for tables that are not ours.
func readCopy(in *bufio.Reader, columns []string, take func(map[string]string) error) error {
	for {
		line, err := nextLine(in)
		if errors.Is(err, io.EOF) {
			return fault.New(fault.Invalid, "The dump was cut off in the middle of a table. Take another copy.")
		}
		if err != nil {
			return err
		}
		if string(line) == `\.` {
			return nil
		}
		if take == nil {
			continue
		}
		cells := strings.Split(string(line), "\t")
		if len(cells) != len(columns) {
			return fault.New(fault.Invalid, "A row of the dump has %d columns and not %d. Take another copy.", len(cells), len(columns))
		}
		row := make(map[string]string, len(cells))
		for i, cell := range cells {
			row[columns[i]] = unescape(cell)
		}
		if err := take(row); err != nil {
			return fault.Wrap(fault.Invalid, err, "A row of the dump cannot be read. Take another copy.")
		}
	}
}

// unescape reads a cell as COPY writes it in its text format; what is null is empty.
func unescape(cell string) string {
	if cell == `\N` {
		return ""
	}
	if !strings.Contains(cell, `\`) {
		return cell
	}
	return strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\r`, "\r", `\t`, "\t", `\b`, "\b", `\f`, "\f", `\v`, "\v").Replace(cell)
}

// rowReader reads cells and remembers the first that could not be read.
type rowReader struct{ err error }

func (f *rowReader) number(cell string) int64 {
	n, err := strconv.ParseInt(cell, 10, 64)
	f.err = errors.Join(f.err, err)
	return n
}

func (f *rowReader) bytes(cell string) []byte {
	digits, ok := strings.CutPrefix(cell, `\x`)
	b, err := hex.DecodeString(digits)
	if !ok && err == nil {
		err = errors.New("a column of bytes is not in hex")
	}
	f.err = errors.Join(f.err, err)
	return b
}
