package pgbackup

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"batsignal/integrations/backup"
	"batsignal/integrations/backup/backuptest"
	"batsignal/integrations/job"
	"batsignal/integrations/job/jobtest"
	"batsignal/migrations/childtest"
	"batsignal/migrations/pglocal"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

func TestADumpIsTakenAndProven(t *testing.T) {
	name, conn, dsn := shop(t)
	run(t, conn, `insert into customer select i, 'more ' || i, now() - interval '1 day', 'small' from generate_series(1001, 11000) i`)
	s := of(dsn, Dump)
	s.Queries = []Query{
		{Name: "customers", SQL: "select count(*) from customer;", Expect: Same},
		{Name: "names", SQL: "select name, kind from customer order by id limit 10", Expect: Same},
		{Name: "somebody", SQL: "select id from big", Expect: Nonempty},
		{Name: "newest", SQL: "select joined from customer", Expect: Newer, Within: time.Hour},
	}
	begun := time.Now()
	stream, taken := write(t, s)
	if _, err := conn.Exec(t.Context(), "delete from \"Order Item\"; delete from customer"); err != nil {
		t.Fatal(err)
	}
	proof, err := prove(t, s, stream, taken)
	if err != nil {
		t.Fatal(err)
	}
	if proof.Level != 4 || !strings.HasPrefix(proof.Tool, "PostgreSQL 1") || fact(proof.Facts, "rows of public.customer") != "11000" ||
		fact(proof.Facts, "rows of public.Order Item") != "2000" || fact(proof.Facts, "query customers") != "11000" || fact(taken.Facts, "database") != name {
		t.Errorf("%+v\n%v", proof, taken.Facts)
	}
	t.Logf("%d bytes of 13,000 rows taken and proven in %s", len(stream), time.Since(begun))

	// What the queries say counts.
	for says, change := range map[string]func(*Source, *backup.Taken){
		"nothing":    func(s *Source, _ *backup.Taken) { s.Queries[2].SQL = "select id from big where false" },
		"older than": func(s *Source, of *backup.Taken) { of.At = of.At.Add(2 * time.Hour) },
		"and answered": func(_ *Source, of *backup.Taken) {
			of.Facts = append([][2]string{{"query customers", "7"}}, of.Facts...)
		},
		"finds no time": func(s *Source, _ *backup.Taken) { s.Queries[3].SQL = "select joined from customer where false" },
		"fails":         func(s *Source, _ *backup.Taken) { s.Queries[0].SQL = "select 1/0" },
	} {
		changed, of := *s, taken
		changed.Queries = append([]Query{}, s.Queries...)
		change(&changed, &of)
		var not backup.NotProven
		if _, err := prove(t, &changed, stream, of); fault.KindOf(err) != fault.Invalid || errors.As(err, &not) || !strings.Contains(fault.Say(err), says) {
			t.Errorf("%s: %v", says, err)
		}
	}
}

// Whatever is written meanwhile, the numbers are those of what was dumped.
func TestRowsAreCountedInWhatIsDumped(t *testing.T) {
	childtest.Long(t)
	_, _, dsn := shop(t)
	writer := dial(t, dsn.Reveal())
	stop, stopped := make(chan struct{}), make(chan int)
	go func() {
		n := 0
		for ; ; n++ {
			select {
			case <-stop:
				stopped <- n
				return
			default:
			}
			if _, err := writer.Exec(t.Context(), `with gone as (delete from "Order Item" where id = $1) insert into customer (id, name) values ($2, 'new'), ($3, 'new')`, n, 10000+2*n, 10001+2*n); err != nil {
				t.Error(err)
			}
		}
	}()
	s := of(dsn, Dump)
	for range 3 {
		stream, taken := write(t, s)
		if proof, err := prove(t, s, stream, taken); err != nil || proof.Level != 4 {
			t.Errorf("%+v, %v", proof, err)
		}
	}
	close(stop)
	if n := <-stopped; n < 10 {
		t.Errorf("only %d were written", n)
	}
}

func TestABaseBackupIsTakenAndProven(t *testing.T) {
	_, conn, dsn := shop(t)
	s := of(dsn, Base)
	s.Queries = []Query{{Name: "somebody", SQL: "select id from big", Expect: Nonempty}, {Name: "newest", SQL: "select joined from customer", Expect: Newer, Within: time.Hour}}
	stream, taken := write(t, s)
	proof, err := prove(t, s, stream, taken)
	if err != nil || proof.Level != 4 {
		t.Fatalf("%+v, %v", proof, err)
	}
	other := taken
	other.Facts = append([][2]string{{factSystem, "7"}}, taken.Facts...)
	if _, err := prove(t, s, stream, other); fault.KindOf(err) != fault.Invalid || !strings.Contains(fault.Say(err), "another cluster") {
		t.Errorf("%v", err)
	}
	run(t, conn, "delete from customer where false")
}

func TestTheyAreSourcesLikeOthers(t *testing.T) {
	childtest.Long(t)
	for _, mode := range []Mode{Dump, Base} {
		t.Run(string(mode), func(t *testing.T) {
			_, _, dsn := shop(t)
			backuptest.Source(t, of(dsn, mode))
		})
	}
}

// Several databases and their owners, restored by hand as the text beside the backup says.
func TestItIsRestoredWithStockToolsOnly(t *testing.T) {
	name, conn, dsn := shop(t)
	run(t, conn, "create role keeper login password 'x'; alter table customer owner to keeper; grant select on \"Order Item\" to keeper")
	t.Cleanup(func() { run(t, dial(t, source.DSN(pglocal.OwnerRole, "postgres")), "drop role keeper") })
	t.Cleanup(func() { run(t, conn, "drop owned by keeper cascade") })
	s := of(dsn, Dump)
	s.Databases = []string{"*"}
	s.Queries = []Query{{Name: "elsewhere", SQL: "select 1", Expect: Same, Database: "postgres"}}
	stream, taken := write(t, s)
	if fact(taken.Facts, "query elsewhere") != "1" {
		t.Errorf("%v", taken.Facts)
	}
	if proof, err := prove(t, s, stream, taken); err != nil || proof.Level != 4 {
		t.Errorf("%+v, %v", proof, err)
	}

	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "backup.pgdump.tar"), stream, 0o600); err != nil {
		t.Fatal(err)
	}
	script := "set -e\n"
	for line := range strings.Lines(s.Restoring()) {
		if line, ok := strings.CutPrefix(line, "    "); ok {
			line = strings.NewReplacer("shop db1-shop.dump", `"$TO" db*-`+name[:min(60, len(name))]+".dump", "UTF8 shop", `UTF8 "$TO"`, "psql -X", "psql -X -q").Replace(line)
			script += line
		}
	}
	to := name[:min(len(name), 50)] + "_by_hand"
	cmd := exec.Command("sh", "-c", script)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + source.BinDir() + ":/usr/bin:/bin", "PGHOST=" + filepath.Join(source.dir, "pg", "run"), "PGUSER=" + pglocal.OwnerRole, "TO=" + to}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "roles.sql: OK") || !strings.Contains(string(out), ".dump: OK") {
		t.Fatalf("%v\n%s\n%s", err, script, out)
	}
	t.Cleanup(func() {
		run(t, dial(t, source.DSN(pglocal.OwnerRole, "postgres")), "drop database "+to+" with (force)")
	})
	var n int
	if err := dial(t, source.DSN(pglocal.OwnerRole, to)).QueryRow(t.Context(), "select count(*) from customer").Scan(&n); err != nil || n != 1000 {
		t.Errorf("%d, %v", n, err)
	}
}

func TestWhoMayOnlyReadPlantsNothing(t *testing.T) {
	name, conn, _ := shop(t)
	run(t, conn, "create role reader login; grant pg_read_all_data to reader")
	t.Cleanup(func() { run(t, dial(t, source.DSN(pglocal.OwnerRole, "postgres")), "drop role reader") })
	s := of(secret.New(source.DSN("reader", name)), Dump)
	stream, taken := write(t, s)
	if taken.Sentinel != "" {
		t.Error("a value was planted")
	}
	if proof, err := prove(t, s, stream, taken); err != nil || proof.Level != 3 || !strings.Contains(proof.Detail, "nobody knows how new") {
		t.Errorf("%+v, %v", proof, err)
	}
	s.Queries = []Query{{Name: "newest", SQL: "select joined from customer", Expect: Newer, Within: time.Hour}}
	stream, taken = write(t, s)
	if proof, err := prove(t, s, stream, taken); err != nil || proof.Level != 4 || !strings.Contains(proof.Detail, "No value was planted") {
		t.Errorf("%+v, %v", proof, err)
	}
	run(t, conn, "revoke pg_read_all_data from reader")
	r, _ := jobtest.Run(t, job.About{})
	s.Queries, s.Tables = nil, []string{"pg_catalog.pg_class"}
	if _, err := s.Write(t.Context(), r, &strings.Builder{}); fault.KindOf(err) != fault.Forbidden || !strings.Contains(fault.Say(err), "pg_read_all_data") {
		t.Errorf("%v", err)
	}
}

func TestOtherVersionsAreTold(t *testing.T) {
	_, _, dsn := shop(t)
	s := of(dsn, Dump)
	stream, taken := write(t, s)
	for version, says := range map[string]string{"14.2": "needs postgres of PostgreSQL 14, and here is 1", "99.1": "postgresql-99", "": "is not known"} {
		was := taken
		was.Facts = [][2]string{{factVersion, version}}
		var not backup.NotProven
		if _, err := prove(t, s, stream, was); !errors.As(err, &not) || !strings.Contains(fault.Say(err), says) {
			t.Errorf("%s: %v", version, err)
		}
	}
	// A pg_dump that is older than the server.
	s.BinDir = t.TempDir()
	for _, name := range []string{"pg_dump", "pg_dumpall"} {
		if err := os.WriteFile(filepath.Join(s.BinDir, name), []byte("#!/bin/sh\necho 'pg_dump (PostgreSQL) 12.4 (Debian)'\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	r, _ := jobtest.Run(t, job.About{})
	if _, err := s.Write(t.Context(), r, &strings.Builder{}); fault.KindOf(err) != fault.Unready || !strings.Contains(fault.Say(err), "here is 12.4") {
		t.Errorf("%v", err)
	}
	s.TTL, s.BinDir = 200*time.Millisecond, ""
	var not backup.NotProven
	if _, err := prove(t, s, stream, taken); !errors.As(err, &not) || !strings.Contains(fault.Say(err), "was not done within 200ms") {
		t.Errorf("%v", err)
	}
}

// PostgreSQL's programs are given the password, and nobody can read it off them.
func TestThePasswordIsInNoArgumentAndNoVariable(t *testing.T) {
	_, _, dsn := shop(t)
	bin, err := find(t.Context(), "", 0, true, "pg_dump", "pg_dumpall", "pg_basebackup")
	if err != nil {
		t.Fatal(err)
	}
	s := of(dsn, Dump)
	s.BinDir = t.TempDir()
	log := filepath.Join(t.TempDir(), "log")
	for _, name := range []string{"pg_dump", "pg_dumpall", "pg_basebackup"} {
		script := fmt.Sprintf("#!/bin/sh\n[ \"$1\" = --version ] || { echo %s \"$@\"; cat /proc/self/environ /proc/$$/cmdline; grep -c %s \"$PGSERVICEFILE\" | sed 's/^/in its file: /'; } >> %s\nexec %s \"$@\"\n", name, canary, log, bin.path(name))
		if err := os.WriteFile(filepath.Join(s.BinDir, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write(t, s)
	s.Mode = Base
	write(t, s)
	text, err := os.ReadFile(log)
	if err != nil || strings.Contains(string(text), canary) || strings.Count(string(text), "in its file: 1") != 3 {
		t.Errorf("%v %s", err, text)
	}
}

func TestWhatIsSetUpWronglyIsTold(t *testing.T) {
	good := Source{Name: "shop", DSN: secret.New("postgres://x@y/z"), Mode: Dump}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	for says, change := range map[string]func(*Source){
		"cannot be understood": func(s *Source) { s.DSN = secret.New("postgres://x:" + canary + "@[::1/z") },
		"with a space":         func(s *Source) { s.DSN = secret.New("host=x password=' " + canary + "'") },
		"neither":              func(s *Source) { s.Mode = "copy" },
		"whole cluster":        func(s *Source) { s.Mode, s.Tables = Base, []string{"x"} },
		"is no table":          func(s *Source) { s.Sentinel = "a.b.c" },
		"none of":              func(s *Source) { s.Queries = []Query{{Name: "q", SQL: "select 1"}} },
		"cannot promise":       func(s *Source) { s.Mode, s.Queries = Base, []Query{{Name: "q", SQL: "select 1", Expect: Same}} },
		"within how long":      func(s *Source) { s.Queries = []Query{{Name: "q", SQL: "select 1", Expect: Newer}} },
		"no name or no SQL":    func(s *Source) { s.Queries = []Query{{Name: "q", Expect: Same}} },
	} {
		s := good
		change(&s)
		if err := s.Check(); fault.KindOf(err) != fault.Invalid || !strings.Contains(fault.Say(err), says) || strings.Contains(err.Error(), canary) {
			t.Errorf("%s: %v", says, err)
		}
	}
}
