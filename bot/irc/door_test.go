package irc

import (
	"context"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"batsignal/bot"
	"batsignal/bot/irc/irctest"
	"batsignal/oncall/secret"
)

// patience is how long a test waits for what must happen.
const patience = irctest.Patience

// accounts are on every test network; each one's password is its name + "-pass".
var accounts = map[string]string{
	"batsignal": "batsignal-pass", "maria": "maria-pass", "omar": "omar-pass", "kofi": "kofi-pass",
}

// tester is a running door with what it heard.
type tester struct {
	*Door
	t     *testing.T
	heard chan bot.Heard // lines
	moved chan bot.Heard // who came, went or took another nick
	stop  func()
}

// open runs a door against a network until the test ends. Edits change the
// configuration before.
func open(t *testing.T, n *irctest.Network, edits ...func(*Config)) *tester {
	t.Helper()
	cfg := Config{
		Name: "testnet", Server: n.Addr(), TLS: true, RootCAs: n.RootCAs(),
		Nick: "batsignal", Account: "batsignal", Password: secret.New(accounts["batsignal"]),
		Rooms: []string{"#ops"}, Pace: Pace{Burst: 1000, PerSecond: 1000}, Log: logger(t),
	}
	for _, edit := range edits {
		edit(&cfg)
	}
	d, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return start(t, d)
}

// open has the door open a room; on IRC it is always the room that was wanted.
func (w *tester) open(ctx context.Context, name, topic string) error {
	w.t.Helper()
	opened, err := w.OpenRoom(ctx, name, topic)
	if opened != (bot.Opened{Room: name}) {
		w.t.Errorf("asked for %s, opened %+v", name, opened)
	}
	return err
}

func start(t *testing.T, d *Door) *tester {
	w := &tester{Door: d, t: t, heard: make(chan bot.Heard, 10_000), moved: make(chan bot.Heard, 10_000)}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := d.Run(ctx, w.ear); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	w.stop = func() { cancel(); running.Wait() }
	t.Cleanup(w.stop)
	return w
}

func (w *tester) ear(_ context.Context, h bot.Heard) {
	if h.Change == bot.Said {
		w.heard <- h
	} else {
		w.moved <- h
	}
}

func logger(t *testing.T) *slog.Logger {
	if os.Getenv("IRC_LOG") == "" { // for looking at a failure
		return slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// until polls for a condition.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited %s in vain for: %s", patience, what)
		}
	}
}

// ready waits until nothing is wrong any more.
func (w *tester) ready() *tester {
	w.t.Helper()
	until(w.t, "the door to be ready", func() bool { return w.Check() == nil })
	return w
}

// hears waits for the line with that text; lines before it are dropped.
func (w *tester) hears(text string) bot.Heard {
	w.t.Helper()
	timeout := time.After(patience)
	for {
		select {
		case h := <-w.heard:
			if h.Text == text {
				return h
			}
		case <-timeout:
			w.t.Fatalf("waited %s in vain to hear %q", patience, text)
		}
	}
}

func (w *tester) ctx() context.Context {
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	w.t.Cleanup(cancel)
	return ctx
}

func (w *tester) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func wantSay(t *testing.T, err error, part string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), part) {
		t.Fatalf("the error is %v, want one with %q", err, part)
	}
}
