package main

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"batsignal/migrations/pgtest"
)

// withDatabase is a world with a Postgres of the operator's own.
func withDatabase(w *world, url, owner string) string {
	return w.variant("own-database", "mail:\n", fmt.Sprintf("database: {url: %q, owner_url: %q}\nmail:\n", url, owner))
}

func TestMigrateComesBeforeServe(t *testing.T) {
	t.Parallel()
	db := pgtest.Bare(t)
	w := newWorld(t, plan{accounts: []string{"jan"}, roles: killRoles})
	usual := w.config
	w.config = withDatabase(w, db.BotDSN, db.OwnerDSN)

	const never = "the database schema does not fit this program: it was never migrated, or not to the end; run: batsignal migrate."
	if r := w.cli("serve"); r.status != exitFailed || !strings.Contains(r.stderr, "batsignal: "+never+"\n") {
		t.Errorf("serve before migrate: %s", r)
	}
	if r := w.cli("doctor"); r.status != exitFailed || !strings.Contains(r.stdout, "broken   database: "+never+"\n") {
		t.Errorf("doctor before migrate: %s", r)
	}
	if said := w.must("migrate"); !strings.HasPrefix(said, "The database went from version 0 to ") {
		t.Errorf("migrate: %s", said)
	}
	if said := w.must("migrate"); !strings.HasPrefix(said, "Nothing to do: the database is at version ") {
		t.Errorf("migrate again: %s", said)
	}

	w.start()
	w.join()
	w.awaitBot(home)
	wantLines(t, w.must("doctor"), "ok       database", "ok       database role", "ok       network "+netID, "ok       web")
	if status := w.bot.stop(t); status != exitOK {
		t.Errorf("the bot ended with %d:\n%s", status, tail(w.bot))
	}

	// The owner could change the public record: the doctor says so.
	w.config = usual
	w.config = withDatabase(w, db.OwnerDSN, db.OwnerDSN)
	r := w.cli("doctor")
	if r.status != exitFailed || !strings.Contains(r.stdout, "broken   database role: the bot's role owns the tables or is a superuser, so it could change the public record\n"+
		"         Let database.url log in as a role of its own: batsignal migrate grants it what it needs.\n") {
		t.Errorf("doctor as the owner: %s", r)
	}
}

func TestMigrateInTwoPlacesAtOnce(t *testing.T) {
	t.Parallel()
	db := pgtest.Bare(t)
	dir := openDir(t)
	config := writeFile(t, dir, "batsignal.yaml", fmt.Sprintf("state_dir: state\ndatabase: {url: %q, owner_url: %q}\n", db.BotDSN, db.OwnerDSN), 0o600)
	program(t)
	results := make([]result, 3)
	var all sync.WaitGroup
	for i := range results {
		all.Go(func() { results[i] = shell(t, dir, "migrate", "--config", config) })
	}
	all.Wait()
	changed := 0
	for _, r := range results {
		if r.status != exitOK {
			t.Errorf("%s", r)
		}
		if strings.HasPrefix(r.stdout, "The database went from version 0 to ") {
			changed++
		}
	}
	if changed != 1 {
		t.Errorf("%d of %d say that they migrated, want 1", changed, len(results))
	}
}

func TestMigrateNeedsTheOwner(t *testing.T) {
	t.Parallel()
	db := pgtest.Bare(t)
	dir := openDir(t)
	config := writeFile(t, dir, "batsignal.yaml", fmt.Sprintf("state_dir: state\ndatabase: {url: %q}\n", db.BotDSN), 0o600)
	r := shell(t, dir, "migrate", "--config", config)
	if r.status != exitUsage || r.stderr != "batsignal: To migrate, the configuration must say how to log in as the owner of the tables: database.owner_url_file.\n" {
		t.Errorf("without an owner: %s", r)
	}
	config = writeFile(t, dir, "batsignal.yaml", fmt.Sprintf("state_dir: state\ndatabase: {url: %q, owner_url: %[1]q}\n", db.BotDSN), 0o600)
	if r := shell(t, dir, "migrate", "--config", config); r.status != exitFailed || !strings.Contains(r.stderr, "batsignal: The database cannot be brought up to date: ") {
		t.Errorf("as the bot: %s", r)
	}
}
