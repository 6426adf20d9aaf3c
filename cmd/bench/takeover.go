package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"batsignal/integrations/webhook/webhooktest"
	"batsignal/migrations"
	"batsignal/migrations/pg"
	"batsignal/migrations/pglocal"
	"batsignal/oncall/secret"
)

const aimTakeover = 5 * time.Second

// twins are two processes over one database; the first leads, the second waits.
type twins struct {
	leads, waits twin
	db           *pgxpool.Pool
	sink         *webhooktest.Sink
	watcher      *client
	rounds       int
}

// twin is one of them.
type twin struct {
	config config
	bot    *program // nil when it was killed
}

// takeovers is how long nobody pages when the process that does is killed.
func takeovers(ctx context.Context, b *bench) (all []figure, err error) {
	t, err := b.pair(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, t.stop()) }()
	var queued, cut, back durations
	for i := range b.runs(24, 2) {
		kill, into := t.killQueued, &queued
		if i%2 == 1 {
			kill, into = t.killSending, &cut
		}
		paged, joined, err := t.takeOver(ctx, b, kill)
		if err != nil {
			return nil, fmt.Errorf("take-over %d: %w", i+1, err)
		}
		*into, back = append(*into, paged), append(back, joined)
	}
	return []figure{{
		what: "take-over after kill -9, a page queued", got: queued.list(0.5, 1), aim: "median ≤ 5 s", met: queued.median() <= aimTakeover,
		how: fmt.Sprintf("two processes on one Postgres; a page was stored and not begun when the one that leads was killed, %d times at a moment of no rhythm; "+
			"from the signal to the first byte of the page at the sink (fastest %s)", len(queued), short(queued.at(0))),
	}, {
		what: "take-over after kill -9, a page half sent", got: cut.list(0.5, 1), aim: "median ≤ 5 s (GoAlert: never sent again)", met: cut.median() <= aimTakeover,
		how: fmt.Sprintf("the same, %d times, while the receiver had read the page and not answered yet; to the first byte of the page from the other process, "+
			"which says that it may be a repeat", len(cut)),
	}, {
		what: "take-over after kill -9, on IRC again", got: back.list(0.5, 1),
		how: fmt.Sprintf("all %d take-overs, from the signal to the moment when somebody in the home room sees the bot come in", len(back)),
	}}, nil
}

// pair starts both on a database of the operator's own.
func (b *bench) pair(ctx context.Context) (t *twins, err error) {
	network, err := b.ownIRC()
	if err != nil {
		return nil, err
	}
	server, err := b.postgres(ctx)
	if err != nil {
		return nil, err
	}
	const name = "takeover"
	if err := createDatabase(ctx, server, name); err != nil {
		return nil, err
	}
	bot, owner := server.DSN(pglocal.BotRole, name), server.DSN(pglocal.OwnerRole, name)
	if _, err := migrations.Up(ctx, owner, pglocal.BotRole, slog.New(slog.DiscardHandler)); err != nil {
		return nil, err
	}
	t = &twins{}
	if t.db, err = pg.Open(ctx, bot, pg.Options{MaxConns: 1}); err != nil {
		return nil, err
	}
	b.later(func() error { t.db.Close(); return nil })
	if t.sink, err = webhooktest.Open(secret.New(signing), false); err != nil {
		return nil, err
	}
	b.later(func() error { t.sink.Close(); return nil })
	if t.watcher, err = enter(ctx, network, asker); err != nil {
		return nil, err
	}
	b.later(t.watcher.conn.Close)
	defer func() {
		if err != nil {
			err = errors.Join(err, t.stop())
		}
	}()
	for i, w := range []*twin{&t.leads, &t.waits} {
		w.config = config{dir: filepath.Join(b.dir, fmt.Sprintf("twin%d", i)), irc: network, url: bot, owner: owner}
		if w.config.listen, err = freeAddress(); err != nil {
			return nil, err
		}
		if err := w.config.write(); err != nil {
			return nil, err
		}
		if err := t.start(ctx, b, w); err != nil {
			return nil, err
		}
		if i == 0 { // it leads before the other one begins
			if err := t.comesIn(ctx); err != nil {
				return nil, err
			}
			// The roles are there since it began.
			if err := enrol(ctx, t.db, b.runs(30, 6), byWebhook(t.sink.Port())); err != nil {
				return nil, err
			}
		}
	}
	return t, nil
}

// start starts one; it is ready when it knows whether it leads or waits.
func (t *twins) start(ctx context.Context, b *bench, w *twin) (err error) {
	if w.bot, err = b.launch(w.config); err != nil {
		w.bot = nil
		return err
	}
	return w.bot.ready(ctx)
}

// stop stops those that run.
func (t *twins) stop() (err error) {
	for _, w := range []*twin{&t.waits, &t.leads} {
		if w.bot != nil {
			_ = w.bot.cmd.Process.Signal(syscall.SIGCONT) // it may have been stopped for a kill
			err = errors.Join(err, w.bot.stop())
			w.bot = nil
		}
	}
	return err
}

// comesIn waits until the bot enters the home room.
func (t *twins) comesIn(ctx context.Context) error {
	_, err := t.watcher.hear(ctx, func(line string) bool {
		_, who, _ := strings.Cut(line, ":")
		return strings.HasPrefix(who, botNick+"!") && strings.Contains(line, " JOIN ")
	})
	return err
}

// takeOver has the one that leads be killed, and waits until the other one has sent the
// page and is in the home room. Then the killed one is started again, and waits.
func (t *twins) takeOver(ctx context.Context, b *bench, kill func(context.Context, *bench, string) (time.Time, func(webhooktest.Arrival) bool, error)) (paged, joined time.Duration, err error) {
	t.rounds++
	if err := b.pause(ctx); err != nil {
		return 0, 0, err
	}
	type entry struct {
		at  time.Time
		err error
	}
	in := make(chan entry, 1)
	hearing, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		err := t.comesIn(hearing)
		in <- entry{time.Now(), err}
	}()
	before, why := len(t.sink.Arrivals()), fmt.Sprintf("bench death %d", t.rounds)
	killed, tells, err := kill(ctx, b, why)
	if err != nil {
		stop()
		return 0, 0, errors.Join(err, (<-in).err)
	}
	pages, err := await(t.sink, before, 1, tells)
	if err != nil {
		return 0, 0, fmt.Errorf("%w\nwho should take over logs:\n%s", err, t.waits.bot.tail())
	}
	entered := <-in
	if entered.err != nil {
		return 0, 0, entered.err
	}
	t.leads, t.waits = t.waits, t.leads
	return pages[0].At.Sub(killed), entered.at.Sub(killed), t.start(ctx, b, &t.waits)
}

// killQueued stops who leads, has a page stored, and kills it.
func (t *twins) killQueued(ctx context.Context, b *bench, why string) (killed time.Time, tells func(webhooktest.Arrival) bool, err error) {
	if err := t.leads.bot.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		return killed, nil, err
	}
	if err := t.page(ctx, b, why); err != nil {
		return killed, nil, err
	}
	if err := t.aDelivery(ctx, why, "queued"); err != nil {
		return killed, nil, err
	}
	killed, err = t.kill(ctx)
	return killed, func(a webhooktest.Arrival) bool { return a.Page.Why == why }, err
}

// killSending kills who leads while the receiver of a page has not answered.
func (t *twins) killSending(ctx context.Context, b *bench, why string) (killed time.Time, tells func(webhooktest.Arrival) bool, err error) {
	gate := make(chan struct{})
	defer close(gate)
	before := len(t.sink.Arrivals())
	t.sink.Script(webhooktest.Answer{Wait: gate})
	if err := t.page(ctx, b, why); err != nil {
		return killed, nil, err
	}
	if _, err := await(t.sink, before, 1, func(a webhooktest.Arrival) bool { return a.Page.Why == why }); err != nil {
		return killed, nil, err
	}
	killed, err = t.kill(ctx)
	return killed, func(a webhooktest.Arrival) bool { return a.Page.Why == why && a.Page.Repeat }, err
}

// kill kills who leads, at a moment that has nothing to do with how the other one looks.
func (t *twins) kill(ctx context.Context) (time.Time, error) {
	if err := rest(ctx, rand.N(250*time.Millisecond)); err != nil {
		return time.Time{}, err
	}
	at := time.Now()
	err := t.leads.bot.cmd.Process.Kill()
	<-t.leads.bot.exited
	t.leads.bot = nil
	return at, err
}

// page has somebody be paged by the program itself, as from a shell.
func (t *twins) page(ctx context.Context, b *bench, why string) error {
	who := fmt.Sprintf("p%04d", 2+t.rounds)
	cmd := exec.CommandContext(ctx, b.binary, "do", "--config", t.leads.config.file(), "--as", firstOne, "page "+who+" "+why)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.leads.config.dir}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("page %s: %w\n%s", who, err, out)
	}
	return nil
}

// aDelivery waits until the page is stored.
func (t *twins) aDelivery(ctx context.Context, why, state string) error {
	return until(ctx, "the page is stored", func() bool {
		var n int
		err := t.db.QueryRow(ctx, `select count(*) from delivery d join page p on p.id = d.page_id
			join escalation e on e.id = p.escalation_id where e.why = $1 and d.state = $2`, why, state).Scan(&n)
		return err == nil && n > 0
	})
}
