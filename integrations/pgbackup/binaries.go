package pgbackup

import (
	"context"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"batsignal/integrations/argv"
	"batsignal/oncall/fault"
)

// programs is a directory of PostgreSQL's programs.
type programs struct {
	dir     string
	version string // "15.18"
	major   int
}

func (p programs) path(name string) string { return filepath.Join(p.dir, name) }

// find looks for programs of a major version; if newer ones do as well, the oldest of them
// is taken where there are none of that version.
func find(ctx context.Context, bindir string, major int, newer bool, names ...string) (programs, error) {
	var here []string
	var best programs
	for _, dir := range placesOf(bindir, names) {
		out, err := argv.Command{Path: filepath.Join(dir, names[0]), Args: []string{"--version"}}.Run(ctx)
		if err != nil {
			continue
		}
		m := versionLine.FindStringSubmatch(out.Stdout)
		if m == nil {
			continue
		}
		p := programs{dir: dir, version: m[1]}
		p.major, _ = strconv.Atoi(strings.Split(m[1], ".")[0]) // it is digits
		if p.major == major {
			return p, nil
		}
		if newer && p.major > major && (best.dir == "" || p.major < best.major) {
			best = p
		}
		here = append(here, p.version)
	}
	if err := ctx.Err(); err != nil {
		return programs{}, context.Cause(ctx)
	}
	if best.dir != "" {
		return best, nil
	}
	is := "there are none here"
	if len(here) > 0 {
		slices.Sort(here)
		is = "here is " + strings.Join(slices.Compact(here), " and ")
	}
	return programs{}, fault.New(fault.Unready, "This needs %s of PostgreSQL %d, and %s: install them (on Debian: apt-get install postgresql-%d).", names[0], major, is, major)
}

var versionLine = regexp.MustCompile(`\(PostgreSQL\) ([0-9]+(?:\.[0-9]+)?)`)

// placesOf lists the directories that hold all of the programs.
func placesOf(bindir string, names []string) (dirs []string) {
	all := []string{bindir}
	if bindir == "" {
		all = nil
		for _, pattern := range []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin"} {
			found, _ := filepath.Glob(pattern) // its only error is a malformed pattern
			all = append(all, found...)
		}
		if p, err := argv.Find(names[0]); err == nil {
			if real, err := filepath.EvalSymlinks(p); err == nil {
				all = append(all, filepath.Dir(real))
			}
		}
	}
	for _, dir := range all {
		if !slices.ContainsFunc(names, func(name string) bool {
			found, err := filepath.Glob(filepath.Join(dir, name))
			return err != nil || len(found) == 0
		}) {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}
