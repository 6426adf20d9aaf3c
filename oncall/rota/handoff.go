package rota

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/oncall"
	"batsignal/oncall/notice"
	"batsignal/oncall/schedule"
)

const (
	// Whoever else is at it does all there is to do: the schedule is skipped. One that was
	// looked at long after now was looked at by a clock that was wrong.
	sqlSchedulesBehind = `
		select id, checked_at from schedule
		where retired_at is null and (checked_at < @now or checked_at > @now::timestamptz + @astray::interval)
		order by id for no key update skip locked`
	sqlSaidAhead = `
		insert into shift_notice (schedule_id, layer, person_id, starts_at, said_at)
		values (@schedule, @layer, @person, @starts, @now) on conflict do nothing`
	sqlForgetAhead = `
		delete from shift_notice where starts_at < @before`
)

// Handoff writes down who was on since it ran last, and tells whoever comes on now, whoever
// goes off, and whoever has a shift soon. It is for a clock to call, about once a minute;
// any process may, at any time, several at once: each thing is written and said once.
// After a time of standing still all stints are written, but only the last handoff is
// said. It ends requests for cover whose time has come first. A schedule that cannot be
// written down does not keep the others; its error is returned with the rest.
func (s *Service) Handoff(ctx context.Context) error {
	_, lapseErr := s.Lapse(ctx)
	var failed []error
	err := s.change(ctx, oncall.Actor{}, func(c *change) error {
		failed = nil
		behind, first, err := c.behind()
		if err != nil || len(behind) == 0 {
			return err
		}
		b, err := Load(ctx, c.tx, first, c.now.Add(s.Ahead))
		if err != nil {
			return err
		}
		ids := make([]int64, 0, len(behind))
		for id := range behind {
			ids = append(ids, id)
		}
		slices.Sort(ids)
		list, err := queryStints(ctx, c.tx, sqlOpenStints, pgx.NamedArgs{"schedules": ids})
		if err != nil {
			return err
		}
		open := map[int64][]Stint{}
		for _, o := range list {
			open[o.Schedule] = append(open[o.Schedule], o)
		}
		var done []int64
		for _, sched := range b.Schedules {
			since, ours := behind[sched.ID]
			if !ours {
				continue
			}
			// A savepoint: what is wrong with one schedule stays with it.
			var said []oncall.Message
			var aloud []string
			err := pgx.BeginFunc(ctx, c.tx, func(tx pgx.Tx) error {
				part := *c
				part.tx, part.messages, part.aloud = tx, nil, nil
				err := part.handOver(sched, b, open[sched.ID], since)
				said, aloud = part.messages, part.aloud
				return err
			})
			if err != nil {
				failed = append(failed, fmt.Errorf("schedule %s: %w", sched.Name, err))
				continue
			}
			c.messages, done = append(c.messages, said...), append(done, sched.ID)
			c.aloud = append(c.aloud, aloud...)
		}
		if err := c.sayHandoffs(); err != nil {
			return err
		}
		if _, err := c.tx.Exec(ctx, sqlForgetAhead, pgx.NamedArgs{"before": c.now.AddDate(0, 0, -7)}); err != nil {
			return err
		}
		return c.looked(done...)
	})
	return errors.Join(append(failed, lapseErr, err)...)
}

// behind takes the schedules that were not looked at since before now, and tells when
// each was, and the first.
func (c *change) behind() (since map[int64]time.Time, first time.Time, err error) {
	rows, err := c.tx.Query(c.ctx, sqlSchedulesBehind, pgx.NamedArgs{"now": c.now, "astray": astray})
	if err != nil {
		return nil, first, err
	}
	since, first = map[int64]time.Time{}, c.now
	var ahead []int64
	var id int64
	var at time.Time
	if _, err = pgx.ForEachRow(rows, []any{&id, &at}, func() error {
		if at.After(c.now) {
			at, ahead = c.now, append(ahead, id)
		}
		since[id] = at
		if at.Before(first) {
			first = at
		}
		return nil
	}); err != nil || len(ahead) == 0 {
		return since, first, err
	}
	return since, first, c.takeBack(ahead)
}

// handOver is one schedule's part of it.
func (c *change) handOver(s schedule.Schedule, b Book, open []Stint, since time.Time) error {
	w, err := c.writeStints(s, b, open, since)
	if err != nil {
		return err
	}
	if w.moved {
		if err := c.sayHandoff(s, b, w); err != nil {
			return err
		}
	}
	if c.Ahead <= 0 {
		return nil
	}
	return c.sayAhead(s, b)
}

// sayHandoff tells whoever comes on and goes off, and the rooms.
func (c *change) sayHandoff(s schedule.Schedule, b Book, w watch) error {
	var off []int64
	var come []turn
	for _, t := range w.now {
		if !w.was(t.place) {
			come = append(come, t)
		}
	}
	for _, p := range w.before {
		if !w.isOn(p.person) && !p.shadow {
			off = append(off, p.person)
		}
	}
	if len(come) == 0 && len(off) == 0 {
		return nil // somebody stood in two places, and left one
	}
	people := slices.Clone(off)
	for _, t := range w.now {
		people = append(people, t.person)
	}
	if err := c.know(distinct(people)...); err != nil {
		return err
	}
	active, err := c.pool(s)
	if err != nil {
		return err
	}
	open := c.open(s)
	after := c.names(personsOf(w.now))
	for _, t := range come {
		switch {
		case t.shadow:
			c.tell(t.person, fmt.Sprintf("You shadow %s from now %s. On are: %s.", s.Name, c.ending(b, s, t), after))
		case s.Role != "" && !slices.Contains(active, t.person):
			c.tell(t.person, fmt.Sprintf("By %s you would be on now, but nobody may ring you for %s. If they should: !roster join %s.", s.Name, s.Role, s.Role))
		default:
			text := fmt.Sprintf("You are on for %s now%s %s.", s.Name, inLayer(s, t.layer), c.ending(b, s, t))
			if len(off) > 0 {
				text += fmt.Sprintf(" Before you: %s.", c.names(off))
			}
			c.tell(t.person, text+open)
		}
	}
	for _, person := range off {
		if _, away := b.Away(person, c.now); !away {
			c.tell(person, fmt.Sprintf("You are off for %s. On now: %s. Thank you.%s", s.Name, after, open))
		}
	}
	c.aloud = append(c.aloud, fmt.Sprintf("Handoff of %s. On now: %s.%s%s", s.Name, after, before(c.names(off), len(off)), open))
	return nil
}

// mostAloud is how many handoffs are said in the rooms at once: in a large organisation a
// hundred schedules begin on Monday at nine, and the rooms are for emergencies.
const mostAloud = 6

// sayHandoffs has the rooms told.
func (c *change) sayHandoffs() error {
	for i, text := range c.aloud {
		if left := len(c.aloud) - mostAloud; i == mostAloud {
			return c.sayAloud(oncall.Plural(left, "other schedule was", "other schedules were") + " handed over just now: !oncall shows who is on.")
		}
		if err := c.sayAloud(text); err != nil {
			return err
		}
	}
	return nil
}

func before(names string, n int) string {
	if n == 0 {
		return ""
	}
	return " Before: " + names + "."
}

// sayAloud has the rooms told.
func (c *change) sayAloud(text string) error {
	if c.Queue == nil || len(c.Rooms) == 0 {
		return nil
	}
	const longest = 2000 // letters; the column of a notice has the same limit
	notices := make([]notice.Notice, 0, len(c.Rooms))
	for _, r := range c.Rooms {
		notices = append(notices, notice.Notice{Network: r.Network, Kind: notice.Say, Room: r.Room, Text: oncall.Clip(text, longest)})
	}
	return notice.Post(c.ctx, c.tx, c.Queue, c.now, notices...)
}

// open says what is open for the role that a schedule serves. If that cannot be found
// out, the handoff is said all the same.
func (c *change) open(s schedule.Schedule) string {
	if c.Open == nil || s.Role == "" {
		return ""
	}
	lines, err := c.Open(c.ctx, s.Role)
	switch {
	case err != nil:
		c.log().Warn("what is open cannot be said at a handoff", "schedule", s.Name, "error", err)
		return " What is open could not be looked up."
	case len(lines) == 0:
		return " Nothing is open."
	}
	return " Open: " + strings.Join(lines, "; ") + "."
}

// ending tells until when a turn lasts, for whoever has it; the book need not reach so
// far.
func (c *change) ending(b Book, s schedule.Schedule, t turn) string {
	for _, sh := range b.On(s, c.now) {
		if placeOf(sh) == t.place && !sh.Endless() {
			return "until " + moment(sh.Until, c.zone(t.person))
		}
	}
	return "until further notice"
}

// sayAhead reminds whoever has a shift soon, once for each.
func (c *change) sayAhead(s schedule.Schedule, b Book) error {
	for _, t := range turnsOf(b.Shifts(s, c.now, c.now.Add(c.Ahead))) {
		if !t.from.After(c.now) {
			continue
		}
		tag, err := c.tx.Exec(c.ctx, sqlSaidAhead, pgx.NamedArgs{
			"schedule": s.ID, "layer": t.layer, "person": t.person, "starts": t.from, "now": c.now,
		})
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			continue
		}
		if err := c.know(t.person); err != nil {
			return err
		}
		if t.shadow {
			c.tell(t.person, fmt.Sprintf("You will shadow %s from %s.", s.Name, moment(t.from, c.zone(t.person))))
			continue
		}
		c.tell(t.person, fmt.Sprintf("You will be on for %s%s from %s. If you cannot: !cover %s.",
			s.Name, inLayer(s, t.layer), moment(t.from, c.zone(t.person)), s.Name))
	}
	return nil
}

// inLayer names a layer where there are several.
func inLayer(s schedule.Schedule, layer string) string {
	if layer == "" || len(s.Layers) < 2 {
		return ""
	}
	return " (" + layer + ")"
}

// personsOf lists whoever is on and rung.
func personsOf(turns []turn) []int64 {
	var out []int64
	for _, t := range turns {
		if !t.shadow {
			out = append(out, t.person)
		}
	}
	return out
}

func (c *change) names(people []int64) string {
	var names []string
	for _, p := range people {
		names = append(names, c.handle(p))
	}
	return oncall.JoinNames(names)
}
