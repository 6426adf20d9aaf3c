package selfwatch_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"batsignal/migrations/pg"
	"batsignal/migrations/pgtest"
	"batsignal/oncall/fault"
	"batsignal/oncall/selfwatch"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// looker is a watch over four things, each of which can be broken, on a clock that is moved
// by hand.
type looker struct {
	*testing.T
	*selfwatch.Watch
	now    time.Time
	broken map[string]error // by the name of a check; "heartbeat" is whoever takes that
	beats  []time.Time
	log    bytes.Buffer
}

func newLooker(t *testing.T, db pg.DB) *looker {
	t.Helper()
	l := &looker{T: t, now: noon, broken: map[string]error{}}
	l.Watch = &selfwatch.Watch{DB: db, Now: func() time.Time { return l.now }, Log: slog.New(slog.NewTextHandler(&l.log, nil))}
	for _, c := range []selfwatch.Check{
		{Kind: selfwatch.Chat, Name: "libera"}, {Kind: selfwatch.Chat, Name: "acme"}, {Kind: selfwatch.Route, Name: "mail"}, {Kind: selfwatch.Route, Name: "sms"},
	} {
		c.Do = func(context.Context) error { return l.broken[c.Name] }
		l.Checks = append(l.Checks, c)
	}
	l.Beat = func(context.Context) error {
		if err := l.broken["heartbeat"]; err != nil {
			return err
		}
		l.beats = append(l.beats, l.now)
		return nil
	}
	return l
}

func down(what string) error { return fault.New(fault.Unready, "%s does not answer.", what) }

// looks looks once, a minute later, and returns the error and whether a heartbeat left.
func (l *looker) looks() (beat bool, err error) {
	l.Helper()
	l.now = l.now.Add(time.Minute)
	before := len(l.beats)
	err = l.Look(l.Context())
	return len(l.beats) > before, err
}

// found is what the rows say of a check.
func (l *looker) found(name string) selfwatch.Result {
	l.Helper()
	list, err := selfwatch.Results(l.Context(), l.DB)
	if err != nil {
		l.Fatal(err)
	}
	for _, r := range list {
		if r.Name == name {
			return r
		}
	}
	l.Fatalf("nothing was written down of %q: %+v", name, list)
	return selfwatch.Result{}
}

// The heartbeat is the last thing that happens: when it leaves, everything else was tried
// and is written down.
func TestTheHeartbeatComesLast(t *testing.T) {
	l := newLooker(t, pgtest.Tx(t))
	send, seen := l.Beat, []string(nil)
	l.Beat = func(ctx context.Context) error {
		list, err := selfwatch.Results(ctx, l.DB)
		for _, r := range list {
			if r.OK && r.At.Equal(l.now) {
				seen = append(seen, r.Name)
			}
		}
		return errors.Join(err, send(ctx))
	}
	if beat, err := l.looks(); !beat || err != nil {
		t.Fatalf("all is well: beat %v, %v", beat, err)
	}
	if want := []string{"chat acme", "chat libera", "database", "route mail", "route sms"}; !slices.Equal(seen, want) {
		t.Errorf("when it left, these were written down: %q", seen)
	}
	if r := l.found("heartbeat"); !r.OK || r.Detail != "" || !r.At.Equal(l.now) {
		t.Errorf("%+v", r)
	}
	if l.log.Len() != 0 {
		t.Errorf("nothing is wrong, and the log says: %s", &l.log)
	}
}

// One network of two is enough, and one route of two. With none of a kind nobody could be
// paged: whoever waits for the heartbeat misses it, and the rows say why.
func TestWhatHoldsTheHeartbeatBack(t *testing.T) {
	const held = "held back: something that paging needs does not work"
	for name, story := range map[string]struct {
		broken []string
		beat   bool
		why    string // what the error says
		held   string // what the row of the heartbeat says
	}{
		"nothing":       {nil, true, "", ""},
		"one network":   {[]string{"libera"}, true, "", ""},
		"one of each":   {[]string{"acme", "sms"}, true, "", ""},
		"every network": {[]string{"libera", "acme"}, false, "no chat works", held},
		"every route":   {[]string{"mail", "sms"}, false, "no route works", held},
		"whoever takes": {[]string{"heartbeat"}, false, "heartbeat does not answer", "heartbeat does not answer."},
		"everything":    {[]string{"libera", "acme", "mail", "sms"}, false, "no chat works", held},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLooker(t, pgtest.Tx(t))
			for _, what := range story.broken {
				l.broken[what] = down(what)
			}
			beat, err := l.looks()
			if beat != story.beat || (err == nil) != (story.why == "") || err != nil && !strings.Contains(err.Error(), story.why) {
				t.Errorf("beat %v, %v", beat, err)
			}
			if r := l.found("heartbeat"); r.OK != story.beat || r.Detail != story.held {
				t.Errorf("of the heartbeat: %+v", r)
			}
			for _, c := range l.Checks {
				want := l.broken[c.Name]
				r := l.found(string(c.Kind) + " " + c.Name)
				if r.OK != (want == nil) || want != nil && r.Detail != fault.Say(want) {
					t.Errorf("%+v, want %v", r, want)
				}
				if want != nil && !strings.Contains(l.log.String(), c.Name+" does not answer.") {
					t.Errorf("the log does not say what is wrong with %s: %s", c.Name, &l.log)
				}
			}
		})
	}
}

// A kind of which there is none holds nothing back: a bot without a chat network, or
// without routes, is one that was configured so.
func TestWhatThereIsNotIsNotMissed(t *testing.T) {
	l := newLooker(t, pgtest.Tx(t))
	l.Checks = l.Checks[:2] // networks alone
	if beat, err := l.looks(); !beat || err != nil {
		t.Errorf("beat %v, %v", beat, err)
	}
	l.Beat = nil
	if _, err := l.looks(); err != nil {
		t.Errorf("nobody is to be told, and that fails: %v", err)
	}
	if at := l.found("heartbeat").At; at.Equal(l.now) {
		t.Error("it says that a heartbeat was sent, to nobody")
	}
}

// A database that can be read and not written is no database: pages are rows.
func TestADatabaseThatCannotBeWrittenHoldsTheHeartbeatBack(t *testing.T) {
	fresh := pgtest.Fresh(t)
	for name, db := range map[string]func() pg.DB{
		"read only": func() pg.DB {
			pool, err := pg.Open(t.Context(), fresh.BotDSN+"&default_transaction_read_only=on", pg.Options{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(pool.Close)
			return pool
		},
		"gone": func() pg.DB {
			own := pgtest.Fresh(t)
			own.Pool.Close()
			return own.Pool
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLooker(t, db())
			beat, err := l.looks()
			if beat || err == nil || !strings.Contains(err.Error(), "the database cannot be written") {
				t.Errorf("beat %v, %v", beat, err)
			}
			l.Checks = nil
			if beat, err := l.looks(); beat || err == nil || !strings.Contains(err.Error(), "the database cannot be written") {
				t.Errorf("without any check: beat %v, %v", beat, err)
			}
		})
	}
}

// The rows say since when something is as it is, through every look at it.
func TestSinceWhen(t *testing.T) {
	l := newLooker(t, pgtest.Tx(t))
	var since []string
	for _, broken := range []bool{false, false, true, true, true, false, false} {
		delete(l.broken, "sms")
		if broken {
			l.broken["sms"] = down("sms")
		}
		if beat, err := l.looks(); !beat || err != nil {
			t.Fatalf("beat %v, %v", beat, err)
		}
		r := l.found("route sms")
		if r.OK == broken || !r.At.Equal(l.now) {
			t.Errorf("%+v", r)
		}
		since = append(since, r.Since.UTC().Format("4"))
	}
	if want := []string{"1", "1", "3", "3", "3", "6", "6"}; !slices.Equal(since, want) {
		t.Errorf("since minute %q, want %q", since, want)
	}
}

// What is not meant for people may hold anything: it is in the log, and pages show that.
func TestAnErrorThatIsNotForPeopleIsNotShown(t *testing.T) {
	l := newLooker(t, pgtest.Tx(t))
	l.broken["sms"] = errors.New("dial +15550100: canary")
	l.broken["acme"] = fault.New(fault.Unready, "%s", strings.Repeat("ä", 1000))
	l.broken["heartbeat"] = errors.New("https://hc.example.org/canary is away")
	if _, err := l.looks(); err == nil {
		t.Error("no error")
	}
	for _, name := range []string{"route sms", "heartbeat"} {
		if r := l.found(name); r.OK || r.Detail != "it failed; the log says why" {
			t.Errorf("%+v", r)
		}
	}
	if r := l.found("chat acme"); r.Detail != strings.Repeat("ä", 400) {
		t.Errorf("%d letters of a long sentence: %q", len([]rune(r.Detail)), r.Detail)
	}
	if !strings.Contains(l.log.String(), "dial +15550100: canary") {
		t.Errorf("nor in the log: %s", &l.log)
	}
}

// All are tried at the same time: the slowest decides how long a look takes. Each of these
// waits until the other has begun.
func TestNoCheckWaitsForAnother(t *testing.T) {
	l := newLooker(t, pgtest.Tx(t))
	first, second := make(chan bool), make(chan bool)
	meet := func(mine, other chan bool) func(context.Context) error {
		return func(ctx context.Context) error {
			close(mine)
			select {
			case <-other:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	l.Checks = []selfwatch.Check{
		{Kind: selfwatch.Chat, Name: "a", Do: meet(first, second)}, {Kind: selfwatch.Route, Name: "b", Do: meet(second, first)},
	}
	if beat, err := l.looks(); !beat || err != nil {
		t.Errorf("beat %v, %v", beat, err)
	}
}

// Whoever is asked to end does not wait for what hangs, and says nothing of being well.
func TestAnEndDuringALook(t *testing.T) {
	l := newLooker(t, pgtest.Fresh(t).Pool)
	ctx, cancel := context.WithCancel(t.Context())
	l.Checks[0].Do = func(ctx context.Context) error {
		cancel()
		<-ctx.Done()
		return ctx.Err()
	}
	if err := l.Look(ctx); !errors.Is(err, context.Canceled) || len(l.beats) != 0 {
		t.Errorf("%v, %d heartbeats", err, len(l.beats))
	}
}

// Two processes may look at once, and see the same rows.
func TestTwoLookAtOnce(t *testing.T) {
	db := pgtest.Fresh(t).Pool
	done := make(chan error)
	for range 2 {
		l := newLooker(t, db)
		slices.Reverse(l.Checks)
		go func() { done <- l.Look(t.Context()) }()
	}
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if list, err := selfwatch.Results(t.Context(), db); err != nil || len(list) != 6 {
		t.Errorf("%+v, %v", list, err)
	}
}

// A route that was taken out of the configuration is forgotten after an hour, and what is
// still looked at is not.
func TestForget(t *testing.T) {
	l := newLooker(t, pgtest.Tx(t))
	if _, err := l.looks(); err != nil {
		t.Fatal(err)
	}
	l.Checks = l.Checks[:3] // no sms any more
	names := func() string {
		if err := l.Forget(t.Context()); err != nil {
			t.Fatal(err)
		}
		list, err := selfwatch.Results(t.Context(), l.DB)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, r := range list {
			names = append(names, r.Name)
		}
		return strings.Join(names, ", ")
	}
	const rest = "chat acme, chat libera, database, heartbeat, route mail"
	for range 60 {
		if got := names(); got != rest+", route sms" {
			t.Fatalf("at %v: %s", l.now, got)
		}
		if _, err := l.looks(); err != nil {
			t.Fatal(err)
		}
	}
	l.now = l.now.Add(time.Second)
	if got := names(); got != rest {
		t.Errorf("after an hour: %s", got)
	}
}
