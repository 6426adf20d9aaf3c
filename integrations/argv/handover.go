package argv

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"batsignal/oncall/secret"
)

// Literal writes a value such that it is an argument as it is, whatever it holds: "@" is
// doubled, since "@NAME@" would be the file of a secret.
func Literal(value string) string { return strings.ReplaceAll(value, "@", "@@") }

// places are the files of secrets by their names, as a child sees them.
type places map[string]string

func (p places) all(words []string) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = p.fill(w)
	}
	return out
}

// fill replaces "@NAME@" by the place of a secret and "@@" by "@", from left to right and
// once: what stands in for something is not looked at again. Any other "@" is one.
func (p places) fill(word string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(word, "@")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		name, after, closed := strings.Cut(rest, "@")
		at, known := p[name]
		switch {
		case closed && known && name != "":
			b.WriteString(at)
			word = after
		case strings.HasPrefix(rest, "@"):
			b.WriteByte('@')
			word = rest[1:]
		default:
			b.WriteByte('@')
			word = rest
		}
	}
}

// handed are secrets in files of memory that have no name.
type handed struct {
	files []*os.File // which the child inherits
	names []string
}

// child are their places for a child that inherited them.
func (h handed) child() places {
	at := places{}
	for i, name := range h.names {
		at[name] = fmt.Sprintf("/proc/self/fd/%d", 3+i)
	}
	return at
}

// root are their places for root, who may look into our process.
func (h handed) root() places {
	at := places{}
	for i, name := range h.names {
		at[name] = fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), h.files[i].Fd())
	}
	return at
}

func (h handed) close() {
	for _, f := range h.files {
		_ = f.Close() // it was only memory
	}
}

// handOver puts each secret into a file. Nobody can change it any more, also not the child.
func handOver(secrets map[string]secret.Text) (h handed, err error) {
	for _, name := range slices.Sorted(maps.Keys(secrets)) {
		fd, err := unix.MemfdCreate("batsignal", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
		if err != nil {
			return h, err
		}
		f := os.NewFile(uintptr(fd), "secret")
		h.files, h.names = append(h.files, f), append(h.names, name)
		if err := f.Chmod(0o600); err != nil { // libpq and ssh refuse what others might read
			return h, err
		}
		if _, err := io.WriteString(f, secrets[name].Reveal()); err != nil {
			return h, err
		}
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return h, err
		}
		if _, err := unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS, unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_WRITE|unix.F_SEAL_SEAL); err != nil {
			return h, err
		}
	}
	return h, nil
}
