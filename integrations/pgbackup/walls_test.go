package pgbackup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"

	"batsignal/integrations/argv"
	"batsignal/integrations/backup"
	"batsignal/integrations/throwaway"
	"batsignal/migrations/childtest"
	"batsignal/oncall/fault"

	"github.com/jackc/pgx/v5/pgconn"
)

// A dump brings code that runs while it is restored. Within walls it reaches nobody.
func TestWhatADumpRunsReachesNobody(t *testing.T) {
	walls := throwaway.Walls{Mode: throwaway.Required, Ours: argv.OurWalls()}
	if _, err := walls.Build(t.Context()); err != nil {
		childtest.Lacks(t, err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	reached, done := make(chan int, 100), make(chan struct{})
	go func() {
		defer close(done)
		for n := 1; ; n++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_ = c.Close()
			reached <- n
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-done })
	_, conn, dsn := shop(t)
	run(t, conn, fmt.Sprintf(`
		create function reach(int) returns boolean language plpgsql as $f$ begin
			execute $c$copy (select 1) to program 'bash -c "exec 3<>/dev/tcp/127.0.0.1/%d"'$c$;
			return true;
		exception when others then return true;
		end $f$;
		create table door (id int check (reach(id)));
		insert into door values (1)`, l.Addr().(*net.TCPAddr).Port))
	if n := <-reached; n != 1 {
		t.Fatal(n)
	}
	s := of(dsn, Dump)
	s.Walls = walls
	stream, taken := write(t, s)
	proof, err := prove(t, s, stream, taken)
	if err != nil || proof.Level != 4 || fact(proof.Facts, "rows of public.door") != "1" || !strings.HasPrefix(fact(proof.Facts, "network"), "its own") || strings.Contains(proof.Detail, "walled") {
		t.Errorf("%+v, %v", proof, err)
	}
	if len(reached) > 0 {
		t.Error("it reached us from within its walls")
	}
	s.Walls = throwaway.Walls{}
	proof, err = prove(t, s, stream, taken)
	if err != nil || proof.Level != 4 || !strings.Contains(proof.Detail, "It was not walled in") {
		t.Errorf("%+v, %v", proof, err)
	}
	if n := <-reached; n != 2 {
		t.Errorf("without walls it is run as well: %d", n)
	}
	s.Walls.Mode = throwaway.Required // of a program that has none
	var not backup.NotProven
	if _, err := prove(t, s, stream, taken); !errors.As(err, &not) || !strings.Contains(fault.Say(err), "jobs.walls: off") {
		t.Errorf("%v", err)
	}
}

func TestWhatPreventsAProof(t *testing.T) {
	over, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("an hour is over"))
	wrap := func(err error) error { return fault.Wrap(fault.Invalid, err, "It is not what it was.") }
	said := func(code string) error { return wrap(&pgconn.PgError{Code: code}) }
	ended := func(stderr string, killed bool) error {
		return wrap(&argv.ExitError{Program: "pg_restore", Code: 1, Killed: killed, Stderr: stderr})
	}
	for name, c := range map[string]struct {
		ctx context.Context
		err error
		not bool
	}{
		"disk full":                {t.Context(), said("53100"), true},
		"disk full, raised":        {t.Context(), &pgconn.PgError{Code: "53100", File: "pl_exec.c", Routine: "exec_stmt_raise", Message: "no space left on device"}, false},
		"out of memory":            {t.Context(), said("53200"), true},
		"shut down":                {t.Context(), said("57P01"), true},
		"after a crash":            {t.Context(), said("57P02"), true},
		"an error of the disk":     {t.Context(), said("58030"), true},
		"a duplicate":              {t.Context(), said("23505"), false},
		"data that is broken":      {t.Context(), said("XX001"), false},
		"a connection that broke":  {t.Context(), wrap(io.ErrUnexpectedEOF), true},
		"a server that went away":  {t.Context(), wrap(syscall.ECONNREFUSED), true},
		"pg_restore: went away":    {t.Context(), ended("server closed the connection unexpectedly", false), true},
		"pg_restore: no room":      {t.Context(), ended(`pg_restore: error: could not extend file "base/5/1": No space left on device`, false), true},
		"pg_restore: was killed":   {t.Context(), ended("", true), true},
		"pg_restore: finds a flaw": {t.Context(), ended("pg_restore: error: could not read from input file", false), false},
		"a server killed":          {t.Context(), wrap(&throwaway.Ended{Cause: &argv.ExitError{Killed: true}}), true},
		"a server that gives up":   {t.Context(), wrap(&throwaway.Ended{Said: "FATAL: invalid checkpoint record", Cause: &argv.ExitError{Code: 1}}), false},
		"a server that is slow":    {t.Context(), throwaway.ErrSlow, true},
		"our time is over":         {over, said("23505"), true},
	} {
		var not backup.NotProven
		if err := prevented(c.ctx, c.err); errors.As(err, &not) != c.not {
			t.Errorf("%s: %v", name, err)
		}
	}
	if prevented(over, nil) != nil {
		t.Error("what was proven is not proven")
	}
}
