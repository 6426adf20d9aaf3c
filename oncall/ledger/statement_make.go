package ledger

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"batsignal/migrations/pg"
	"batsignal/oncall/fault"
)

const (
	sqlHandle    = `select handle from person where id = @person`
	sqlRecordsOf = `
		select record_id::text from sealed_contact where owner_id = @person
		union select record_id::text from sealed_opening where owner_id = @person
		order by 1`
	sqlLeavesOf = `select body from ledger_leaf where substring(body from '"rec":"([^"]*)"') = any(@records::text[]) order by seq`
)

// MakeStatement makes the statement for a person, signed, as text. Records of theirs that
// are gone are in it if they were ever opened.
func (l *Log) MakeStatement(ctx context.Context, db pg.DB, now time.Time, person int64) (text string, err error) {
	err = pg.InTx(ctx, db, func(tx pgx.Tx) error {
		text, err = l.statement(ctx, tx, now, person)
		return err
	})
	return text, err
}

func (l *Log) statement(ctx context.Context, tx pgx.Tx, now time.Time, person int64) (string, error) {
	s := Statement{Ledger: l.Signer.Name(), Made: now.UTC().Truncate(time.Second), Person: person}
	switch err := tx.QueryRow(ctx, sqlHandle, pgx.NamedArgs{"person": person}).Scan(&s.Handle); {
	case errors.Is(err, pgx.ErrNoRows):
		return "", fault.New(fault.NotFound, "There is no person %d.", person)
	case err != nil:
		return "", err
	}
	stored, size, root, err := l.tree(ctx, tx)
	if err != nil {
		return "", err
	}
	s.Head.Size, s.Head.Hash = size, root
	ids, err := texts(ctx, tx, sqlRecordsOf, pgx.NamedArgs{"person": person})
	if err != nil {
		return "", err
	}
	bodies, err := texts(ctx, tx, sqlLeavesOf, pgx.NamedArgs{"records": ids})
	if err != nil {
		return "", err
	}
	if s.Records, err = stateRecords(ids, bodies, size, stored); err != nil {
		return "", err
	}
	if s.check() != nil {
		return "", discontinued("entries of a record are not those that were signed")
	}
	text, err := s.text()
	if err != nil {
		return "", err
	}
	signed, err := note.Sign(&note.Note{Text: text}, l.Signer)
	return string(signed), err
}

// stateRecords counts the leaves of records, and proves the last one of each.
func stateRecords(ids, bodies []string, size int64, stored tlog.HashReader) ([]RecordStatement, error) {
	list := make([]RecordStatement, len(ids))
	at := map[string]*RecordStatement{}
	for i, id := range ids {
		list[i].Record = id
		at[id] = &list[i]
	}
	for _, body := range bodies {
		l, err := ParseLeaf(body)
		if err != nil || at[l.Record] == nil || at[l.Record].Entries != l.OwnerSeq {
			return nil, discontinued("entries of a record are missing, or were changed")
		}
		r := at[l.Record]
		r.Entries, r.Last = r.Entries+1, l
		if l.Opening() {
			r.Openings++
		}
	}
	for i := range list {
		if list[i].Entries == 0 {
			continue
		}
		proof, err := tlog.ProveRecord(size, list[i].Last.Seq, stored)
		if err != nil {
			return nil, err
		}
		list[i].Proof = proof
	}
	return list, nil
}
