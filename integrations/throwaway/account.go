package throwaway

import (
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"batsignal/oncall/fault"
)

// Account is who a server runs as. The zero Account is ourselves.
type Account struct {
	UID, GID int // 0 is ourselves
	Name     string
}

// Unprivileged is an account for servers that do not run as root: ourselves, or, if we are
// root, the first of the names that is an account here.
func Unprivileged(names ...string) (Account, error) {
	if os.Geteuid() != 0 {
		return Account{}, nil
	}
	for _, name := range names {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, errU := strconv.Atoi(u.Uid)
		gid, errG := strconv.Atoi(u.Gid)
		if errU == nil && errG == nil && uid != 0 {
			return Account{uid, gid, name}, nil
		}
	}
	return Account{}, fault.New(fault.Unready, "We are root, the server does not run as root, and none of the accounts %s is here: start batsignal as an ordinary account.", strings.Join(names, ", "))
}

// Give gives a directory of ours to the account, and makes sure that it can reach it.
func (a Account) Give(dir string) error {
	if a.UID == 0 {
		return nil
	}
	for d := filepath.Dir(dir); ; d = filepath.Dir(d) {
		st, err := os.Stat(d)
		if err != nil {
			return err
		}
		if st.Mode().Perm()&0o001 == 0 && int(st.Sys().(*syscall.Stat_t).Uid) != a.UID {
			return fault.New(fault.Unready, "The directory %s is closed to the account %s, which has to work below it: choose another scratch directory, or open it with chmod o+x.", d, a.Name)
		}
		if d == filepath.Dir(d) {
			return os.Lchown(dir, a.UID, a.GID)
		}
	}
}
