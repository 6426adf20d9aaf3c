package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"batsignal/migrations/childtest"
)

// TestBackupsFromChatToWhatIsRestoredByHand is the story of backups, with real servers: they
// are taken and tested from chat, opened by each of those they are sealed for with stock
// tools, restored by the letter of the text beside them, and deleted by the rule.
func TestBackupsFromChatToWhatIsRestoredByHand(t *testing.T) {
	childtest.Long(t)
	t.Parallel()
	v := newVaultage(t, "jan", "maria", "li")
	all := []string{"keys", "own", "wiki", "consul", "raft", "old"}
	var runs []int64
	for _, name := range all {
		runs = append(runs, v.asked(v.jan, "!backup "+name))
	}
	for _, run := range runs {
		v.ends(run, "succeeded")
	}
	for _, name := range all {
		ends, want := "succeeded", 4
		if name == "raft" { // nobody hands in shares to look into it, so it is not verified
			ends, want = "failed", 3
		}
		run := v.asks("!verify "+name, ends)
		level := one[int](v.world, `select c.level from snapshot_check c where c.run_id = $1 order by c.id desc limit 1`, run)
		if level != want {
			t.Errorf("%s is proven to level %d", name, level)
		}
	}
	v.onChange()
	v.byHand(all)
	v.retires()
	for _, line := range v.transcript() {
		t.Log(line)
	}
	v.neverLogged("a password of restic")
	v.neverLogged(v.vault.Root)
	v.drill()
}

// onChange: a file that changes is backed up by itself.
func (v *vaultage) onChange() {
	v.t.Helper()
	writeFile(v.t, v.at("box"), "new.key", "a new key\n", 0o600)
	await(v.world, true, `select exists (select from job_run where job = 'backup-keys' and asked_by is null and state = 'succeeded')`)
}

// retires: old backups go by the rule, with the breaker in between.
func (v *vaultage) retires() {
	t := v.t
	t.Helper()
	for range 5 {
		v.asks("!backup old", "succeeded")
	}
	// The past is made up: a backup each day, all tested.
	v.owner(`update snapshot s set taken_at = now() - (x.n || ' days 1 hour')::interval, verified_at = now(), checked = 'successful', level = 4
		from (select id, row_number() over (order by id desc) as n from snapshot where job = 'backup-old') x where x.id = s.id`)
	v.jan.Say(home, "!job run --dry retire-old")
	v.jan.Expect(home, "would do this, and did nothing")
	before := v.count("backup-old")
	v.asks("!job run retire-old", "failed")
	if n := v.count("backup-old"); n != before {
		t.Fatalf("%d of %d are left, in spite of the breaker", n, before)
	}
	list := one[string](v.world, `select substring(said from 'snapshots=([0-9,-]+)') from job_run where job = 'retire-old' and not dry order by id desc limit 1`)
	run := v.asked(v.jan, "!job run purge-old snapshots="+list)
	v.jan.Say(home, fmt.Sprintf("!job approve %d", run))
	v.jan.Expect(home, "yourself")
	for _, who := range []string{"maria", "li"} {
		v.people[who].Say(home, fmt.Sprintf("!job approve %d", run))
	}
	v.ends(run, "succeeded")
	left := one[int](v.world, `select count(*)::int from snapshot where job = 'backup-old' and state = 'kept'`)
	if left != 2 || v.count("backup-old") != 3*left {
		t.Errorf("%d are left, and %d files of them", left, v.count("backup-old"))
	}
}

// count is how many files of a job are in the attic.
func (v *vaultage) count(of string) int {
	entries, err := os.ReadDir(filepath.Join(v.at("attic"), of))
	if err != nil && !os.IsNotExist(err) {
		v.t.Fatal(err)
	}
	return len(entries)
}

// owner changes the database as the owner of its tables.
func (v *vaultage) owner(sql string, args ...any) {
	v.t.Helper()
	if _, err := tryAsk[int](v.world, strings.TrimSpace(sql)+" returning 1", args...); err != nil {
		v.t.Fatal(err)
	}
}
