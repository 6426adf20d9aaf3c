package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"batsignal/bot"
	"batsignal/bot/command"
	"batsignal/bot/irc"
)

const leastLines = 50_000 // a second and core

// chat is how many lines of talk are read and judged for each second that a core
// works. The real door and the real dispatcher, with a database, run in this process.
func chat(ctx context.Context, b *bench) ([]figure, error) {
	log := slog.New(slog.DiscardHandler)
	db, err := b.migrated(ctx, log)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	set, err := command.NewSet(command.Options{}, command.Vocabulary(command.Services{DB: db}))
	if err != nil {
		return nil, err
	}
	dispatcher := &bot.Dispatcher{DB: db, Set: set, Who: &bot.Identity{DB: db}, Now: time.Now, Log: log}

	talk, err := openFlood()
	if err != nil {
		return nil, err
	}
	defer talk.close()
	door, err := irc.New(irc.Config{
		Name: networkName, Server: talk.address(), Nick: botNick, Rooms: []string{homeRoom},
		Pace: irc.Pace{Burst: 100, PerSecond: 100}, Log: log,
	})
	if err != nil {
		return nil, err
	}
	var judged, history atomic.Int64
	running, stop := context.WithCancel(ctx)
	var all sync.WaitGroup
	all.Go(func() {
		_ = door.Run(running, func(ctx context.Context, h bot.Heard) { // it only ever ends with its context
			if h.Replayed {
				history.Add(1)
			}
			dispatcher.Hear(ctx, door, h)
			judged.Add(1)
		})
	})
	defer all.Wait()
	defer stop()
	if err := until(ctx, "the door is in its room", func() bool { return door.Check() == nil }); err != nil {
		return nil, err
	}

	lines := int64(b.runs(500_000, 20_000))
	before, began := ownCPU(), time.Now()
	if err := talk.pour(ctx, lines, &judged); err != nil {
		return nil, err
	}
	if err := until(ctx, "every line was judged", func() bool { return judged.Load() >= lines }); err != nil {
		return nil, err
	}
	used, wall := ownCPU()-before, time.Since(began)
	if n := history.Load(); n > 0 {
		return nil, fmt.Errorf("%d lines were taken for history, which is not judged", n)
	}
	rate := float64(lines) / used.Seconds()
	return []figure{{
		what: "lines of chat", got: fmt.Sprintf("%.0f a second and core", rate), aim: "≥ 50,000", met: rate >= leastLines,
		how: fmt.Sprintf("%d lines that are no commands, with time, msgid and account tags, by %d people, from a scripted server on the loopback; "+
			"divided by the CPU seconds of the door, the dispatcher and that server's writing (%.1f s in %.1f s)", lines, talkers, used.Seconds(), wall.Seconds()),
	}}, nil
}

// ownCPU is the CPU time of this process so far.
func ownCPU() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // cannot fail for oneself
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// until polls for a condition.
func until(ctx context.Context, what string, ok func() bool) error {
	for deadline := time.Now().Add(patience); !ok(); {
		if time.Now().After(deadline) {
			return errors.New("waited in vain until " + what)
		}
		if err := rest(ctx, time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}
