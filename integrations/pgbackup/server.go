package pgbackup

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"batsignal/integrations/argv"
	"batsignal/integrations/backup"
	"batsignal/integrations/job"
	"batsignal/integrations/throwaway"
	"batsignal/oncall/fault"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// UndoServer is how a server that is thrown away is taken back after a crash.
const UndoServer = "postgres server"

// Undo implements [job.Undoer]: it ends the server of a step, and what works beside it.
func (s *Source) Undo(ctx context.Context, step job.Step) error {
	return throwaway.Undo(ctx, step, UndoServer, "postgres", "initdb", "pg_restore", "psql", "pg_verifybackup", "pg_controldata", "pg_amcheck")
}

// site is where PostgreSQL's programs work: a directory, as an account, within walls or not.
type site struct {
	dir   string
	as    throwaway.Account
	walls throwaway.Built
	bin   programs
}

// server is a PostgreSQL of ours. It is reached by a socket in its directory, which only the
// account that it runs as (and root) can open.
type server struct {
	*throwaway.Server
	site
	super string
}

// The superuser of a new cluster: no role that a backup brings is called so.
const superuser = "batsignal_throwaway"

const (
	socketLimit   = 107 // bytes of a socket's path
	readyPatience = 10 * time.Minute
	socketPort    = "5432" // a part of the socket's name; nothing listens on it
)

// scratch makes the directory of a server, and says who runs it.
func scratch(ctx context.Context, r *job.Run, bin programs, walls throwaway.Built) (site, error) {
	as, err := throwaway.Unprivileged("postgres", "nobody")
	if err != nil {
		return site{}, err
	}
	dir, err := r.Scratch(ctx, "postgres")
	if err != nil {
		return site{}, err
	}
	if n := len(filepath.Join(dir, ".s.PGSQL."+socketPort)); n > socketLimit {
		return site{}, fault.New(fault.Unready, "The scratch directory %s has too long a name for a socket, by %d letters.", dir, n-socketLimit)
	}
	return site{dir, as, walls, bin}, as.Give(dir)
}

// initCluster makes an empty cluster in dir/data.
func (t site) initCluster(ctx context.Context) error {
	_, err := t.run(ctx, argv.Command{Path: "initdb", Args: []string{"-D", filepath.Join(t.dir, "data"), "-U", superuser,
		"-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"}})
	if err != nil && ctx.Err() == nil {
		return fault.Wrap(fault.Unready, err, "A PostgreSQL to restore on cannot be made.")
	}
	return err
}

// run runs one of PostgreSQL's programs; what it says is no secret to whoever may read the
// backup, and so goes to the log only.
func (t site) run(ctx context.Context, c argv.Command) (argv.Output, error) {
	c.Path = t.bin.path(c.Path)
	c.Dir, c.Home = t.dir, t.dir
	return throwaway.Run(ctx, t.walls.In(c), t.as)
}

// start starts the server of dir/data and waits until it answers, as super on a database.
func (t site) start(ctx context.Context, super, database string) (*server, error) {
	files := map[string]string{"server.conf": "", "hba.conf": "local all all trust\n", "ident.conf": ""}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(t.dir, name), []byte(text), 0o644); err != nil {
			return nil, err
		}
	}
	args := []string{"-D", filepath.Join(t.dir, "data")}
	for _, set := range settings(t.dir) {
		args = append(args, "-c", set)
	}
	s := &server{site: t, super: super}
	var err error
	c := argv.Command{Path: t.bin.path("postgres"), Args: args, Dir: t.dir, Home: t.dir}
	if s.Server, err = throwaway.Start(ctx, t.walls.In(c), t.dir, t.as); err != nil {
		return nil, err
	}
	if err := s.ready(ctx, database); err != nil {
		return nil, errors.Join(err, s.Stop(ctx))
	}
	return s, nil
}

// settings are the server's. It speaks to nobody: a cluster of before knows whom it copied
// from, archived to and subscribed at.
func settings(dir string) []string {
	list := []string{
		"config_file=" + filepath.Join(dir, "server.conf"), "hba_file=" + filepath.Join(dir, "hba.conf"), "ident_file=" + filepath.Join(dir, "ident.conf"),
		"listen_addresses=", "dynamic_shared_memory_type=mmap", "unix_socket_directories=" + dir, "unix_socket_permissions=0700", "port=" + socketPort, "ssl=off",
		"archive_mode=off", "restore_command=", "primary_conninfo=", "shared_preload_libraries=", "session_preload_libraries=", "local_preload_libraries=",
		"max_logical_replication_workers=0", "max_wal_senders=0", "wal_level=minimal", "max_connections=20", "max_prepared_transactions=100",
		// What is lost in a crash is thrown away anyhow.
		"fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off", "checkpoint_timeout=1h", "max_wal_size=4GB",
		"shared_buffers=128MB", "maintenance_work_mem=128MB", "jit=off", "timezone=UTC",
		// Its log is told to people, and may not hold what is in the database.
		"logging_collector=off", "log_destination=stderr", "log_min_error_statement=panic", "log_error_verbosity=terse", "log_min_messages=fatal", "lc_messages=C",
	}
	slices.Sort(list)
	return list
}

// conninfo is how one logs in; it holds no secret.
func (s *server) conninfo(database string) string {
	quote := strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace
	return "host='" + quote(s.dir) + "' port=" + socketPort + " user='" + quote(s.super) + "' dbname='" + quote(database) + "' sslmode=disable"
}

func (s *server) connect(ctx context.Context, database string) (*pgx.Conn, error) {
	cfg, err := pgx.ParseConfig(s.conninfo(database))
	if err != nil {
		return nil, err
	}
	return connect(ctx, cfg, "that is thrown away")
}

func (s *server) ready(ctx context.Context, database string) error {
	err := s.Await(ctx, readyPatience, func(ctx context.Context) (bool, error) {
		conn, err := s.connect(ctx, database)
		if err == nil {
			return true, conn.Close(ctx)
		}
		var said *pgconn.PgError
		if !errors.As(err, &said) || said.Code == "57P03" { // it is starting, or recovers
			return false, nil
		}
		if strings.Contains(said.Message, "locale") {
			return false, backup.NotProven{Cause: fault.Wrap(fault.Unready, err, "The backup is of a cluster with a locale that this machine does not have: install it (on Debian: dpkg-reconfigure locales).")}
		}
		return false, fault.Wrap(fault.Invalid, err, "The restored server does not let us in.")
	})
	var ended *throwaway.Ended
	if errors.As(err, &ended) {
		return fault.Wrap(fault.Invalid, err, "The restored server does not start: %s", ended.Said)
	}
	return err
}
