package switchboard_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"batsignal/integrations/switchboard"
	"batsignal/integrations/switchboard/switchboardfake"
	"batsignal/oncall/fault"
	"batsignal/oncall/unseal"
)

var noon = time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)

// pushing runs a pusher until the test ends; its clock is moved by the test.
func pushing(t *testing.T, bot unseal.Bot) (*switchboard.Pusher, *atomic.Int64) {
	t.Helper()
	var passed atomic.Int64
	p := switchboard.NewPusher(bot, func() time.Time { return noon.Add(time.Duration(passed.Load())) }, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { p.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
	return p, &passed
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited %s in vain for: %s", patience, what)
		}
	}
}

// The ear may hear a code before the bot has written down the incident, and the bot may be
// away: a grant is told until it is taken, and holds nobody up meanwhile.
func TestAGrantIsToldUntilItIsTaken(t *testing.T) {
	t.Parallel()
	var tries atomic.Int64
	var other atomic.Bool
	bot := &switchboardfake.Bot{Refuse: func(h switchboardfake.Heard) error {
		if h.Grant.Code != "K7QX" {
			other.Store(true)
		} else if tries.Add(1) < 3 || !other.Load() {
			return errors.New("the incident of this grant is not there yet")
		}
		return nil
	}}
	p, _ := pushing(t, bot)
	g := unseal.Grant{Code: "K7QX", Declared: "maria", Confirmed: "omar", Since: noon, Until: noon.Add(time.Hour)}
	p.Push(g)
	p.Push(g) // told again by a start, while it is being told
	p.Push(unseal.Grant{Code: "M2PW", Refused: "This code was used already."})
	eventually(t, "both to be told", func() bool { return len(bot.Heard()) >= 2 })
	if heard := bot.Heard(); heard[0].Grant.Code != "M2PW" || *heard[1].Grant != g || len(heard) != 2 || tries.Load() < 3 {
		t.Errorf("told %+v after %d tries", heard, tries.Load())
	}
	p.Push(g) // once more, when it was taken: the bot bears it
	eventually(t, "the grant to be told again", func() bool { return len(bot.Heard()) == 3 })
}

// A grant that the bot never asked for stays refused, while one that it does not know of yet
// is told again and again.
func TestWhatTheBotRefusesIsToldOnce(t *testing.T) {
	t.Parallel()
	var refused, early atomic.Int64
	bot := &switchboardfake.Bot{Refuse: func(h switchboardfake.Heard) error {
		switch {
		case h.Grant.Code == "K7QX":
			refused.Add(1)
			return fault.New(fault.Forbidden, "Nobody asked for this here.")
		case refused.Load() == 0 || early.Add(1) < 5:
			return fault.New(fault.Unready, "The incident of this grant is not there yet.")
		}
		return nil
	}}
	p, _ := pushing(t, bot)
	p.Push(unseal.Grant{Code: "K7QX", Since: noon, Until: noon.Add(time.Hour)})
	p.Push(unseal.Grant{Code: "M2PW", Since: noon, Until: noon.Add(time.Hour)})
	eventually(t, "the other one to be told", func() bool { return len(bot.Heard()) == 1 })
	if n := refused.Load(); n != 1 {
		t.Errorf("what was refused was told %d times", n)
	}
}

func TestWhatIsOfNoUseIsNotToldForever(t *testing.T) {
	t.Parallel()
	var down atomic.Bool
	var grants, news atomic.Int64
	down.Store(true)
	bot := &switchboardfake.Bot{Refuse: func(h switchboardfake.Heard) error {
		switch {
		case !down.Load():
			return nil
		case h.Grant.Waits:
			news.Add(1)
		default:
			grants.Add(1)
		}
		return fault.New(fault.Unready, "Down.")
	}}
	p, passed := pushing(t, bot)
	p.Push(unseal.Grant{Code: "K7QX", Waits: true, Confirmed: "omar"})
	p.Push(unseal.Grant{Code: "M2PW", Since: noon, Until: noon.Add(time.Hour)})
	eventually(t, "both to be tried", func() bool { return grants.Load() > 0 && news.Load() > 0 })
	passed.Store(int64(30 * time.Minute)) // the grant holds, the news is old
	tried := news.Load()
	eventually(t, "the news to be given up and the grant not", func() bool { return grants.Load() > 5 })
	if news.Load() > tried+1 {
		t.Errorf("news of half an hour ago was told %d times more", news.Load()-tried)
	}
	down.Store(false)
	eventually(t, "the grant to be told", func() bool { return len(bot.Heard()) == 1 && bot.Heard()[0].Grant.Code == "M2PW" })
}
