package files

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/integrations/job"
	"batsignal/migrations/pg"
)

// Watched is a job that is asked for when what it backs up changed.
type Watched struct {
	Job    string
	Source interface {
		Changed(ctx context.Context) (string, error)
	}
	Settle time.Duration // how long nothing more must change; 0 is 30 seconds
}

// Watcher asks for backups of what changed. It compares checksums, once in a while: that
// misses nothing, on any file system, and also not what changed while nobody ran.
type Watcher struct {
	DB    pg.DB
	Jobs  []Watched
	Every time.Duration // how often each is looked at; 0 is a minute
	Now   func() time.Time
	// Ask asks for a run, in a transaction: [job.Service.AskIn].
	Ask func(ctx context.Context, tx pgx.Tx, a job.Ask) (job.Row, error)

	mu    sync.Mutex
	state map[string]*watching
}

// watching is what is known of a job since we began.
type watching struct {
	next  time.Time // when it is looked at again
	sum   string    // that was new, and waits until it settles
	since time.Time
}

// The key of a run that a change asked for holds the checksum, and the number of the one
// before: what is changed back later is asked for again, and two processes that see one
// change ask once.
const sqlLastChange = `
	select id, key, ended_at is not null and state <> 'succeeded' and ended_at < @rested as failed from job_run where job = @job and starts_with(key, 'change/' || @job || '/') and not dry
	order by id desc limit 1`

// Look asks for what changed and settled. It may be called every few seconds, in any process.
// What fails for one job is told, and keeps no other from its turn.
func (w *Watcher) Look(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.state == nil {
		w.state = map[string]*watching{}
	}
	var errs []error
	for _, j := range w.Jobs {
		at := w.state[j.Job]
		if at == nil {
			at = &watching{}
			w.state[j.Job] = at
		}
		if w.Now().Before(at.next) {
			continue
		}
		if err := w.look(ctx, j, at); err != nil {
			at.next = w.Now().Add(w.every())
			errs = append(errs, fmt.Errorf("whether %s has something new: %w", j.Job, err))
		}
	}
	return errors.Join(errs...)
}

func (w *Watcher) every() time.Duration {
	if w.Every > 0 {
		return w.Every
	}
	return time.Minute
}

func (w *Watcher) look(ctx context.Context, j Watched, at *watching) error {
	sum, err := j.Source.Changed(ctx)
	if err != nil {
		return err
	}
	settle := j.Settle
	if settle <= 0 {
		settle = 30 * time.Second
	}
	now := w.Now()
	asked := false
	if sum == at.sum && now.Sub(at.since) >= settle {
		err = pg.InTx(ctx, w.DB, func(tx pgx.Tx) error {
			id, last, err := lastChange(ctx, tx, now, j.Job)
			if err != nil || last == sum {
				return err
			}
			_, err = w.Ask(ctx, tx, job.Ask{Job: j.Job, Reason: "what it backs up has changed", Key: fmt.Sprintf("change/%s/%s/%d", j.Job, sum, id)})
			return err
		})
		asked = true
	} else if sum != at.sum {
		var last string
		if _, last, err = lastChange(ctx, w.DB, now, j.Job); err == nil && last == sum {
			asked = true
		}
	}
	switch {
	case err != nil:
		return err // it is as new as before, and tried again
	case asked:
		*at = watching{next: now.Add(w.every())}
	default:
		if sum != at.sum {
			at.sum, at.since = sum, now
		}
		at.next = now.Add(min(settle, w.every()))
	}
	return nil
}

// failedRest is how long after a backup that failed it is asked for again, if nothing changed
// since.
const failedRest = time.Hour

// lastChange gives the last run of a job that a change asked for, and the checksum by which.
func lastChange(ctx context.Context, db pg.DB, now time.Time, name string) (id int64, sum string, err error) {
	var key string
	var failed bool
	err = db.QueryRow(ctx, sqlLastChange, pgx.NamedArgs{"job": name, "rested": now.Add(-failedRest)}).Scan(&id, &key, &failed)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, "", nil
	}
	if parts := strings.Split(key, "/"); len(parts) > 2 && !failed {
		sum = parts[2]
	}
	return id, sum, err
}
