package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

const (
	probeEvery  = 100 * time.Millisecond
	deliveredBy = 2 // times that Slack delivers each line of the burst
)

const (
	sqlWaiting = `select count(*) from slack_event where done_at is null`
	sqlHeard   = `select count(*) from slack_event where done_at is not null and key = any ($1)`
)

// burst is how the bot bears more talk than any channel has, while somebody goes on
// giving commands.
func (w *workspace) burst(ctx context.Context, b *bench) ([]figure, error) {
	if _, err := w.settle(ctx, time.Now()); err != nil { // what is left to do above is no part of it
		return nil, err
	}
	quiet, err := memory(w.bot.pid())
	if err != nil {
		return nil, err
	}
	lines := b.runs(10_000, 10_000)
	w.fake.Redeliver(deliveredBy)
	defer w.fake.Redeliver(1)
	w.fake.Mute(true) // what is written meanwhile waits, to come all at once
	var keys []string // under which the bot stores the lines
	for i := range lines {
		keys = append(keys, "m "+w.home+" "+w.fake.Post(memberName(i%talkers), w.home, talk[i%len(talk)]))
	}
	before, err := cpu(w.bot.pid())
	if err != nil {
		return nil, err
	}
	ownBefore := ownCPU()
	p := w.probe(ctx)
	began := time.Now()
	w.fake.Mute(false)
	acked, err := w.settle(ctx, began)
	worked := time.Since(began)
	if err := errors.Join(err, p.end()); err != nil {
		return nil, err
	}
	used, err := cpu(w.bot.pid())
	if err != nil {
		return nil, err
	}
	used, own := used-before, ownCPU()-ownBefore
	m, err := memory(w.bot.pid())
	if err != nil {
		return nil, err
	}
	if n, err := w.count(ctx, sqlHeard, keys); err != nil || n != lines {
		return nil, fmt.Errorf("of %d lines, %d were worked: %w", lines, n, err)
	}
	return []figure{{
		what: fmt.Sprintf("Slack: %d lines at once", lines), got: fmt.Sprintf("all worked after %s, %.0f a second", short(worked), float64(lines)/worked.Seconds()),
		how: fmt.Sprintf("talk of %d people, kept back until all was written, then delivered %d times each: %d envelopes, all acknowledged after %s; "+
			"each line is a row on disk that is marked when it is worked. The bot and its Postgres used %.1f s of CPU, the fake Slack beside them %.1f s",
			talkers, deliveredBy, deliveredBy*lines, short(acked), used.Seconds(), own.Seconds()),
	}, {
		what: "Slack: a command in their midst", got: "answered in " + p.answers.list(0.5, 1),
		how: fmt.Sprintf("`/whoami` in private, %d times while these lines are worked; acknowledged in %s, %d of them too late for Slack",
			len(p.answers), p.acks.list(0.5, 1), p.late),
	}, {
		what: "Slack: memory at work", got: fmt.Sprintf("at most %s", megabytes(m.most)),
		how: fmt.Sprintf("VmHWM after the lines (%s before them), VmRSS then %s", megabytes(quiet.most), megabytes(m.now)),
	}}, nil
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
	return acked, until(ctx, "all was worked", func() bool {
		n, err := w.count(ctx, sqlWaiting)
		return err == nil && n == 0
	})
}

func (w *workspace) count(ctx context.Context, sql string, args ...any) (n int, err error) {
	err = w.db.QueryRow(ctx, sql, args...).Scan(&n)
	return n, err
}

// prober is somebody who gives a command again and again.
type prober struct {
	answers, acks durations
	late          int // commands that were not acknowledged in time
	stop          context.CancelFunc
	all           sync.WaitGroup
	err           error
}

// probe has somebody ask until the prober is ended. The answer that is under way then
// is still waited for.
func (w *workspace) probe(ctx context.Context) *prober {
	who := memberName(fewPeople - 1)
	im := w.fake.IM(who)
	p := &prober{}
	asking, stop := context.WithCancel(ctx)
	p.stop = stop
	p.all.Go(func() {
		for p.err = p.ask(ctx, w, who, im); p.err == nil && rest(asking, probeEvery) == nil; p.err = p.ask(ctx, w, who, im) {
		}
	})
	return p
}

// ask gives one command and waits for its answer. Slack tells people that the app did
// not respond when the acknowledgement is late; the answer comes all the same.
func (p *prober) ask(ctx context.Context, w *workspace, who, im string) error {
	before := len(w.fake.Messages(im))
	began := time.Now()
	asked := w.fake.Slash(who, im, "/whoami", "")
	if err := until(ctx, "the command was answered", func() bool { return len(w.fake.Messages(im)) > before }); err != nil {
		return err
	}
	p.answers = append(p.answers, w.fake.Messages(im)[before].Arrived.Sub(began))
	if err := asked.Wait(ctx); err != nil && ctx.Err() != nil {
		return err
	} else if err != nil {
		p.late++
		return nil
	}
	p.acks = append(p.acks, asked.AckedIn())
	return nil
}

func (p *prober) end() error {
	p.stop()
	p.all.Wait()
	return p.err
}
