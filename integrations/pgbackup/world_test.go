package pgbackup

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"batsignal/integrations/argv"
	"batsignal/integrations/backup"
	"batsignal/integrations/job"
	"batsignal/integrations/job/jobtest"
	"batsignal/integrations/throwaway"
	"batsignal/migrations/childtest"
	"batsignal/migrations/pglocal"
	"batsignal/migrations/pgtest"
	"batsignal/oncall/secret"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"
)

// source is the server that is backed up, one for all tests.
var source struct {
	sync.Once
	*pglocal.Server
	err error
	dir string
}

func TestMain(m *testing.M) {
	if is, err := argv.Enter(os.Args, os.Environ()); is {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(argv.NotEntered)
	}
	if file := os.Getenv("PGBACKUP_PROVE"); file != "" {
		proveInAChild(file)
	}
	os.Exit(inMemory(m))
}

// inMemory runs the tests with their servers in memory, where there is room.
func inMemory(m *testing.M) int {
	if os.Getenv("TMPDIR") == "" {
		if dir, err := os.MkdirTemp("/dev/shm", "p"); err == nil {
			defer os.RemoveAll(dir)
			_ = os.Chmod(dir, 0o711) // somebody else may run the servers
			_ = os.Setenv("TMPDIR", dir)
		}
	}
	code := pgtest.Run(m)
	if source.Server != nil {
		if err := source.Stop(context.Background()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	_ = os.RemoveAll(source.dir)
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	return code
}

const canary = "password-canary-5f1d1c1e"

// shop makes a database of somebody else's on a server that lets itself be copied, and gives
// how one logs in.
func shop(t *testing.T) (name string, conn *pgx.Conn, dsn secret.Text) {
	t.Helper()
	// If we are root, somebody else runs the servers, and must get to their directories.
	if err := os.Chmod(filepath.Dir(t.TempDir()), 0o711); err != nil {
		t.Fatal(err)
	}
	source.Do(func() {
		if source.dir, source.err = os.MkdirTemp("", "pgbackup"); source.err != nil {
			return
		}
		if source.err = os.Chmod(source.dir, 0o755); source.err != nil {
			return
		}
		hba := filepath.Join(source.dir, "hba.conf")
		if source.err = os.WriteFile(hba, []byte("local all all trust\nlocal replication all trust\n"), 0o644); source.err != nil {
			return
		}
		source.Server, source.err = pglocal.Start(context.Background(), pglocal.Options{Dir: filepath.Join(source.dir, "pg"), Fast: true, Settings: map[string]string{
			"hba_file": hba, "wal_level": "replica", "max_wal_senders": "4"}})
	})
	if source.err != nil {
		childtest.Lacks(t, source.err)
	}
	admin := dial(t, source.DSN(pglocal.OwnerRole, "postgres"))
	name = "shop_" + strings.ToLower(strings.NewReplacer("/", "_", "-", "_").Replace(t.Name()))
	name = name[:min(len(name), 60)]
	run(t, admin, "create database "+name)
	t.Cleanup(func() { // before the connection is closed: cleanups run backwards
		run(t, dial(t, source.DSN(pglocal.OwnerRole, "postgres")), "drop database "+name+" with (force)")
	})
	text := strings.Replace(source.DSN(pglocal.OwnerRole, name), "@", ":"+canary+"@", 1)
	conn = dial(t, text)
	run(t, conn, `
		create type size as enum ('small', 'large');
		create table customer (id int primary key, name text not null, joined timestamptz not null default now(), kind size);
		create table "Order Item" (id bigint generated always as identity primary key, customer int references customer, note text, data bytea, j jsonb);
		create index on "Order Item" (note);
		create view big as select * from customer where kind = 'large';
		insert into customer select i, 'customer ' || i, now(), 'large' from generate_series(1, 1000) i;
		insert into "Order Item" (customer, note, data, j) select 1 + i % 1000, repeat('x', i % 50) || E'\n\t\\.', '\x00ff', '{"a": [1, "b"]}' from generate_series(1, 2000) i`)
	return name, conn, secret.New(text)
}

func dial(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func run(t *testing.T, conn *pgx.Conn, sql string) {
	t.Helper()
	if _, err := conn.Exec(context.Background(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// kind has the tests' engine take back what the steps of a source left.
type kind struct{ job.Undoer }

func (kind) Plan(context.Context, job.Params) ([]string, error) { return nil, nil }
func (kind) Do(context.Context, *job.Run) (job.Result, error)   { return job.Result{}, nil }

// write takes a backup.
func write(t *testing.T, s *Source) ([]byte, backup.Taken) {
	t.Helper()
	r, m := jobtest.Run(t, job.About{})
	var out bytes.Buffer
	taken, err := s.Write(t.Context(), r, &out)
	if err != nil {
		t.Fatal(err)
	}
	if text := m.Text() + fmt.Sprint(taken); strings.Contains(text, canary) {
		t.Errorf("the password was told: %s", text)
	}
	return out.Bytes(), taken
}

// prove proves one, and sees to it that nothing is left.
func prove(t *testing.T, s *Source, stream []byte, taken backup.Taken) (backup.Proof, error) {
	t.Helper()
	root := t.TempDir()
	r, m := jobtest.Run(t, job.About{ScratchRoot: root})
	proof, err := s.Prove(t.Context(), r, bytes.NewReader(stream), taken)
	if n := serversIn(t, root); n > 0 {
		t.Errorf("%d servers run after the proof", n)
	}
	if err := m.UndoAll(context.WithoutCancel(t.Context()), kind{s}); err != nil {
		t.Error(err)
	}
	if left, rerr := os.ReadDir(root); rerr != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, rerr)
	}
	if text := m.Text() + fmt.Sprint(proof, err); strings.Contains(text, canary) {
		t.Errorf("the password was told: %s", text)
	}
	return proof, err
}

// serversIn counts the servers that name a directory.
func serversIn(t *testing.T, root string) (n int) {
	t.Helper()
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range lines {
		if text, err := os.ReadFile(at); err == nil && bytes.Contains(text, []byte("postgres\x00-D\x00"+root)) {
			n++
		}
	}
	return n
}

func of(dsn secret.Text, mode Mode) *Source {
	return &Source{Name: "shop", DSN: dsn, Mode: mode, Sentinel: OwnSentinel, Trusted: true, Now: time.Now,
		Walls: throwaway.Walls{Mode: throwaway.Auto, Ours: argv.OurWalls()}}
}
