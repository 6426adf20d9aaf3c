package sqlcheck_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"batsignal/migrations/pgtest"
	"batsignal/migrations/sqlcheck"

	"github.com/google/go-cmp/cmp"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func TestStatementsAreFoundAndPutTogether(t *testing.T) {
	got, err := sqlcheck.Statements("testdata/sample")
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, s := range got {
		told = append(told, s.Name+": "+s.SQL)
		if !strings.HasPrefix(s.At.String(), "testdata/sample/sample.go:") {
			t.Errorf("%s is said to be at %s", s.Name, s.At)
		}
	}
	want := []string{
		"sqlFind: select id, handle from person where handle = $1",
		"sqlRename: update person set name = $2 where id = $1",
		"sqlInside: select count(*) from person where created_at < $1",
	}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Error(diff)
	}
}

func TestWhatWouldEscapeIsAFault(t *testing.T) {
	_, err := sqlcheck.Statements("testdata/faulty")
	for _, want := range []string{"sqlForeign is not a string", "sqlNumber is not a string", "sqlVariable is a variable"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no word of %q in: %v", want, err)
		}
	}
}

func TestPackages(t *testing.T) {
	root := t.TempDir()
	for _, path := range []string{
		"go.mod", "main.go", "a/a.go", "a/testdata/x.go", "b/b_test.go", ".git/x.go", "tools/go.mod", "tools/t.go", "c/d/e.go",
	} {
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := sqlcheck.Packages(root)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{root, filepath.Join(root, "a"), filepath.Join(root, "c", "d")}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestPrepare(t *testing.T) {
	ctx := context.Background()
	conn, err := pgtest.Fresh(t).Pool.Acquire(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	for _, tt := range []struct{ name, sql, says string }{
		{"good", "select name from person where id = $1 and created_at < $2", ""},
		{"good with rows locked", "select id from page where state = 'open' for update skip locked", ""},
		{"good without a plan", "listen page", ""},
		{"good with an array", "insert into notice (network, kind, created_at) select unnest($1::text[]), 'say', $2", ""},
		{"good with names", "update person set heard_at = @now where id = @id and (heard_at is null or heard_at < @now)", ""},
		{"no such column of a name", "update person set herd_at = @now", `column "herd_at"`},
		{"no such column", "select name,\n  nmae\nfrom person", `column "nmae" does not exist (42703)`},
		{"the line is shown", "select name,\n  nmae\nfrom person", "in line 2: nmae"},
		{"no such table", "select 1 from persons", "does not exist"},
		{"wrong type", "select 1 from person where id = 'x'", "invalid input syntax"},
		{"two statements", "select 1; select 2", "multiple commands"},
		{"not the bot's to delete", "delete from timeline_entry where id = $1", "permission denied for table timeline_entry"},
		{"not the bot's to read", "select rolpassword from pg_authid", "permission denied"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := sqlcheck.Prepare(ctx, conn.Conn(), tt.sql)
			switch {
			case tt.says == "" && err != nil:
				t.Error(err)
			case tt.says != "" && (err == nil || !strings.Contains(err.Error(), tt.says)):
				t.Errorf("%v", err)
			}
		})
	}
}
