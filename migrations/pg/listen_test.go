package pg_test

import (
	"context"
	"testing"
	"time"

	"batsignal/migrations/pg"
	"batsignal/migrations/pgtest"
)

// happened is what a listener told, in order.
type happened chan string

func (h happened) next(t *testing.T) string {
	t.Helper()
	select {
	case what := <-h:
		return what
	case <-time.After(time.Minute):
		t.Fatal("nothing happened")
		return ""
	}
}

func listen(t *testing.T, dsn string, heartbeat time.Duration, channels ...string) happened {
	t.Helper()
	h := make(happened, 100)
	l := &pg.Listener{
		DSN: dsn, Channels: channels, Heartbeat: heartbeat,
		Notified: func(channel, payload string) { h <- channel + ": " + payload },
		Regained: func() { h <- "regained" },
		Lost:     func(error) { h <- "lost" },
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error)
	go func() { done <- l.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return h
}

func expect(t *testing.T, h happened, want string) {
	t.Helper()
	if got := h.next(t); got != want {
		t.Errorf("%q happened, not %q", got, want)
	}
}

const (
	sqlNotify    = `select pg_notify($1, $2)`
	ownerKickAll = `select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'batsignal listener'`
)

func TestListenerHearsAndComesBack(t *testing.T) {
	db := pgtest.Fresh(t)
	owner, err := pg.Open(ctx, db.OwnerDSN, pg.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer owner.Close()
	h := listen(t, db.BotDSN, 0, "page", `odd "name"`)
	expect(t, h, "regained")
	exec(t, db.Pool, sqlNotify, "page", "7")
	expect(t, h, "page: 7")
	exec(t, db.Pool, sqlNotify, `odd "name"`, "")
	expect(t, h, `odd "name": `)

	if n := get[int](t, owner, ownerKickAll); n != 1 {
		t.Fatalf("%d listeners", n)
	}
	expect(t, h, "lost")
	expect(t, h, "regained")
	exec(t, db.Pool, sqlNotify, "page", "8")
	expect(t, h, "page: 8")
}

func TestListenerLivesThroughManyHeartbeats(t *testing.T) {
	db := pgtest.Fresh(t)
	h := listen(t, db.BotDSN, time.Millisecond, "page")
	expect(t, h, "regained")
	for range 50 { // some fall into a heartbeat, and none may be lost
		exec(t, db.Pool, sqlNotify, "page", "x")
		expect(t, h, "page: x")
	}
}

func TestListenerWaitsForAServerThatComesBack(t *testing.T) {
	s := pgtest.Private(t)
	h := listen(t, s.BotDSN(), 0, "page")
	expect(t, h, "regained")
	s.Kill(t)
	expect(t, h, "lost")
	s.Start(t)
	expect(t, h, "regained")
}

func TestListenerThatCanNeverWork(t *testing.T) {
	for name, l := range map[string]*pg.Listener{
		"no channel": {DSN: "postgres://bot@/db", Notified: func(string, string) {}},
		"no ears":    {DSN: "postgres://bot@/db", Channels: []string{"page"}},
		"bad URL":    {DSN: "postgres://bot@:x/db", Channels: []string{"page"}, Notified: func(string, string) {}},
	} {
		if err := l.Run(ctx); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
