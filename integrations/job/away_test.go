package job_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"batsignal/integrations/job"
	"batsignal/migrations/pg"
	"batsignal/migrations/pgtest"
)

// stalling is a way to the database on which nothing passes while it is held.
type stalling struct {
	pg.DB
	mu   sync.Mutex
	gate chan struct{}
}

func (d *stalling) hold() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.gate = make(chan struct{})
}

func (d *stalling) release() {
	d.mu.Lock()
	defer d.mu.Unlock()
	close(d.gate)
	d.gate = nil
}

func (d *stalling) pass(ctx context.Context) error {
	d.mu.Lock()
	gate := d.gate
	d.mu.Unlock()
	if gate == nil {
		return ctx.Err()
	}
	select {
	case <-gate:
		return ctx.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (d *stalling) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	if err := d.pass(ctx); err != nil {
		return pgconn.CommandTag{}, err
	}
	return d.DB.Exec(ctx, sql, args...)
}

func (d *stalling) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	_ = d.pass(ctx) // the query hears of the context, too
	return d.DB.QueryRow(ctx, sql, args...)
}

func (d *stalling) Begin(ctx context.Context) (pgx.Tx, error) {
	if err := d.pass(ctx); err != nil {
		return nil, err
	}
	return d.DB.Begin(ctx)
}

// The server is killed and comes back while a run is done: the run waits for it, and nothing
// is done twice.
func TestTheDatabaseIsGoneForAMoment(t *testing.T) {
	server := pgtest.Private(t)
	db, err := pg.Open(ctx, server.BotDSN(), pg.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	s := sceneOn(t, db)
	inside, gate := make(chan struct{}), make(chan struct{})
	s.kind.do = func(ctx context.Context, r *job.Run) (job.Result, error) {
		r.Logf(ctx, "before")
		if err := s.kind.step(ctx, r, "first", nil); err != nil {
			return job.Result{}, err
		}
		close(inside)
		<-gate
		r.Logf(ctx, "meanwhile")
		return s.kind.three(ctx, r)
	}
	r := s.ask(job.Ask{})
	var working sync.WaitGroup
	working.Go(func() { s.work(r.ID) })
	<-inside
	server.Kill(t)
	close(gate)
	server.Start(t)
	working.Wait()
	row := s.is(r.ID, job.Succeeded)
	if row.Attempt != 1 || s.kind.left() != "" || !strings.Contains(s.log(r.ID), "before\n") || !strings.Contains(s.log(r.ID), "meanwhile\n") {
		t.Errorf("%+v, left %q\n%s", row, s.kind.left(), s.log(r.ID))
	}
}

// The database is gone for longer than a lease: what is done is told to stop, and another
// process does it again when it is back.
func TestTheDatabaseIsGoneForLong(t *testing.T) {
	s := newScene(t)
	s.hooked()
	inside := make(chan struct{})
	s.kind.do = func(ctx context.Context, r *job.Run) (job.Result, error) {
		if r.Attempt > 1 {
			return s.kind.three(ctx, r)
		}
		err := s.kind.step(ctx, r, "first", func(ctx context.Context) error {
			close(inside)
			<-ctx.Done()
			return context.Cause(ctx)
		})
		return job.Result{}, err
	}
	away := &stalling{DB: s.db}
	p := s.process("old", away)
	p.Renew = 10 * time.Millisecond
	r := s.ask(job.Ask{})
	var working sync.WaitGroup
	working.Go(func() { _, _ = p.WorkOnce(ctx, job.WorkArgs{Run: r.ID, Attempt: 1}) })
	<-inside
	away.hold()
	over := make(chan struct{})
	go func() { working.Wait(); close(over) }()
	eventually(t, "it stops by itself", func() bool {
		s.later(10 * time.Second)
		select {
		case <-over:
			return true
		default:
			return false
		}
	})
	s.later(time.Minute) // a lease that was renewed as it stalled is over, too
	s.must(s.Look(ctx))
	if s.kind.left() != "" {
		t.Error(s.kind.left())
	}
	s.converge(r.ID)
	if row := s.is(r.ID, job.Succeeded); row.Attempt != 2 || row.Failures != 0 {
		t.Errorf("%+v", row)
	}
	s.clean(r.ID)
}

// A worker is killed with its process: until another one looks, the run is said to be running,
// and that nobody was heard of.
func TestNobodyWasHeardOf(t *testing.T) {
	s := newScene(t)
	r := s.ask(job.Ask{})
	if _, err := s.db.Exec(ctx, `update job_run set state = 'running', started_at = $2, leased_by = 'dead', leased_until = $3 where id = $1`, r.ID, start, start.Add(30*time.Second)); err != nil {
		t.Fatal(err)
	}
	words := func() string {
		t.Helper()
		last, err := s.Last(ctx)
		s.must(err)
		recent, err := s.Recent(ctx, job.Query{})
		s.must(err)
		one, two, three := s.row(r.ID).Words(), recent[0].Words(), last["work"].Words()
		if one != two || two != three {
			t.Errorf("%q, %q, %q", one, two, three)
		}
		return one
	}
	s.later(30 * time.Second)
	if got := words(); got != "running" {
		t.Error(got)
	}
	s.later(5 * time.Minute)
	if got := words(); got != "running, not heard of since 12:00 UTC" {
		t.Error(got)
	}
	s.must(s.Look(ctx))
	if got := words(); got != "queued" {
		t.Error(got)
	}
}
