package contact

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

const (
	returningContact = ` returning ` + contactColumns
	sqlSetDelay      = `update contact c set delay = @delay where c.id = @id` + returningContact
	sqlSuspend       = `
		update contact c set suspended_at = @now where c.id = @id and c.suspended_at is null` + returningContact
	sqlResume = `
		update contact c set suspended_at = null where c.id = @id and c.suspended_at is not null` + returningContact
	sqlSuspendAddress = `
		update contact c set suspended_at = @now from contact_address a
		where a.contact_id = c.id and c.kind = @kind and a.address = @address and c.suspended_at is null` + returningContact
	sqlResumeAddress = `
		update contact c set suspended_at = null from contact_address a
		where a.contact_id = c.id and c.kind = @kind and a.address = @address and c.suspended_at is not null` + returningContact
	sqlMarkFaulty = `
		update contact c set fault = @why, fault_at = @now where c.id = @id and c.fault = ''` + returningContact
	sqlAnswered = `
		update contact set tested_at = greatest(tested_at, @now) where id = @id`
)

// mostDelay is the longest that a way may be put off: whoever is to be woken later than
// that is better left asleep.
const mostDelay = time.Hour

// SetDelay says how long after the ring a way is used; nil: as its route says.
func SetDelay(ctx context.Context, db pg.DB, now time.Time, id int64, delay *time.Duration, options ...Option) error {
	says := "has pages wait as usual: "
	if delay != nil {
		if *delay < 0 || *delay > mostDelay {
			return fault.New(fault.Invalid, "A way can wait for an hour at most. Write it like 2m.")
		}
		says = "has pages wait " + delay.String() + ": "
	}
	return turn(ctx, db, now, options, sqlSetDelay, pgx.NamedArgs{"id": id, "delay": delay}, says)
}

// Suspend pauses a way: no page goes there until it is resumed.
func Suspend(ctx context.Context, db pg.DB, now time.Time, id int64, options ...Option) error {
	return turn(ctx, db, now, options, sqlSuspend, pgx.NamedArgs{"id": id, "now": now}, "paused a contact: ")
}

// Resume ends a pause.
func Resume(ctx context.Context, db pg.DB, now time.Time, id int64, options ...Option) error {
	return turn(ctx, db, now, options, sqlResume, pgx.NamedArgs{"id": id}, "resumed a contact: ")
}

// turn changes one contact and writes it down. One that is as wanted already, or gone,
// is left alone.
func turn(ctx context.Context, db pg.DB, now time.Time, options []Option, sql string, args pgx.NamedArgs, says string) error {
	return pg.InTx(ctx, db, func(tx pgx.Tx) error {
		_, err := turnAll(ctx, tx, now, options, sql, args, says)
		return err
	})
}

func turnAll(ctx context.Context, tx pgx.Tx, now time.Time, options []Option, sql string, args pgx.NamedArgs, says string) (n int64, err error) {
	rows, err := tx.Query(ctx, sql, args)
	if err != nil {
		return 0, err
	}
	changed, err := pgx.CollectRows(rows, pgx.RowToStructByName[Contact])
	if err != nil {
		return 0, err
	}
	for _, c := range changed {
		if err := record(ctx, tx, now, saying(options), c, says+c.Kind); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// SuspendByAddress pauses every contact of a kind with an address: whoever holds that
// phone said STOP. Other kinds with the same number are left alone. It returns how many
// were in use.
func SuspendByAddress(ctx context.Context, tx pgx.Tx, now time.Time, kind string, address secret.Text) (n int64, err error) {
	return byAddress(ctx, tx, now, kind, address, sqlSuspendAddress, "stopped by a word sent from there: ")
}

// ResumeByAddress ends such a pause: START was said.
func ResumeByAddress(ctx context.Context, tx pgx.Tx, now time.Time, kind string, address secret.Text) (n int64, err error) {
	return byAddress(ctx, tx, now, kind, address, sqlResumeAddress, "started again by a word sent from there: ")
}

// SuspendByWord is [SuspendByAddress] for one contact, where the switchboard told whose
// address the word came from. One of another kind is left alone.
func SuspendByWord(ctx context.Context, tx pgx.Tx, now time.Time, kind string, id int64) (n int64, err error) {
	return byWord(ctx, tx, now, kind, id, sqlSuspend, "stopped by a word sent from there: ")
}

// ResumeByWord ends such a pause.
func ResumeByWord(ctx context.Context, tx pgx.Tx, now time.Time, kind string, id int64) (n int64, err error) {
	return byWord(ctx, tx, now, kind, id, sqlResume, "started again by a word sent from there: ")
}

func byWord(ctx context.Context, tx pgx.Tx, now time.Time, kind string, id int64, sql, says string) (int64, error) {
	c, err := Get(ctx, tx, id)
	if fault.KindOf(err) == fault.NotFound || err == nil && c.Kind != kind {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return turnAll(ctx, tx, now, nil, sql, pgx.NamedArgs{"id": id, "now": now}, says)
}

func byAddress(ctx context.Context, tx pgx.Tx, now time.Time, kind string, address secret.Text, sql, says string) (int64, error) {
	clean, err := check(kind, address.Reveal())
	if err != nil {
		return 0, nil // what is no address is nobody's
	}
	return turnAll(ctx, tx, now, nil, sql, pgx.NamedArgs{"kind": kind, "address": clean, "now": now}, says)
}

// MarkFaulty notes that an address cannot work, as its provider says in words for its
// owner. It is not used before it is proven again. marked is false if that is known, or
// if the contact is gone.
func MarkFaulty(ctx context.Context, tx pgx.Tx, now time.Time, id int64, why string) (marked bool, err error) {
	if why == "" {
		why = "the provider says that it cannot work"
	}
	n, err := turnAll(ctx, tx, now, nil, sqlMarkFaulty, pgx.NamedArgs{"id": id, "now": now, "why": clip(why, longestFault)}, "does not work, says the provider: ")
	return n > 0, err
}

// Answered notes that its owner answered a page on this way.
func Answered(ctx context.Context, tx pgx.Tx, now time.Time, id int64) error {
	_, err := tx.Exec(ctx, sqlAnswered, pgx.NamedArgs{"id": id, "now": now})
	return err
}

// longestFault is in letters, as in the column.
const longestFault = 200

func clip(s string, most int) string {
	if letters := []rune(s); len(letters) > most {
		return string(letters[:most])
	}
	return s
}

func noRow(err error) bool { return errors.Is(err, pgx.ErrNoRows) }
