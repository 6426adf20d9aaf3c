package rota

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall/schedule"
)

// Stint is a time at which somebody was on, as it happened.
type Stint struct {
	ID       int64
	Schedule int64
	Layer    string // "" for somebody who came in addition
	Person   int64
	From     time.Time
	Until    *time.Time // nil: is still on
	Shadow   bool
}

const (
	sqlStintColumns = `
		select id, schedule_id as schedule, layer, person_id as person, starts_at as from, ends_at as until, shadow from stint`
	sqlStints = sqlStintColumns + `
		where tstzrange(starts_at, ends_at) && tstzrange(@from, @until) and (@schedule = 0 or schedule_id = @schedule)
		order by starts_at, id`
	sqlOpenStints = sqlStintColumns + ` where schedule_id = any (@schedules) and ends_at is null order by id`
	sqlCheckedAt  = `
		select checked_at from schedule where id = @id`
	sqlSetChecked = `
		update schedule set checked_at = @now
		where id = any (@ids) and (checked_at < @now or checked_at > @now::timestamptz + @astray::interval)`
	sqlDropLaterStints = `
		delete from stint where schedule_id = any (@ids) and starts_at > @now`
	sqlReopenStints = `
		update stint set ends_at = null where schedule_id = any (@ids) and ends_at > @now`
	sqlInsertStint = `
		insert into stint (schedule_id, layer, person_id, starts_at, ends_at, shadow)
		values (@schedule, @layer, @person, @from, @until, @shadow)`
	sqlEndStint = `
		update stint set ends_at = @until where id = @id and ends_at is null`
	sqlDropStint = `
		delete from stint where id = @id and ends_at is null`
	sqlEndStints = `
		update stint set ends_at = @now where schedule_id = @id and ends_at is null`
)

// Stints lists who was on within a range, by schedule; scheduleID 0 is of all. They are
// not cut to the range.
func Stints(ctx context.Context, db pg.DB, scheduleID int64, from, until time.Time) ([]Stint, error) {
	return queryStints(ctx, db, sqlStints, pgx.NamedArgs{"schedule": scheduleID, "from": from, "until": until})
}

func queryStints(ctx context.Context, db pg.DB, sql string, args pgx.NamedArgs) ([]Stint, error) {
	rows, err := db.Query(ctx, sql, args)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Stint])
}

// place is where somebody stands in a schedule; while it is the same, it is one stint,
// whatever made it so.
type place struct {
	layer  string
	person int64
	shadow bool
}

func placeOf(sh schedule.Shift) place { return place{sh.Layer, sh.Person, sh.Shadow} }

// turn is a place and the time for which somebody has it.
type turn struct {
	place
	from, until time.Time
}

// turnsOf joins the shifts of who is there, shadows included, into turns, by time. Nobody is on twice at
// once: of two turns of one person, the later begins when the earlier is over.
func turnsOf(shifts []schedule.Shift) []turn {
	last := map[place]int{}
	var list []turn
	for _, sh := range shifts {
		if sh.Away { // nobody is on by it
			continue
		}
		p := placeOf(sh)
		if at, seen := last[p]; seen && !sh.From.After(list[at].until) {
			if sh.Until.After(list[at].until) {
				list[at].until = sh.Until
			}
			continue
		}
		last[p] = len(list)
		list = append(list, turn{p, sh.From, sh.Until})
	}
	slices.SortStableFunc(list, func(a, b turn) int { return a.from.Compare(b.from) })
	busy := map[int64]time.Time{}
	var out []turn
	for _, t := range list {
		if t.from.Before(busy[t.person]) {
			t.from = busy[t.person]
		}
		if t.from.Before(t.until) {
			busy[t.person] = t.until
			out = append(out, t)
		}
	}
	return out
}

// watch is who is on by a schedule, and who was when it was looked at last.
type watch struct {
	before []place
	now    []turn // until is no end: whoever is on at this instant
	moved  bool   // whether the two differ
}

func (w watch) was(p place) bool { return slices.Contains(w.before, p) }
func (w watch) isOn(person int64) bool {
	return slices.ContainsFunc(w.now, func(t turn) bool { return t.person == person })
}

// catchUp writes down who was on since the schedule was looked at last. The schedule is
// locked by the caller.
func (c *change) catchUp(s schedule.Schedule) (w watch, err error) {
	var since time.Time
	if err := c.tx.QueryRow(c.ctx, sqlCheckedAt, pgx.NamedArgs{"id": s.ID}).Scan(&since); err != nil || !since.Before(c.now) {
		return w, err
	}
	b, err := c.book(s, since, c.now)
	if err != nil {
		return w, err
	}
	open, err := queryStints(c.ctx, c.tx, sqlOpenStints, pgx.NamedArgs{"schedules": []int64{s.ID}})
	if err != nil {
		return w, err
	}
	if w, err = c.writeStints(s, b, open, since); err != nil {
		return w, err
	}
	return w, c.looked(s.ID)
}

// writeStints writes down what b says of a schedule from since until now, this instant
// included. open are the stints that have no end yet.
func (c *change) writeStints(s schedule.Schedule, b Book, open []Stint, since time.Time) (w watch, err error) {
	const instant = time.Microsecond // the finest that the database knows
	turns := turnsOf(b.Shifts(s, since, c.now.Add(instant)))
	batch := &pgx.Batch{}
	for _, o := range open {
		p := place{o.Layer, o.Person, o.Shadow}
		w.before = append(w.before, p)
		until := since
		at := slices.IndexFunc(turns, func(t turn) bool { return t.place == p && !t.from.After(since) })
		if at >= 0 {
			if until = turns[at].until; until.After(c.now) {
				w.now = append(w.now, turns[at])
			}
			turns = slices.Delete(turns, at, at+1)
		}
		switch {
		case until.After(c.now): // is still on
		case until.After(o.From):
			batch.Queue(sqlEndStint, pgx.NamedArgs{"id": o.ID, "until": until})
		default: // came on at the very instant of the last look, and was replaced since
			batch.Queue(sqlDropStint, pgx.NamedArgs{"id": o.ID})
		}
	}
	for _, t := range turns {
		until := &t.until
		if until.After(c.now) {
			until = nil
			w.now = append(w.now, t)
		}
		batch.Queue(sqlInsertStint, pgx.NamedArgs{
			"schedule": s.ID, "layer": t.layer, "person": t.person, "from": t.from, "until": until, "shadow": t.shadow,
		})
	}
	w.moved = batch.Len() > 0
	if !w.moved {
		return w, nil
	}
	return w, c.tx.SendBatch(c.ctx, batch).Close()
}

// looked notes until when stints are written.
func (c *change) looked(schedules ...int64) error {
	_, err := c.tx.Exec(c.ctx, sqlSetChecked, pgx.NamedArgs{"ids": schedules, "now": c.now, "astray": astray})
	return err
}

// astray is how far ahead of now the last look may have been: clocks of several processes
// differ. What is further ahead was written by a clock that was wrong, and would keep
// everybody from handing over until that time comes.
const astray = time.Hour

// takeBack takes back what such a clock had written of times that are still to come.
func (c *change) takeBack(schedules []int64) error {
	c.log().Warn("shifts were written down by a clock that was ahead; I take that back", "schedules", schedules)
	for _, sql := range []string{sqlDropLaterStints, sqlReopenStints} {
		if _, err := c.tx.Exec(c.ctx, sql, pgx.NamedArgs{"ids": schedules, "now": c.now}); err != nil {
			return err
		}
	}
	return nil
}
