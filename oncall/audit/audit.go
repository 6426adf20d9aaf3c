// Package audit owns the record of who changed what about people, rosters and
// schedules, when, and from where.
//
// Entries are written in the transaction of the change that they tell of, and are
// never changed. It holds no contact data and no secret, whoever asks: what goes in
// is chosen by the caller. Consent has a record of its own (consent_entry), and what
// happens in an incident is on its timeline.
package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
)

// By is who changes something, and from where (oncall.Actor has a method By).
type By struct {
	PersonID int64  // 0: nobody we know, such as an operator at the shell or a chore
	Handle   string // "" if PersonID is 0
	Network  string // where from: a chat network, "web", "api" or "cli"
	Account  string // "" if no account proved it
}

// Entry is one change.
type Entry struct {
	ID      int64
	At      time.Time
	Person  *int64 // who did it; nil is nobody we know: an operator at the shell
	Handle  string
	Network string // where from: a chat network, "web", "api" or "cli"
	Account string
	Kind    string // "person", "schedule", "override" …
	Subject string // the name of what was changed
	Says    string // what was done, in a sentence without who did it: "swapped …"
	Before  []byte // JSON of what it was; nil if it was not
	After   []byte // JSON of what it is; nil if it is no more
}

// Change is what a caller tells of a change.
type Change struct {
	Kind     string
	Subject  string
	Says     string
	Before   any     // nil if it was not
	After    any     // nil if it is no more
	Concerns []int64 // the people whom it concerns: they may read it
}

const (
	sqlRecord = `
		insert into audit_entry (at, person_id, handle, network, account, kind, subject, says, before, after, concerns)
		values (@now, @person, @handle, @network, @account, @kind, @subject, @says, @before, @after, @concerns)`
	sqlEntryColumns = `
		select id, at, person_id as person, handle, network, account, kind, subject, says, before, after from audit_entry`
	sqlEntriesAll = sqlEntryColumns + `
		where (@before_id = 0 or id < @before_id) and (@kind = '' or kind = @kind) and (@subject = '' or subject = @subject)
			and (@who = '' or handle = @who)
		order by id desc limit @most`
	sqlEntriesFor = sqlEntryColumns + `
		where (concerns @> array[@reader::bigint] or person_id = @reader)
			and (@before_id = 0 or id < @before_id) and (@kind = '' or kind = @kind) and (@subject = '' or subject = @subject)
			and (@who = '' or handle = @who)
		order by id desc limit @most`
)

// In letters; the columns have the same limits.
const (
	longestSubject = 120
	longestSays    = 600
)

// Record writes a change down, in the transaction that makes it.
func Record(ctx context.Context, tx pgx.Tx, now time.Time, by By, c Change) error {
	before, err := encode(c.Before)
	if err != nil {
		return err
	}
	after, err := encode(c.After)
	if err != nil {
		return err
	}
	concerns := c.Concerns
	if concerns == nil {
		concerns = []int64{}
	}
	_, err = tx.Exec(ctx, sqlRecord, pgx.NamedArgs{
		"now": now, "person": pg.NullID(by.PersonID), "handle": by.Handle, "network": by.Network, "account": by.Account,
		"kind": c.Kind, "subject": clip(c.Subject, longestSubject), "says": clip(c.Says, longestSays),
		"before": before, "after": after, "concerns": concerns,
	})
	return err
}

// clip cuts a text after so many letters. A record that is cut is better than a change
// that fails because its record is long.
func clip(s string, most int) string {
	if letters := []rune(s); len(letters) > most {
		return string(letters[:most])
	}
	return s
}

func encode(v any) ([]byte, error) {
	if v == nil {
		return nil, nil
	}
	out, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("write a change down: %w", err)
	}
	return out, nil
}

// Query says which entries are wanted.
type Query struct {
	Reader  int64  // only what concerns this person or was done by them; 0 is everything, for admins
	Kind    string // "" is any
	Subject string // "" is any
	Who     string // only what was done by the person of this handle; "" is anybody
	Before  int64  // only entries with a smaller number, for the next page; 0 is from the newest
	Most    int    // 0 is 100
}

// List reads entries, the newest first.
func List(ctx context.Context, db pg.DB, q Query) ([]Entry, error) {
	if q.Most <= 0 {
		q.Most = 100
	}
	sql := sqlEntriesAll
	if q.Reader != 0 {
		sql = sqlEntriesFor
	}
	rows, err := db.Query(ctx, sql, pgx.NamedArgs{
		"reader": q.Reader, "kind": q.Kind, "subject": q.Subject, "who": q.Who, "before_id": q.Before, "most": q.Most,
	})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Entry])
}
