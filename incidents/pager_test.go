package incidents_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"batsignal/incidents"
	"batsignal/migrations/pg"
	"batsignal/migrations/pgtest"
	"batsignal/oncall"
	"batsignal/oncall/paging"
)

// live makes a scene's time the real one, with a patience that a test can wait for.
func (s *scene) live(patience time.Duration) *scene {
	s.Helper()
	s.svc.Now, s.desk.Now = time.Now, time.Now
	roles := twoRoles()
	for i := range roles {
		roles[i].PatienceSev1, roles[i].Patience = patience, patience
	}
	s.must(oncall.SyncRoles(ctx, s.db, start, roles))
	return s
}

// run lets a pager work until the test ends, or the returned function is called,
// which waits for it.
func (s *scene) run(p *incidents.Pager) (stop func()) {
	running, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- p.Run(running) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			s.Error(err)
		}
	})
	s.Cleanup(stop)
	return stop
}

func (w *wire) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.sent)
}

func (w *wire) times(who string) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, m := range w.sent {
		if m.Person == who {
			n++
		}
	}
	return n
}

// A pager that has nothing to do sleeps for a minute. The commit that makes a page
// wakes it at once.
func TestACommitWakesThePager(t *testing.T) {
	t.Parallel()
	db := pgtest.Fresh(t)
	s := sceneOn(t, db.Pool, "ada:lead bea:lead").live(time.Hour)
	listening := make(chan bool, 1)
	listener := pg.Listener{
		DSN: db.BotDSN, Channels: []string{paging.ChannelDue},
		Notified: func(string, string) { s.pager.Wake() },
		Regained: func() { listening <- true },
	}
	ears, cancel := context.WithCancel(ctx)
	var listened sync.WaitGroup
	listened.Go(func() {
		if err := listener.Run(ears); err != nil {
			t.Error(err)
		}
	})
	defer listened.Wait()
	defer cancel()
	<-listening
	s.run(s.pager)
	began := time.Now()
	s.light("ada", "bea", fire())
	eventually(t, "ada is paged", func() bool { return s.wire.count() == 1 })
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("it took %v: nobody woke the pager", took)
	}
}

// Whatever makes something due sooner tells the pagers of other processes.
func TestWhatIsDueSoonerIsNotified(t *testing.T) {
	t.Parallel()
	db := pgtest.Fresh(t)
	s := sceneOn(t, db.Pool, "ada:lead bea:fix cem")
	woken := listen(t, db)
	asked, err := s.svc.Ask(ctx, s.as("ada"), fire())
	s.must(err)
	woken("a request, which expires")
	opened, err := s.svc.Confirm(ctx, s.as("bea"), asked.Code)
	s.must(err)
	woken("an incident")
	s.person("dan", fix)
	woken("somebody new on the roster")
	inc := opened.Incident.ID
	_, err = s.svc.Take(ctx, s.as("ada"), inc)
	s.must(err)
	_, err = s.svc.Take(ctx, s.as("bea"), inc)
	s.must(err)
	woken("a claim, which lapses")
	_, err = s.svc.Decline(ctx, s.as("bea"), 0)
	s.must(err)
	woken("a refusal")
	s.must(s.svc.SetSeverity(ctx, s.as("ada"), inc, 4))
	woken("another severity")
	_, err = s.call(s.as("ada"), "bea", "please")
	s.must(err)
	woken("a page by hand")
	_, err = s.desk.Remove(ctx, s.as("dan"), "dan", fix)
	s.must(err)
	woken("somebody less on the roster")

	// Where nobody can be rung now, somebody must look again later.
	empty := pgtest.Fresh(t)
	e := sceneOn(t, empty.Pool, "ada bea")
	asked, err = e.svc.Ask(ctx, e.as("ada"), fire())
	e.must(err)
	woken = listen(t, empty)
	_, err = e.svc.Confirm(ctx, e.as("bea"), asked.Code)
	e.must(err)
	woken("an incident that nobody can be rung for")
}

// listen returns a function that wants at least one notification to pagers since
// its last call.
func listen(t *testing.T, db *pgtest.DB) (woken func(what string)) {
	t.Helper()
	heard := make(chan string, 100)
	cfg, err := pgx.ParseConfig(db.BotDSN)
	if err != nil {
		t.Fatal(err)
	}
	cfg.OnNotification = func(_ *pgconn.PgConn, n *pgconn.Notification) { heard <- n.Channel }
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(ctx) })
	if _, err := conn.Exec(ctx, "listen "+paging.ChannelDue); err != nil {
		t.Fatal(err)
	}
	return func(what string) {
		t.Helper()
		eventually(t, what+" wakes the pagers", func() bool {
			if _, err := conn.Exec(ctx, "select 1"); err != nil { // what was notified comes with its answer
				t.Fatal(err)
			}
			return len(heard) > 0
		})
		for len(heard) > 0 {
			<-heard
		}
	}
}

func TestRunTriesAgainWithPauses(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea").live(time.Hour)
	var tries []time.Time
	s.wire.fail = func(m paging.Message) error {
		if tries = append(tries, time.Now()); m.Attempt < 3 {
			return errors.New("come again")
		}
		return nil
	}
	s.light("ada", "bea", fire())
	s.run(s.pager)
	eventually(t, "ada is paged", func() bool { return s.wire.count() == 1 })
	if a, b := tries[1].Sub(tries[0]), tries[2].Sub(tries[1]); a < time.Second || b < 2*time.Second {
		t.Errorf("pauses of %v and %v", a, b)
	}
	eventually(t, "it is written down", func() bool {
		return get[string](t, s.db, `select string_agg(outcome, ' ' order by n) from attempt`) == "temporary temporary accepted"
	})
}

// Two pagers work the same rows: each page goes out once.
func TestTwoPagersNeverSendTheSame(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:lead").live(time.Hour)
	for i := range 100 {
		s.person(fmt.Sprintf("p%d", i), fix)
	}
	for _, name := range []string{"b", "c"} {
		s.run(s.newPager(name))
	}
	sig := fire()
	sig.Everyone = true
	s.light("ada", "bea", sig)
	other := s.newPager("d")
	s.run(other)
	eventually(t, "everybody is paged", func() bool {
		other.Wake()
		return get[int](t, s.db, `select count(*) from delivery where state = 'accepted'`) == 102
	})
	keys := map[string]bool{}
	for _, m := range s.wire.sent {
		if keys[m.Key] {
			t.Errorf("%s went out twice", m.Key)
		}
		keys[m.Key] = true
	}
	if n := get[int](t, s.db, `select count(*) from attempt`); n != 102 {
		t.Errorf("%d attempts", n)
	}
}

// gate is a route on which the first message stays until it is let go.
type gate struct {
	wire
	in, out chan bool
	once    sync.Once
}

func (g *gate) Send(c context.Context, m paging.Message) (paging.Handed, error) {
	g.once.Do(func() {
		g.in <- true
		select {
		case <-g.out:
		case <-c.Done():
		}
	})
	return g.wire.Send(c, m)
}

// A process that is told to end while a page is on its way keeps its lease until the
// page has left: nobody else sends it in the meantime, and it is written down.
func TestEndingWhileSending(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea").live(time.Hour)
	g := &gate{in: make(chan bool), out: make(chan bool)}
	ending := s.newPager("ending")
	ending.Routes[network] = g
	s.light("ada", "bea", fire())
	stop := s.run(ending)
	<-g.in
	s.run(s.newPager("other"))
	until := func() time.Time {
		return get[time.Time](t, s.db, `select coalesce(max(leased_until), 'epoch') from delivery where state = 'leased' and leased_by = 'ending'`)
	}
	first := until()
	stopped := make(chan bool)
	go func() { stop(); close(stopped) }()
	eventually(t, "the lease is renewed beyond its first end", func() bool { return until().After(first.Add(7 * time.Second)) })
	select {
	case <-stopped:
		t.Error("it ended before the page had left")
	default:
	}
	close(g.out)
	<-stopped
	if got := get[string](t, s.db, `select d.state || ' ' || a.outcome from delivery d join attempt a on a.delivery_id = d.id`); got != "accepted accepted" {
		t.Error(got)
	}
	if n := s.wire.count(); n != 0 {
		t.Errorf("the other pager sent it %d times as well", n)
	}
}

// flaky is a database that fails when told to, and counts what it is asked.
type flaky struct {
	pg.DB
	down  atomic.Bool
	asked atomic.Int64
}

var errDown = errors.New("the database is down")

func (f *flaky) Exec(c context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	if f.asked.Add(1); f.down.Load() {
		return pgconn.CommandTag{}, errDown
	}
	return f.DB.Exec(c, sql, args...)
}

func (f *flaky) Query(c context.Context, sql string, args ...any) (pgx.Rows, error) {
	if f.asked.Add(1); f.down.Load() {
		return nil, errDown
	}
	return f.DB.Query(c, sql, args...)
}

func (f *flaky) Begin(c context.Context) (pgx.Tx, error) {
	if f.asked.Add(1); f.down.Load() {
		return nil, errDown
	}
	return f.DB.Begin(c)
}

// A page has left, and the database is gone when it should be written down: it is
// sent again by the same process once its lease has lapsed.
func TestAnOutcomeThatCannotBeWrittenDown(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea")
	s.light("ada", "bea", fire())
	db := &flaky{DB: s.db}
	s.svc.DB = db
	s.wire.fail = func(m paging.Message) error {
		db.down.Store(m.Attempt == 1)
		return nil
	}
	_, _ = s.pager.Step(ctx)
	s.pager.Settle()
	db.down.Store(false)
	if next := s.settle(); !next.Equal(start.Add(6 * time.Second)) {
		t.Errorf("it looks again at %v", next)
	}
	s.advance(6 * time.Second)
	if sent := s.wire.take(); sent != "ada ada" {
		t.Errorf("rung: %q", sent)
	}
	if got := get[string](t, s.db, `select string_agg(outcome, ' ' order by n) from attempt`); got != "unknown accepted" {
		t.Error(got)
	}
}

// With nothing to do, or with everything under way, a pager asks the database
// almost nothing.
func TestAnIdlePagerIsQuiet(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix cem").live(time.Hour)
	db := &flaky{DB: s.db}
	s.svc.DB = db
	quiet := func(when string) {
		t.Helper()
		last := db.asked.Load()
		eventually(t, when+": it falls asleep", func() bool {
			time.Sleep(300 * time.Millisecond)
			now := db.asked.Load()
			defer func() { last = now }()
			return now == last
		})
		time.Sleep(time.Second)
		if n := db.asked.Load() - last; n > 30 {
			t.Errorf("%s: %d questions in a second", when, n)
		}
	}
	g := &gate{in: make(chan bool), out: make(chan bool)}
	s.pager.Routes[network], s.pager.Parallel = g, 1
	s.run(s.pager)
	quiet("nothing to do")
	s.light("ada", "cem", fire())
	s.pager.Wake()
	<-g.in
	// Its only hand is busy, and another page is due. It looks a few times a second.
	before := db.asked.Load()
	time.Sleep(time.Second)
	if n := db.asked.Load() - before; n > 100 {
		t.Errorf("all hands busy: %d questions in a second", n)
	}
	close(g.out)
	eventually(t, "both are paged", func() bool { return g.count() == 2 })
	quiet("all sent")
}

// The database is killed while a hunt goes on. When it is back, so is the hunt.
func TestTheDatabaseIsKilledWhileHunting(t *testing.T) {
	t.Parallel()
	own := pgtest.Private(t)
	pool, err := pg.Open(ctx, own.BotDSN(), pg.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	s := sceneOn(t, pool, "ada:lead bea:fix cem:fix dan").live(time.Second)
	s.svc.Log = quietLog()
	inc := s.light("ada", "dan", fire())
	s.run(s.pager)
	eventually(t, "bea is paged", func() bool { return s.wire.times("bea") == 1 })
	own.Kill(t)
	own.Start(t)
	eventually(t, "the hunt goes on, around the list and again", func() bool { return s.wire.times("cem") >= 1 && s.wire.times("bea") >= 2 })
	_, err = s.svc.Ack(ctx, s.as("cem"), 0)
	s.must(err)
	if !strings.Contains(s.filled(inc.ID), "fix=cem") {
		t.Error(s.filled(inc.ID))
	}
}
