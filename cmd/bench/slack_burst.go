package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	waveSize    = 1000 // lines that come in one instant
	deliveredBy = 2    // times that Slack delivers each line
)

const (
	sqlWaiting = `select count(*) from slack_event where done_at is null`
	sqlHeard   = `select count(*) from slack_event where done_at is not null and key = any ($1)`
)

// burst is how some talk was borne.
type burst struct {
	acked  time.Duration // until the last line was acknowledged
	worked time.Duration // and until the last one was worked
	used   time.Duration // CPU of the bot and its Postgres
	lost   int           // deliveries that the fake gave up
	probes prober        // of whoever gave a command behind each wave
}

// bursts is how the bot bears more talk than any channel has: first in waves, and then
// all of it in one instant, which is more than can be acknowledged in Slack's three
// seconds.
func (w *workspace) bursts(ctx context.Context, b *bench) ([]figure, error) {
	if _, err := w.settle(ctx, time.Now()); err != nil { // what is left to do above is no part of it
		return nil, err
	}
	quiet, err := memory(w.bot.pid())
	if err != nil {
		return nil, err
	}
	lines := b.runs(10_000, 500)
	waves, err := w.pour(ctx, lines, min(waveSize, lines/2))
	if err != nil {
		return nil, err
	}
	between, err := memory(w.bot.pid())
	if err != nil {
		return nil, err
	}
	once, err := w.pour(ctx, lines, lines)
	if err != nil {
		return nil, err
	}
	after, err := memory(w.bot.pid())
	if err != nil {
		return nil, err
	}
	return []figure{{
		what: fmt.Sprintf("Slack: %d lines in waves", lines),
		got:  fmt.Sprintf("%.0f a second, %.0f a second and core", float64(lines)/waves.worked.Seconds(), float64(lines)/waves.used.Seconds()),
		how: fmt.Sprintf("talk of %d people, each line delivered %d times, %d lines in one instant: the fake Slack keeps them back until they are written. "+
			"Together %s until the last is acknowledged and %s until the last is worked, which means a row on disk that is marked then; "+
			"the bot and its Postgres used %.1f s of CPU", talkers, deliveredBy, min(waveSize, lines/2), short(waves.acked), short(waves.worked), waves.used.Seconds()),
	}, {
		what: "Slack: a command behind a wave", got: "answered in " + waves.probes.answers.list(0.5, 1), how: waves.probes.how(),
	}, {
		what: fmt.Sprintf("Slack: %d lines in one instant", lines),
		got:  fmt.Sprintf("all worked after %s, %.0f a second", short(once.worked), float64(lines)/once.worked.Seconds()),
		how: fmt.Sprintf("as many lines all at once, %d envelopes: what is not acknowledged in 3 s is delivered again, up to three times. All acknowledged after %s; "+
			"deliveries that Slack gave up: %d; every line was worked. %s", deliveredBy*lines, short(once.acked), once.lost, once.probes.how()),
	}, {
		what: "Slack: memory at work", got: fmt.Sprintf("at most %s", megabytes(after.most)),
		how: fmt.Sprintf("VmHWM of the bot at the end (%s before the lines, %s after the waves), VmRSS then %s",
			megabytes(quiet.most), megabytes(between.most), megabytes(after.now)),
	}}, nil
}

// pour has people say lines in waves, each when the one before is worked.
func (w *workspace) pour(ctx context.Context, lines, size int) (b burst, err error) {
	lost := w.fake.Lost()
	before, err := cpu(w.bot.pid())
	if err != nil {
		return b, err
	}
	w.fake.Redeliver(deliveredBy)
	defer w.fake.Redeliver(1)
	var keys []string // under which the bot stores the lines
	for err == nil && len(keys) < lines {
		keys = w.wave(keys, min(size, lines-len(keys)))
		began := time.Now()
		w.fake.Mute(false)
		asked := make(chan error)
		go func() { asked <- b.probes.ask(ctx, w) }()
		var acked time.Duration
		acked, err = w.settle(ctx, began)
		b.acked, b.worked = b.acked+acked, b.worked+time.Since(began)
		err = errors.Join(err, <-asked)
	}
	if err != nil {
		return b, err
	}
	after, err := cpu(w.bot.pid())
	if err != nil {
		return b, err
	}
	b.used, b.lost = after-before, w.fake.Lost()-lost
	n, err := w.count(ctx, sqlHeard, keys)
	if err == nil && n != lines {
		err = fmt.Errorf("of %d lines, %d were worked", lines, n)
	}
	return b, err
}

// wave has people say many lines, which Slack keeps back: it is silent afterwards. It
// adds the keys under which the bot stores them.
func (w *workspace) wave(keys []string, lines int) []string {
	w.fake.Mute(true)
	for range lines {
		i := len(keys)
		keys = append(keys, "m "+w.home+" "+w.fake.Post(memberName(i%talkers), w.home, talk[i%len(talk)]))
	}
	return keys
}

// settle waits until everything is acknowledged and worked. It tells how long after an
// instant the first of the two was.
func (w *workspace) settle(ctx context.Context, since time.Time) (acked time.Duration, err error) {
	settling, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := w.fake.Settled(settling); err != nil {
		return 0, err
	}
	acked = time.Since(since)
	for deadline := time.Now().Add(patience); ; {
		n, err := w.count(ctx, sqlWaiting)
		if err != nil || n == 0 {
			return acked, err
		}
		if time.Now().After(deadline) {
			return acked, fmt.Errorf("%d deliveries are not worked", n)
		}
		// Asked more often, the question would be what keeps Postgres busy.
		if err := rest(ctx, 10*time.Millisecond); err != nil {
			return acked, err
		}
	}
}

func (w *workspace) count(ctx context.Context, sql string, args ...any) (n int, err error) {
	err = w.db.QueryRow(ctx, sql, args...).Scan(&n)
	return n, err
}
