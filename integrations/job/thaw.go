package job

import (
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/integrations/job/cron"
	"batsignal/oncall"
	"batsignal/oncall/civil"
)

// thawing is what a run waits for that a freeze caught before it began.
const thawing = "waits for the end of a freeze"

const sqlThaws = `update job_run set not_before = @at, doing = @doing where id = @run and state = 'queued'`

// caught says what becomes of a run that is about to begin, and that a freeze caught in the
// queue. One that people asked for ends: they are told, and can ask again. One of a schedule
// has nobody who would, and its time counts as used: unless the next of its times will do, it
// waits. rest is how long it waits before it looks again; 0 is that it ended.
func (c *change) caught(d Definition, r Row, why string, until time.Time) (rest time.Duration, err error) {
	if !r.Scheduled() || d.Schedule == nil || d.Schedule.Missed == MissedSkip {
		r.Said = c.clean(fmt.Sprintf("it did not begin, since nothing risky is done now: %s, until %s.", trimmed(why), when(until, "")), longestSaid)
		return 0, c.over(r, Cancelled, oncall.Actor{})
	}
	at := SameTime(*r.ScheduledFor, c.now, d.Schedule.Zone)
	if rule, err := cron.Parse(d.Schedule.Rule, d.Schedule.Zone); err == nil {
		at = civil.Earlier(at, rule.Next(c.now)) // what runs each hour does not wait for a day
	}
	if _, err := c.tx.Exec(c.ctx, sqlThaws, pgx.NamedArgs{"run": r.ID, "at": at, "doing": thawing}); err != nil {
		return 0, err
	}
	rest = max(at.Sub(c.now), time.Second)
	if r.Doing == thawing {
		return rest, nil // that is told
	}
	text := fmt.Sprintf("it waits, since nothing risky is done now: %s, until %s. It begins at the first of its times, or that time of a day, that is free.", trimmed(why), when(until, ""))
	if err := c.note(r, oncall.Actor{}, text); err != nil {
		return 0, err
	}
	to, err := c.places(r, true, true)
	if err != nil {
		return 0, err
	}
	c.say(r, to, text+fmt.Sprintf(" !job cancel %d gives it up. If it cannot wait: !job run %s --override --reason \"why\".", r.ID, r.Job))
	return rest, nil
}

// Frozen tells whether a run was caught in the queue by a freeze, and waits for its end.
func (r Row) Frozen() bool { return r.State == Queued && r.Doing == thawing }

// SameTime is the first time after now at which a clock of a zone shows the same as at an
// instant. What a freeze holds is looked at then: a freeze that people lift meanwhile is
// noticed, and nothing risky begins at midnight because a Friday is over.
func SameTime(slot, now time.Time, zone string) time.Time {
	place, err := civil.Zone(zone)
	if err != nil {
		place = time.UTC // written by a later version, which knows more
	}
	wall, today := civil.Of(slot, place), civil.Of(now, place)
	wall.Year, wall.Month, wall.Day = today.Year, today.Month, today.Day
	for {
		if at := wall.In(place, civil.Start); at.After(now) {
			return at
		}
		wall = wall.AddDays(1)
	}
}
