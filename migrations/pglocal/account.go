package pglocal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// account is who runs the server and who connects to it.
type account struct {
	uid, gid int
	name     string              // of the server's account, for messages
	cred     *syscall.Credential // how to become it; nil when we are it
	client   string              // our own name as the server will look it up; empty if we have none
}

// prepareDir makes the directory (0700) and its socket directory, and decides
// which account runs the server in it: ourselves, or, since Postgres refuses
// root, the account that owns the data already, else postgres, else nobody.
func prepareDir(dir string) (account, error) {
	acct, err := chooseAccount(dir)
	if err != nil {
		return account{}, err
	}
	parentMode := fs.FileMode(0o700)
	if acct.cred != nil {
		parentMode = 0o755 // the server's account must be able to walk through
	}
	if err := os.MkdirAll(filepath.Dir(dir), parentMode); err != nil {
		return account{}, fmt.Errorf("the database directory cannot be made: %w", err)
	}
	if err := mustBeOurs(dir); err != nil {
		return account{}, err
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return account{}, fmt.Errorf("the database directory cannot be made: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return account{}, fmt.Errorf("the database directory cannot be opened: %w", err)
	}
	defer root.Close()
	if err := root.Mkdir("run", 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return account{}, fmt.Errorf("the socket directory cannot be made: %w", err)
	}
	for _, name := range []string{".", "run"} {
		if err := takeDir(root, name, acct); err != nil {
			return account{}, err
		}
	}
	return acct, mustBeReachable(dir, acct)
}

func chooseAccount(dir string) (account, error) {
	euid := os.Geteuid()
	acct := account{uid: euid, gid: os.Getegid()}
	if u, err := user.LookupId(strconv.Itoa(euid)); err == nil {
		acct.client, acct.name = u.Username, u.Username
	}
	if euid != 0 {
		return acct, nil
	}
	if st, err := os.Stat(filepath.Join(dir, "data")); err == nil {
		if owner := st.Sys().(*syscall.Stat_t); owner.Uid != 0 {
			return acct.dropTo(int(owner.Uid), int(owner.Gid)), nil
		}
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, errU := strconv.Atoi(u.Uid)
		gid, errG := strconv.Atoi(u.Gid)
		if errU == nil && errG == nil && uid != 0 {
			return acct.dropTo(uid, gid), nil
		}
	}
	return account{}, errors.New("Postgres does not run as root, and there is neither an account postgres nor nobody; start batsignal as an ordinary user")
}

func (a account) dropTo(uid, gid int) account {
	a.uid, a.gid, a.name = uid, gid, "number "+strconv.Itoa(uid)
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		a.name = u.Username
	}
	a.cred = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid), Groups: []uint32{}}
	return a
}

// mustBeOurs refuses a directory with other things in it: as root we are about to
// give it away, and a typing error must not cost somebody their home.
func mustBeOurs(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, "data", "PG_VERSION")); err == nil {
		return nil
	}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("the database directory cannot be read: %w", err)
	}
	for _, e := range entries {
		switch name := e.Name(); {
		case name == "lock", name == "run", name == "initdb.log", name == "lost+found", strings.HasPrefix(name, "data.new."):
		default:
			return fmt.Errorf("the directory %s holds %s and no database of ours; choose an empty one", dir, e.Name())
		}
	}
	return nil
}

// takeDir gives a directory to the server's account and closes it to others. It
// goes through os.Root because that account can replace what is inside by links,
// and we may be root.
func takeDir(root *os.Root, name string, acct account) error {
	path := filepath.Join(root.Name(), name)
	st, err := root.Lstat(name)
	if err != nil || !st.IsDir() {
		return fmt.Errorf("%s is not a directory that can be read", path)
	}
	if owner := int(st.Sys().(*syscall.Stat_t).Uid); owner != acct.uid {
		if acct.cred == nil {
			return fmt.Errorf("the directory %s belongs to another account (number %d)", path, owner)
		}
		if err := root.Lchown(name, acct.uid, acct.gid); err != nil {
			return fmt.Errorf("the database directory cannot be given to %s: %w", acct.name, err)
		}
	}
	if st.Mode().Perm() != 0o700 {
		if err := root.Chmod(name, 0o700); err != nil {
			return fmt.Errorf("the database directory cannot be closed to others: %w", err)
		}
	}
	return nil
}

// mustBeReachable finds the parent directory that stops the server's account,
// since Postgres itself would only say "permission denied".
func mustBeReachable(dir string, acct account) error {
	if acct.cred == nil {
		return nil
	}
	for d := filepath.Dir(dir); ; d = filepath.Dir(d) {
		st, err := os.Stat(d)
		if err != nil {
			return fmt.Errorf("the database directory cannot be read: %w", err)
		}
		owner, mode := st.Sys().(*syscall.Stat_t), st.Mode().Perm()
		var open bool
		switch {
		case int(owner.Uid) == acct.uid:
			open = mode&0o100 != 0
		case int(owner.Gid) == acct.gid:
			open = mode&0o010 != 0
		default:
			open = mode&0o001 != 0
		}
		if !open {
			return fmt.Errorf("Postgres does not run as root, and the directory %s is closed to the account %s that would run it; choose a directory outside of it than %s", d, acct.name, dir)
		}
		if d == filepath.Dir(d) {
			return nil
		}
	}
}
