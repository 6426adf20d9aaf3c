package irc

import (
	"context"
	"log/slog"
	"sync"

	"batsignal/bot"
)

const (
	inboxLoud = 10_000  // lines waiting at which the log starts to complain
	inboxMost = 200_000 // lines waiting at which new ones are lost, so that memory is not
)

// inbox keeps what was heard until the ear takes it: a command may take long, and
// reading must go on meanwhile or the server drops us.
type inbox struct {
	log *slog.Logger

	mu      sync.Mutex
	lines   []bot.Heard
	lost    int
	arrived chan struct{} // has a value when there may be lines
}

func newInbox(log *slog.Logger) *inbox { return &inbox{log: log, arrived: make(chan struct{}, 1)} }

// put never blocks.
func (in *inbox) put(h bot.Heard) {
	in.mu.Lock()
	switch n := len(in.lines); {
	case n >= inboxMost:
		if in.lost++; in.lost%1000 == 1 {
			in.log.Error("lines were lost: commands are answered too slowly", "lost", in.lost)
		}
	default:
		in.lines = append(in.lines, h)
		if n > 0 && n%inboxLoud == 0 {
			in.log.Error("many lines wait to be judged", "waiting", n)
		}
	}
	in.mu.Unlock()
	select {
	case in.arrived <- struct{}{}:
	default:
	}
}

// deliver gives the ear one line at a time, in order, until ctx ends.
func (in *inbox) deliver(ctx context.Context, ear func(context.Context, bot.Heard)) {
	var taken []bot.Heard
	for {
		in.mu.Lock()
		taken, in.lines = in.lines, taken[:0]
		in.mu.Unlock()
		for i, h := range taken {
			if ctx.Err() != nil {
				return
			}
			ear(ctx, h)
			taken[i] = bot.Heard{}
		}
		if len(taken) > 0 {
			continue
		}
		select {
		case <-in.arrived:
		case <-ctx.Done():
			return
		}
	}
}
