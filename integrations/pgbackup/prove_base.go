package pgbackup

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"batsignal/integrations/argv"
	"batsignal/integrations/backup"
	"batsignal/integrations/job"
	"batsignal/oncall/fault"
)

// restoreBase unpacks a base backup, has every file of it checked, and starts it.
func (s *Source) restoreBase(ctx context.Context, r *job.Run, at site, from io.Reader, of backup.Taken, proof *backup.Proof) (*server, error) {
	r.Doing(ctx, "unpacking the cluster")
	data := filepath.Join(at.dir, "data")
	if err := unpackBase(data, at.as, from, func(n int64) { r.Progress(n, 0, job.UnitBytes) }); err != nil {
		return nil, err
	}
	if _, err := at.run(ctx, argv.Command{Path: "pg_verifybackup", Args: []string{"--exit-on-error", "--quiet", data}}); err != nil {
		return nil, refused(ctx, err, "pg_verifybackup does not accept it")
	}
	proof.Level = 2
	control, err := at.run(ctx, argv.Command{Path: "pg_controldata", Args: []string{data}})
	if err != nil {
		return nil, refused(ctx, err, "pg_controldata does not accept it")
	}
	if want := fact(of.Facts, factSystem); want != "" && !slices.ContainsFunc(strings.Split(control.Stdout, "\n"), func(line string) bool {
		name, value, _ := strings.Cut(line, ":")
		return name == "Database system identifier" && strings.TrimSpace(value) == want
	}) {
		return nil, fault.New(fault.Invalid, "It is a backup of another cluster.")
	}
	// What it was told about others, and what would have it wait for them.
	for _, name := range []string{"standby.signal", "recovery.signal", "postgresql.auto.conf"} {
		if err := os.RemoveAll(filepath.Join(data, name)); err != nil {
			return nil, backup.NotProven{Cause: err}
		}
	}
	r.Doing(ctx, "recovering the cluster")
	return at.start(ctx, fact(of.Facts, factSuperuser), fact(of.Facts, factDatabase))
}

// amcheck looks for indexes and tables that are broken inside, where PostgreSQL's own check is
// installed.
func (s *server) amcheck(ctx context.Context, r *job.Run, database string) error {
	conn, err := s.connect(ctx, database)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var there bool
	if err := conn.QueryRow(ctx, otherHasAmcheck).Scan(&there); err != nil {
		return err
	}
	if _, err := os.Stat(s.bin.path("pg_amcheck")); err != nil || !there {
		r.Logf(ctx, "pg_amcheck is not installed here, so the inside of tables and indexes was not looked at.")
		return nil
	}
	r.Doing(ctx, "looking into tables and indexes")
	_, err = s.run(ctx, argv.Command{Path: "pg_amcheck", Args: []string{"--install-missing", "--no-password", "--jobs=2", "--database=" + s.conninfo(database)}, Stdout: io.Discard})
	var ended *argv.ExitError
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &ended) && ended.Code == 2:
		return fault.Wrap(fault.Invalid, err, "pg_amcheck finds tables or indexes that are broken inside; the log has its words.")
	}
	r.Logf(ctx, "pg_amcheck could not do its work: %v", err)
	return nil
}

const otherHasAmcheck = `select exists (select from pg_available_extensions where name = 'amcheck')`
