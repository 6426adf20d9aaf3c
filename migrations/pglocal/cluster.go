package pglocal

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// makeCluster runs initdb unless there is a cluster, and reports whether it did.
// It works in a new directory and renames that at the end: an initdb that was
// killed half way looks finished, and a server started on that hangs. The name is
// new each time because what a killed initdb has started lives on for a moment,
// and writes to, and in the end removes, the directory that it knows.
func makeCluster(ctx context.Context, dir, binDir string, acct account, fast bool) (bool, error) {
	data := filepath.Join(dir, "data")
	switch _, err := os.Stat(data); {
	case err == nil:
		return false, nil
	case !errors.Is(err, fs.ErrNotExist):
		return false, fmt.Errorf("the database directory cannot be read: %w", err)
	}
	if acct.client == "" && acct.cred == nil {
		return false, fmt.Errorf("the account number %d has no name in /etc/passwd, and initdb refuses to work without one; start batsignal as an account that has", acct.uid)
	}
	out := filepath.Join(dir, "initdb.log")
	unfinished, _ := filepath.Glob(data + ".new.*") // its only error is a malformed pattern
	for _, path := range append(unfinished, out) {
		_ = os.RemoveAll(path) // what is still being written to goes next time
	}
	fresh := fmt.Sprintf("%s.new.%d", data, time.Now().UnixNano())
	args := []string{
		"-D", fresh, "-U", OwnerRole, "-A", "peer", "-E", "UTF8", "--locale=C.UTF-8",
		"--data-checksums", "--no-instructions",
	}
	if fast {
		args = append(args, "--no-sync", "--wal-segsize=1")
	}
	c, err := spawn(exec.Command(filepath.Join(binDir, "initdb"), args...), acct, dir, out)
	if err != nil {
		return false, fmt.Errorf("initdb cannot be started: %w", err)
	}
	select {
	case <-c.done:
	case <-ctx.Done():
		c.kill()
		<-c.done
		return false, ctx.Err()
	}
	if c.err != nil {
		return false, fmt.Errorf("initdb failed (%w): %s", c.err, tail(out, 0))
	}
	if err := os.Rename(fresh, data); err != nil {
		return false, fmt.Errorf("the new database cannot be put in place: %w", err)
	}
	return true, os.Remove(out)
}

// writeAuth says who may connect: by the socket only, and only whoever starts us,
// as the kernel names them. It is written at each start, since that may be
// another account than last time.
func writeAuth(dir string, acct account, log *slog.Logger) error {
	hba := "local all all peer map=batsignal\n"
	var ident strings.Builder
	if acct.client == "" {
		log.Warn("our account has no name in /etc/passwd, so the private Postgres trusts everybody who can open its socket directory (mode 0700)", "uid", os.Geteuid())
		hba = "local all all trust\n"
	} else {
		for _, role := range []string{OwnerRole, BotRole, SwitchboardRole} {
			fmt.Fprintf(&ident, "batsignal %s %s\n", quoteIdent(acct.client), role)
		}
	}
	root, err := os.OpenRoot(dir) // see takeDir
	if err != nil {
		return fmt.Errorf("the database directory cannot be opened: %w", err)
	}
	defer root.Close()
	for path, text := range map[string]string{"data/pg_hba.conf": hba, "data/pg_ident.conf": ident.String()} {
		if old, err := root.ReadFile(path); err == nil && string(old) == text {
			continue
		}
		if err := root.WriteFile(path+".new", []byte(text), 0o600); err != nil {
			return fmt.Errorf("%s cannot be written: %w", path, err)
		}
		if acct.cred != nil {
			if err := root.Lchown(path+".new", acct.uid, acct.gid); err != nil {
				return fmt.Errorf("%s cannot be given to %s: %w", path, acct.name, err)
			}
		}
		if err := root.Rename(path+".new", path); err != nil {
			return fmt.Errorf("%s cannot be put in place: %w", path, err)
		}
	}
	return nil
}

// quoteIdent keeps an account's name from being read as a pattern or a keyword.
func quoteIdent(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// The roles come before the database, whose presence is the mark that all is done.
const (
	ownerFindRole       = "select exists (select from pg_roles where rolname = $1)"
	ownerCreateRole     = "create role " + BotRole + " login"
	ownerCreateDatabase = "create database " + Database + " owner " + OwnerRole
)

// makeDatabase makes our database, and the bot's role if it is missing.
func (s *Server) makeDatabase(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, s.DSN(OwnerRole, "postgres"))
	if err != nil {
		return fmt.Errorf("the private Postgres cannot be reached: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var exists bool
	if err := conn.QueryRow(ctx, ownerFindRole, BotRole).Scan(&exists); err != nil {
		return fmt.Errorf("the roles cannot be read: %w", err)
	}
	if !exists {
		if _, err := conn.Exec(ctx, ownerCreateRole); err != nil {
			return fmt.Errorf("the bot's role cannot be made: %w", err)
		}
	}
	if _, err := conn.Exec(ctx, ownerCreateDatabase); err != nil {
		return fmt.Errorf("the database cannot be made: %w", err)
	}
	return nil
}

// ping proves that our database answers and is the one in this directory.
func (s *Server) ping(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, s.OwnerDSN())
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var data string
	if err := conn.QueryRow(ctx, "show data_directory").Scan(&data); err != nil {
		return err
	}
	if data != filepath.Join(s.dir, "data") {
		return fmt.Errorf("the server on the socket of %s keeps its data in %s", s.dir, data)
	}
	return nil
}
