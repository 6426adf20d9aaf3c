package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"batsignal/integrations/consul/consultest"
	"batsignal/migrations/pglocal"
	"batsignal/migrations/pgtest"
)

// This file holds what people do who have nothing of ours: a copy, their key, and the text
// beside it.

// copyText is one copy of a backup, as it lies in its place, and the text beside it.
type copyText struct{ job, place, key, text string }

func (c copyText) name() string { return c.key[strings.LastIndex(c.key, "/")+1:] }

// copies are all that the catalogue has of some jobs, the newest backup of each.
func (v *vaultage) copies(names []string) (all []copyText) {
	v.t.Helper()
	for _, name := range names {
		for _, line := range ask[string](v.world, `select c.place || ' ' || c.key from snapshot_copy c where c.gone_at is null and c.snapshot_id = (
			select max(id) from snapshot where job = $1 and state = 'kept') order by 1`, "backup-"+name) {
			at, key, _ := strings.Cut(line, " ")
			all = append(all, copyText{name, at, key, string(v.stored(at, key+".txt"))})
		}
	}
	return all
}

// stored reads a file of a place without our program.
func (v *vaultage) stored(at, key string) []byte {
	v.t.Helper()
	switch at {
	case "attic":
		return []byte(read(v.at("attic", key)))
	case "barn":
		return []byte(read(filepath.Join(v.barn.Dir, key)))
	case "repo":
		return []byte(v.restic("dump", "--host", "batsignal", "--tag", "key="+key, "latest", key))
	}
	text, _, there := v.bucket.Object(v.t, "locked", key)
	if !there {
		v.t.Fatalf("there is no %s at %s", key, at)
	}
	return []byte(text)
}

func (v *vaultage) restic(args ...string) string {
	v.t.Helper()
	cmd := exec.Command("restic", append([]string{"-r", v.at("repo"), "--no-cache", "--quiet"}, args...)...)
	cmd.Env = append(os.Environ(), "RESTIC_PASSWORD_FILE="+v.at("restic-password"))
	out, err := cmd.Output()
	if err != nil {
		v.t.Fatalf("restic %q: %v", args, err)
	}
	return string(out)
}

// shellLines are the lines of a text that are for a shell.
func shellLines(text string) (script string) {
	for line := range strings.Lines(text) {
		if command, is := strings.CutPrefix(line, "    "); is {
			script += command
		}
	}
	return script
}

// byHand has each copy opened by everybody it is sealed for, and restored once, by the
// letter of the text that lies beside it.
func (v *vaultage) byHand(names []string) {
	t := v.t
	t.Helper()
	s := v.elsewhere()
	restored := map[string]bool{}
	for _, c := range v.copies(names) {
		holders := []string{""}
		switch filepath.Ext(c.key) {
		case ".age":
			holders = []string{"anna", "bert"}
		case ".gpg":
			holders = []string{"carl", "dora"}
		}
		for _, holder := range holders {
			dir := v.at("hand", c.job, c.place+holder)
			if err := os.MkdirAll(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			if holder != "" { // in a repository of restic it is not a file
				if err := os.WriteFile(filepath.Join(dir, c.name()), v.stored(c.place, c.key), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			script := shellLines(c.text)
			if restored[c.job] {
				script = firstLines(script, 2) // whole, and opened
			}
			v.follow(s, c, holder, dir, script)
			restored[c.job] = true
		}
	}
	s.asked(t)
}

// firstLines are the first lines of a text.
func firstLines(text string, n int) string {
	return strings.Join(strings.SplitAfterN(text, "\n", n+1)[:n], "")
}

// follow runs the lines in a directory with a copy in it.
func (v *vaultage) follow(s *other, c copyText, holder, dir, script string) {
	t := v.t
	t.Helper()
	key := v.at(holder + ".agekey")
	if filepath.Ext(c.key) == ".gpg" {
		key = v.at(holder + ".gpgkey")
	}
	if holder != "" {
		if err := os.WriteFile(filepath.Join(dir, "KEY"), []byte(read(key)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	script = strings.NewReplacer("-r REPOSITORY", "-r "+v.at("repo"), "http://127.0.0.1:8500", s.consul.Address, "/path/to/token", s.consulToken).Replace(script)
	cmd := exec.Command("sh", "-exc", script)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+s.path+":"+os.Getenv("PATH"), "GNUPGHOME="+gpgHome(t), "RESTIC_PASSWORD_FILE="+v.at("restic-password"),
		"PGHOST="+s.pgHost, "PGUSER="+pglocal.OwnerRole, "VAULT_ADDR="+"http://127.0.0.1:1")
	out, err := cmd.CombinedOutput()
	t.Logf("%s at %s, by %s:\n%s\n%s", c.job, c.place, holder, script, out)
	if err != nil || !strings.Contains(string(out), ": OK") {
		t.Errorf("%s at %s, by %s: %v\n%s", c.job, c.place, holder, err, c.text)
	}
}

// other is a machine elsewhere, with servers that have nothing in them.
type other struct {
	path, pgHost, consulToken string
	consul                    *consultest.Server
	wiki                      string
}

func (v *vaultage) elsewhere() *other {
	t := v.t
	t.Helper()
	s := &other{consulToken: v.at("consul-token"), wiki: wordOf(v.wiki.OwnerDSN, "dbname")}
	s.consul = consultest.StartWith(t, consultest.Options{Token: "7e5a8f52-0a4b-4b44-9d9a-1f6c1b1f0002"})
	s.consulToken = writeFile(t, v.dir, "consul-token-new", "7e5a8f52-0a4b-4b44-9d9a-1f6c1b1f0002", 0o600)
	own := pgtest.Private(t)
	s.pgHost = wordOf(own.OwnerDSN(), "host")
	bin := v.at("bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(v.consul.Binary, filepath.Join(bin, "consul")); err != nil {
		t.Fatal(err)
	}
	// In the place of the program vault, which is not free: it says what it was asked.
	writeFile(t, bin, "vault", "#!/bin/sh\necho vault \"$@\"\nfor last; do :; done\ncase \"$*\" in *restore*) tar tzf \"$last\" | grep -q meta.json;; esac\n", 0o755)
	s.path = bin + ":" + filepath.Dir(v.psql())
	s.sql(t, "postgres", "drop database "+pglocal.Database+" with (force)")
	return s
}

// wordOf is a word of a DSN: of host=x user=y, or of postgres://y@/z?host=x.
func wordOf(dsn, word string) string {
	cfg, err := pgx.ParseConfig(dsn)
	if err != nil {
		return ""
	}
	return map[string]string{"host": cfg.Host, "dbname": cfg.Database}[word]
}

func (s *other) sql(t *testing.T, database, sql string) (answer string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), fmt.Sprintf("host=%s user=%s dbname=%s sslmode=disable", s.pgHost, pglocal.OwnerRole, database))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	rows, err := conn.Query(t.Context(), sql)
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		if err := rows.Scan(&answer); err != nil {
			t.Fatal(err)
		}
	}
	if rows.Err() != nil {
		t.Fatal(rows.Err())
	}
	return answer
}

// asked looks into what was restored by hand.
func (s *other) asked(t *testing.T) {
	t.Helper()
	if n := s.sql(t, s.wiki, "select count(*)::text from page"); n != "500" {
		t.Errorf("%s pages of the wiki", n)
	}
	if n := s.sql(t, pglocal.Database, "select string_agg(handle, ' ' order by handle) from person"); n != "jan li maria" {
		t.Errorf("people: %s", n)
	}
	if value, there := s.consul.Get(t, "service/wiki"); !there || value != "up" {
		t.Errorf("Consul has %q, %t", value, there)
	}
}
