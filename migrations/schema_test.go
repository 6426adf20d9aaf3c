package migrations_test

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"batsignal/migrations"
	"batsignal/migrations/pglocal"
	"batsignal/migrations/pgtest"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write schema.sql instead of comparing it")

const (
	schemaFile = "schema.sql"
	schemaHead = `-- The schema after all migrations, to read; generated, so change it by a new
-- migration and: go test ./migrations -run TestSchema -update
-- River's and goose's own tables are left out. Dumped by PostgreSQL `
)

// TestSchemaIsFresh compares schema.sql with what the migrations make.
func TestSchemaIsFresh(t *testing.T) {
	db := pgtest.Bare(t)
	if err := migrations.UpOwnOnly(ctx, db.OwnerDSN); err != nil {
		t.Fatal(err)
	}
	got := dump(t, db.OwnerDSN)
	if *update {
		if err := os.WriteFile(schemaFile, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	b, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	want := string(b)
	if head(want) != head(got) {
		t.Skipf("%s was dumped by another major version: %q, here %q", schemaFile, head(want), head(got))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s is stale; run: go test ./migrations -run TestSchema -update\n%s", schemaFile, diff)
	}
}

// head is the part that names the version.
func head(schema string) string {
	rest := strings.TrimPrefix(schema, schemaHead)
	version, _, _ := strings.Cut(rest, "\n")
	return version
}

func dump(t *testing.T, dsn string) string {
	t.Helper()
	bin, err := pglocal.FindBinaries(os.Getenv("PG_BINDIR"))
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(bin, "pg_dump")
	if _, err := os.Stat(program); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("pg_dump is not installed: ", err)
	}
	out, err := exec.Command(program, "--schema-only", "--no-owner", "--exclude-table=goose_db_version*", "--dbname="+dsn).Output()
	if err != nil {
		t.Fatal(err)
	}
	text := string(out)
	version := regexp.MustCompile(`-- Dumped by pg_dump version (\d+)`).FindStringSubmatch(text)
	if version == nil {
		t.Fatal("pg_dump does not tell its version")
	}
	return schemaHead + version[1] + ".\n\n" + normalize(text)
}

// normalize drops what differs between machines and minor versions of pg_dump:
// its comments, settings and psql commands.
func normalize(text string) string {
	noise := regexp.MustCompile(`^(--$|-- (Dumped|Name:|PostgreSQL database) .*|SET .*;|SELECT pg_catalog\.set_config\(.*|\\(un)?restrict .*)`)
	var kept []string
	for _, line := range strings.Split(text, "\n") {
		line = strings.TrimRight(line, " \t")
		if noise.MatchString(line) || (line == "" && (len(kept) == 0 || kept[len(kept)-1] == "")) {
			continue
		}
		kept = append(kept, line)
	}
	return strings.TrimRight(strings.Join(kept, "\n"), "\n") + "\n"
}

func TestNormalize(t *testing.T) {
	in := "--\n-- PostgreSQL database dump\n--\n\n\\restrict abc\n\n-- Dumped from database version 15.1\nSET default_tablespace = '';\nSELECT pg_catalog.set_config('search_path', '', false);\n--\n-- Name: t; Type: TABLE; Schema: public; Owner: -\n--\n\nCREATE TABLE public.t (\n    n integer \n);\n\n\n\nSET x = 1;\n\\unrestrict abc\n\n"
	if got, want := normalize(in), "CREATE TABLE public.t (\n    n integer\n);\n"; got != want {
		t.Errorf("%q", got)
	}
}
