package slack

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slack-go/slack"
)

var ctx = context.Background()

// What waits in a lane goes by importance, and in order among equals; another lane does
// not wait for it.
func TestALaneGoesByImportance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLanes(Pace{}, time.Now)
		var order []string
		var mu sync.Mutex
		done := func(name string) func(context.Context) error {
			return func(context.Context) error {
				mu.Lock()
				defer mu.Unlock()
				order = append(order, name)
				return nil
			}
		}
		var all sync.WaitGroup
		all.Go(func() {
			_ = l.do(ctx, chatter, "a", func(ctx context.Context) error { time.Sleep(time.Second); return done("first")(ctx) })
		})
		synctest.Wait()
		for _, w := range []struct {
			name  string
			class class
		}{{"chatter 1", chatter}, {"reply", reply}, {"chatter 2", chatter}, {"page", page}, {"room", room}} {
			all.Go(func() { _ = l.do(ctx, w.class, "a", done(w.name)) })
			synctest.Wait()
		}
		all.Go(func() { _ = l.do(ctx, chatter, "b", done("elsewhere")) })
		all.Wait()
		want := []string{"elsewhere", "first", "page", "reply", "room", "chatter 1", "chatter 2"}
		for i, name := range want {
			if order[i] != name {
				t.Fatalf("%q", order)
			}
		}
	})
}

// Who is told to wait waits so long, goes again, and lets a page go first.
func TestALaneWaitsAsLongAsSlackSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLanes(Pace{}, time.Now)
		began := time.Now()
		var order []string
		tries := 0
		var all sync.WaitGroup
		all.Go(func() {
			err := l.do(ctx, chatter, "a", func(context.Context) error {
				if tries++; tries == 1 {
					return &slack.RateLimitedError{RetryAfter: 30 * time.Second}
				}
				order = append(order, "chatter")
				return nil
			})
			if err != nil || time.Since(began) < 30*time.Second {
				t.Errorf("%v after %v", err, time.Since(began))
			}
		})
		synctest.Wait()
		time.Sleep(10 * time.Second)
		all.Go(func() {
			if err := l.do(ctx, page, "a", func(context.Context) error { order = append(order, "page"); return nil }); err != nil {
				t.Error(err)
			}
		})
		all.Wait()
		if len(order) != 2 || order[0] != "page" || tries != 2 {
			t.Errorf("%q, %d tries", order, tries)
		}
	})
}

// Whoever gives up waiting holds up nobody.
func TestGivingUpLeavesTheLane(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLanes(Pace{Burst: 1, PerSecond: 0.01}, time.Now)
		const lane = "chat.postMessage C1"
		nothing := func(context.Context) error { return nil }
		if err := l.do(ctx, chatter, lane, nothing); err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for i := range 5 { // one waits for the pace, the others behind it
			all.Go(func() {
				short, cancel := context.WithTimeout(ctx, time.Duration(i+1)*time.Second)
				defer cancel()
				if err := l.do(short, class(i%4), lane, nothing); !errors.Is(err, context.DeadlineExceeded) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		began := time.Now()
		if err := l.do(ctx, chatter, lane, nothing); err != nil || time.Since(began) > 100*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

// What one may send at once, and then one a second: in a channel, and in each its own.
func TestThePaceOfAChannel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLanes(Pace{Burst: 3, PerSecond: 1}, time.Now)
		nothing := func(context.Context) error { return nil }
		for lane, want := range map[string]time.Duration{"chat.postMessage C1": 7 * time.Second, "chat.postMessage C2": 7 * time.Second, "users.info": 0} {
			began := time.Now()
			for range 10 {
				if err := l.do(ctx, chatter, lane, nothing); err != nil {
					t.Fatal(err)
				}
			}
			if took := time.Since(began).Round(100 * time.Millisecond); took != want {
				t.Errorf("%s took %v", lane, took)
			}
		}
	})
}

func TestIdleLanesAreForgotten(t *testing.T) {
	l := newLanes(Pace{}, time.Now)
	for i := range mostLanes + 10 {
		if err := l.do(ctx, page, string(rune('a'+i%26))+time.Duration(i).String(), func(context.Context) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(l.byKey); n > mostLanes {
		t.Errorf("%d lanes are remembered", n)
	}
}
