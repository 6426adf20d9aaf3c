package job

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
)

const (
	sqlBeginStep = `
		insert into job_step (run_id, n, attempt, name, undo, memo, state, begun_at)
		values (@run, (select coalesce(max(n), 0) + 1 from job_step where run_id = @run), @attempt, @name, @undo, @memo, 'begun', @now)
		returning n`
	sqlEndStep = `
		update job_step set state = @state, ended_at = @now, detail = @detail where run_id = @run and n = @n and state = 'begun'`
	sqlSetProgress = `
		update job_run set done = @done, total = @total, unit = @unit, doing = @doing, progress_from = @from, progress_at = @at where id = @run`
)

// flushEvery is how often what a kind tells is written. A kind may tell it as often as it likes.
const flushEvery = time.Second

// desk keeps what a kind tells in rows, as long as the run is ours.
type desk struct {
	s    *Service
	row  Row
	hold *hold

	mu     sync.Mutex
	lines  []Line // not written yet
	count  int    // lines of the log, the unwritten ones included
	cut    bool   // the log is full, and says so
	closed bool
	news   bool // progress is not written yet
	done   int64
	total  int64
	unit   string
	doing  string
	from   *time.Time
	at     *time.Time

	writing sync.Mutex // one write at a time, so that lines and steps keep their order
	close   func()
}

// newDesk begins to write what is told, every second, until it is closed.
func (s *Service) newDesk(h *hold, r Row, lines int) *desk {
	d := &desk{s: s, row: r, hold: h, count: lines}
	ctx, end := context.WithCancel(h.ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(flushEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				d.tick(ctx)
			}
		}
	}()
	d.close = func() {
		end()
		<-ended
		d.mu.Lock()
		d.closed = true
		d.mu.Unlock()
		if err := h.persist(h.ctx, s.lease(), d.flush); err != nil && !h.isLost() {
			s.Log.Warn("the end of a run's log is lost", "run", r.ID, "error", err)
		}
	}
	return d
}

func (d *desk) tick(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, writeBudget)
	defer cancel()
	switch err := d.flush(ctx); {
	case errors.Is(err, errLost):
		d.hold.lost()
	case err != nil && ctx.Err() == nil:
		d.s.Log.Warn("a run's log could not be written; it is tried again", "run", d.row.ID, "error", err)
	}
}

// flush writes what was told since the last time.
func (d *desk) flush(ctx context.Context) error {
	d.writing.Lock()
	defer d.writing.Unlock()
	d.mu.Lock()
	lines, news := d.lines, d.news
	progress := pgx.NamedArgs{"run": d.row.ID, "done": d.done, "total": d.total, "unit": d.unit, "doing": d.doing, "from": d.from, "at": d.at}
	d.lines, d.news = nil, false
	d.mu.Unlock()
	if len(lines) == 0 && !news {
		return nil
	}
	err := d.hold.fenced(ctx, Running, func(c *change) error {
		if err := c.appendLog(d.row, lines); err != nil || !news {
			return err
		}
		_, err := c.tx.Exec(ctx, sqlSetProgress, progress)
		return err
	})
	if err != nil && !errors.Is(err, pg.ErrCommitUnknown) && !errors.Is(err, errLost) {
		d.mu.Lock()
		d.lines, d.news = slices.Concat(lines, d.lines), d.news || news
		d.mu.Unlock()
	}
	return err
}

// Log implements [Keeper].
func (d *desk) Log(_ context.Context, text string) {
	lines := d.s.lines(d.s.Now(), text)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed || d.cut {
		return
	}
	room := max(mostLines-1-d.count, 0) // the last line says that it is cut
	if len(lines) > room {
		d.cut = true
		lines = append(lines[:room:room], Line{At: d.s.Now(), Text: fmt.Sprintf("The log is cut here: a run keeps %d lines.", mostLines)})
	}
	d.lines = append(d.lines, lines...)
	d.count += len(lines)
}

// Progress implements [Keeper].
func (d *desk) Progress(done, total int64, unit string) {
	now := d.s.Now()
	unit = d.s.clean(unit, 16)
	d.mu.Lock()
	defer d.mu.Unlock()
	done, total = max(done, 0), max(total, 0)
	if d.from == nil || done < d.done || unit != d.unit || total != d.total && d.total != 0 {
		d.from = &now
	}
	d.done, d.total, d.unit, d.at, d.news = done, total, unit, &now, true
}

// Doing implements [Keeper].
func (d *desk) Doing(ctx context.Context, what string) {
	what = d.s.clean(what, longestDoing)
	d.mu.Lock()
	same := what == d.doing
	d.doing, d.news = what, true
	d.mu.Unlock()
	if !same && what != "" {
		d.Log(ctx, oncall.UpperFirst(what)+".")
	}
}

// Say implements [Keeper]. What may have been said is not said again.
func (d *desk) Say(ctx context.Context, text string) error {
	text = d.s.clean(text, longestSaid)
	err := d.write(ctx, func(ctx context.Context) error {
		err := d.hold.fenced(ctx, Running, func(c *change) error {
			to, err := c.places(d.row, false, true)
			if err != nil {
				return err
			}
			c.say(d.row, to, text)
			return c.log(d.row, "Said: "+text)
		})
		if errors.Is(err, pg.ErrCommitUnknown) {
			return nil
		}
		return err
	})
	return err
}

// Begin implements [Keeper].
func (d *desk) Begin(ctx context.Context, s Step) (n int, err error) {
	err = d.write(ctx, func(ctx context.Context) error {
		return d.hold.fenced(ctx, Running, func(c *change) error {
			return c.tx.QueryRow(ctx, sqlBeginStep, pgx.NamedArgs{
				"run": d.row.ID, "attempt": d.row.Attempt, "name": d.s.clean(s.Name, 100), "undo": s.Undo, "memo": s.Memo, "now": c.now,
			}).Scan(&n)
		})
	})
	return n, err
}

// Ended implements [Keeper].
func (d *desk) Ended(ctx context.Context, n int, err error) error {
	state, detail := StepDone, ""
	if err != nil {
		state, detail = StepFailed, d.s.clean(err.Error(), longestSaid)
	}
	return d.write(ctx, func(ctx context.Context) error {
		return d.hold.fenced(ctx, Running, func(c *change) error {
			_, err := c.tx.Exec(ctx, sqlEndStep, pgx.NamedArgs{"run": d.row.ID, "n": n, "state": state, "now": c.now, "detail": detail})
			return err
		})
	})
}

// write writes what was told before, and then what is told now.
func (d *desk) write(ctx context.Context, fn func(ctx context.Context) error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	err := d.hold.persist(ctx, d.s.lease(), func(ctx context.Context) error {
		if err := d.flush(ctx); err != nil {
			return err
		}
		d.writing.Lock()
		defer d.writing.Unlock()
		return fn(ctx)
	})
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
