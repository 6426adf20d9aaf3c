package clockwork

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/integrations/job"
	"batsignal/oncall"
	"batsignal/oncall/notice"
)

// tellAgain is how long after it was told an alarm is told again.
const tellAgain = 24 * time.Hour

const (
	sqlAlarm = `update job_schedule set alarmed_at = coalesce(alarmed_at, @now), told_at = @now where job = @job`
	sqlClear = `update job_schedule set alarmed_at = null, told_at = null where job = @job`
	sqlRuns  = `select id, state, doing, asked_at from job_run where job = @job and not dry order by id desc limit 1`
)

// what there is to tell of a row.
type what int

const (
	nothing what = iota
	alarm
	reported // it did succeed
	quiet    // it is not expected any more, or later
)

// news is what there is to tell of a row.
func (r Row) news(now time.Time) what {
	late := r.late(now)
	switch {
	case late && (r.AlarmedAt == nil || r.ToldAt == nil || now.Sub(*r.ToldAt).Abs() >= tellAgain):
		return alarm
	case late || r.AlarmedAt == nil:
		return nothing
	case r.SucceededAt != nil && r.SucceededAt.After(*r.AlarmedAt):
		return reported
	}
	return quiet
}

// late tells whether a run should have succeeded by now, and none did.
func (r Row) late(now time.Time) bool {
	return r.Expect != nil && now.Sub(r.since()) > *r.Expect
}

// since is the last success, or since when one is expected.
func (r Row) since() time.Time {
	if r.SucceededAt != nil && r.SucceededAt.After(r.ExpectFrom) {
		return *r.SucceededAt
	}
	return r.ExpectFrom
}

// tell says what there is to tell of a row that is locked, and marks that it was told.
func (s *Service) tell(ctx context.Context, tx pgx.Tx, now time.Time, r Row) error {
	args := pgx.NamedArgs{"job": r.Job, "now": now}
	switch r.news(now) {
	case alarm:
		if _, err := tx.Exec(ctx, sqlAlarm, args); err != nil {
			return err
		}
		return s.sayAlarm(ctx, tx, now, r)
	case reported:
		if _, err := tx.Exec(ctx, sqlClear, args); err != nil {
			return err
		}
		return s.say(ctx, tx, now, fmt.Sprintf("All clear: the job %s succeeded at %s. It had not since %s.",
			r.Job, stamp(*r.SucceededAt), stamp(*r.AlarmedAt)))
	case quiet:
		_, err := tx.Exec(ctx, sqlClear, args)
		return err
	}
	return nil
}

// sayAlarm says that a job did not report, what is known of it, and what to do next.
func (s *Service) sayAlarm(ctx context.Context, tx pgx.Tx, now time.Time, r Row) error {
	rows, err := tx.Query(ctx, sqlRuns, pgx.NamedArgs{"job": r.Job})
	if err != nil {
		return err
	}
	type last struct {
		ID      int64
		State   job.State
		Doing   string
		AskedAt time.Time
	}
	runs, err := pgx.CollectRows(rows, pgx.RowToStructByName[last])
	if err != nil {
		return err
	}
	var parts []string
	ever := "has never succeeded, which is expected since " + stamp(r.ExpectFrom)
	if r.SucceededAt != nil {
		ever = "has not succeeded since " + stamp(*r.SucceededAt)
	}
	parts = append(parts, fmt.Sprintf("Alarm: the job %s %s, and it should every %s.", r.Job, ever, lasting(*r.Expect)))
	next := notice.Action{Label: "Run it", Command: "job run " + r.Job, Says: "The job is asked for now.", Grave: true}
	switch {
	case len(runs) == 0:
		parts = append(parts, "It was never asked for. Next: !job run "+r.Job+" and see what becomes of it.")
	case !runs[0].State.Ended():
		parts = append(parts, fmt.Sprintf("Run %d, asked for at %s, %s. Next: !job show %d tells why it takes so long.", runs[0].ID, stamp(runs[0].AskedAt), standing(runs[0].State, runs[0].Doing), runs[0].ID))
		next = notice.Action{Label: "Show it", Command: fmt.Sprintf("job show %d", runs[0].ID)}
	default:
		parts = append(parts, fmt.Sprintf("Its last run, %d, %s. Next: !job logs %d tells more, and !job run %s tries again.", runs[0].ID, ended(runs[0].State), runs[0].ID, r.Job))
	}
	if r.PausedAt != nil {
		parts = append(parts, fmt.Sprintf("Its schedule is paused since %s by %s: !job schedule resume %s.", stamp(*r.PausedAt), r.PausedBy, r.Job))
	} else if r.HeldAt != nil {
		parts = append(parts, "Its times are not used since "+stamp(*r.HeldAt)+", by a freeze or since it is refused.")
	}
	return s.say(ctx, tx, now, strings.Join(parts, " "), next)
}

// lasting writes a time that somebody chose: whole days as days.
func lasting(d time.Duration) string {
	const day = 24 * time.Hour
	if d%day == 0 {
		return oncall.Plural(int(d/day), "day", "days")
	}
	return oncall.Lasting(d)
}

func standing(state job.State, doing string) string {
	if state == job.Queued && doing != "" {
		return doing // "waits for run 7"
	}
	switch state {
	case job.Asked:
		return "waits for people to agree"
	case job.Queued:
		return "waits to begin"
	case job.Running:
		return "is running"
	}
	return "is cleaning up"
}

func ended(state job.State) string {
	switch state {
	case job.Succeeded:
		return "succeeded" // too long ago
	case job.Lost:
		return "was lost"
	case job.Cancelled, job.Denied:
		return "was " + string(state)
	}
	return state.Words()
}
