package pgbackup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"batsignal/integrations/argv"
	"batsignal/integrations/backup"
	"batsignal/integrations/job"
	"batsignal/oncall/fault"

	"github.com/jackc/pgx/v5"
)

// writeDump writes the roles and each database, and counts in what pg_dump sees.
func (s *Source) writeDump(ctx context.Context, r *job.Run, w io.Writer) (backup.Taken, error) {
	d, err := parseDSN(s.DSN)
	if err != nil {
		return backup.Taken{}, err
	}
	conn, err := d.connect(ctx, s.Name, "")
	if err != nil {
		return backup.Taken{}, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	server, err := ask(ctx, conn)
	if err != nil {
		return backup.Taken{}, err
	}
	bin, err := find(ctx, s.BinDir, server.major(), true, "pg_dump", "pg_dumpall")
	if err != nil {
		return backup.Taken{}, err
	}
	list, err := s.databases(ctx, conn, server)
	if err != nil {
		return backup.Taken{}, err
	}
	taken := backup.Taken{At: s.Now(), Facts: [][2]string{{factVersion, server.version()}, {factDatabase, server.database}}}
	if taken.Sentinel, err = s.plant(ctx, r, conn); err != nil {
		return backup.Taken{}, err
	}
	out := newPieces(w, taken.At.UTC())
	text, err := json.MarshalIndent(contents{1, taken.At.UTC(), list}, "", " ")
	if err != nil {
		return backup.Taken{}, err
	}
	if err := out.small(contentsFile, append(text, '\n')); err != nil {
		return backup.Taken{}, err
	}
	if err := s.writeRoles(ctx, r, d, bin, conn, out); err != nil {
		return backup.Taken{}, err
	}
	for _, one := range list {
		r.Doing(ctx, "dumping the database "+one.Name)
		facts, err := s.writeDatabase(ctx, r, d, bin, one, server.database, out)
		if err != nil {
			return backup.Taken{}, err
		}
		taken.Facts = append(taken.Facts, facts...)
	}
	return taken, out.end()
}

// databases lists what is to be dumped.
func (s *Source) databases(ctx context.Context, conn *pgx.Conn, server about) (list []database, err error) {
	names := s.Databases
	switch {
	case len(names) == 0:
		names = []string{server.database}
	case slices.Contains(names, "*"):
		rows, err := conn.Query(ctx, otherDatabases)
		if err != nil {
			return nil, err
		}
		if names, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
			return nil, err
		}
	case !slices.Contains(names, server.database):
		names = append([]string{server.database}, names...) // it has the sentinel
	}
	for i, name := range names {
		one := database{Name: name, File: fileOf(i+1, name)}
		if err := conn.QueryRow(ctx, otherEncoding, name).Scan(&one.Encoding); errors.Is(err, pgx.ErrNoRows) {
			return nil, fault.New(fault.NotFound, "There is no database %s on the server of %s.", name, s.Name)
		} else if err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	return list, nil
}

const otherEncoding = `select pg_encoding_to_char(encoding)::text from pg_database where datname = $1`

// writeRoles writes who owns things. Their passwords are hashes, and only a superuser may
// read them: from anybody else the roles come without.
func (s *Source) writeRoles(ctx context.Context, r *job.Run, d dsn, bin programs, conn *pgx.Conn, out *pieces) error {
	var all bool
	if err := conn.QueryRow(ctx, otherSeesRoles).Scan(&all); err != nil {
		return err
	}
	args := []string{"--roles-only", "--no-password", "--database=service=batsignal"}
	if !all {
		args = append(args, "--no-role-passwords")
		r.Logf(ctx, "Our role on %s may not read the passwords of others, so the backup does not have them.", s.Name)
	}
	var text limited
	c := d.command(bin.path("pg_dumpall"), "", args...)
	c.Stdout = &text
	if _, err := c.Run(ctx); err != nil {
		return s.failed(ctx, "pg_dumpall", err)
	}
	return out.small(rolesFile, text.buf)
}

// limited keeps a text that is not long.
type limited struct{ buf []byte }

func (l *limited) Write(b []byte) (int, error) {
	if len(l.buf)+len(b) > mostSmall {
		return 0, errors.New("it is too long")
	}
	l.buf = append(l.buf, b...)
	return len(b), nil
}

// failed is what is told of a program that failed. What it said goes into the log only: it
// names hosts and accounts.
func (s *Source) failed(ctx context.Context, program string, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var ended *argv.ExitError
	if errors.As(err, &ended) && strings.Contains(ended.Stderr, "ermission denied") {
		return fault.Wrap(fault.Forbidden, err, "%s of %s failed: our role there may not read everything. Grant it pg_read_all_data, or log in as the owner.", program, s.Name)
	}
	return fault.Wrap(fault.Unready, err, "%s of %s failed; the log has its words.", program, s.Name)
}

// writeDatabase dumps one, as one snapshot sees it, in which the rows are counted as well.
func (s *Source) writeDatabase(ctx context.Context, r *job.Run, d dsn, bin programs, one database, home string, out *pieces) ([][2]string, error) {
	conn, err := d.connect(ctx, s.Name, one.Name)
	if err != nil {
		return nil, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // it only read
	var snapshot string
	if err := tx.QueryRow(ctx, otherSnapshot).Scan(&snapshot); err != nil {
		return nil, err
	}
	prefix, queries := "", ""
	if one.Name != home {
		prefix, queries = one.Name+": ", one.Name
	}
	var facts [][2]string
	if prefix == "" || len(s.Tables) == 0 {
		if facts, err = s.countRows(ctx, tx, prefix); err != nil {
			return nil, err
		}
	}
	answers, err := s.asked(ctx, conn, queries)
	if err != nil {
		return nil, err
	}
	to := out.file(one.File)
	to.tell = func(n int64) { r.Progress(n, 0, job.UnitBytes) }
	c := d.command(bin.path("pg_dump"), one.Name, "--format=custom", "--compress=1", "--snapshot="+snapshot, "--lock-wait-timeout=60000", "--no-password")
	c.Stdout = to
	said, err := c.Run(ctx)
	if to.err != nil {
		return nil, to.err
	}
	if err != nil {
		return nil, s.failed(ctx, "pg_dump", err)
	}
	if said.Stderr != "" {
		r.Logf(ctx, "pg_dump of %s says: %s", one.Name, said.Stderr)
	}
	if to.size+int64(len(to.buf)) == 0 {
		return nil, fmt.Errorf("pg_dump of %s wrote nothing", one.Name)
	}
	return append(facts, answers...), to.Close()
}

const otherSnapshot = `select pg_export_snapshot()`
