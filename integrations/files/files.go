// Package files owns the backup of files: keys, databases of NSS, secrets, configuration. It
// writes them as one tar that any tar reads, restores one where it does no harm, compares it
// with what was written, and notices that they changed.
//
// It does not seal, store or decide when (packages seal, place and backup do), and it asks
// programs of others only what it was told to ask (package argv).
package files

import (
	"context"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"batsignal/integrations/argv"
	"batsignal/integrations/backup"
	"batsignal/integrations/job"
	"batsignal/integrations/throwaway"
	"batsignal/oncall/fault"
)

// Config is what is backed up.
type Config struct {
	// Paths are files and directories, absolute, and patterns of them ("/etc/*.conf"). A
	// symbolic link that is found is kept as one; nothing outside is followed.
	Paths []string
	// Exclude are patterns: with a slash of whole paths, else of names ("*.log"). A directory
	// is excluded with all that is in it.
	Exclude []string
	// Sentinel is a file in one of Paths that each backup writes anew, with a random value.
	// "" puts it beside the files into the tar, which proves less: level 3 at most.
	Sentinel string
	Copies   []Copy
	Checks   []Check
	Walls    throwaway.Walls // around the programs of checks
	Bytes    int64           // how many at most; 0 is 10 GiB
	Files    int             // how many at most; 0 is 100,000
	Now      func() time.Time
}

// Copy is how a file that is written to all the time is copied in one piece.
type Copy struct {
	Of string // the file, in one of Paths. What SQLite keeps beside it (-wal, -shm, -journal) is left out.
	// With is a program and its arguments that writes the copy to a file, {to}:
	// sqlite3, /var/lib/x.db, .backup {to}.
	With []string
}

// Check is a program that asks what was restored.
type Check struct {
	Argv   []string // {dir} is where the restored tree is, such that {dir}/etc is /etc
	Dir    string   // where it runs, in the restored tree: "etc/pki/nssdb"; "" is the tree itself
	Expect string   // what it must print somewhere; "" is anything
}

const (
	usualBytes = 10 << 30
	usualFiles = 100_000

	manifestName = "MANIFEST.sha256"
	sentinelName = "SENTINEL"
)

// Source backs up files. Its methods may be called at once.
type Source struct {
	c Config

	mu    sync.Mutex
	known map[string]known // by path; what Changed has read before
}

var _ backup.Source = (*Source)(nil)

// New checks a configuration. Errors are sentences for the operator. Whether the files are
// there is found out when they are read.
func New(c Config) (*Source, error) {
	if len(c.Paths) == 0 {
		return nil, fault.New(fault.Invalid, "A backup of files needs paths: say which files and directories are backed up.")
	}
	for _, p := range slices.Concat(c.Paths, copied(c.Copies)) {
		if !filepath.IsAbs(p) || filepath.Clean(p) != p || p == "/" {
			return nil, fault.New(fault.Invalid, "%q is no path of a backup: it begins with a slash, has no \"..\" and is not the whole machine.", p)
		}
	}
	for _, p := range slices.Concat(c.Paths, c.Exclude) {
		if _, err := path.Match(p, ""); err != nil {
			return nil, fault.New(fault.Invalid, "%q is no pattern: a \"[\" has no \"]\".", p)
		}
	}
	if c.Sentinel != "" {
		switch {
		case !filepath.IsAbs(c.Sentinel) || filepath.Clean(c.Sentinel) != c.Sentinel || !within(c.Paths, c.Sentinel):
			return nil, fault.New(fault.Invalid, "The sentinel %q lies in none of the paths: it is a file of its own in one of them, which each backup writes.", c.Sentinel)
		case excluded(c.Exclude, c.Sentinel):
			return nil, fault.New(fault.Invalid, "The sentinel %q is excluded, so that it would never be found.", c.Sentinel)
		}
	}
	for _, one := range c.Copies {
		if len(one.With) == 0 || !strings.Contains(strings.Join(one.With[1:], " "), "{to}") {
			return nil, fault.New(fault.Invalid, "The copy of %s needs a program that writes to {to}: sqlite3, %s, .backup {to}.", one.Of, one.Of)
		}
		if !within(c.Paths, one.Of) || excluded(c.Exclude, one.Of) {
			return nil, fault.New(fault.Invalid, "%s is copied, but it is in none of the paths, or excluded.", one.Of)
		}
	}
	for _, one := range c.Checks {
		if len(one.Argv) == 0 || one.Dir != "" && !filepath.IsLocal(one.Dir) {
			return nil, fault.New(fault.Invalid, "A check is a program and its arguments, and runs in a directory of the restored tree, such as etc/pki: %q, %q.", one.Argv, one.Dir)
		}
	}
	if c.Bytes == 0 {
		c.Bytes = usualBytes
	}
	if c.Files == 0 {
		c.Files = usualFiles
	}
	return &Source{c: c, known: map[string]known{}}, nil
}

func copied(list []Copy) (of []string) {
	for _, c := range list {
		of = append(of, c.Of)
	}
	return of
}

// within tells whether a file is one of some paths, or below one.
func within(paths []string, file string) bool {
	for at := file; at != "/" && at != "."; at = path.Dir(at) {
		for _, p := range paths {
			if ok, err := path.Match(p, at); err == nil && ok || p == at {
				return true
			}
		}
	}
	return false
}

// excluded tells whether a path, or a directory that it is in, is excluded.
func excluded(patterns []string, file string) bool {
	for at := file; at != "/" && at != "."; at = path.Dir(at) {
		for _, p := range patterns {
			name := at
			if !strings.Contains(p, "/") {
				name = path.Base(at)
			}
			if ok, err := path.Match(p, name); err == nil && ok {
				return true
			}
		}
	}
	return false
}

// beside tells whether a file is one that SQLite keeps beside a database that is copied. It
// belongs to the live one.
func (s *Source) beside(file string) bool {
	for _, c := range s.c.Copies {
		for _, end := range []string{"-wal", "-shm", "-journal"} {
			if file == c.Of+end {
				return true
			}
		}
	}
	return false
}

// Suffix implements [backup.Source].
func (*Source) Suffix() string { return "tar" }

// Restoring implements [backup.Source].
func (s *Source) Restoring() string {
	var b strings.Builder
	fmt.Fprintf(&b, `This is a tar of: %s

    mkdir restored
    tar --extract --file backup.tar --directory restored --xattrs --xattrs-include='*' --same-owner --numeric-owner
    cd restored && sha256sum --check --quiet %s && echo whole

The last line must say "whole". Names in it have no leading slash: restored/etc is /etc. As root the
files belong to whom they belonged; copy back what is needed with cp -a, and stop before what uses it.
`, strings.Join(s.c.Paths, ", "), manifestName)
	for _, c := range s.c.Copies {
		fmt.Fprintf(&b, "%s is a copy in one piece. Remove what lies beside the live one (-wal, -shm, -journal) before it is put back.\n", c.Of)
	}
	for _, c := range s.c.Checks {
		fmt.Fprintf(&b, "Then, in restored/%s: %s\n", c.Dir, strings.Join(c.Argv, " "))
	}
	return b.String()
}

// copyAll makes the copies, and gives them by the file that they are of.
func (s *Source) copyAll(ctx context.Context, r *job.Run) (map[string]string, error) {
	copies := map[string]string{}
	if len(s.c.Copies) == 0 {
		return copies, nil
	}
	dir, err := r.Scratch(ctx, "copies")
	if err != nil {
		return nil, err
	}
	for i, c := range s.c.Copies {
		to := filepath.Join(dir, fmt.Sprintf("%d", i))
		r.Logf(ctx, "Copying %s with %s.", c.Of, c.With[0])
		command := argv.Command{Path: c.With[0], Dir: dir}
		for _, a := range c.With[1:] {
			command.Args = append(command.Args, strings.ReplaceAll(argv.Literal(a), "{to}", argv.Literal(to)))
		}
		if _, err := command.Run(ctx); err != nil {
			if fault.KindOf(err) != fault.Internal || ctx.Err() != nil {
				return nil, err
			}
			return nil, fault.Wrap(fault.Conflict, err, "%s could not be copied: %s", c.Of, err)
		}
		copies[c.Of] = to
	}
	return copies, nil
}

// counted is a writer that tells the run how much went through it.
type counted struct {
	io.Writer
	n  *int64
	r  *job.Run
	of int64
}

func (c counted) Write(b []byte) (int, error) {
	n, err := c.Writer.Write(b)
	*c.n += int64(n)
	c.r.Progress(*c.n, c.of, "bytes")
	return n, err
}
