package console_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"batsignal/bot"
	"batsignal/bot/console"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// typed has somebody type lines into a terminal, and returns what was heard and what
// the screen showed.
func typed(t *testing.T, d *console.Door, lines ...string) (heard []bot.Heard, shown string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := d.Run(ctx, func(_ context.Context, h bot.Heard) { heard = append(heard, h) }); err != nil {
			t.Error(err)
		}
	})
	var out bytes.Buffer
	screen := &console.Terminal{
		Door: d, Now: func() time.Time { return start }, Who: "maria", Room: "#ops",
		Screen: struct {
			io.Reader
			io.Writer
		}{strings.NewReader(strings.Join(lines, "\n")), &out},
	}
	if err := screen.Run(ctx); err != nil {
		t.Error(err)
	}
	cancel()
	running.Wait()
	return heard, out.String()
}

// What is typed as /me is heard as what somebody does.
func TestMe(t *testing.T) {
	t.Parallel()
	d := &console.Door{ID: "console"}
	heard, shown := typed(t, d, "/me waves", "/as kevin /me hides", "hello /me", "/me", "/me  ", "/private", "/me nods at !status")
	line := func(room, who, text string, did bool) bot.Heard {
		return bot.Heard{At: start, Network: "console", Room: room, Nick: who, Account: who, Text: text, Did: did}
	}
	want := []bot.Heard{
		line("#ops", "maria", "waves", true), line("#ops", "kevin", "hides", true), line("#ops", "maria", "hello /me", false),
		line("", "maria", "nods at !status", true),
	}
	if diff := cmp.Diff(want, heard); diff != "" {
		t.Error(diff)
	}
	if n := strings.Count(shown, "Say what you do: /me waves."); n != 2 {
		t.Errorf("%d times in\n%s", n, shown)
	}
}

func TestALookAtARoom(t *testing.T) {
	t.Parallel()
	d := &console.Door{ID: "console"}
	sees := func(room, topic, names string) {
		t.Helper()
		got, err := d.Look(t.Context(), room)
		want := bot.RoomState{Topic: topic, Names: strings.Fields(names), Self: "batsignal"}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", room, err, diff)
		}
	}
	sees("#ops", "", "batsignal")
	typed(t, d, "hello", "/as kevin /me waves", "/room #inc-1", "/as li here I am")
	sees("#ops", "", "batsignal kevin maria")
	sees("#inc-1", "", "batsignal li")
	if _, err := d.OpenRoom(t.Context(), "#inc-1", "fire"); err != nil {
		t.Fatal(err)
	}
	sees("#inc-1", "fire", "batsignal li")
	if err := d.SetTopic(t.Context(), "#inc-1", "more fire"); err != nil {
		t.Fatal(err)
	}
	d.People = func(context.Context) ([]string, error) { return []string{"sam", "li"}, nil }
	sees("#inc-1", "more fire", "batsignal li sam")
	gone := errors.New("gone")
	d.People = func(context.Context) ([]string, error) { return nil, gone }
	if _, err := d.Look(t.Context(), "#ops"); !errors.Is(err, gone) {
		t.Error(err)
	}
}
