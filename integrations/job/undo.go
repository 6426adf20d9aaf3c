package job

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/oncall"
)

const (
	sqlStepsLeft = `
		select n, attempt, name, undo, memo, state, begun_at, ended_at, tries, detail
		from job_step where run_id = @run and undo <> '' and state <> 'undone' order by n desc`
	sqlStepUndone = `
		update job_step set state = 'undone', ended_at = coalesce(ended_at, @now), detail = '' where run_id = @run and n = @n`
	sqlStepLeft = `
		update job_step set tries = tries + 1, detail = @detail where run_id = @run and n = @n`
	sqlUndoLater = `
		update job_run set undo_tries = undo_tries + 1, leased_by = '', leased_until = @until, stuck_at = @stuck where id = @run and state = 'undoing'`
)

// undoBudget is how long taking back one step may take.
const undoBudget = 5 * time.Minute

// tidy takes back what a run left, and then ends it or has it tried again. What cannot be
// taken back is tried again by [Service.Look], for as long as it takes: a machine that nobody
// destroys costs money, a file system that nobody thaws is an outage.
func (s *Service) tidy(h *hold, r Row) {
	why := s.takeBack(h, r)
	if h.isLost() {
		return
	}
	if why == "" {
		err := h.persist(h.ctx, s.lease(), h.finish)
		if err == nil || h.isLost() {
			return
		}
		s.Log.Error("a run could not be ended; it is tried again", "run", r.ID, "error", err)
		why = "its end could not be kept"
	}
	if err := h.persist(h.ctx, s.lease(), func(ctx context.Context) error { return h.later(ctx, why) }); err != nil {
		s.Log.Warn("a run is left to whoever looks next", "run", r.ID, "error", err)
	}
}

// takeBack takes back every step of a run that left something, the last first. why tells what
// could not be taken back; "" is nothing.
func (s *Service) takeBack(h *hold, r Row) (why string) {
	var left []StepRow
	if err := h.persist(h.ctx, s.lease(), func(ctx context.Context) (err error) {
		left, err = list[StepRow](ctx, s.DB, sqlStepsLeft, pgx.NamedArgs{"run": r.ID})
		return err
	}); err != nil {
		return "its steps could not be read"
	}
	for _, step := range left {
		if h.isLost() {
			return "another process goes on with it"
		}
		err := s.undo(h.ctx, r, step)
		if kept := h.persist(h.ctx, s.lease(), func(ctx context.Context) error { return h.undone(ctx, r, step, err) }); kept != nil {
			return "what was taken back could not be kept"
		}
		if err != nil {
			// Go on with the others: what is left behind should be as little as can be.
			s.Log.Warn("a step could not be taken back; it is tried again", "run", r.ID, "step", step.Name, "error", err)
			why = s.clean(step.Name, 100)
		}
	}
	return why
}

// undone keeps whether a step was taken back.
func (h *hold) undone(ctx context.Context, r Row, step StepRow, failure error) error {
	return h.fenced(ctx, Undoing, func(c *change) error {
		args := pgx.NamedArgs{"run": h.run, "n": step.N, "now": c.now}
		if failure == nil {
			_, err := c.tx.Exec(ctx, sqlStepUndone, args)
			return err
		}
		args["detail"] = c.clean(failure.Error(), longestSaid)
		if _, err := c.tx.Exec(ctx, sqlStepLeft, args); err != nil {
			return err
		}
		return c.log(r, fmt.Sprintf("%s could not be taken back: %v", oncall.UpperFirst(step.Name), failure))
	})
}

// finish ends a run of which everything is taken back, or queues its next try.
func (h *hold) finish(ctx context.Context) error {
	return h.s.change(ctx, h.s.DB, func(c *change) error {
		r, err := c.lock(h.run)
		if err != nil {
			return err
		}
		switch {
		case r.Fence != h.fence:
			return errLost
		case r.State != Undoing:
			return nil // the commit whose answer we missed
		case r.Outcome == Queued && r.CancelAt != nil:
			r.Outcome, r.Said = Cancelled, cancelWords(r)
		case r.Outcome == Queued:
			return c.again(r)
		}
		return c.over(r, r.Outcome, oncall.Actor{})
	})
}

// later leaves a run for some time, and tells people once when that has been going on.
func (h *hold) later(ctx context.Context, why string) error {
	return h.s.change(ctx, h.s.DB, func(c *change) error {
		r, err := c.lock(h.run)
		if err != nil {
			return err
		}
		if r.Fence != h.fence || r.State != Undoing {
			return errLost
		}
		stuck := r.StuckAt
		if tries := r.UndoTries + 1; stuck == nil && tries >= stuckAfter {
			stuck = &c.now
			to, err := c.places(r, true, true)
			if err != nil {
				return err
			}
			text := fmt.Sprintf("something is left behind, since it could not be taken back %s: %s. It is tried again and again; somebody should look. !job logs %d tells more.", oncall.Times(tries), why, r.ID)
			c.say(r, to, text)
			if err := c.note(r, oncall.Actor{}, text); err != nil {
				return err
			}
		}
		_, err = c.tx.Exec(ctx, sqlUndoLater, pgx.NamedArgs{"run": r.ID, "until": c.now.Add(undoRest(r.UndoTries + 1)), "stuck": stuck})
		return err
	})
}

// undo takes back one step: a directory by itself, anything else by its kind.
func (s *Service) undo(ctx context.Context, r Row, step StepRow) (err error) {
	ctx, cancel := context.WithTimeout(ctx, undoBudget)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the kind panicked: %v\n%s", p, debug.Stack())
		}
	}()
	if step.Undo == UndoScratch {
		return s.removeScratch(r.ID, step.Memo)
	}
	at := slices.IndexFunc(s.Definitions, func(d Definition) bool { return d.Name == r.Job && d.Type == r.Kind })
	if at < 0 {
		return fmt.Errorf("the job %s (%s) is not in the configuration any more: put it back, or take %q back by hand", r.Job, r.Kind, step.Name)
	}
	u, ok := s.Definitions[at].Kind.(Undoer)
	if !ok {
		return fmt.Errorf("%s takes nothing back, but a step says %q", r.Kind, step.Undo)
	}
	return u.Undo(ctx, Step{Name: step.Name, Undo: step.Undo, Memo: step.Memo})
}

// removeScratch removes a directory of a run. It touches nothing but what is directly below
// the root of such directories and has the run's name: the memo is only data.
func (s *Service) removeScratch(run int64, memo json.RawMessage) error {
	var m ScratchMemo
	if err := json.Unmarshal(memo, &m); err != nil {
		return err
	}
	if s.ScratchRoot == "" || filepath.Dir(m.Dir) != filepath.Clean(s.ScratchRoot) || !strings.HasPrefix(filepath.Base(m.Dir), fmt.Sprintf("run-%d-", run)) {
		return fmt.Errorf("%s is no directory of this run below %q; it is left alone", m.Dir, s.ScratchRoot)
	}
	return removeAll(m.Dir)
}

// removeAll removes a tree, also one with directories that may not be written, as a restored
// backup has them.
func removeAll(dir string) error {
	if err := os.RemoveAll(dir); err == nil {
		return nil
	}
	_ = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.IsDir() {
			_ = os.Chmod(path, 0o700)
		}
		return nil
	})
	return os.RemoveAll(dir)
}
