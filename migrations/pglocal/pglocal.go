// Package pglocal owns a private Postgres: a server that this program starts for
// itself as a child, in a directory of its own, reached by a unix socket only.
//
// It exists so that a newcomer needs no database administrator and a test needs
// no shared server. It finds the system's binaries, makes the cluster, drops
// privileges, and sees to it that the server ends when we do, however we end. It
// does not install Postgres, migrate (package migrations) or pool connections
// (package pg). Linux only, since it leans on the kernel to end the child.
package pglocal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The names inside the private cluster.
const (
	OwnerRole = "batsignal_owner" // superuser; owns the database and migrates it
	BotRole   = "batsignal_bot"   // what the bot logs in as
	Database  = "batsignal"

	// SwitchboardRole is what the switchboard logs in as. It is made with the rights that
	// the migrations give it.
	SwitchboardRole = "batsignal_switchboard_login"
)

var (
	// ErrNoPostgres means that no server binaries were found.
	ErrNoPostgres = errors.New("PostgreSQL is not installed; on Debian or Ubuntu: apt-get install postgresql")
	// ErrInUse means that another living process runs the server of that directory.
	ErrInUse = errors.New("the database directory is in use")
)

// Options say where and how; only Dir is needed.
type Options struct {
	Dir      string            // holds data, run (the socket), lock, postgres.log; made when missing
	BinDir   string            // where initdb and postgres are; empty looks in the usual places
	Fast     bool              // for tests: no fsync, no autovacuum, and a crash loses the last commits
	Attach   bool              // when another process already runs this directory's server, use that one
	Settings map[string]string // more settings for the server; they win over ours
	Log      *slog.Logger      // may be nil
}

// Server is a running private Postgres. One that was attached to belongs to
// another process: Stop leaves it alone.
type Server struct {
	dir    string
	binDir string
	log    *slog.Logger

	lock  *os.File // nil when attached
	child *child   // nil when attached

	stopOnce sync.Once
	stopErr  error
	stopping chan struct{}
}

const (
	socketPort  = "5432" // only a part of the socket's name; nothing listens on it
	socketLimit = 107    // bytes that fit in a sockaddr_un

	attachPatience = 30 * time.Second // the other process may be making its cluster
)

// Start starts the server of o.Dir, making the cluster first when there is none,
// and returns when the database answers. The caller must call [Server.Stop].
//
// It returns [ErrNoPostgres] and [ErrInUse], wrapped, and sentences for the
// other things a person can mend. ctx limits starting only.
func Start(ctx context.Context, o Options) (*Server, error) {
	dir, err := filepath.Abs(o.Dir)
	if err != nil || o.Dir == "" {
		return nil, fmt.Errorf("the private Postgres needs a directory (%q is none)", o.Dir)
	}
	if n := len(socketPath(dir)); n > socketLimit {
		return nil, fmt.Errorf("the directory %s is too long a name for a unix socket by %d bytes; choose a shorter one", dir, n-socketLimit)
	}
	s := &Server{dir: dir, log: o.Log, stopping: make(chan struct{})}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	acct, err := prepareDir(dir)
	if err != nil {
		return nil, err
	}
	if s.lock, err = s.acquire(ctx, o.Attach); err != nil {
		return nil, err
	}
	if s.lock == nil {
		return s, nil
	}
	if err := s.start(ctx, acct, o); err != nil {
		s.lock.Close()
		return nil, err
	}
	return s, nil
}

// acquire takes the lock of the directory. With attach, nil means that another
// process holds it and its server answers.
func (s *Server) acquire(ctx context.Context, attach bool) (*os.File, error) {
	deadline := time.Now().Add(attachPatience)
	for {
		lock, holder, err := tryLock(filepath.Join(s.dir, "lock"))
		switch {
		case err != nil:
			return nil, err
		case lock != nil:
			return lock, nil
		case !attach:
			return nil, fmt.Errorf("%w: %s is held by process %s", ErrInUse, s.dir, holder)
		}
		if err := s.ping(ctx); err == nil {
			s.log.Debug("attached to a private Postgres", "dir", s.dir, "holder", holder)
			return nil, nil
		} else if time.Now().After(deadline) {
			return nil, fmt.Errorf("%w: %s is held by process %s, whose database does not answer: %w", ErrInUse, s.dir, holder, err)
		}
		if err := pause(ctx, 20*time.Millisecond); err != nil {
			return nil, err
		}
	}
}

func (s *Server) start(ctx context.Context, acct account, o Options) error {
	data := filepath.Join(s.dir, "data")
	var err error
	if s.binDir, err = findBinaries(ctx, o.BinDir, data); err != nil {
		return err
	}
	begun := time.Now()
	made, err := makeCluster(ctx, s.dir, s.binDir, acct, o.Fast)
	if err != nil {
		return err
	}
	if err := writeAuth(s.dir, acct, s.log); err != nil {
		return err
	}
	if err := dropStaleLocks(s.dir, s.log); err != nil {
		return err
	}
	if s.child, err = s.launch(ctx, acct, o); err != nil {
		return err
	}
	s.log.Info("private Postgres is up", "dir", s.dir, "pid", s.child.pid, "new", made, "took", time.Since(begun).Round(time.Millisecond))
	return nil
}

// OwnerDSN is how to connect as the owner of the database.
func (s *Server) OwnerDSN() string { return s.DSN(OwnerRole, Database) }

// BotDSN is how to connect as the bot.
func (s *Server) BotDSN() string { return s.DSN(BotRole, Database) }

// SwitchboardDSN is how to connect as the switchboard.
func (s *Server) SwitchboardDSN() string { return s.DSN(SwitchboardRole, Database) }

// DSN is how to connect as any role to any database of the cluster. It holds no
// secret: who we are is proved by the socket.
func (s *Server) DSN(role, database string) string {
	q := url.Values{"host": {filepath.Join(s.dir, "run")}, "port": {socketPort}, "sslmode": {"disable"}}
	u := url.URL{Scheme: "postgres", User: url.User(role), Path: "/" + database, RawQuery: q.Encode()}
	return u.String()
}

// Dir is the directory of the server, absolute.
func (s *Server) Dir() string { return s.dir }

// BinDir is where the server's binaries are, pg_dump among them if it is
// installed; empty when attached.
func (s *Server) BinDir() string { return s.binDir }

// Attached reports whether the server belongs to another process.
func (s *Server) Attached() bool { return s.child == nil }

// PID is the process id of the postmaster, 0 if that cannot be told.
func (s *Server) PID() int {
	if s.child != nil {
		return s.child.pid
	}
	return pidIn(filepath.Join(s.dir, "data", "postmaster.pid"))
}

// Wait blocks until the server has ended or ctx is over. It returns nil after a
// Stop, and an error that points to the log when the server ended by itself. An
// attached server is only ever ended by ctx.
func (s *Server) Wait(ctx context.Context) error {
	if s.child == nil {
		<-ctx.Done()
		return ctx.Err()
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-s.child.done:
	}
	select {
	case <-s.stopping:
		return nil
	default:
		return fmt.Errorf("the private Postgres ended unasked (%v); see %s", s.child.err, s.logPath())
	}
}

// Stop ends the server and waits for it: cleanly, else at once when ctx is over
// or 20 s have passed. It may be called again, and after the server has died; it
// gives the directory free.
func (s *Server) Stop(ctx context.Context) error {
	s.stopOnce.Do(func() {
		close(s.stopping)
		if s.child == nil {
			return
		}
		s.stopErr = s.child.stop(ctx)
		s.lock.Close()
	})
	return s.stopErr
}

func socketPath(dir string) string { return filepath.Join(dir, "run", ".s.PGSQL."+socketPort) }

func (s *Server) logPath() string { return filepath.Join(s.dir, "postgres.log") }

// pidIn reads the process id from the first line of a file, 0 if there is none.
func pidIn(path string) int {
	b, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	line, _, _ := strings.Cut(string(b), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil || pid < 0 {
		return 0
	}
	return pid
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
