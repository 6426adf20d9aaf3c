package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations"
	"batsignal/migrations/pglocal"
)

const (
	aimStart = 150 * time.Millisecond
	aimEmpty = time.Second
)

// starts is how long it takes from nothing to ready.
func starts(ctx context.Context, b *bench) ([]figure, error) {
	network, err := b.irc()
	if err != nil {
		return nil, err
	}
	server, err := b.postgres(ctx)
	if err != nil {
		return nil, err
	}
	n := b.runs(10, 1)
	at := config{dir: filepath.Join(b.dir, "starts"), irc: network}
	if at.listen, err = freeAddress(); err != nil {
		return nil, err
	}

	migrated, err := repeat(n, func(int) (time.Duration, error) {
		at.url, at.owner = server.BotDSN(), server.OwnerDSN()
		if _, err := migrations.Up(ctx, at.owner, pglocal.BotRole, slog.New(slog.DiscardHandler)); err != nil {
			return 0, err
		}
		return b.start(ctx, at, false)
	})
	if err != nil {
		return nil, err
	}
	empty, err := repeat(n, func(i int) (time.Duration, error) {
		name := fmt.Sprintf("empty%d", i)
		if err := createDatabase(ctx, server, name); err != nil {
			return 0, err
		}
		at.url, at.owner = server.DSN(pglocal.BotRole, name), server.DSN(pglocal.OwnerRole, name)
		return b.start(ctx, at, true)
	})
	if err != nil {
		return nil, err
	}
	at.url, at.owner = "", ""
	fresh, err := repeat(n, func(int) (time.Duration, error) {
		if err := os.RemoveAll(filepath.Join(at.dir, "state")); err != nil {
			return 0, err
		}
		return b.start(ctx, at, false)
	})
	if err != nil {
		return nil, err
	}
	again, err := repeat(n, func(int) (time.Duration, error) { return b.start(ctx, at, false) })
	if err != nil {
		return nil, err
	}

	how := "from the start of the process to 200 on `/readyz`, asked every 2 ms over a new connection; "
	return []figure{
		{
			what: "start, database migrated", got: migrated.list(0.5, 1), aim: "≤ 0.15 s", met: migrated.median() <= aimStart,
			how: how + fmt.Sprintf("Postgres is running; %d starts", n),
		}, {
			what: "start, database empty", got: empty.list(0.5, 1), aim: "≤ 1 s", met: empty.median() <= aimEmpty,
			how: "the same, with `batsignal migrate` on a new database before it; both processes count in",
		}, {
			what: "start, no database at all", got: fresh.list(0.5, 1),
			how: "the same, with the private Postgres: its cluster is made (and flushed to disk), started and migrated",
		}, {
			what: "start with the private Postgres", got: again.list(0.5, 1),
			how: "the same, with the cluster of the time before: Postgres is started too",
		},
	}, nil
}

// start starts the program, migrating before it if wanted, and stops it again. It
// returns how long it took to be ready.
func (b *bench) start(ctx context.Context, c config, migrate bool) (took time.Duration, err error) {
	if err := c.write(); err != nil {
		return 0, err
	}
	began := time.Now()
	if migrate {
		cmd := exec.CommandContext(ctx, b.binary, "migrate", "--config", c.file())
		if out, err := cmd.CombinedOutput(); err != nil {
			return 0, fmt.Errorf("migrate: %w\n%s", err, out)
		}
	}
	p, err := b.launch(c)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, p.stop()) }()
	err = p.ready(ctx)
	return time.Since(began), err
}

func repeat(n int, once func(i int) (time.Duration, error)) (durations, error) {
	var all durations
	for i := range n {
		d, err := once(i)
		if err != nil {
			return nil, err
		}
		all = append(all, d)
	}
	return all, nil
}

func createDatabase(ctx context.Context, server *pglocal.Server, name string) error {
	conn, err := pgx.Connect(ctx, server.OwnerDSN())
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	_, err = conn.Exec(ctx, "create database "+pgx.Identifier{name}.Sanitize())
	return err
}
