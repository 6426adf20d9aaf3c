package pgbackup

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"

	"batsignal/integrations/argv"
	"batsignal/integrations/job"
	"batsignal/integrations/throwaway"
	"batsignal/migrations"
	"batsignal/migrations/pg"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

// Target is an empty database into which our own is restored.
type Target struct {
	DSN    secret.Text // as its owner
	Login  string      // the role that the bot logs in as; "" if its rights are there already
	BinDir string      // of PostgreSQL's programs; "" looks in the usual places
	Log    *slog.Logger
}

// Restored is what came of a restore.
type Restored struct {
	From, To int64       // the version of the schema in the backup, and now
	Facts    [][2]string // what is in it: "people", "103"
	Next     []string    // what is to be done now, in this order, as sentences
}

// Restore brings our own database back from an opened file: of a [Dump], or of pg_dump -Fc. It
// refuses a database that is not empty, and leaves one half full when it fails: drop it then.
//
// It makes the groups that rights are given to, restores everything as the owner's, brings the
// schema to this program's version, and says what must follow. It replays no deletions and
// touches no ledger: both are the switchboard's, which does it when it starts, before anything
// is opened.
func (t Target) Restore(ctx context.Context, from io.Reader, doing func(string)) (Restored, error) {
	d, err := parseDSN(t.DSN)
	if err != nil {
		return Restored{}, err
	}
	conn, err := d.connect(ctx, "to restore into", "")
	if err != nil {
		return Restored{}, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	server, err := ask(ctx, conn)
	if err != nil {
		return Restored{}, err
	}
	bin, err := find(ctx, t.BinDir, server.major(), true, "pg_restore")
	if err != nil {
		return Restored{}, err
	}
	var things int
	if err := conn.QueryRow(ctx, otherThings).Scan(&things); err != nil {
		return Restored{}, err
	}
	if things > 0 {
		return Restored{}, fault.New(fault.Conflict, "The database %s is not empty. Restore into a new one (createdb), and name that in the configuration.", server.database)
	}
	if err := errors.Join(migrations.EnsureAppRole(ctx, conn, t.Login), migrations.EnsureSwitchboardRole(ctx, conn, "")); err != nil {
		return Restored{}, fault.Wrap(fault.Forbidden, err, "The roles of the database cannot be made: restore as an owner who may create roles, or see docs/operating.md.")
	}
	doing("restoring the database")
	if err := t.fill(ctx, d, bin, from); err != nil {
		return Restored{}, err
	}
	out := Restored{}
	if out.From, _, err = migrations.Version(ctx, conn); err != nil {
		return out, err
	}
	doing("bringing the schema to this version")
	if out.To, err = bringUp(ctx, t.DSN.Reveal(), t.Login); err != nil {
		return out, err
	}
	if err := out.look(ctx, conn); err != nil {
		return out, err
	}
	return out, rest(ctx, conn)
}

const otherThings = `select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace
	where n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_(toast|temp)'`

// fill restores the one database that a file holds.
func (t Target) fill(ctx context.Context, d dsn, bin programs, from io.Reader) error {
	run := func(ctx context.Context, c argv.Command) (argv.Output, error) {
		full := d.command(bin.path(c.Path), "", c.Args...)
		full.Stdin, full.Stdout = c.Stdin, c.Stdout
		return full.Run(ctx)
	}
	// Whose it was there is another role here; what groups may do comes along.
	args := []string{"--no-owner", "--dbname=service=batsignal"}
	begin := bufio.NewReader(from)
	if magic, err := begin.Peek(5); err == nil && bytes.Equal(magic, []byte("PGDMP")) {
		_, err := run(ctx, argv.Command{Path: "pg_restore", Args: append([]string{"--exit-on-error", "--no-password"}, args...), Stdin: begin, Stdout: io.Discard})
		if err != nil {
			return refused(ctx, err, "pg_restore "+bin.version+" does not restore it")
		}
		return nil
	}
	u := newUnpacking(begin)
	c, err := u.contents()
	if err != nil {
		return err
	}
	if len(c.Databases) != 1 {
		return fault.New(fault.Invalid, "The backup holds %d databases, and ours is one: restore it by hand, as the text beside it says.", len(c.Databases))
	}
	if _, err := u.small(rolesFile); err != nil {
		return err
	}
	if err := pgRestore(ctx, bin, run, u.file(c.Databases[0].File), args...); err != nil {
		return err
	}
	return u.end()
}

// bringUp brings our schema to this program's version, and looks whether it fits.
func bringUp(ctx context.Context, owner, login string) (version int64, err error) {
	r, err := migrations.Up(ctx, owner, login, slog.New(slog.DiscardHandler))
	if err != nil {
		return 0, fault.Wrap(fault.Invalid, err, "The schema of the restored database cannot be brought to this program's version: a newer batsignal may have made the backup.")
	}
	return r.To, nil
}

// What is in a restored database that somebody has to know of.
const (
	otherPeople    = `select count(*) from person`
	otherIncidents = `select count(*) from incident where status = 'open'`
	otherPages     = `select count(*) from page where state = 'open'`
	otherSealed    = `select count(*) from sealed_contact`
	otherKeyring   = `select coalesce(max(epoch), 0) from keyring where state = 'current'`
	otherLedger    = `select coalesce(max(size), 0) from ledger_head`
	otherRuns      = `select count(*) from job_run where state in ('running', 'undoing')`
)

// look fills in what is there, and what has to be done about it.
func (r *Restored) look(ctx context.Context, db pg.DB) error {
	n := map[string]int64{}
	for _, q := range [][2]string{{"people", otherPeople}, {"incidents open", otherIncidents}, {"pages open", otherPages}, {"sealed addresses", otherSealed},
		{"keyring", otherKeyring}, {"ledger entries", otherLedger}, {"job runs not ended", otherRuns}} {
		var count int64
		if err := db.QueryRow(ctx, q[1]).Scan(&count); err != nil {
			return fmt.Errorf("%s: %w", q[0], err)
		}
		n[q[0]] = count
		r.Facts = append(r.Facts, [2]string{q[0], strconv.FormatInt(count, 10)})
	}
	r.next(n)
	return nil
}

// next is what follows a restore, in its order.
func (r *Restored) next(n map[string]int64) {
	say := func(format string, args ...any) { r.Next = append(r.Next, fmt.Sprintf(format, args...)) }
	say("Keep batsignal and the switchboard stopped until you are through this list.")
	if n["keyring"] > 0 || n["sealed addresses"] > 0 || n["ledger entries"] > 0 {
		say("The backup has keyring %d in force. If another one is in force by now: on both hosts remove keyring.pin and batsignal custody trust the one of the backup, then custody load the newer, custody rotate on both, custody flip.", n["keyring"])
		say("Its ledger ends with entry %d. On the switchboard's host, batsignal ledger refill FILE with an export that has all that was signed; only where no export has the last entries, batsignal ledger trust-head.", n["ledger entries"])
		say("The switchboard's file \"deleted\" must be that of before the loss: when the switchboard starts, it deletes again what people had deleted since the backup, before anything is opened. Without it they are back: ask them, or delete by hand.")
	}
	if n["pages open"] > 0 || n["incidents open"] > 0 {
		say("%s open and %s unanswered then: they are rung again. If that is long over, batsignal do --as NAME \"incident resolve --inc NUMBER\" before the service starts.",
			were(n["incidents open"], "incident", "incidents"), were(n["pages open"], "page", "pages"))
	}
	if n["job runs not ended"] > 0 {
		say("%s under way then, and counted as lost. What they left outside of the database stays there.", were(n["job runs not ended"], "job run", "job runs"))
	}
	say("No job begins by itself: backups that were taken since are not known here, and old ones would be deleted by an old list. When this database is the one in use: !job schedule, and !job schedule resume NAME.")
	say("Sessions, tokens and links that were revoked since the backup are valid again: revoke again what had leaked.")
	say("Start the switchboard, then batsignal, and ask batsignal doctor.")
}

// were is "1 page was", "2 pages were".
func were(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one + " was"
	}
	return fmt.Sprintf("%d %s were", n, many)
}

// Rehearse restores our own database as [Target.Restore] does, on a server that is thrown
// away, to know that it works and how long it takes. Its steps are taken back by
// [Source.Undo] if we die.
func Rehearse(ctx context.Context, r *job.Run, bindir string, from io.Reader) (out Restored, err error) {
	bin, err := findNewest(ctx, bindir)
	if err != nil {
		return out, err
	}
	at, err := scratch(ctx, r, bin, throwaway.Built{}) // what it does is ours
	if err != nil {
		return out, err
	}
	err = r.Step(ctx, "throw-away PostgreSQL", UndoServer, throwaway.Memo{Dir: at.dir}, func(ctx context.Context) (err error) {
		if err := at.initCluster(ctx); err != nil {
			return err
		}
		server, err := at.start(ctx, superuser, "template1")
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, server.Stop(ctx)) }()
		conn, err := server.connect(ctx, "template1")
		if err != nil {
			return err
		}
		_, err = conn.Exec(ctx, otherCreateOurs)
		if err = errors.Join(err, conn.Close(ctx)); err != nil {
			return err
		}
		out, err = Target{DSN: secret.New(server.conninfo("batsignal")), BinDir: bin.dir}.Restore(ctx, from, func(what string) { r.Doing(ctx, what) })
		return err
	})
	return out, err
}

const otherCreateOurs = `create database batsignal template template0 encoding 'UTF8' locale 'C.UTF-8'`

// findNewest gives the newest programs that are here: a dump is restored by any that is not
// older than what wrote it.
func findNewest(ctx context.Context, bindir string) (best programs, err error) {
	for major := 12; ; {
		p, err := find(ctx, bindir, major, true, "postgres", "initdb", "pg_restore")
		if err != nil {
			if best.dir != "" {
				return best, nil
			}
			return best, err
		}
		best, major = p, p.major+1
	}
}
