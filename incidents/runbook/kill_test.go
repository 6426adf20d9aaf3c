package runbook_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"batsignal/incidents/runbook"
	"batsignal/migrations/pg"
)

// errKilled is what a process says no more.
var errKilled = errors.New("killed")

// dying is a database whose process is lost before its n-th statement: its connection is cut
// by the server, as after kill -9, and nothing of the transaction is tidied up by us.
type dying struct {
	*pgxpool.Pool
	left int
}

func (d *dying) Begin(ctx context.Context) (pgx.Tx, error) {
	conn, err := pgx.ConnectConfig(ctx, d.Config().ConnConfig)
	if err != nil {
		return nil, err
	}
	tx, err := conn.Begin(ctx)
	return &dyingTx{Tx: tx, d: d, conn: conn}, err
}

type dyingTx struct {
	pgx.Tx
	d    *dying
	conn *pgx.Conn
	dead bool
}

// lost tells whether the process is dead by now.
func (t *dyingTx) lost(ctx context.Context) bool {
	if !t.dead && t.d.left == 0 {
		t.dead = true
		var gone bool
		_ = t.d.QueryRow(ctx, `select pg_terminate_backend($1)`, t.conn.PgConn().PID()).Scan(&gone)
	}
	t.d.left--
	return t.dead
}

func (t *dyingTx) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	if t.lost(ctx) {
		return pgconn.CommandTag{}, errKilled
	}
	return t.Tx.Exec(ctx, sql, args...)
}

func (t *dyingTx) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	if t.lost(ctx) {
		return nil, errKilled
	}
	return t.Tx.Query(ctx, sql, args...)
}

func (t *dyingTx) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	if t.lost(ctx) {
		return noRow{}
	}
	return t.Tx.QueryRow(ctx, sql, args...)
}

func (t *dyingTx) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	if t.lost(ctx) {
		_ = t.conn.Close(ctx)
	}
	return t.Tx.SendBatch(ctx, b)
}

func (t *dyingTx) Commit(ctx context.Context) error {
	if t.lost(ctx) {
		return errKilled
	}
	err := t.Tx.Commit(ctx)
	_ = t.conn.Close(ctx)
	return err
}

func (t *dyingTx) Rollback(ctx context.Context) error {
	err := t.Tx.Rollback(ctx)
	_ = t.conn.Close(ctx)
	return err
}

type noRow struct{}

func (noRow) Scan(...any) error { return errKilled }

var _ pg.DB = (*dying)(nil)

// steps are a whole walk, as people say it.
var steps = []string{
	"maria next 1", "maria done 2", "bert done 2", "bert done 2", "maria done 3 no", "aiko done 2", "bert done 2", "bert done 2", "bert done 3 yes",
	"maria next 4 part=fan", "ends failed", "bert retry 4 part=belt", "ends succeeded", "maria done 5", "bert done 5", "aiko done 6",
}

// TestKilledAtEveryStatement loses the process before each statement of each step, the commit
// included, and has another one go on: everything happens once, and as if nothing had been.
func TestKilledAtEveryStatement(t *testing.T) {
	t.Parallel()
	undisturbed := newScene(t)
	want, _ := walkThrough(undisturbed, func(do func(on *runbook.Service) error) { undisturbed.must(do(undisturbed.Service)) })

	s := newScene(t)
	kills := 0
	got, jobs := walkThrough(s, func(do func(on *runbook.Service) error) {
		for n := 0; ; n++ {
			before := get[int](s.TB, s.db, `select (select count(*) from runbook_step_done) + (select count(*) from notice) + (select count(*) from job_run) + (select count(*) from timeline_entry)`)
			on := s.processOn(&dying{Pool: s.db, left: n})
			err := do(on)
			if err == nil {
				return
			}
			if kills++; n > 60 {
				s.Fatalf("it still fails at statement %d: %v", n, err)
			}
			after := get[int](s.TB, s.db, `select (select count(*) from runbook_step_done) + (select count(*) from notice) + (select count(*) from job_run) + (select count(*) from timeline_entry)`)
			if after != before {
				s.Fatalf("statement %d was lost, and %d rows were left: %v", n, after-before, err)
			}
		}
	})
	same(t, want, got)
	if jobs != 2 {
		t.Errorf("%d jobs were asked for", jobs)
	}
	if kills < 100 {
		t.Errorf("it was killed only %d times", kills)
	}
	t.Logf("killed %d times", kills)
}

// walkThrough does all of it, and returns what was said, and how many jobs there are.
func walkThrough(s *scene, do func(func(on *runbook.Service) error)) (said []string, jobs int) {
	s.Helper()
	var run int64
	do(func(on *runbook.Service) error {
		told, err := on.Start(ctx, s.as("maria"), "small", s.incident)
		run = told.Run.ID
		return err
	})
	for _, line := range steps {
		who, what, _ := strings.Cut(line, " ")
		s.advance(10 * 60e9)
		do(func(on *runbook.Service) error {
			if who == "ends" {
				return s.endsOn(on, what)
			}
			return s.saysNow(on, run, who, what)
		})
	}
	// Numbers of runs are those of a sequence, which counts what was taken back, too.
	d, err := s.Get(ctx, run)
	s.must(err)
	for _, e := range d.Events {
		said = append(said, fmt.Sprintf("%d %s %d %s %s %s", e.N, e.What, e.Step, e.Who, e.Choice, e.Note))
	}
	said = append(said, s.at(run), fmt.Sprint(len(s.said())), fmt.Sprint(len(s.timeline())))
	return said, get[int](s.TB, s.db, `select count(*) from job_run`)
}

// endsOn ends the job that is waited for.
func (s *scene) endsOn(on *runbook.Service, state string) error {
	return pg.InTx(ctx, on.DB, func(tx pgx.Tx) error {
		var job int64
		if err := tx.QueryRow(ctx, `update job_run set state = $1, ended_at = $2 where ended_at is null returning id`, state, s.Clock()).Scan(&job); err != nil {
			return err
		}
		return on.Finished(ctx, tx, runbook.Finished{Run: job, Succeeded: state == "succeeded", How: state})
	})
}
