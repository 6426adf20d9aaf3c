package pgbackup

import (
	"context"
	"encoding/json"
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

// serverMemo is what taking it back needs to know.
type serverMemo struct {
	Dir string `json:"dir"`
}

// Undo implements [job.Undoer]: it ends the server of a step, and what works beside it.
func (s *Source) Undo(ctx context.Context, step job.Step) error { return undo(ctx, step) }

func undo(ctx context.Context, step job.Step) error {
	if step.Undo != UndoServer {
		return fault.New(fault.Internal, "Nobody here knows how to take back %q.", step.Undo)
	}
	var memo serverMemo
	if err := json.Unmarshal(step.Memo, &memo); err != nil {
		return err
	}
	return throwaway.End(ctx, memo.Dir, "postgres", "initdb", "pg_restore", "psql", "pg_verifybackup", "pg_amcheck")
}

// server is a PostgreSQL of ours. It is reached by a socket in its directory, which only the
// account that it runs as (and root) can open.
type server struct {
	*throwaway.Server
	dir, super string
	bin        programs
}

// The superuser of a new cluster: no role that a backup brings is called so.
const superuser = "batsignal_throwaway"

const (
	socketLimit   = 107 // bytes of a socket's path
	readyPatience = 10 * time.Minute
	socketPort    = "5432" // a part of the socket's name; nothing listens on it
)

// scratch makes the directory of a server, and says who runs it.
func scratch(ctx context.Context, r *job.Run) (dir string, as throwaway.Account, err error) {
	if as, err = throwaway.Unprivileged("postgres", "nobody"); err != nil {
		return "", as, err
	}
	if dir, err = r.Scratch(ctx, "postgres"); err != nil {
		return "", as, err
	}
	if n := len(filepath.Join(dir, ".s.PGSQL."+socketPort)); n > socketLimit {
		return "", as, fault.New(fault.Unready, "The scratch directory %s has too long a name for a socket, by %d letters.", dir, n-socketLimit)
	}
	return dir, as, as.Give(dir)
}

// initCluster makes an empty cluster in dir/data.
func initCluster(ctx context.Context, bin programs, dir string, as throwaway.Account) error {
	_, err := throwaway.Run(ctx, argv.Command{Path: bin.path("initdb"), Dir: dir, Home: dir, Args: []string{"-D", filepath.Join(dir, "data"), "-U", superuser,
		"-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"}}, as)
	if err != nil && ctx.Err() == nil {
		return fault.Wrap(fault.Unready, err, "A PostgreSQL to restore on cannot be made.")
	}
	return err
}

// start starts the server of dir/data and waits until it answers, as super on a database.
func start(ctx context.Context, bin programs, dir string, as throwaway.Account, super, database string) (*server, error) {
	files := map[string]string{"server.conf": "", "hba.conf": "local all all trust\n", "ident.conf": ""}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return nil, err
		}
	}
	args := []string{"-D", filepath.Join(dir, "data")}
	for _, set := range settings(dir) {
		args = append(args, "-c", set)
	}
	s := &server{dir: dir, super: super, bin: bin}
	var err error
	if s.Server, err = throwaway.Start(ctx, argv.Command{Path: bin.path("postgres"), Args: args, Dir: dir, Home: dir}, dir, as); err != nil {
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
	ctx, cancel := context.WithTimeout(ctx, readyPatience)
	defer cancel()
	for {
		conn, err := s.connect(ctx, database)
		if err == nil {
			return conn.Close(ctx)
		}
		var said *pgconn.PgError
		if errors.As(err, &said) && said.Code != "57P03" { // it is starting, or recovers
			if strings.Contains(said.Message, "locale") {
				return backup.NotProven{Cause: fault.Wrap(fault.Unready, err, "The backup is of a cluster with a locale that this machine does not have: install it (on Debian: dpkg-reconfigure locales).")}
			}
			return fault.Wrap(fault.Invalid, err, "The restored server does not let us in.")
		}
		select {
		case <-s.Exited():
			return fault.New(fault.Invalid, "The restored server does not start: %s", s.Said())
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// run runs one of PostgreSQL's programs against the server; what it says is no secret to
// whoever may read the backup, and so goes to the log only.
func (s *server) run(ctx context.Context, c argv.Command) (argv.Output, error) {
	c.Path = s.bin.path(c.Path)
	c.Dir, c.Home = s.dir, s.dir
	return c.Run(ctx)
}
