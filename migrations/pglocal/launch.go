package pglocal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

const (
	codeNoDatabase = "3D000"
	codeNotYet     = "57P03" // the server is starting up, or recovers

	remainsPatience = 15 * time.Second
	logLimit        = 1 << 20
)

// launch starts the server and waits until it answers. The remains of a server
// that was killed (a postmaster not yet reaped, a backend that has not noticed)
// make Postgres refuse for a moment, so that is tried again.
func (s *Server) launch(ctx context.Context, acct account, o Options) (*child, error) {
	if st, err := os.Stat(s.logPath()); err == nil && st.Size() > logLimit {
		if err := os.Rename(s.logPath(), s.logPath()+".1"); err != nil {
			return nil, fmt.Errorf("the log of Postgres cannot be put aside: %w", err)
		}
	}
	deadline := time.Now().Add(remainsPatience)
	for {
		var from int64
		if st, err := os.Stat(s.logPath()); err == nil {
			from = st.Size()
		}
		args := append([]string{"-D", filepath.Join(s.dir, "data")}, settings(o, s.dir)...)
		c, err := spawn(exec.Command(filepath.Join(s.binDir, "postgres"), args...), acct, s.dir, s.logPath())
		if err != nil {
			return nil, fmt.Errorf("Postgres cannot be started: %w", err)
		}
		err = s.awaitAnswer(ctx, c)
		if err == nil {
			return c, nil
		}
		if !c.ended() {
			return nil, errors.Join(err, c.stop(context.WithoutCancel(ctx)))
		}
		said := tail(s.logPath(), from)
		if !strings.Contains(said, `.pid" already exists`) && !strings.Contains(said, `.lock" already exists`) &&
			!strings.Contains(said, "pre-existing shared memory block") {
			return nil, fmt.Errorf("Postgres did not start (%v): %s", c.err, said)
		}
		if time.Now().After(deadline) {
			pid := pidIn(filepath.Join(s.dir, "data", "postmaster.pid"))
			return nil, fmt.Errorf("%w: a Postgres that we did not start uses %s; end it with: kill -INT %d", ErrInUse, s.dir, pid)
		}
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return nil, err
		}
	}
}

// awaitAnswer returns nil when our database answers, which it makes if it is
// missing.
func (s *Server) awaitAnswer(ctx context.Context, c *child) error {
	for {
		err := s.ping(ctx)
		if err == nil && s.isPostmaster(c.pid) {
			return nil
		}
		var pgErr *pgconn.PgError
		if errors.As(err, &pgErr) {
			if pgErr.Code == codeNoDatabase {
				return s.makeDatabase(ctx)
			}
			if pgErr.Code != codeNotYet {
				return fmt.Errorf("the private Postgres does not let us in: %w", err)
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-c.done:
			return errors.New("ended")
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// isPostmaster tells our child from an earlier server that has not ended yet and
// still answers on the socket.
func (s *Server) isPostmaster(pid int) bool {
	return pidIn(filepath.Join(s.dir, "data", "postmaster.pid")) == pid
}

// tail returns what was appended to a log since an offset, at most its last 2 kB.
func tail(path string, from int64) string {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return "(its log cannot be read)"
	}
	defer f.Close()
	if st, err := f.Stat(); err == nil {
		from = max(from, st.Size()-2048)
	}
	b, err := io.ReadAll(io.NewSectionReader(f, from, 2048))
	if err != nil {
		return "(its log cannot be read)"
	}
	return strings.TrimSpace(string(b))
}
