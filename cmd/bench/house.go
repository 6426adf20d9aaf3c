package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"batsignal/bot/irc/irctest"
	"batsignal/integrations/webhook/webhooktest"
	"batsignal/migrations/pg"
	"batsignal/migrations/pglocal"
	"batsignal/oncall/secret"
)

// installation is a whole bot at work: its private Postgres, an IRC network with
// two people on it, and a sink that every webhook of the roster leads to.
type installation struct {
	bot       *program
	db        *pgxpool.Pool
	sink      *webhooktest.Sink
	asker     *client
	confirmer *client
	fires     int
}

// house takes what is measured of one bot that goes on running: first at rest, then
// at work, then at rest again.
func house(ctx context.Context, b *bench) (all []figure, err error) {
	network, err := b.irc()
	if err != nil {
		return nil, err
	}
	in, err := b.install(ctx, "house", network)
	if err != nil {
		return nil, err
	}
	if err := enrol(ctx, in.db, fewPeople, byWebhook(in.sink.Port())); err != nil {
		return nil, err
	}
	for _, take := range []func(context.Context, *bench) ([]figure, error){in.atRest, in.latency, in.crowds, in.afterwards} {
		figures, err := take(ctx, b)
		if err != nil {
			return nil, fmt.Errorf("%w\nthe program's log ends:\n%s", err, in.bot.tail())
		}
		all = append(all, figures...)
	}
	return all, nil
}

// install starts a bot in a directory of that name, and has it come into the home room of
// a network. There is nobody on its roster.
func (b *bench) install(ctx context.Context, name string, network *irctest.Network) (in *installation, err error) {
	in = &installation{}
	if in.sink, err = webhooktest.Open(secret.New(signing), false); err != nil {
		return nil, err
	}
	b.later(func() error { in.sink.Close(); return nil })

	c := config{dir: filepath.Join(b.dir, name), irc: network}
	if c.listen, err = freeAddress(); err != nil {
		return nil, err
	}
	if err := c.write(); err != nil {
		return nil, err
	}
	if in.bot, err = b.launch(c); err != nil {
		return nil, err
	}
	b.later(in.bot.stop)
	if err := in.bot.ready(ctx); err != nil {
		return nil, err
	}

	if in.db, err = b.attach(ctx, c); err != nil {
		return nil, err
	}
	for nick, who := range map[string]**client{asker: &in.asker, confirmer: &in.confirmer} {
		if *who, err = enter(ctx, network, nick); err != nil {
			return nil, err
		}
		b.later((*who).conn.Close)
	}
	return in, in.hasBot(ctx)
}

// attach opens the program's own database, as its owner would with psql.
func (b *bench) attach(ctx context.Context, c config) (*pgxpool.Pool, error) {
	server, err := pglocal.Start(ctx, pglocal.Options{
		Dir: filepath.Join(c.dir, "state", "postgres"), Attach: true, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return nil, err
	}
	db, err := pg.Open(ctx, server.BotDSN(), pg.Options{MaxConns: 1})
	if err != nil {
		return nil, err
	}
	b.later(func() error { db.Close(); return nil })
	return db, nil
}

// hasBot waits until the bot is in the home room.
func (in *installation) hasBot(ctx context.Context) error {
	for deadline := time.Now().Add(patience); ; {
		if _, err := in.asker.write("NAMES " + homeRoom); err != nil {
			return err
		}
		var there bool
		_, err := in.asker.hear(ctx, func(line string) bool {
			there = there || strings.Contains(line, " 353 ") && strings.Contains(line, botNick)
			return strings.Contains(line, " 366 ")
		})
		if err != nil || there {
			return err
		}
		if time.Now().After(deadline) {
			return errors.New("the bot does not come into " + homeRoom)
		}
		if err := rest(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
}

// alarm is how one bat-signal went.
type alarm struct {
	confirmed time.Time     // right before the confirmation was written to IRC
	first     time.Duration // from there to the first page's first byte
	last      time.Duration // and to the last one's
	pages     int           // that arrived
}

var (
	codeShown = regexp.MustCompile(`!confirm ([A-Z2-9]{4})`)
	isLit     = regexp.MustCompile(`\[INC-(\d+)\] The bat-signal is lit`)
)

// fire lights the signal, waits until all pages are at the sink, and resolves the
// incident.
func (in *installation) fire(ctx context.Context, everybody bool, pages int) (a alarm, err error) {
	in.fires++
	title := fmt.Sprintf("bench fire %d", in.fires)
	options := "--separate"
	if everybody {
		options += " --all"
	}
	if _, err := in.asker.say("!batsignal " + options + " " + title); err != nil {
		return a, err
	}
	asked, err := in.asker.hear(ctx, inHome(codeShown))
	if err != nil {
		return a, fmt.Errorf("the code: %w", err)
	}
	if err := rest(ctx, 50*time.Millisecond+rand.N(250*time.Millisecond)); err != nil {
		return a, err
	}
	before := len(in.sink.Arrivals())
	if a.confirmed, err = in.confirmer.say("!confirm " + codeShown.FindStringSubmatch(asked)[1]); err != nil {
		return a, err
	}
	arrived, err := in.sink.WaitFor(before+pages, patience)
	if err != nil {
		return a, err
	}
	if err := a.count(arrived[before:], title); err != nil {
		return a, err
	}
	lit, err := in.asker.hear(ctx, inHome(isLit))
	if err != nil {
		return a, fmt.Errorf("the announcement: %w", err)
	}
	if _, err := in.asker.say("!incident resolve --inc " + isLit.FindStringSubmatch(lit)[1]); err != nil {
		return a, err
	}
	_, err = in.asker.hear(ctx, func(line string) bool { return said(line) && strings.Contains(line, " resolves the incident") })
	return a, err
}

// count checks that each page is of this fire, signed, and for somebody else.
func (a *alarm) count(pages []webhooktest.Arrival, title string) error {
	seen := map[string]bool{}
	for i, p := range pages {
		switch {
		case p.Signature != nil:
			return fmt.Errorf("a page with a wrong signature: %w", p.Signature)
		case p.Page.Why != title:
			return fmt.Errorf("a page for %q arrived during %q", p.Page.Why, title)
		case seen[p.Page.Person]:
			return fmt.Errorf("%s was rung twice", p.Page.Person)
		}
		seen[p.Page.Person] = true
		since := p.At.Sub(a.confirmed)
		if i == 0 || since < a.first {
			a.first = since
		}
		a.last = max(a.last, since)
	}
	a.pages = len(pages)
	return nil
}

// said tells whether a line was said in the home room.
func said(line string) bool { return strings.Contains(line, " PRIVMSG "+homeRoom+" ") }

func inHome(expr *regexp.Regexp) func(string) bool {
	return func(line string) bool { return said(line) && expr.MatchString(line) }
}
