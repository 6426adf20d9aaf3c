package pgbackup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"batsignal/integrations/argv"
	"batsignal/integrations/backup"
	"batsignal/integrations/job"
	"batsignal/integrations/throwaway"
	"batsignal/oncall/fault"

	"github.com/jackc/pgx/v5"
)

// Prove implements [backup.Source]: it restores a backup on a server of the same major
// version, and asks that for the sentinel, row counts and queries.
func (s *Source) Prove(ctx context.Context, r *job.Run, from io.Reader, of backup.Taken) (proof backup.Proof, err error) {
	if err := s.Check(); err != nil {
		return proof, backup.NotProven{Cause: err}
	}
	ttl := s.TTL
	if ttl == 0 {
		ttl = 2 * time.Hour
	}
	ctx, cancel := context.WithTimeoutCause(ctx, ttl, fault.New(fault.Unready, "The PostgreSQL that is thrown away was not done within %s.", ttl))
	defer cancel()
	defer func() { err = prevented(ctx, err) }()
	major, err := strconv.Atoi(strings.Split(fact(of.Facts, factVersion), ".")[0])
	if err != nil {
		return proof, backup.NotProven{Cause: fault.New(fault.Unready, "It is not known of which version of PostgreSQL the backup is.")}
	}
	if !s.Own && !s.Trusted {
		return proof, backup.NotProven{Cause: fault.New(fault.Unready,
			"Whoever owns a table of %s could run programs on this machine while its backup is restored, so that is not done. If they may: postgres.trusted in the configuration.", s.Name)}
	}
	names := []string{"postgres", "initdb", "pg_restore", "psql"}
	if s.Mode == Base {
		names = []string{"postgres", "pg_verifybackup", "pg_controldata"}
	}
	bin, err := find(ctx, s.BinDir, major, false, names...)
	if err != nil {
		return proof, backup.NotProven{Cause: err}
	}
	walls, err := s.Walls.Build(ctx)
	if err != nil {
		return proof, backup.NotProven{Cause: err}
	}
	at, err := scratch(ctx, r, bin, walls)
	if err != nil {
		return proof, backup.NotProven{Cause: err}
	}
	proof.Tool, proof.Facts = "PostgreSQL "+bin.version, [][2]string{walls.Fact()}
	err = r.Step(ctx, "throw-away PostgreSQL", UndoServer, throwaway.Memo{Dir: at.dir}, func(ctx context.Context) (err error) {
		var server *server
		if s.Mode == Base {
			server, err = s.restoreBase(ctx, r, at, from, of, &proof)
		} else {
			server, err = restoreDump(ctx, r, at, from)
		}
		if server != nil {
			defer func() { err = errors.Join(err, server.Stop(ctx)) }()
		}
		if err != nil {
			return err
		}
		proof.Level = 3
		return s.askRestored(ctx, r, server, of, &proof)
	})
	proof.Detail += walls.Note()
	return proof, err
}

// askRestored compares the restored server with what was backed up.
func (s *Source) askRestored(ctx context.Context, r *job.Run, server *server, of backup.Taken, proof *backup.Proof) error {
	r.Doing(ctx, "asking what was restored")
	home := fact(of.Facts, factDatabase)
	conn, err := server.connect(ctx, home)
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "The restored server does not have the database %s.", home)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if of.Sentinel != "" {
		if err := s.findSentinel(ctx, conn, of.Sentinel); err != nil {
			return err
		}
	}
	differ, err := s.compare(ctx, server, conn, home, of, proof)
	if err != nil {
		return err
	}
	if len(differ) > 0 {
		const most = 5
		more := ""
		if len(differ) > most {
			differ, more = differ[:most], "; and more"
		}
		return fault.New(fault.Invalid, "What was restored is not what was backed up: %s%s.", strings.Join(differ, "; "), more)
	}
	if s.Mode == Base {
		if err := server.amcheck(ctx, r, home); err != nil {
			return err
		}
	}
	own := ""
	if s.Own {
		version, err := bringUp(ctx, server.conninfo(home), "")
		if err != nil {
			return err
		}
		own = fmt.Sprintf(" Its schema is version %d, which this program works with.", version)
	}
	switch {
	case of.Sentinel != "":
		proof.Level, proof.Detail = 4, "A server of the same version was restored from it, and has the value planted just before, and its rows."
	case slices.ContainsFunc(s.Queries, func(q Query) bool { return q.Expect == Newer }):
		proof.Level, proof.Detail = 4, "A server of the same version was restored from it, and answers the queries. No value was planted."
	default:
		proof.Detail = "A server of the same version was restored from it. Neither was a value planted nor is there a query for a time, so that nobody knows how new it is."
	}
	proof.Detail += own
	return nil
}

// compare counts rows and asks queries again.
func (s *Source) compare(ctx context.Context, server *server, home *pgx.Conn, homeName string, of backup.Taken, proof *backup.Proof) (differ []string, err error) {
	conns := map[string]*pgx.Conn{homeName: home}
	defer func() {
		for name, conn := range conns {
			if name != homeName {
				_ = conn.Close(context.WithoutCancel(ctx)) // it only read
			}
		}
	}()
	on := func(name string) (*pgx.Conn, error) {
		if name == "" {
			name = homeName
		}
		if conns[name] == nil {
			conn, err := server.connect(ctx, name)
			if err != nil {
				return nil, fault.Wrap(fault.Invalid, err, "The restored server does not have the database %s.", name)
			}
			conns[name] = conn
		}
		return conns[name], nil
	}
	for _, was := range of.Facts {
		table, ok := strings.CutPrefix(was[0], factRows)
		if !ok {
			continue
		}
		database := ""
		if name, rest, other := strings.Cut(table, ": "); other {
			database, table = name, rest
		}
		conn, err := on(database)
		if err != nil {
			return nil, err
		}
		got, err := countOf(ctx, conn, table)
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, err, "The restored server cannot count the rows of %s.", table)
		}
		proof.Facts = append(proof.Facts, [2]string{was[0], got})
		if got != was[1] {
			differ = append(differ, fmt.Sprintf("%s has %s rows, and had %s", table, got, was[1]))
		}
	}
	for _, q := range s.Queries {
		conn, err := on(q.Database)
		if err != nil {
			return nil, err
		}
		got, err := q.answer(ctx, conn)
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, err, "The query %q fails on the restored server.", q.Name)
		}
		proof.Facts = append(proof.Facts, [2]string{factQuery + q.Name, got})
		if wrong := q.wrong(got, fact(of.Facts, factQuery+q.Name), of.At); wrong != "" {
			differ = append(differ, wrong)
		}
	}
	return differ, nil
}

// restoreDump makes a server and restores a dump on it. A server that it gives is to be
// stopped, whatever the error.
func restoreDump(ctx context.Context, r *job.Run, at site, from io.Reader) (*server, error) {
	u := newUnpacking(from)
	c, err := u.contents() // before a server is made for nothing
	if err != nil {
		return nil, err
	}
	if err := at.initCluster(ctx); err != nil {
		return nil, backup.NotProven{Cause: err}
	}
	s, err := at.start(ctx, superuser, "postgres")
	if err != nil {
		return nil, backup.NotProven{Cause: err}
	}
	return s, s.fill(ctx, r, u, c)
}

// fill restores the roles and each database.
func (s *server) fill(ctx context.Context, r *job.Run, u *unpacking, c contents) error {
	roles, err := u.small(rolesFile)
	if err != nil {
		return err
	}
	if _, err := s.run(ctx, argv.Command{Path: "psql", Args: []string{"--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--file=-", "--dbname=" + s.conninfo("postgres")},
		Stdin: strings.NewReader(string(roles)), Stdout: io.Discard}); err != nil {
		return refused(ctx, err, "The roles cannot be restored")
	}
	conn, err := s.connect(ctx, "template1")
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	for _, one := range c.Databases {
		r.Doing(ctx, "restoring the database "+one.Name)
		if one.Name != "postgres" && one.Name != "template1" {
			locale := "C.UTF-8"
			if one.Encoding != "UTF8" {
				locale = "C"
			}
			if _, err := conn.Exec(ctx, fmt.Sprintf(otherCreate, pgx.Identifier{one.Name}.Sanitize(), pgx.Identifier{one.Encoding}.Sanitize(), locale)); err != nil {
				return fault.Wrap(fault.Invalid, err, "The database %s cannot be made.", one.Name)
			}
		}
		if err := pgRestore(ctx, s.bin, s.run, u.file(one.File), "--dbname="+s.conninfo(one.Name)); err != nil {
			return err
		}
	}
	return u.end()
}

const otherCreate = `create database %s template template0 encoding %s locale '%s'`

// pgRestore feeds a dump to pg_restore. Tablespaces are places of another machine, and a
// subscription would begin to copy from somebody who lives.
func pgRestore(ctx context.Context, bin programs, run func(context.Context, argv.Command) (argv.Output, error), dump *joining, args ...string) error {
	args = append([]string{"--exit-on-error", "--no-tablespaces", "--no-subscriptions", "--no-password"}, args...)
	_, err := run(ctx, argv.Command{Path: "pg_restore", Args: args, Stdin: dump, Stdout: io.Discard})
	if dump.err != nil {
		return dump.err
	}
	if err != nil {
		return refused(ctx, err, "pg_restore "+bin.version+" does not restore it")
	}
	// It reads no further than it needs to; what follows belongs to the dump as well.
	if _, err := io.Copy(io.Discard, dump); err != nil {
		return err
	}
	return nil
}

// refused is what a program found wrong. Its words may hold anything of the database.
func refused(ctx context.Context, err error, what string) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var ended *argv.ExitError
	if !errors.As(err, &ended) {
		return backup.NotProven{Cause: err}
	}
	return fault.Wrap(fault.Invalid, err, "%s; the log has its words.", what)
}
