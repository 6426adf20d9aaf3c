// Package rota owns the schedules as they are stored, and what was decided about
// shifts: overrides, requests for cover and swaps, absences, holidays, and the record
// of who was on.
//
// Who is on at an instant is arithmetic and belongs to oncall/schedule; who is asked
// first belongs to oncall/duty. Each change is one transaction with its entry in the
// audit trail, and whoever it concerns is told by notices. Whether somebody is an admin
// is for whoever calls; whose shift it is, is checked here: a person may do for
// themselves, an admin for anybody.
package rota

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall/schedule"
)

// Book is what is known of all schedules in use, between two instants.
type Book struct {
	Schedules []schedule.Schedule // by name
	// From and Until are what overrides, absences and holidays were read for. Ends of
	// shifts beyond them are those of the rotation.
	From, Until time.Time

	overrides map[int64][]schedule.Override // by schedule, in order of ID
	absences  map[int64][]schedule.Absence  // by person, by time
	holidays  map[Day]string                // what it is called
}

// By whose they are first, so that a book is made without copying; by number and by time
// each of these is in order.
const (
	// tstzrange with both ends, so that one instant is a range too.
	sqlOverridesAt = sqlOverrideColumns + `
		where tstzrange(starts_at, ends_at) && tstzrange(@from, @until, '[]') order by schedule_id, id`
	sqlAbsencesAt = sqlAbsenceColumns + `
		where tstzrange(starts_at, ends_at) && tstzrange(@from, @until, '[]') order by person_id, starts_at, id`
)

// Load reads what there is to know between two instants; they may be the same. It is
// one round trip to the database, whatever the number of schedules.
func Load(ctx context.Context, db pg.DB, from, until time.Time) (Book, error) {
	var b Book
	var batch pgx.Batch
	Queue(&batch, from, until, &b)
	return b, db.SendBatch(ctx, &batch).Close()
}

// Queue is Load among other questions that are asked in one round trip: the book is
// there when the answers to the batch have been read.
func Queue(batch *pgx.Batch, from, until time.Time, b *Book) {
	*b = Book{From: from, Until: until}
	batch.Queue(sqlSchedules).Query(func(rows pgx.Rows) (err error) {
		b.Schedules, err = collectSchedules(rows)
		return err
	})
	b.queueDecided(batch)
}

// fill reads what was decided about the shifts of the schedules.
func (b *Book) fill(ctx context.Context, db pg.DB) error {
	var batch pgx.Batch
	b.queueDecided(&batch)
	return db.SendBatch(ctx, &batch).Close()
}

func (b *Book) queueDecided(batch *pgx.Batch) {
	if b.Until.Before(b.From) {
		b.Until = b.From
	}
	between := pgx.NamedArgs{"from": b.From, "until": b.Until}
	batch.Queue(sqlOverridesAt, between).Query(func(rows pgx.Rows) error {
		overrides, err := pg.Collect(rows, overrideFields)
		b.overrides = split(overrides, func(o *schedule.Override) int64 { return o.Schedule })
		return err
	})
	batch.Queue(sqlAbsencesAt, between).Query(func(rows pgx.Rows) error {
		absences, err := pg.Collect(rows, absenceFields)
		b.absences = split(absences, func(a *schedule.Absence) int64 { return a.Person })
		return err
	})
	// A day more at both ends: somebody's holiday begins before it does in UTC.
	wider := pgx.NamedArgs{"from": b.From.AddDate(0, 0, -1), "until": b.Until.AddDate(0, 0, 1)}
	batch.Queue(sqlHolidaysBetween, wider).Query(func(rows pgx.Rows) (err error) {
		b.holidays, err = collectHolidays(rows)
		return err
	})
}

// split parts a list by whose its entries are; those of one stand together.
func split[T any](list []T, whose func(*T) int64) map[int64][]T {
	out := map[int64][]T{}
	for len(list) > 0 {
		n, one := 1, whose(&list[0])
		for n < len(list) && whose(&list[n]) == one {
			n++
		}
		out[one], list = list[:n:n], list[n:]
	}
	return out
}

// On returns who is on by a schedule at an instant, in order.
func (b Book) On(s schedule.Schedule, at time.Time) []schedule.Shift {
	return s.On(b.overrides[s.ID], b.absencesFor(s), at)
}

// Onward is On for whoever only looks ahead: each shift is said to begin at the instant.
func (b Book) Onward(s schedule.Schedule, at time.Time) []schedule.Shift {
	return s.Onward(b.overrides[s.ID], b.absencesFor(s), at)
}

// Who is On without since and until when.
func (b Book) Who(s schedule.Schedule, at time.Time) []schedule.Shift {
	return s.Who(b.overrides[s.ID], b.absencesFor(s), at)
}

// Shifts returns who is on by a schedule between two instants, by time.
func (b Book) Shifts(s schedule.Schedule, from, until time.Time) []schedule.Shift {
	return s.Shifts(b.overrides[s.ID], b.absencesFor(s), from, until)
}

// OfRole returns the schedules that serve a role, by name.
func (b Book) OfRole(role string) []schedule.Schedule {
	var out []schedule.Schedule
	for i := range b.Schedules {
		if s := &b.Schedules[i]; s.Role == role && role != "" {
			out = append(out, *s)
		}
	}
	return out
}

// Named returns the schedule of a name; found is false if none in use has it.
func (b Book) Named(name string) (s schedule.Schedule, found bool) {
	for _, s := range b.Schedules {
		if s.Name == name {
			return s, true
		}
	}
	return s, false
}

// Overrides returns what was decided about a schedule, in the order in which it is
// applied.
func (b Book) Overrides(id int64) []schedule.Override { return b.overrides[id] }

// Absences returns when a person is away, by time.
func (b Book) Absences(person int64) []schedule.Absence { return b.absences[person] }

// Away tells whether a person is away at an instant, and until when. Absences that
// follow each other are one.
func (b Book) Away(person int64, at time.Time) (until time.Time, away bool) {
	until = at
	for _, a := range b.absences[person] { // by time, so that one pass joins them
		if !a.From.After(until) && a.Until.After(until) {
			until, away = a.Until, true
		}
	}
	return until, away
}

// Holiday tells what a day is called in a region; found is false for an ordinary day.
func (b Book) Holiday(d Day) (name string, found bool) {
	name, found = b.holidays[d]
	return name, found
}

// absencesFor picks the absences of whoever can be on by a schedule: most of a
// thousand people cannot.
func (b Book) absencesFor(s schedule.Schedule) []schedule.Absence {
	if len(b.absences) == 0 {
		return nil
	}
	var out []schedule.Absence
	add := func(person int64) {
		list := b.absences[person]
		if len(list) > 0 && !slices.ContainsFunc(out, func(a schedule.Absence) bool { return a.Person == person }) {
			out = append(out, list...)
		}
	}
	for _, l := range s.Layers {
		for _, m := range l.Members {
			add(m)
		}
	}
	for _, o := range b.overrides[s.ID] {
		add(o.Person)
	}
	return out
}
