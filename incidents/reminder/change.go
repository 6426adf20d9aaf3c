package reminder

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/audit"
	"batsignal/oncall/civil"
	"batsignal/oncall/fault"
)

const (
	sqlAdd = `
		insert into reminder (what, title, means, every, ahead, due_on, zone, owner, made_by, made_at)
		values (@what, @title, @means, @every, @ahead, @due, @zone, @owner, @by, @now) returning id`
	sqlDid     = `insert into reminder_done (reminder_id, due_on, by, at, note) values (@id, @due, @by, @now, @note)`
	sqlMove    = `update reminder set due_on = @next, told_on = null, told = 0, version = version + 1 where id = @id`
	sqlGone    = `update reminder set gone_at = @now, version = version + 1 where id = @id`
	sqlOwner   = `update reminder set owner = @owner, version = version + 1 where id = @id`
	sqlLastDid = `select by, at from reminder_done where reminder_id = @id order by at desc, id desc limit 1`
)

const (
	longestTitle = 200
	longestMeans = 500
	longestOwner = 100
	mostDays     = 3660 // ten years
)

// Add has something remembered: of r, what it is, its title, what it means, every, ahead, the
// day, the zone and the owner are read. A rhythm without a day is due so many days from
// today. What cannot be is a fault.Invalid; a title that there is already a fault.Conflict.
func (s *Service) Add(ctx context.Context, by oncall.Actor, r Reminder) (Reminder, error) {
	if r.Zone == "" {
		r.Zone = by.Zone
	}
	if r.Zone == "" {
		r.Zone = "UTC"
	}
	if _, err := civil.Zone(r.Zone); err != nil {
		return Reminder{}, err
	}
	now := s.Now()
	r.Title, r.Means, r.Owner = tidy(r.Title), tidy(r.Means), tidy(r.Owner)
	if err := r.check(); err != nil {
		return Reminder{}, err
	}
	day, _ := today(now, r.Zone)
	switch {
	case !r.DueOn.IsZero():
		r.DueOn = midnight(r.DueOn)
	case r.What == Rhythm:
		r.DueOn = plus(day, *r.Every)
	default:
		return Reminder{}, fault.New(fault.Invalid, "Say on which day it ends, like 2027-06-30.")
	}
	if r.DueOn.Before(day) || between(day, r.DueOn) > 10*mostDays {
		return Reminder{}, fault.New(fault.Invalid, "The day %s is over, or too far away. Write one that is still to come.", r.DueOn.Format(time.DateOnly))
	}
	r.Version, r.MadeBy, r.MadeAt, r.ToldOn, r.Told, r.GoneAt = 1, by.Who(), now, nil, 0, nil
	r.Due = s.due(r)
	err := pg.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, sqlAdd, pgx.NamedArgs{
			"what": r.What, "title": r.Title, "means": r.Means, "every": r.Every, "ahead": r.Ahead, "due": r.DueOn, "zone": r.Zone,
			"owner": r.Owner, "by": r.MadeBy, "now": now,
		}).Scan(&r.ID)
		if err != nil {
			return err
		}
		return record(ctx, tx, now, by, r, "added, due "+r.Due.Format(time.DateOnly))
	})
	if pg.IsUnique(err, "reminder_title") {
		err = fault.New(fault.Conflict, "There is a reminder with the title %q already. !reminder list shows it; give this one another title.", oncall.Clip(r.Title, 80))
	}
	return r, err
}

func (r Reminder) check() error {
	switch {
	case r.What != Rhythm && r.What != End:
		return fault.New(fault.Invalid, "A reminder is a rhythm or an end, not %q.", oncall.Clip(string(r.What), 40))
	case r.Title == "" || tooLong(r.Title, longestTitle):
		return fault.New(fault.Invalid, "A reminder has a title of 1 to %d letters, such as \"reboot the build hosts\".", longestTitle)
	case tooLong(r.Means, longestMeans):
		return fault.New(fault.Invalid, "What it means takes %d letters at most.", longestMeans)
	case tooLong(r.Owner, longestOwner):
		return fault.New(fault.Invalid, "The owner's name takes %d letters at most.", longestOwner)
	case (r.What == Rhythm) != (r.Every != nil):
		return fault.New(fault.Invalid, "A rhythm says every how many days, and an end does not.")
	case r.Every != nil && (*r.Every < 1 || *r.Every > mostDays):
		return fault.New(fault.Invalid, "A rhythm is of 1 to %d days.", mostDays)
	case r.Ahead < 0 || r.Ahead > mostDays || r.Every != nil && r.Ahead >= *r.Every:
		return fault.New(fault.Invalid, "People can be told 0 to %d days ahead, and by less than the days of the rhythm.", mostDays)
	}
	return nil
}

// Done says that it was done today. A rhythm is due next so many days from today, whenever it
// was due; what ends is dealt with, and gone. What was done today already is a
// fault.Conflict.
func (s *Service) Done(ctx context.Context, by oncall.Actor, id int64, note string) (Reminder, error) {
	return s.change(ctx, by, id, func(tx pgx.Tx, r *Reminder, now time.Time) (string, error) {
		if r.What == End {
			r.GoneAt = &now
			if _, err := tx.Exec(ctx, sqlGone, pgx.NamedArgs{"id": id, "now": now}); err != nil {
				return "", err
			}
			return "dealt with", s.did(ctx, tx, by, now, *r, note)
		}
		day, _ := today(now, r.Zone)
		if err := s.twice(ctx, tx, *r, day); err != nil {
			return "", err
		}
		if err := s.did(ctx, tx, by, now, *r, note); err != nil {
			return "", err
		}
		return s.move(ctx, tx, r, plus(day, *r.Every), "done")
	})
}

// twice refuses what was done today already: somebody else said so.
func (s *Service) twice(ctx context.Context, tx pgx.Tx, r Reminder, day time.Time) error {
	rows, err := tx.Query(ctx, sqlLastDid, pgx.NamedArgs{"id": r.ID})
	if err != nil {
		return err
	}
	type last struct {
		By string
		At time.Time
	}
	done, err := pgx.CollectRows(rows, pgx.RowToStructByName[last])
	if err != nil || len(done) == 0 {
		return err
	}
	if on, _ := today(done[0].At, r.Zone); !on.Before(day) {
		return fault.New(fault.Conflict, "%s was done today already, says %s. It is due next on %s.", Ref(r.ID), done[0].By, r.Due.Format(time.DateOnly))
	}
	return nil
}

// Renew says until when something goes on now, which is later than before; else it is a
// fault.Invalid, as is a rhythm.
func (s *Service) Renew(ctx context.Context, by oncall.Actor, id int64, until time.Time, note string) (Reminder, error) {
	return s.change(ctx, by, id, func(tx pgx.Tx, r *Reminder, now time.Time) (string, error) {
		until := midnight(until)
		day, _ := today(now, r.Zone)
		switch {
		case r.What != End:
			return "", fault.New(fault.Invalid, "%s is a rhythm and does not end. Say !reminder done %s when it is done.", Ref(id), Ref(id))
		case !until.After(r.DueOn) || until.Before(day):
			return "", fault.New(fault.Invalid, "%s ends on %s already. Write a later day, from today on.", Ref(id), r.DueOn.Format(time.DateOnly))
		case between(day, until) > 10*mostDays:
			return "", fault.New(fault.Invalid, "The day %s is too far away. Write an earlier one.", until.Format(time.DateOnly))
		}
		if err := s.did(ctx, tx, by, now, *r, note); err != nil {
			return "", err
		}
		return s.move(ctx, tx, r, until, "renewed")
	})
}

// Remove has it remembered no more.
func (s *Service) Remove(ctx context.Context, by oncall.Actor, id int64) (Reminder, error) {
	return s.change(ctx, by, id, func(tx pgx.Tx, r *Reminder, now time.Time) (string, error) {
		r.GoneAt = &now
		_, err := tx.Exec(ctx, sqlGone, pgx.NamedArgs{"id": id, "now": now})
		return "removed", err
	})
}

// SetOwner says who sees to it; "" is nobody.
func (s *Service) SetOwner(ctx context.Context, by oncall.Actor, id int64, owner string) (Reminder, error) {
	return s.change(ctx, by, id, func(tx pgx.Tx, r *Reminder, _ time.Time) (string, error) {
		if r.Owner = tidy(owner); tooLong(r.Owner, longestOwner) {
			return "", fault.New(fault.Invalid, "The owner's name takes %d letters at most.", longestOwner)
		}
		_, err := tx.Exec(ctx, sqlOwner, pgx.NamedArgs{"id": id, "owner": r.Owner})
		return "given to " + r.whose(), err
	})
}

func (s *Service) did(ctx context.Context, tx pgx.Tx, by oncall.Actor, now time.Time, r Reminder, note string) error {
	_, err := tx.Exec(ctx, sqlDid, pgx.NamedArgs{"id": r.ID, "due": r.DueOn, "by": by.Who(), "now": now, "note": oncall.Clip(tidy(note), 500)})
	return err
}

func (s *Service) move(ctx context.Context, tx pgx.Tx, r *Reminder, next time.Time, did string) (string, error) {
	r.DueOn, r.ToldOn, r.Told = next, nil, 0
	r.Due = s.due(*r)
	_, err := tx.Exec(ctx, sqlMove, pgx.NamedArgs{"id": r.ID, "next": next})
	return did + ", next due " + r.Due.Format(time.DateOnly), err
}

// change changes one that there is, in a transaction that has it alone.
func (s *Service) change(ctx context.Context, by oncall.Actor, id int64, fn func(tx pgx.Tx, r *Reminder, now time.Time) (says string, err error)) (r Reminder, err error) {
	err = pg.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		now := s.Now()
		if r, err = s.one(ctx, tx, sqlLock, id); err != nil {
			return err
		}
		if r.GoneAt != nil {
			return fault.New(fault.Conflict, "The reminder %s is gone since %s. Add it again if it is needed.", Ref(id), r.GoneAt.UTC().Format(time.DateOnly))
		}
		says, err := fn(tx, &r, now)
		if err != nil {
			return err
		}
		r.Version++
		return record(ctx, tx, now, by, r, says)
	})
	return r, err
}

func record(ctx context.Context, tx pgx.Tx, now time.Time, by oncall.Actor, r Reminder, says string) error {
	return audit.Record(ctx, tx, now, by.By(), audit.Change{Kind: "reminder", Subject: Ref(r.ID), Says: fmt.Sprintf("%s: %s", says, r.Title), After: r})
}

func midnight(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
}

func tidy(text string) string { return strings.Join(strings.Fields(text), " ") }

func tooLong(text string, most int) bool {
	return len([]rune(text)) > most || strings.ContainsFunc(text, unicode.IsControl)
}
