package oncall

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall/audit"
	"batsignal/oncall/fault"
)

const (
	consentColumns = `person_id, version, at, words, routes, quiet_from, quiet_until, quiet_sev1, calls_per_quarter, network, account`
	sqlConsents    = `
		select distinct on (person_id) ` + consentColumns + `
		from consent where person_id = any (@people) order by person_id, version desc`
	sqlConsentVersions = `
		select ` + consentColumns + ` from consent where person_id = @person order by version desc`
	sqlAddConsent = `
		insert into consent (` + consentColumns + `)
		values (@person, @version, @now, @words, @routes, @quiet_from, @quiet_until, @quiet_sev1, @calls, @network, @account)`
	sqlCallsBetween = `
		select person_id, count(*) from page
		where person_id = any (@people) and rung_at >= @from and rung_at < @until group by person_id`
)

// ConsentsOf returns what people agreed to that is in force, by person. Whoever set no
// terms is missing: the zero [Consent] is theirs.
func ConsentsOf(ctx context.Context, db pg.DB, people ...int64) (map[int64]Consent, error) {
	of := map[int64]Consent{}
	rows, err := db.Query(ctx, sqlConsents, pgx.NamedArgs{"people": people})
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Consent])
	for _, c := range list {
		of[c.PersonID] = c
	}
	return of, err
}

// ConsentVersions lists every version of what somebody agreed to, the newest first.
func ConsentVersions(ctx context.Context, db pg.DB, person int64) ([]Consent, error) {
	rows, err := db.Query(ctx, sqlConsentVersions, pgx.NamedArgs{"person": person})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Consent])
}

// CallsInQuarter counts the calls of people in the calendar quarter of now, by person:
// pages that were last rung in it, whatever became of them. Whoever was not rung is
// missing. A page that is open counts: who decides about ringing it again leaves it out.
func CallsInQuarter(ctx context.Context, db pg.DB, now time.Time, people ...int64) (map[int64]int, error) {
	from, until := Quarter(now)
	rows, err := db.Query(ctx, sqlCallsBetween, pgx.NamedArgs{"people": people, "from": from, "until": until})
	if err != nil {
		return nil, err
	}
	of := map[int64]int{}
	var person int64
	var n int
	_, err = pgx.ForEachRow(rows, []any{&person, &n}, func() error {
		of[person] = n
		return nil
	})
	return of, err
}

// Agree stores new terms of the actor's own, which are in force at once. based is the
// version of the consent that they were made from, 0 if there was none: if another one
// is in force by now, that is a Conflict. Terms that change nothing make no version.
func (d *Desk) Agree(ctx context.Context, a Actor, based int, t Terms) (c Consent, err error) {
	if a.PersonID == 0 {
		return c, fault.New(fault.Forbidden, "I do not know you yet. !roster join makes you known.")
	}
	if !a.proven() {
		return c, errNotOneself
	}
	t.Words = oneLine(t.Words)
	if err := t.Check(); err != nil {
		return c, err
	}
	err = pg.InTx(ctx, d.DB, func(tx pgx.Tx) error {
		if err := lockPerson(ctx, tx, a.PersonID); err != nil {
			return err
		}
		old, err := consentOf(ctx, tx, a.PersonID)
		if err != nil {
			return err
		}
		if old.Version != based {
			return fault.New(fault.Conflict, "What you agreed to was changed a moment ago. Look at it again, then change it.")
		}
		if c = old; old.Version > 0 && old.Same(t) {
			return nil
		}
		if c, err = addConsent(ctx, tx, d.Now(), a, old, t); err != nil {
			return err
		}
		return recordConsent(ctx, tx, d.Now(), a.PersonID, "", "terms", a)
	})
	return c, err
}

// inOwnWords keeps the words of a yes with the terms that are in force. A first yes has
// a version of its own, with or without words.
func inOwnWords(ctx context.Context, tx pgx.Tx, now time.Time, a Actor, words string) error {
	old, err := consentOf(ctx, tx, a.PersonID)
	if err != nil {
		return err
	}
	t := old.Terms
	if words = oneLine(words); words != "" {
		t.Words = words
	}
	if err := t.Check(); err != nil || old.Version > 0 && old.Same(t) {
		return err
	}
	_, err = addConsent(ctx, tx, now, a, old, t)
	return err
}

func consentOf(ctx context.Context, db pg.DB, person int64) (Consent, error) {
	of, err := ConsentsOf(ctx, db, person)
	return of[person], err
}

func addConsent(ctx context.Context, tx pgx.Tx, now time.Time, a Actor, old Consent, t Terms) (Consent, error) {
	t.Routes = append([]string{}, t.Routes...)
	slices.Sort(t.Routes)
	c := Consent{PersonID: a.PersonID, Version: old.Version + 1, At: now, Terms: t, Network: a.Network, Account: a.Account}
	if _, err := tx.Exec(ctx, sqlAddConsent, pgx.NamedArgs{
		"person": c.PersonID, "version": c.Version, "now": now, "words": c.Words, "routes": c.Routes,
		"quiet_from": c.QuietFrom, "quiet_until": c.QuietUntil, "quiet_sev1": c.QuietSev1, "calls": c.Calls,
		"network": c.Network, "account": c.Account,
	}); err != nil {
		return c, err
	}
	change := audit.Change{Kind: "consent", Subject: a.Handle, Says: "agreed to be rung " + t.Says("own time"), After: t, Concerns: []int64{a.PersonID}}
	if old.Version > 0 {
		change.Before = old.Terms
	}
	return c, audit.Record(ctx, tx, now, a.By(), change)
}
