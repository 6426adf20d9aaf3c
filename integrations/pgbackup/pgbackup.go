// Package pgbackup owns the backup of PostgreSQL, of others' databases and of our own: as a
// dump or as a base backup, proven on a server of the same major version that is thrown away.
//
// It does not seal, store or schedule (packages seal, place and job do). It restores into a
// database that serves only where somebody asks for it: see [Target].
//
// What is restored runs code of the database that it is a backup of, with the rights of the
// account that the throw-away server runs as (ours, or postgres if we are root): whoever is
// a superuser there can be that account here.
package pgbackup

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"batsignal/integrations/backup"
	"batsignal/integrations/job"
	"batsignal/integrations/throwaway"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

// Mode is how a database is backed up.
type Mode string

// The modes.
const (
	// Dump is what pg_dump writes of each database, and the roles: a stream that any later
	// version restores. What it holds is what one snapshot saw, and so are the row counts.
	Dump Mode = "dump"
	// Base is what pg_basebackup copies: the whole cluster, for the same major version. It is
	// faster where there is much, and ends at a moment that no query can be asked about: only
	// the sentinel and queries that do not compare prove it.
	Base Mode = "base"
)

// Source backs a PostgreSQL up. It is a [backup.Source] and a [job.Undoer].
type Source struct {
	Name string // what people call it: "shop"
	// DSN is how one logs in, as URL or as key=value: to read everything that is backed up,
	// and for [Base] to replicate. It never leaves our memory but to the server and, by file
	// descriptor, to PostgreSQL's own programs.
	DSN  secret.Text
	Mode Mode
	// Databases are the databases of a [Dump], by name; none is the one that DSN names, and
	// "*" all that let people in.
	Databases []string
	// BinDir is where PostgreSQL's programs are; "" looks in the usual places, for those of
	// the server's major version.
	BinDir string
	// Sentinel is the table in which a random value is planted before each backup; it is made
	// if it is missing and may be made. "" plants none: only queries prove the backup then.
	Sentinel string
	// Tables are whose rows are counted, as "schema.table"; none counts all, the
	// [MostTables] largest. Only a [Dump] has them counted.
	Tables  []string
	Queries []Query
	// Own is that it is our own database: its schema is brought to this program's as well.
	Own bool
	// Trusted says that everybody who owns a table there may run programs on this machine, as
	// the account of the server on which a restore is tested: what a dump restores runs there as
	// its superuser. Without it only our own database is tested.
	Trusted bool
	// TTL is how long a proof may take, and its server live; 0 is two hours.
	TTL time.Duration
	// Walls are around that server, and the programs that fill it.
	Walls throwaway.Walls
	Now   func() time.Time
}

var (
	_ backup.Source = (*Source)(nil)
	_ job.Undoer    = (*Source)(nil)
)

// MostTables is how many tables are counted if none are named.
const MostTables = 100

// OwnSentinel is the table of the sentinel in our own database, and the usual one elsewhere.
const OwnSentinel = "batsignal_sentinel"

// Expect is what a query's answer must be on the restored side.
type Expect string

// What may be expected.
const (
	Same     Expect = "same"     // the same value as in the snapshot of the dump
	Nonempty Expect = "nonempty" // a row whose first column is not null
	Newer    Expect = "newer"    // a time that was at most Within before the backup
)

// Query asks a backup something that its owner knows the answer of. It gives one column.
type Query struct {
	Name     string
	SQL      string
	Expect   Expect
	Within   time.Duration // of Newer
	Database string        // "" is the one that the DSN names
}

// Check tells what is wrong with how the source is set up. It asks nobody.
func (s *Source) Check() error {
	if _, err := parseDSN(s.DSN); err != nil {
		return err
	}
	if s.Mode != Dump && s.Mode != Base {
		return fault.New(fault.Invalid, "The database %s is backed up as %q, and that is neither %q nor %q.", s.Name, s.Mode, Dump, Base)
	}
	if s.Mode == Base && (len(s.Databases) > 0 || len(s.Tables) > 0) {
		return fault.New(fault.Invalid, "A base backup of %s holds the whole cluster at a moment that no query can be asked about: leave databases and tables out, or take a dump.", s.Name)
	}
	for _, name := range append(slices.Clone(s.Tables), s.Sentinel) {
		if strings.Count(name, ".") > 1 {
			return fault.New(fault.Invalid, "%q is no table: write it like schema.table.", name)
		}
	}
	for _, q := range s.Queries {
		switch {
		case q.Expect != Same && q.Expect != Nonempty && q.Expect != Newer:
			return fault.New(fault.Invalid, "The query %q of %s expects %q, and that is none of %q, %q and %q.", q.Name, s.Name, q.Expect, Same, Nonempty, Newer)
		case q.Expect == Same && s.Mode == Base:
			return fault.New(fault.Invalid, "The query %q of %s expects the same answer, which a base backup cannot promise: expect %q or %q, or take a dump.", q.Name, s.Name, Nonempty, Newer)
		case q.Expect == Newer && q.Within <= 0:
			return fault.New(fault.Invalid, "The query %q of %s has to say within how long.", q.Name, s.Name)
		case strings.TrimSpace(q.SQL) == "" || q.Name == "":
			return fault.New(fault.Invalid, "A query of %s has no name or no SQL.", s.Name)
		}
	}
	return nil
}

// Suffix implements [backup.Source].
func (s *Source) Suffix() string {
	if s.Mode == Base {
		return "pgbase.tgz"
	}
	return "pgdump.tar"
}

// Restoring implements [backup.Source].
func (s *Source) Restoring() string {
	if s.Mode == Base {
		return `This is a base backup of a PostgreSQL cluster, as pg_basebackup writes it, in a gzip. It wants programs of the same
major version (it stands among the facts of the backup).

    mkdir -m 700 data && tar xzf backup.pgbase.tgz -C data
    pg_verifybackup data                  # every file is whole
    rm -f data/standby.signal data/recovery.signal
    less data/postgresql.auto.conf        # does it copy from, or archive to, somebody who lives?
    pg_ctl start -w -D data               # on Debian the configuration is not in it: -o "-c config_file=…"
`
	}
	names, which := slices.Clone(s.Databases), ""
	home := ""
	if d, err := parseDSN(s.DSN); err == nil {
		home = d.database()
	}
	if !slices.Contains(names, home) {
		names = append([]string{home}, names...)
	}
	if home == "" || slices.Contains(names, "*") {
		names, which = []string{"shop"}, "So for each database that contents.json names, here for shop in the first file:\n\n"
	}
	var each strings.Builder
	for i, name := range names {
		file := fmt.Sprintf("db%d-*.dump", i+1)
		if which != "" {
			file = "db1-shop.dump"
		}
		name = shellWord(name)
		fmt.Fprintf(&each, "    createdb -T template0 -E UTF8 %s\n    pg_restore --exit-on-error -d %s %s\n", name, name, file)
	}
	return `This is a tar of pg_dump's files, cut into pieces, and of the roles. PostgreSQL of the same or a later version:

    tar xf backup.pgdump.tar
    cat contents.json                                       # which database is in which file
    for f in *.dump.00000000; do cat "${f%.00000000}".[0-9]* > "${f%.00000000}"; done
    sha256sum -c SHA256SUMS                                 # every file is whole; if the last line is missing, it was cut off
    psql -X -f roles.sql postgres                           # "already exists" does no harm
` + which + each.String() + `
Without the room for a second copy: tar xOf backup.pgdump.tar --wildcards 'db1-*.dump.*' | pg_restore --exit-on-error -d NAME
`
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*$`)

// shellWord is a text as one word of a shell.
func shellWord(text string) string {
	if plainWord.MatchString(text) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// Write implements [backup.Source].
func (s *Source) Write(ctx context.Context, r *job.Run, w io.Writer) (backup.Taken, error) {
	if err := s.Check(); err != nil {
		return backup.Taken{}, err
	}
	if s.Mode == Base {
		return s.writeBase(ctx, r, w)
	}
	return s.writeDump(ctx, r, w)
}

// Names of facts. Row counts ("rows of …") and answers ("query …") are compared.
const (
	factVersion   = "PostgreSQL"
	factDatabase  = "database"
	factSystem    = "system" // the number of a cluster
	factSuperuser = "superuser"
)

func fact(facts [][2]string, name string) string {
	for _, f := range facts {
		if f[0] == name {
			return f[1]
		}
	}
	return ""
}
