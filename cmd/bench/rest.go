package main

import (
	"context"
	"fmt"
	"time"
)

const (
	mostMemory = 30e6
	mostIdle   = 0.01

	// longRest has the chores of each minute in it: the bot looks after itself, and whether
	// somebody still waits for messages.
	longRest = 2 * time.Minute
)

// atRest is what a bot costs that has nothing to do, which is nearly always.
func (in *installation) atRest(ctx context.Context, b *bench) ([]figure, error) {
	ready, err := memory(in.bot.pid())
	if err != nil {
		return nil, err
	}
	span := b.span(longRest, time.Second)
	share, err := watchIdle(ctx, in.bot.pid(), span)
	if err != nil {
		return nil, err
	}
	idle, err := memory(in.bot.pid())
	if err != nil {
		return nil, err
	}
	return []figure{{
		what: "memory at rest", got: megabytes(idle.now), aim: "≤ 30 MB", met: idle.now <= mostMemory,
		how: fmt.Sprintf("VmRSS of the bot, without Postgres, after %v of silence (%s right after the start); "+
			"%s of it are its own, the rest is the program's file, mapped", words(span), megabytes(ready.now), megabytes(idle.own)),
	}, {
		what: "CPU at rest", got: fmt.Sprintf("%.2f %% of a core", 100*share), aim: "< 1 %", met: share < mostIdle,
		how: fmt.Sprintf("the bot, its Postgres and all their children, from /proc over the same %v, with the checks of itself that it makes each minute", words(span)),
	}}, nil
}

// afterwards is what of the work stays in memory.
func (in *installation) afterwards(ctx context.Context, b *bench) ([]figure, error) {
	span := b.span(time.Minute, time.Second)
	if err := rest(ctx, span); err != nil {
		return nil, err
	}
	m, err := memory(in.bot.pid())
	if err != nil {
		return nil, err
	}
	return []figure{{
		what: "memory at work", got: fmt.Sprintf("at most %s, %s afterwards", megabytes(m.most), megabytes(m.now)),
		how: fmt.Sprintf("VmHWM over all signals above, and VmRSS after %v of silence", words(span)),
	}}, nil
}
