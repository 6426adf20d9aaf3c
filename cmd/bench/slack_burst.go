package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"sync"
	"time"
)

const (
	waveSize    = 2500 // lines
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
	before, err := cpu(w.bot.pid())
	if err != nil {
		return nil, err
	}
	lines := b.runs(10_000, 10_000)
	w.fake.Redeliver(deliveredBy)
	defer w.fake.Redeliver(1)
	{
		table, _ := processes()
		kids := time.Duration(0)
		for id, x := range table {
			if id != w.bot.pid() {
				for at := id; at != 0; at = table[at].parent {
					if at == w.bot.pid() { kids += x.used; break }
				}
			}
		}
		fmt.Println("BEFORE: bot itself since start", table[w.bot.pid()].used, "kids", kids)
	}
	pf := exec.Command("perf", "record", "-g", "-F", "499", "-p", fmt.Sprint(w.bot.pid()), "-o", "/tmp/slackbench.perf", "--", "sleep", "4")
	_ = pf.Start()
	defer pf.Wait()
	defer exec.Command("cp", b.binary, "/tmp/slackbench.bin").Run()
	p := w.probe(ctx)
	var keys []string // under which the bot stores the lines
	var acked, worked time.Duration
	for err == nil && len(keys) < lines {
		var began time.Time
		began, keys = w.wave(keys, min(waveSize, lines-len(keys)))
		var settled time.Duration
		settled, err = w.settle(ctx, began)
		acked, worked = acked+settled, worked+time.Since(began)
	}
	if err := errors.Join(err, p.end()); err != nil {
		return nil, err
	}
	used, err := cpu(w.bot.pid())
	if err != nil {
		return nil, err
	}
	used -= before
	{
		table, _ := processes()
		kids := time.Duration(0)
		for id, x := range table {
			if id != w.bot.pid() {
				for at := id; at != 0; at = table[at].parent {
					if at == w.bot.pid() { kids += x.used; break }
				}
			}
		}
		fmt.Println("bot itself since start", table[w.bot.pid()].used, "kids", kids)
	}
	m, err := memory(w.bot.pid())
	if err != nil {
		return nil, err
	}
	if n, err := w.count(ctx, sqlHeard, keys); err != nil || n != lines {
		return nil, fmt.Errorf("of %d lines, %d were worked: %w", lines, n, err)
	}
	return []figure{{
		what: fmt.Sprintf("Slack: %d lines of talk", lines), got: fmt.Sprintf("%.0f a second, %.0f a second and core", float64(lines)/worked.Seconds(), float64(lines)/used.Seconds()),
		how: fmt.Sprintf("by %d people, each line delivered %d times, %d lines at once: the fake Slack keeps them back until all are written. "+
			"Together %s until the last is acknowledged and %s until the last is worked, which means a row on disk that is marked then. "+
			"The bot and its Postgres used %.1f s of CPU", talkers, deliveredBy, waveSize, short(acked), short(worked), used.Seconds()),
	}, {
		what: "Slack: a command in their midst", got: "answered in " + p.answers.list(0.5, 1),
		how: fmt.Sprintf("`/whoami` in private, %d times while these lines are worked; acknowledged in %s, %d of them too late for Slack",
			len(p.answers), p.acks.list(0.5, 1), p.late),
	}, {
		what: "Slack: memory at work", got: fmt.Sprintf("at most %s", megabytes(m.most)),
		how: fmt.Sprintf("VmHWM after the lines (%s before them), VmRSS then %s", megabytes(quiet.most), megabytes(m.now)),
	}}, nil
}

// wave has people say many lines, which are kept back until all are written. It adds
// the keys under which the bot stores them.
func (w *workspace) wave(keys []string, lines int) (began time.Time, all []string) {
	w.fake.Mute(true)
	for range lines {
		i := len(keys)
		keys = append(keys, "m "+w.home+" "+w.fake.Post(memberName(i%talkers), w.home, talk[i%len(talk)]))
	}
	began = time.Now()
	w.fake.Mute(false)
	return began, keys
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
