package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"filippo.io/age"

	"batsignal/bot/irc/irctest"
	"batsignal/integrations/s3/s3test"
)

// drill is the restore drill: a new machine on which there is only the configuration, what it
// takes to reach the place off site, and bert's own key. Everything else is gone.
func (v *vaultage) drill() {
	t := v.t
	t.Helper()
	v.light(v.jan, v.people["maria"], "the drill")
	v.asks("!backup own", "succeeded")
	v.bot.kill(t)
	people, incidents := "jan li maria", "the drill"
	bare := filepath.Join(v.dir, "new-machine")
	if err := os.MkdirAll(bare, 0o755); err != nil {
		t.Fatal(err)
	}
	text := read(v.config)
	for _, name := range []string{"attic", "repo", "box", "state"} {
		if err := os.Rename(v.at(name), v.at("gone-"+name)); err != nil {
			t.Fatal(err)
		}
	}
	v.bucketGone()
	config := writeFile(t, bare, "batsignal.yaml", text, 0o600)
	wrong, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	identity := writeFile(t, bare, "bert.agekey", read(v.keys["bert"]), 0o600)
	batsignal := func(args ...string) result { return shell(t, bare, append(args, "--config", config)...) }

	// Whatever else the configuration needs is not there yet, and need not be.
	list := batsignal("backup", "list", "--place", "barn")
	if list.status != exitOK || strings.Count(list.stdout, "backup-own/") != 2 || !strings.Contains(list.stdout, "backup-wiki/") {
		t.Fatalf("%s", list)
	}
	t.Logf("backup list --place barn:\n%s", list.stdout)
	if r := batsignal("backup", "fetch", "--place", "barn", "backup-own", "--identity", identity, "-o", "own.tar"); r.status != exitOK {
		t.Errorf("%s", r)
	}
	if r := batsignal("restore", "--place", "barn", "backup-own", "--identity", writeFile(t, bare, "wrong.agekey", wrong.String(), 0o600), "--yes"); r.status != exitFailed || !strings.Contains(r.stderr, "does not open this file") {
		t.Errorf("with a wrong key: %s", r)
	}
	if r := batsignal("restore", "own.tar"); r.status == exitOK || !strings.Contains(r.stderr, "Type yes") || !strings.Contains(r.stderr, "Nothing was restored") {
		t.Errorf("it does not ask: %s", r)
	}
	rehearsed := batsignal("restore", "--rehearse", "--place", "barn", "backup-own", "--identity", identity)
	if rehearsed.status != exitOK || !strings.Contains(rehearsed.stdout, "people: 3\n") || !strings.Contains(rehearsed.stdout, "Nothing is left of it") {
		t.Errorf("%s", rehearsed)
	}
	if _, err := os.Stat(filepath.Join(bare, "state", "postgres")); err == nil {
		t.Error("the rehearsal made a database")
	}
	r := batsignal("restore", "--place", "barn", "backup-own", "--identity", identity, "--yes")
	if r.status != exitOK || !strings.Contains(r.stdout, "people: 3\n") || !strings.Contains(r.stdout, "incidents open: 1\n") || !strings.Contains(r.stdout, "What to do now, in this order:\n 1. ") {
		t.Fatalf("%s", r)
	}
	t.Logf("restore:\n%s%s", r.stderr, r.stdout)
	if again := batsignal("restore", "own.tar", "--yes"); again.status != exitFailed || !strings.Contains(again.stderr, "not empty") {
		t.Errorf("a second time: %s", again)
	}

	// Now the rest comes from where it is kept, and the bot starts.
	for _, name := range []string{"attic", "repo", "box"} {
		if err := os.Rename(v.at("gone-"+name), v.at(name)); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.Command("cp", "-a", filepath.Join(bare, "state"), v.at("state")).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	writeFile(t, v.dir, "s3-secret", s3test.SecretKey, 0o600)
	v.start()
	v.awaitBot(home)
	if got := one[string](v.world, `select string_agg(handle, ' ' order by handle) from person`); got != people {
		t.Errorf("people: %s", got)
	}
	if status, page := v.get("/incidents/1"); status != 200 || !strings.Contains(page, incidents) {
		t.Errorf("the incident is not shown: %d\n%s", status, strings.Join(errorsIn(v.bot.output()), "\n"))
	}
	v.jan.Forget()
	v.jan.Say(home, "!status")
	v.jan.Expect(home, "the drill")
}

func (v *vaultage) light(asks, confirms *irctest.Person, what string) {
	v.t.Helper()
	light(v.world, asks, confirms, what)
}

// bucketGone is the day on which another place is away.
func (v *vaultage) bucketGone() {
	if err := os.Remove(v.at("s3-secret")); err != nil {
		v.t.Fatal(err)
	}
}
