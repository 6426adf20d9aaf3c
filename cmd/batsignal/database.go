package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"batsignal/migrations"
	"batsignal/migrations/pg"
	"batsignal/migrations/pg/leader"
	"batsignal/migrations/pglocal"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

// database is an open database, as the bot's own role, and what must be stopped with it.
type database struct {
	Pool  *leader.DB
	DSN   secret.Text     // for connections that listen, or hold a lock
	Local *pglocal.Server // nil with a database of the operator's own

	scratch string // a directory that goes when this is closed; "" keeps everything
}

const stopBudget = 30 * time.Second

// poolSizes are the connections: commands and announcements each find a free one, and so do
// web pages. Pages have some that nothing else takes.
func poolSizes() leader.Options { return leader.Options{Lead: 8, Apart: 6, Web: 8} }

// openDatabase opens the configured database, or starts the private one and brings
// it up to date. With attach, a private one that another process runs is shared.
func openDatabase(ctx context.Context, c Config, attach bool, log *slog.Logger) (*database, error) {
	if !c.Database.URL.Empty() {
		return openForeign(ctx, c.Database.URL)
	}
	local, err := pglocal.Start(ctx, pglocal.Options{
		Dir: filepath.Join(c.StateDir, "postgres"), BinDir: c.Database.PGBinDir, Attach: attach, Log: log,
	})
	switch {
	case errors.Is(err, pglocal.ErrNoPostgres):
		return nil, fault.Wrap(fault.Unready, err, "PostgreSQL is not installed. On Debian or Ubuntu, as root: apt-get install postgresql. Or name a database of your own in database.url.")
	case errors.Is(err, pglocal.ErrInUse):
		return nil, fault.Wrap(fault.Unready, err, "Another batsignal runs on %s already. Stop it, or choose another --state-dir.", c.StateDir)
	case err != nil:
		return nil, fault.Wrap(fault.Unready, err, "The private database cannot start: %v.", err)
	}
	db := &database{Local: local, DSN: secret.New(local.BotDSN())}
	if err := db.prepare(ctx, log); err != nil {
		db.close()
		return nil, err
	}
	return db, nil
}

// prepare opens the pool of a private database, and brings it up to date where it
// is not: most starts find that it is, by one query.
func (d *database) prepare(ctx context.Context, log *slog.Logger) (err error) {
	if d.Pool, err = leader.Open(ctx, d.DSN.Reveal(), poolSizes()); err != nil {
		return fault.Wrap(fault.Unready, err, "The private database does not answer.")
	}
	if err = migrations.Check(ctx, d.Pool); err == nil {
		return nil
	}
	result, err := migrations.Up(ctx, d.Local.OwnerDSN(), pglocal.BotRole, log)
	if err != nil {
		return fault.Wrap(fault.Unready, err, "The private database cannot be brought up to date: %v.", err)
	}
	if err := d.ensureSwitchboard(ctx); err != nil {
		return fault.Wrap(fault.Unready, err, "The private database cannot be prepared for the switchboard: %v.", err)
	}
	log.Info("the database is up to date", "from", result.From, "to", result.To, "took", result.Took.Round(time.Millisecond))
	return nil
}

// ensureSwitchboard makes the login of the switchboard in a private database.
func (d *database) ensureSwitchboard(ctx context.Context) error {
	owner, err := pg.Open(ctx, d.Local.OwnerDSN(), pg.Options{MaxConns: 1})
	if err != nil {
		return err
	}
	defer owner.Close()
	return migrations.EnsureSwitchboardRole(ctx, owner, pglocal.SwitchboardRole)
}

func openForeign(ctx context.Context, url secret.Text) (*database, error) {
	pool, err := leader.Open(ctx, url.Reveal(), poolSizes())
	if err != nil {
		return nil, fault.Wrap(fault.Unready, err, "The database cannot be reached: %s.", whyUnreachable(err))
	}
	if err := migrations.Check(ctx, pool); err != nil {
		pool.Close()
		return nil, fault.Wrap(fault.Unready, err, "%v.", err)
	}
	return &database{Pool: pool, DSN: url}, nil
}

// openSwitchboardDatabase opens the bot's database with the switchboard's own login.
func openSwitchboardDatabase(ctx context.Context, c Config, o pg.Options) (*pgxpool.Pool, error) {
	if c.Database.URL.Empty() {
		return nil, fault.New(fault.Invalid, "The switchboard needs database.url: the bot's database, with a login of its own that is a member of batsignal_switchboard.")
	}
	pool, err := pg.Open(ctx, c.Database.URL.Reveal(), o)
	if err != nil {
		return nil, fault.Wrap(fault.Unready, err, "The database cannot be reached: %s.", whyUnreachable(err))
	}
	if err := migrations.Check(ctx, pool); err != nil {
		pool.Close()
		return nil, fault.Wrap(fault.Unready, err, "%v.", err)
	}
	return pool, nil
}

// whyUnreachable says what stands between us and a database, without its address:
// that may hold a password.
func whyUnreachable(err error) string {
	var refused *pgconn.PgError
	var network *net.OpError
	var timeout net.Error
	switch {
	case errors.As(err, &refused) && refused.Code == "3D000":
		return "its server runs, but has no such database"
	case errors.As(err, &refused) && strings.HasPrefix(refused.Code, "28"):
		return "its server refuses the login of the role in database.url"
	case errors.As(err, &refused):
		return "its server says: " + refused.Message
	case errors.As(err, &timeout) && timeout.Timeout():
		return "its server does not answer in time"
	case errors.As(err, &network) && network.Addr != nil:
		return "nothing answers at " + network.Addr.String() + ". Start its server, or correct database.url"
	}
	return "the log says why. Perhaps database.url is wrong"
}

// close gives everything back; a private server stops.
func (d *database) close() {
	if d.Pool != nil {
		d.Pool.Close()
	}
	if d.Local == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopBudget)
	defer cancel()
	_ = d.Local.Stop(ctx) // its own log says what went wrong; we are leaving
	if d.scratch != "" {
		_ = os.RemoveAll(d.scratch)
	}
}
