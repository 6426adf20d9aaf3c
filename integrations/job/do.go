package job

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"runtime/debug"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

const (
	sqlSettle = `
		update job_run set state = 'undoing', outcome = @outcome, failures = @failures, crashes = @crashes, said = @said, evidence = @evidence,
			not_before = @not_before, fence = fence + @taken, leased_by = @by, leased_until = @until, undo_tries = 0, doing = ''
		where id = @run and state = 'running'`
	sqlInsertArtifact = `
		insert into job_artifact (run_id, n, name, place, key, size, sha256) values (@run, @n, @name, @place, @key, @size, @sha256)`
)

// mostFailureLines is how much of an error goes into the log.
const mostFailureLines = 60

// do does a try that was claimed, and ends it. Whatever becomes of it is in rows; what could
// not be written is found by [Service.Look].
func (s *Service) do(ctx context.Context, t *try) {
	doing, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	timed, end := context.WithTimeoutCause(doing, t.def.Policy.timeout(), ErrTimedOut)
	defer end()
	h := s.hold(ctx, t.row, stop)
	defer h.release()
	if t.row.CancelAt != nil {
		stop(ErrCancelled)
	}
	var lines int
	if err := s.DB.QueryRow(timed, sqlCountLog, pgx.NamedArgs{"run": t.row.ID}).Scan(&lines); err != nil {
		s.Log.Warn("a run's log could not be counted", "run", t.row.ID, "error", err)
	}
	d := s.newDesk(h, t.row, lines)
	told := context.AfterFunc(timed, func() {
		d.Log(ctx, "It is told to stop: "+context.Cause(timed).Error()+".")
	})
	result, err := safely(timed, t.def.Kind, NewRun(s.about(t.row), d))
	told()
	cause := context.Cause(timed)
	d.close()
	if h.isLost() {
		s.Log.Warn("a run was lost while it was done; whoever took it over ends it", "run", t.row.ID, "attempt", t.row.Attempt)
		return
	}
	v := judge(err, cause)
	if err != nil {
		s.Log.Info("a run did not succeed", "run", t.row.ID, "job", t.row.Job, "as", v.outcome, "error", s.clean(err.Error(), longestLine))
	}
	patience := s.lease()
	if v.outcome == Queued { // the process is being stopped
		patience = min(parting, patience)
	}
	if err := h.persist(h.ctx, patience, func(ctx context.Context) error { return h.settle(ctx, t, v, result, err) }); err != nil {
		s.Log.Warn("the end of a run could not be kept; it is found when its lease is over", "run", t.row.ID, "error", err)
		return
	}
	if v.outcome != Queued {
		s.tidy(h, t.row)
	}
}

// safely does it; a kind that panics has failed.
func safely(ctx context.Context, k Kind, r *Run) (result Result, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the kind panicked: %v\n%s", p, debug.Stack())
		}
	}()
	return k.Do(ctx, r)
}

// judge tells how a try ended, by what it returned and by why it was told to stop.
func judge(err, cause error) verdict {
	switch {
	case err == nil:
		return verdict{outcome: Succeeded}
	case errors.Is(cause, ErrCancelled):
		return verdict{outcome: Cancelled}
	case errors.Is(cause, ErrTimedOut):
		return verdict{outcome: TimedOut}
	case cause != nil:
		return verdict{outcome: Queued}
	}
	kind := fault.KindOf(err)
	return verdict{outcome: Failed, final: kind == fault.Invalid || kind == fault.Forbidden || kind == fault.Conflict}
}

// settle keeps how a try ended, before anything is taken back.
func (h *hold) settle(ctx context.Context, t *try, v verdict, result Result, failure error) error {
	return h.s.change(ctx, h.s.DB, func(c *change) error {
		r, err := c.lock(h.run)
		if err != nil {
			return err
		}
		if r.Fence != h.fence {
			return errLost
		}
		if r.State == Undoing {
			return nil // the commit whose answer we missed
		}
		if failure != nil {
			lines := c.lines(c.now, failure.Error())
			if err := c.appendLog(r, lines[:min(len(lines), mostFailureLines)]); err != nil {
				return err
			}
		}
		s := settling{verdict: v, said: c.whatWasSaid(t, r, v, result, failure), by: r.LeasedBy, until: c.now.Add(c.lease()), rest: t.def.Policy.rest()}
		if v.outcome == Queued { // whoever looks next goes on with it
			s.by, s.until = "", c.now
		}
		for _, e := range result.Evidence {
			s.evidence = append(s.evidence, [2]string{c.clean(e[0], 100), c.clean(e[1], longestSaid)})
		}
		outcome, err := c.settle(r, s)
		if err != nil || outcome == Queued {
			return err
		}
		return c.keepArtifacts(r, result.Artifacts)
	})
}

// settling is how a try ends.
type settling struct {
	verdict
	said     string
	evidence [][2]string
	taken    int // 1 if the run is taken from whoever had it
	by       string
	until    time.Time
	rest     time.Duration // before the next try, if it failed
}

// settle has a run that is running be taken back, and tells what it will be then.
func (c *change) settle(r Row, s settling) (State, error) {
	outcome, failures, crashes := r.next(s.verdict)
	var notBefore time.Time
	if outcome == Queued && (s.outcome == Failed || s.outcome == TimedOut) {
		notBefore = c.now.Add(s.rest)
	}
	if outcome == Cancelled {
		s.said = cancelWords(r)
	}
	if s.evidence == nil {
		s.evidence = [][2]string{}
	}
	_, err := c.tx.Exec(c.ctx, sqlSettle, pgx.NamedArgs{
		"run": r.ID, "outcome": outcome, "failures": failures, "crashes": crashes, "said": s.said, "evidence": s.evidence,
		"not_before": pg.NullTime(notBefore), "taken": s.taken, "by": s.by, "until": s.until,
	})
	return outcome, err
}

func cancelWords(r Row) string { return oncall.Clip(r.CancelWords+" cancelled it.", longestSaid) }

// whatWasSaid is one sentence of what came of a try.
func (c *change) whatWasSaid(t *try, r Row, v verdict, result Result, failure error) string {
	said := result.Said
	var told *fault.Error
	switch {
	case v.outcome == TimedOut:
		said = "it may take " + Spell(t.def.Policy.timeout())
		if r.Doing != "" {
			said += "; it was at: " + r.Doing
		}
	case v.outcome == Failed && errors.As(failure, &told):
		said = told.Say
	case v.outcome == Failed:
		said = "the log tells why"
	case v.outcome == Queued:
		said = ""
	}
	return c.clean(said, longestSaid)
}

var sha256Shape = regexp.MustCompile(`^[0-9a-f]{64}$`)

// keepArtifacts keeps what a run made. One that cannot be kept is no reason to lose the run.
func (c *change) keepArtifacts(r Row, artifacts []Artifact) error {
	for i, a := range artifacts {
		a.Name = c.clean(a.Name, 200)
		if a.Name == "" || a.Size < 0 || !sha256Shape.MatchString(a.SHA256) {
			if err := c.log(r, fmt.Sprintf("File %d is not listed: it has no name, size or SHA-256.", i+1)); err != nil {
				return err
			}
			continue
		}
		if _, err := c.tx.Exec(c.ctx, sqlInsertArtifact, pgx.NamedArgs{
			"run": r.ID, "n": i + 1, "name": a.Name, "place": a.Place, "key": a.Key, "size": a.Size, "sha256": a.SHA256,
		}); err != nil {
			return err
		}
	}
	return nil
}
