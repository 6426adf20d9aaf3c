package pgtest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"batsignal/migrations"
	"batsignal/migrations/pglocal"

	"github.com/jackc/pgx/v5"
)

// In the temporary directory, by the name of who runs the tests:
//
//	batsignal-test-0/lock      taken while anything below is made, copied or removed
//	batsignal-test-0/t-HASH    a migrated cluster at rest, the cached template
//
// In memory where there is enough of it, else there as well (see [runsDir]):
//
//	batsignal-test-0/r-NNNN    one test binary's own, removed when it ends
//	                 /alive    locked by that binary; if it is not, it died and r-NNNN goes
const (
	templatePrefix = "t-"
	runPrefix      = "r-"
	templateDB     = "batsignal_template" // nobody connects to it, so it can be copied
	templateLife   = 24 * time.Hour       // since its last use
	layout         = "1"                  // to be raised when a template is made in another way
)

// home is the directory of this test binary.
type home struct {
	base     string
	dir      string
	template string
	alive    *os.File

	mu     sync.Mutex
	clones int
	dirs   int
}

func newHome() (*home, error) {
	bin, err := pglocal.FindBinaries(os.Getenv("PG_BINDIR"))
	if err != nil {
		return nil, err
	}
	name, err := templateName(bin)
	if err != nil {
		return nil, err
	}
	ours := "batsignal-test-" + strconv.Itoa(os.Geteuid())
	h := &home{base: filepath.Join(os.TempDir(), ours)}
	runs := filepath.Join(runsDir(), ours)
	for _, dir := range []string{h.base, runs} {
		if err := safeDir(dir); err != nil {
			return nil, err
		}
	}
	h.template = filepath.Join(h.base, name)
	unlock, err := lockFile(filepath.Join(h.base, "lock"), syscall.LOCK_EX)
	if err != nil {
		return nil, err
	}
	defer unlock.Close()
	sweep(h.base, name)
	sweep(runs, name)
	if h.dir, err = newRun(runs); err != nil {
		return nil, err
	}
	if h.alive, err = lockFile(filepath.Join(h.dir, "alive"), syscall.LOCK_EX); err != nil {
		return nil, err
	}
	if _, err := os.Stat(h.template); err == nil {
		now := time.Now()
		return h, os.Chtimes(h.template, now, now)
	}
	// On the disk of the template, so that it can be moved there; if we die, it is swept.
	making, err := newRun(h.base)
	if err != nil {
		return nil, err
	}
	return h, errors.Join(buildTemplate(making, h.template), os.RemoveAll(making))
}

func newRun(base string) (dir string, err error) {
	if dir, err = os.MkdirTemp(base, runPrefix); err != nil {
		return "", err
	}
	return dir, os.Chmod(dir, 0o755) // the server's account walks through
}

// templateName changes when the migrations, the server or we do.
func templateName(bin string) (string, error) {
	schema, err := migrations.Fingerprint()
	if err != nil {
		return "", err
	}
	st, err := os.Stat(filepath.Join(bin, "postgres"))
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{layout, schema, bin, st.ModTime().String()}, "\n")))
	return templatePrefix + hex.EncodeToString(sum[:6]), nil
}

// buildTemplate makes the cluster in a directory of its own and moves it into place
// when it is complete.
func buildTemplate(dir, template string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	making := filepath.Join(dir, "template")
	s, err := pglocal.Start(ctx, serverOptions(making))
	if err != nil {
		return err
	}
	if err := fillTemplate(ctx, s); err != nil {
		return errors.Join(err, s.Stop(ctx))
	}
	if err := s.Stop(ctx); err != nil {
		return err
	}
	return os.Rename(making, template)
}

func fillTemplate(ctx context.Context, s *pglocal.Server) error {
	if _, err := migrations.Up(ctx, s.OwnerDSN(), pglocal.BotRole, slog.New(slog.DiscardHandler)); err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, s.DSN(pglocal.OwnerRole, "postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	if err := migrations.EnsureSwitchboardRole(ctx, conn, pglocal.SwitchboardRole); err != nil {
		return err
	}
	_, err = conn.Exec(ctx, "create database "+templateDB+" template "+pglocal.Database)
	return err
}

// clone copies the template to a new directory for a server.
func (h *home) clone() (string, error) {
	unlock, err := lockFile(filepath.Join(h.base, "lock"), syscall.LOCK_EX)
	if err != nil {
		return "", err
	}
	defer unlock.Close()
	h.mu.Lock()
	h.clones++
	dir := filepath.Join(h.dir, "pg"+strconv.Itoa(h.clones))
	h.mu.Unlock()
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", err
	}
	cmd := exec.Command("cp", "-a", "--reflink=auto", filepath.Join(h.template, "data"), filepath.Join(dir, "data"))
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("the template of the test database cannot be copied: %w: %s", err, out)
	}
	return dir, nil
}

// newDir makes a directory that servers under other accounts can walk through. Its name
// is short, since that of a unix socket may be.
func (h *home) newDir() (string, error) {
	h.mu.Lock()
	h.dirs++
	dir := filepath.Join(h.dir, "d"+strconv.Itoa(h.dirs))
	h.mu.Unlock()
	return dir, errors.Join(os.Mkdir(dir, 0o755), os.Chmod(dir, 0o755)) // whatever the umask
}

func (h *home) remove() error {
	defer h.alive.Close()
	return os.RemoveAll(h.dir)
}

// sweep removes what killed test binaries left, and templates nobody uses.
func sweep(base, current string) {
	entries, err := os.ReadDir(base)
	if err != nil {
		return
	}
	for _, e := range entries {
		path := filepath.Join(base, e.Name())
		switch name := e.Name(); {
		case strings.HasPrefix(name, runPrefix):
			if alive, err := lockFile(filepath.Join(path, "alive"), syscall.LOCK_EX|syscall.LOCK_NB); err == nil {
				_ = os.RemoveAll(path) // what cannot go now goes next time
				alive.Close()
			}
		case strings.HasPrefix(name, templatePrefix) && name != current:
			if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > templateLife {
				_ = os.RemoveAll(path)
			}
		}
	}
}

// safeDir makes a directory of a name that others can guess, and refuses one that
// somebody else made first.
func safeDir(dir string) error {
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	st, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	if !st.IsDir() || int(st.Sys().(*syscall.Stat_t).Uid) != os.Geteuid() || st.Mode().Perm()&0o022 != 0 {
		return fmt.Errorf("%s is not a directory of ours alone; remove it", dir)
	}
	return nil
}

// lockFile opens and locks a file; the kernel unlocks it when we die.
func lockFile(path string, how int) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), how); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
