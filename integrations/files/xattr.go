package files

import (
	"errors"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// attributes reads the extended attributes of a file: capabilities, access lists, and what
// users put there. The labels of SELinux are left out: the machine that restores has its own.
func attributes(f *os.File) (map[string]string, error) {
	list := make([]byte, 64<<10)
	n, err := unix.Flistxattr(int(f.Fd()), list)
	if errors.Is(err, unix.ENOTSUP) || n == 0 && err == nil {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	value := make([]byte, 64<<10)
	for name := range strings.SplitSeq(strings.TrimRight(string(list[:n]), "\x00"), "\x00") {
		if name == "security.selinux" || strings.ContainsRune(name, '=') { // which a tar cannot hold
			continue
		}
		n, err := unix.Fgetxattr(int(f.Fd()), name, value)
		if errors.Is(err, unix.ENODATA) {
			continue // it went away
		}
		if err != nil {
			return nil, err
		}
		all[name] = string(value[:n])
	}
	return all, nil
}
