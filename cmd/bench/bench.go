package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"batsignal/bot/irc/irctest"
	"batsignal/migrations"
	"batsignal/migrations/pg"
	"batsignal/migrations/pglocal"
)

// bench is what the measures share: the program as built, a directory, and servers
// that are started when the first measure asks for them.
type bench struct {
	quick    bool
	dir      string // everything is in here and goes with it
	binary   string
	progress io.Writer

	network *irctest.Network
	server  *pglocal.Server
	clean   []func() error // run in reverse
}

// patience is how long anything is waited for before the bench is given up.
const patience = time.Minute

func newBench(ctx context.Context, quick bool, progress io.Writer) (*bench, error) {
	// Servers that may not be root must be able to enter it.
	dir, err := os.MkdirTemp("", "batsignal-bench")
	if err != nil {
		return nil, err
	}
	b := &bench{quick: quick, dir: dir, binary: filepath.Join(dir, "batsignal"), progress: progress}
	b.later(func() error { return os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		return nil, errors.Join(err, b.close())
	}
	b.say("building")
	if err := b.build(ctx); err != nil {
		return nil, errors.Join(err, b.close())
	}
	return b, nil
}

// build makes the program as the Makefile does.
func (b *bench) build(ctx context.Context) error {
	mod, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return fmt.Errorf("where is the source: %w", err)
	}
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", b.binary, "./cmd/batsignal")
	build.Dir = filepath.Dir(strings.TrimSpace(string(mod)))
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	return nil
}

// say tells what goes on.
func (b *bench) say(format string, args ...any) { fmt.Fprintf(b.progress, format+"\n", args...) }

// later has something undone at the end.
func (b *bench) later(undo func() error) { b.clean = append(b.clean, undo) }

// close ends what is still running and removes everything.
func (b *bench) close() (err error) {
	for i := len(b.clean) - 1; i >= 0; i-- {
		err = errors.Join(err, b.clean[i]())
	}
	b.clean = nil
	return err
}

// runs is how often something is repeated.
func (b *bench) runs(full, quick int) int {
	if b.quick {
		return quick
	}
	return full
}

// span is how long something is watched.
func (b *bench) span(full, quick time.Duration) time.Duration {
	if b.quick {
		return quick
	}
	return full
}

// irc is an IRC network with services, without flood limits: it is the bot that is
// measured, not how slow a public network lets people talk.
func (b *bench) irc() (*irctest.Network, error) {
	if b.network != nil {
		return b.network, nil
	}
	var err error
	b.network, err = b.ownIRC()
	return b.network, err
}

// ownIRC is a network of its own, for a measure with a bot of its own: two bots of one
// account would take the nick from each other for ever.
func (b *bench) ownIRC() (*irctest.Network, error) {
	accounts := map[string]string{}
	for _, name := range []string{botNick, asker, confirmer} {
		accounts[name] = password(name)
	}
	n, err := irctest.Start(irctest.Options{Accounts: accounts})
	if err != nil {
		return nil, err
	}
	b.later(func() error { n.Close(); return nil })
	return n, nil
}

// postgres is a private Postgres with the settings of production, for measures that
// need one beside the program's own.
func (b *bench) postgres(ctx context.Context) (*pglocal.Server, error) {
	if b.server != nil {
		return b.server, nil
	}
	s, err := pglocal.Start(ctx, pglocal.Options{Dir: filepath.Join(b.dir, "postgres"), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	b.server = s
	b.later(func() error { return s.Stop(context.WithoutCancel(ctx)) })
	return s, nil
}

// freeAddress is an address on the loopback that nobody listens on now.
// migrated is a pool, as the bot, on a new Postgres with its tables in it. Whoever asks
// closes it.
func (b *bench) migrated(ctx context.Context, log *slog.Logger) (*pgxpool.Pool, error) {
	server, err := b.postgres(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := migrations.Up(ctx, server.OwnerDSN(), pglocal.BotRole, log); err != nil {
		return nil, err
	}
	return pg.Open(ctx, server.BotDSN(), pg.Options{})
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// rest waits.
func rest(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
