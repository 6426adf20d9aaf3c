package play

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"batsignal/bot"
)

// house is a theatre while the play is given there.
type house struct {
	Theatre
	name string
	hear func(context.Context, bot.Network, bot.Heard)
	// patience is how long the network is waited for. It is long on purpose: a busy
	// machine is slow, a fast one never waits for it.
	patience time.Duration

	ended chan struct{} // closed when the door has stopped running
	err   error         // why, to be read then

	mu      sync.Mutex
	awaited *awaited
}

// awaited is a line that was spoken and that the bot must hear.
type awaited struct {
	Spoken
	done    chan bot.Heard // gets the line when the bot has finished with it
	instead []string       // what was heard meanwhile
}

// open begins to listen. A door to a real network runs in the background until ctx
// ends; running is told to wait for it.
func (h *house) open(ctx context.Context, running *sync.WaitGroup) error {
	h.ended = make(chan struct{})
	if t, ok := h.Theatre.(*Terminal); ok {
		t.ear = h.ear
		return nil
	}
	running.Go(func() {
		h.err = h.Network().Run(ctx, h.ear)
		close(h.ended)
	})
	return h.ready(ctx)
}

// ready waits until the door is usable.
func (h *house) ready(ctx context.Context) error {
	limit := time.NewTimer(h.patience)
	defer limit.Stop()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for {
		why := h.Network().Check()
		if why == nil {
			return nil
		}
		select {
		case <-look.C:
		case <-limit.C:
			return fmt.Errorf("%s was not ready in %s: %w", h.name, h.patience, why)
		case <-h.ended:
			return h.stopped()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (h *house) stopped() error {
	return fmt.Errorf("the door to %s has stopped: %w", h.name, cmp.Or(h.err, context.Canceled))
}

// say makes somebody say a line and returns when the bot has finished with exactly
// that line.
func (h *house) say(ctx context.Context, s Spoken) error {
	a := &awaited{Spoken: s, done: make(chan bot.Heard, 1)}
	h.await(a)
	defer h.await(nil)
	audible, err := h.Speak(ctx, s)
	if err != nil || !audible {
		return err
	}
	limit := time.NewTimer(h.patience)
	defer limit.Stop()
	select {
	case heard := <-a.done:
		want := ""
		if !s.Borrowed {
			want = h.Account(s.Who)
		}
		if heard.Account != want {
			return fmt.Errorf("%s was heard as account %q on %s, not as %q", s.Who, heard.Account, h.name, want)
		}
		return nil
	case <-limit.C:
		h.mu.Lock()
		defer h.mu.Unlock()
		return fmt.Errorf("the bot did not hear in %s what %s said on %s; instead it heard %q", h.patience, s.Who, h.name, a.instead)
	case <-h.ended:
		return h.stopped()
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (h *house) await(a *awaited) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.awaited = a
}

// ear is what the door calls for each line.
func (h *house) ear(ctx context.Context, heard bot.Heard) {
	h.hear(ctx, h.Network(), heard)
	h.mu.Lock()
	defer h.mu.Unlock()
	switch a := h.awaited; {
	case a == nil:
	case heard.Change == bot.Said && !heard.Replayed && heard.Did == a.Did && heard.Room == a.Room && strings.TrimSpace(heard.Text) == strings.TrimSpace(a.Text):
		h.awaited = nil // a second delivery of the same line is another one
		a.done <- heard
	default:
		a.instead = append(a.instead, heard.Room+" <"+heard.Nick+"> "+heard.Text)
	}
}

// announce says what waits to be said there. Where the network is away or refuses
// something it rests as the outbox asks for, in real time.
func (h *house) announce(ctx context.Context, outbox *bot.Outbox) error {
	for until := time.Now().Add(h.patience); ; {
		rest, err := outbox.Drain(ctx, h.name)
		if err != nil || rest == 0 {
			return err
		}
		if time.Now().After(until) {
			return fmt.Errorf("not everything could be said on %s in %s: %w", h.name, h.patience, h.Network().Check())
		}
		select {
		case <-time.After(rest):
		case <-h.ended:
			return h.stopped()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
