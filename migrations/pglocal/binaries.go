package pglocal

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
)

// FindBinaries returns the directory of the newest Postgres server binaries:
// bindir itself if it is not empty, else Debian's and Red Hat's places, else
// PATH. It returns [ErrNoPostgres], wrapped, when there are none.
func FindBinaries(bindir string) (string, error) {
	found := candidates(bindir)
	switch {
	case len(found) > 0:
		return found[0], nil
	case bindir != "":
		return "", fmt.Errorf("%w (no initdb and postgres in %s)", ErrNoPostgres, bindir)
	default:
		return "", ErrNoPostgres
	}
}

// findBinaries is FindBinaries for a cluster that may exist already: only the
// major version that wrote its data can read it.
func findBinaries(ctx context.Context, bindir, data string) (string, error) {
	newest, err := FindBinaries(bindir)
	if err != nil {
		return "", err
	}
	written, err := os.ReadFile(filepath.Join(data, "PG_VERSION"))
	if err != nil {
		return newest, nil
	}
	want := strings.TrimSpace(string(written))
	for _, dir := range candidates(bindir) {
		major := strconv.Itoa(versionInPath(dir))
		if major != want { // the path may not say; asking costs some milliseconds
			if major, err = majorVersion(ctx, dir); err != nil {
				continue
			}
		}
		if major == want {
			return dir, nil
		}
	}
	return "", fmt.Errorf("the data in %s was written by PostgreSQL %s, which is not installed; on Debian or Ubuntu: apt-get install postgresql-%s", data, want, want)
}

// candidates are the directories that hold a server, best first.
func candidates(bindir string) []string {
	if bindir != "" {
		return usable(bindir)
	}
	var found []string
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin"} {
		dirs, _ := filepath.Glob(pattern) // its only error is a malformed pattern
		sort.Slice(dirs, func(i, j int) bool { return versionInPath(dirs[i]) > versionInPath(dirs[j]) })
		found = append(found, usable(dirs...)...)
	}
	if p, err := exec.LookPath("postgres"); err == nil {
		// The server finds its share directory relative to where it really is.
		if p, err = filepath.EvalSymlinks(p); err == nil {
			found = append(found, usable(filepath.Dir(p))...)
		}
	}
	return found
}

func usable(dirs ...string) []string {
	var ok []string
	for _, dir := range dirs {
		if isProgram(filepath.Join(dir, "initdb")) && isProgram(filepath.Join(dir, "postgres")) {
			ok = append(ok, dir)
		}
	}
	return ok
}

func isProgram(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.Mode().IsRegular() && st.Mode().Perm()&0o111 != 0
}

// versionInPath reads the number out of /usr/lib/postgresql/15/bin; 0 if there is
// none.
func versionInPath(bindir string) int {
	v, _ := strconv.Atoi(strings.TrimPrefix(filepath.Base(filepath.Dir(bindir)), "pgsql-"))
	return v
}

// majorVersion asks the binary: "postgres (PostgreSQL) 15.18 (Debian …)" is "15".
func majorVersion(ctx context.Context, bindir string) (string, error) {
	out, err := exec.CommandContext(ctx, filepath.Join(bindir, "postgres"), "--version").Output()
	if err != nil {
		return "", err
	}
	fields := strings.Fields(string(out))
	if len(fields) < 3 {
		return "", fmt.Errorf("postgres --version said %q", out)
	}
	major, _, _ := strings.Cut(fields[2], ".")
	return leadingDigits(major), nil
}

// leadingDigits turns the "18beta2" of a pre-release into "18".
func leadingDigits(s string) string {
	for i, r := range s {
		if r < '0' || r > '9' {
			return s[:i]
		}
	}
	return s
}
