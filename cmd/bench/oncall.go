package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"batsignal/bot/command"
	"batsignal/migrations/pg"
	"batsignal/migrations/pglocal"
	"batsignal/oncall/rota/rotatest"
)

// How large the organisation is, and how fast it is to be answered.
const (
	manyRosters  = 100
	manyPeople   = 2_000
	yearsOfThem  = 5
	mostOncall   = 20 * time.Millisecond
	mostCoverage = 200 * time.Millisecond
)

// organisation is a bot with many rosters, people and years of overrides behind it.
type organisation struct {
	bot     *program
	db      *pgxpool.Pool // the program's own, by which it reads too
	asker   *client
	rosters int
	holds   string // how much there is, in words
}

// oncalls is how long the bot takes to say who is on in a large organisation: by !oncall
// and on the page of coverage.
func oncalls(ctx context.Context, b *bench) (all []figure, err error) {
	o, err := b.organise(ctx)
	if err != nil {
		return nil, err
	}
	for _, take := range []func(context.Context, *bench) (figure, error){o.verb, o.line, o.coverage} {
		f, err := take(ctx, b)
		if err != nil {
			return nil, fmt.Errorf("%w\nthe program's log ends:\n%s", err, o.bot.tail())
		}
		all = append(all, f)
	}
	return all, errors.Join(o.asker.conn.Close(), o.bot.stop())
}

func (b *bench) organise(ctx context.Context) (*organisation, error) {
	network, err := b.ownIRC()
	if err != nil {
		return nil, err
	}
	c := config{dir: filepath.Join(b.dir, "oncall"), irc: network}
	if c.listen, err = freeAddress(); err != nil {
		return nil, err
	}
	if err := c.write(); err != nil {
		return nil, err
	}
	o := &organisation{rosters: b.runs(manyRosters, 5)}
	if o.bot, err = b.launch(c); err != nil {
		return nil, err
	}
	b.later(o.bot.stop)
	if err := o.bot.ready(ctx); err != nil {
		return nil, err
	}
	server, err := pglocal.Start(ctx, pglocal.Options{
		Dir: filepath.Join(c.dir, "state", "postgres"), Attach: true, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return nil, err
	}
	if o.db, err = pg.Open(ctx, server.BotDSN(), pg.Options{}); err != nil {
		return nil, err
	}
	b.later(func() error { o.db.Close(); return nil })
	b.say("filling the database")
	if err := rotatest.Fill(ctx, o.db, time.Now(), o.rosters, b.runs(manyPeople, 100), b.runs(yearsOfThem, 1)); err != nil {
		return nil, err
	}
	if err := asOwner(ctx, server.OwnerDSN(), `vacuum analyze`); err != nil { // as autovacuum has done where it grew over years
		return nil, err
	}
	if o.holds, err = o.counted(ctx); err != nil {
		return nil, err
	}
	if o.asker, err = enter(ctx, network, asker); err != nil {
		return nil, err
	}
	b.later(func() error { _ = o.asker.conn.Close(); return nil }) // if it was not closed before
	return o, b.settle(ctx, o.bot.pid())
}

// asOwner runs a statement as the owner of the tables.
func asOwner(ctx context.Context, dsn, sql string) error {
	owner, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	_, err = owner.Exec(ctx, sql)
	return errors.Join(err, owner.Close(ctx))
}

func (o *organisation) counted(ctx context.Context) (string, error) {
	var people, overrides, absences int
	err := o.db.QueryRow(ctx, `select (select count(*) from membership), (select count(*) from shift_override), (select count(*) from absence)`).
		Scan(&people, &overrides, &absences)
	return fmt.Sprintf("%d rosters with a schedule of two layers each, %d people on them, %d overrides, %d absences", o.rosters, people, overrides, absences), err
}

// settle waits until a process is done with what so much news made it do, like writing down
// who is on everywhere.
func (b *bench) settle(ctx context.Context, pid int) error {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		share, err := watchIdle(ctx, pid, b.span(2*time.Second, 200*time.Millisecond))
		if err != nil || share < 0.05 || b.quick {
			return err
		}
	}
	return nil // then it is measured while it works
}

// verb runs !oncall in this process, on the program's database.
func (o *organisation) verb(ctx context.Context, b *bench) (f figure, err error) {
	set, err := command.NewSet(command.Options{}, command.Vocabulary(command.Services{DB: o.db}))
	if err != nil {
		return f, err
	}
	var took durations
	before := ownCPU()
	runs := b.runs(500, 5)
	for range runs {
		began := time.Now()
		reply, err := set.Run(ctx, command.Caller{Network: networkName}, "!oncall")
		took = append(took, time.Since(began))
		if err != nil {
			return f, err
		}
		if n := strings.Count(strings.Join(command.PlainText(reply), "\n"), " is on by area-"); n != o.rosters {
			return f, fmt.Errorf("!oncall told who is on by %d schedules of %d", n, o.rosters)
		}
	}
	used := (ownCPU() - before) / time.Duration(runs)
	return figure{
		what: "`!oncall` for all roles", got: took.list(0.5, 0.99), aim: "p99 ≤ 20 ms", met: took.at(0.99) <= mostOncall,
		how: fmt.Sprintf("server time: the verb with its reading of the database and its answer, %d times in this process, on the private Postgres of a bot that runs beside it, with %s (fastest %s, slowest %s; %s CPU of this process each)",
			len(took), o.holds, short(took.at(0)), short(took.most()), short(used)),
	}, nil
}

// line asks for one role on IRC, from the question to the answer.
func (o *organisation) line(ctx context.Context, b *bench) (f figure, err error) {
	var took durations
	for i := range b.runs(50, 2) {
		role := fmt.Sprintf("area-%04d", i%o.rosters)
		asked, err := o.asker.say("!oncall " + role)
		if err != nil {
			return f, err
		}
		if _, err := o.asker.hear(ctx, func(line string) bool { return said(line) && strings.Contains(line, " is on by "+role) }); err != nil {
			return f, err
		}
		took = append(took, time.Since(asked))
	}
	return figure{
		what: "`!oncall ROLE` on IRC", got: took.list(0.5, 0.99),
		how: fmt.Sprintf("from the line written to the socket to the answer read from it, %d roles one after another, InspIRCd on the loopback, the program as shipped", len(took)),
	}, nil
}

// coverage opens the page of coverage of the program as shipped.
func (o *organisation) coverage(ctx context.Context, b *bench) (f figure, err error) {
	var took durations
	var size int
	for range b.runs(50, 3) {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+o.bot.address+"/coverage", nil)
		if err != nil {
			return f, err
		}
		began := time.Now()
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			return f, err
		}
		page, err := io.ReadAll(answer.Body)
		took = append(took, time.Since(began))
		if err = errors.Join(err, answer.Body.Close()); err != nil {
			return f, err
		}
		if answer.StatusCode != http.StatusOK || !strings.Contains(string(page), fmt.Sprintf("area %d", o.rosters-1)) {
			return f, fmt.Errorf("the page of coverage: %s, %d bytes, without the last of the roles", answer.Status, len(page))
		}
		size = len(page)
	}
	return figure{
		what: "page of coverage", got: took.list(0.5, 0.99), aim: "≤ 200 ms", met: took.at(0.99) <= mostCoverage,
		how: fmt.Sprintf("GET /coverage of the program as shipped, 14 days of the same organisation, %d times over the loopback to the last byte (%d kB; fastest %s, slowest %s)",
			len(took), size/1000, short(took.at(0)), short(took.most())),
	}, nil
}
