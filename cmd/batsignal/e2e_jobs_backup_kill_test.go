package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"batsignal/bot/irc/irctest"
	"batsignal/integrations/backup"
	storage "batsignal/integrations/place"
	"batsignal/integrations/s3/s3test"
	"batsignal/integrations/seal"
	"batsignal/integrations/sftp/sftptest"
	"batsignal/migrations/childtest"
	"batsignal/migrations/pgtest"
)

// killRounds is how often the bot is killed while it takes, tests and deletes backups, all at
// the same time.
const killRounds = 12

const killJobs = `
jobs:
  seals:
    - {name: main, age: [%[1]s, %[2]s], identities: [%[3]s]}
  places:
    - {name: attic, disk: %[4]s}
    - {name: cloud, off_site: true, s3: {endpoint: %[5]q, bucket: backups, region: us-east-1, access_key: batsignal-test, secret_key_file: s3-secret, insecure: true}}
    - {name: barn, off_site: true, sftp: {address: %[6]q, user: %[7]s, key_file: %[8]s, known_hosts: %[9]s, dir: %[10]s}}
  backups:
    - {name: box, files: {paths: [%[11]s], sentinel: %[11]s/.sentinel}, seal: main, places: [attic, cloud, barn]}
    - {name: wiki, postgres: {dsn: %[12]q, sentinel: batsignal_sentinel, trusted: true}, seal: main, places: [attic, cloud]}
    - {name: old, files: {paths: [%[11]s], sentinel: %[11]s/.sentinel}, seal: main, places: [attic, barn], daily: 30}
`

// TestKilledInTheMiddleOfBackups kills the bot and its database again and again, at moments
// of chance and right after each line of a log, while a backup is taken, another is restored
// on a server that is thrown away, and old ones are deleted. Each run comes to its end, once,
// and nothing is left of the deaths: not in any place, not on the machine.
func TestKilledInTheMiddleOfBackups(t *testing.T) {
	childtest.Long(t)
	t.Parallel()
	v := &vaultage{keys: map[string]string{}, people: map[string]*irctest.Person{}}
	v.bucket, v.barn, v.wiki = s3test.Start(t), sftptest.Start(t), pgtest.Bare(t)
	v.bucket.Bucket(t, "backups")
	v.world = newWorld(t, plan{accounts: []string{"jan"}})
	v.fillBox(v.at("box"))
	large := make([]byte, 6<<20)
	dice := rand.NewChaCha8([32]byte{8})
	_, _ = dice.Read(large)
	writeFile(t, v.at("box"), "large", string(large), 0o600)
	if err := os.Mkdir(v.at("attic"), 0o700); err != nil {
		t.Fatal(err)
	}
	writeFile(t, v.dir, "s3-secret", s3test.SecretKey, 0o600)
	anna, bert := v.ageKey("anna"), v.ageKey("bert")
	v.writeConfig(plan{more: fmt.Sprintf(killJobs, anna, bert, v.keys["anna"], v.at("attic"), v.bucket.Endpoint, v.barn.Addr, v.barn.User,
		v.barn.KeyFile, v.barn.KnownHosts, v.barn.Dir, v.at("box"), v.wiki.OwnerDSN)})
	v.start()
	v.enrol(fmt.Sprintf("people:\n  - {handle: jan, accounts: {%s: jan}, roles: [coordination]}\n", netID))
	v.jan = v.join("jan")[0]
	v.awaitBot(home)
	v.asks("!backup wiki", "succeeded")
	v.age(1, 30)

	moments := rand.New(dice)
	hit := map[string]int{}
	for round := range killRounds {
		if one[int](v.world, `select count(*)::int from snapshot where job = 'backup-old' and state = 'kept'`) <= 30 { // else the last ones were not asked away
			v.age(31+5*round, 5)
		}
		last := one[int64](v.world, `select max(id) from job_run`)
		asked := []string{"!backup box", "!verify wiki", "!job run retire-old"}
		for i := range asked {
			v.jan.Say(home, asked[(i+round)%len(asked)])
		}
		await(v.world, true, `select count(*) > 0 from job_run where id > $1 and state = 'running'`, last)
		if round%2 == 0 {
			time.Sleep(time.Duration(moments.IntN(1200)) * time.Millisecond)
		} else {
			v.awaitLines(last, round-1)
		}
		v.bot.kill(t)
		killed := time.Now()
		v.start()
		for _, where := range ask[string](v.world, `select r.job || ': ' || coalesce((select s.name from job_step s where s.run_id = r.id order by s.n desc limit 1), 'nothing yet')
			from job_run r where r.state in ('running', 'undoing')`) {
			hit[where]++
		}
		// As if the minutes had passed after which the dead are given up.
		v.owner(`update job_run set leased_until = now() - interval '1 second' where state in ('running', 'undoing') and leased_until < $1`, killed.Add(30*time.Second))
		v.owner(`update river_job set attempted_at = now() - interval '1 hour' where kind = 'job_run' and state = 'running' and attempted_at < $1`, killed)
		await(v.world, 0, `select count(*)::int from job_run where ended_at is null`)
		if bad := ask[string](v.world, `select job || ' is ' || state || ': ' || said from job_run where id > $1 and state <> 'succeeded'`, last); len(bad) > 0 {
			t.Errorf("round %d: %q", round, bad)
		}
		v.awaitBot(home)
	}
	for where, n := range hit {
		t.Logf("killed %d times in %s", n, where)
	}
	if len(hit) < 4 {
		t.Errorf("it died in %d different places only", len(hit))
	}
	v.asks("!job run retire-old", "succeeded")
	v.nothingIsLeft()
}

// awaitLines waits for the n-th line of the logs of new runs.
func (v *vaultage) awaitLines(last int64, n int) {
	v.t.Helper()
	eventually(v.t, "lines of a log", func() bool {
		rows, err := tryAsk[bool](v.world, `select (select count(*) from job_log where run_id > $1) + (select count(*) from job_step where run_id > $1) >= $2
			or not exists (select from job_run where ended_at is null)`, last, n)
		return err == nil && rows[0]
	}, v.bot.output)
}

// age makes up tested backups of days before.
func (v *vaultage) age(first, n int) {
	v.t.Helper()
	for day := first; day < first+n; day++ {
		key := fmt.Sprintf("backup-old/day-%03d.tar.age", day)
		for _, dir := range []string{v.at("attic"), v.barn.Dir} {
			if err := os.MkdirAll(filepath.Join(dir, "backup-old"), 0o700); err != nil {
				v.t.Fatal(err)
			}
			for _, end := range []string{"", ".json", ".txt"} {
				writeFile(v.t, dir, key+end, "old", 0o600)
			}
		}
		v.owner(`with s as (insert into snapshot (job, taken_at, state, want, have, checked, level, verified_at)
			values ('backup-old', now() - make_interval(days => $1), 'kept', 1, 1, 'successful', 4, now()) returning id)
			insert into snapshot_copy (snapshot_id, member, place, off_site, key, size, sha256, recipients, documented, stored_at)
			select s.id, 'whole', p.place, p.place = 'barn', $2, 3, encode(sha256('old'), 'hex'), array['a', 'b'], true, now()
			from s, (values ('attic'), ('barn')) p (place)`, day, key)
	}
}

// nothingIsLeft looks whether catalogue and places agree, and for what deaths left.
func (v *vaultage) nothingIsLeft() {
	t, ctx := v.t, context.Background()
	t.Helper()
	for what, n := range map[string]int{
		"runs with more or fewer than one snapshot": one[int](v.world, `select count(*)::int from job_run r where r.job = 'backup-box' and r.state = 'succeeded' and
			(select count(*) from snapshot s where s.run_id = r.id and s.state = 'kept') <> 1`),
		"snapshots half taken or half deleted": one[int](v.world, `select count(*)::int from snapshot where state in ('taking', 'deleting')`),
		"steps that nobody took back":          one[int](v.world, `select count(*)::int from job_step where undo not in ('', 'stored') and state <> 'undone'`),
		"tests that never ended":               one[int](v.world, `select count(*)::int from snapshot_check where state = 'validating'`),
		"old backups that did not go":          one[int](v.world, `select count(*)::int - 30 from snapshot where job = 'backup-old' and state = 'kept'`),
	} {
		if n != 0 {
			t.Errorf("%d %s", n, what)
		}
	}
	entries, err := os.ReadDir(v.state("scratch"))
	if err != nil && !errors.Is(err, os.ErrNotExist) || len(entries) > 0 {
		t.Errorf("the scratch directory holds %v, %v", entries, err)
	}
	for pid, line := range processTable(1) {
		if strings.Contains(line, v.state("scratch")) {
			t.Errorf("process %s is left: %s", pid, line)
		}
	}
	l, err := loadConfig(v.config, nil)
	if err != nil {
		t.Fatal(err)
	}
	places, err := backupPlaces(l.Config)
	if err != nil {
		t.Fatal(err)
	}
	opener, err := seal.NewAgeOpener(v.keys["bert"])
	if err != nil {
		t.Fatal(err)
	}
	for name, p := range places {
		swept, err := p.Place.(storage.Sweeper).Sweep(ctx, time.Now().Add(time.Hour))
		if err != nil {
			t.Error(err)
		}
		t.Logf("at %s, %d unfinished files were swept", name, swept)
		var have []string
		files, err := p.List(ctx, "")
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			have = append(have, f.Key)
		}
		var want []string
		for _, key := range ask[string](v.world, `select key from snapshot_copy where place = $1 and gone_at is null`, name) {
			want = append(want, key, key+".json", key+".txt")
			if strings.HasPrefix(key, "backup-old/") {
				continue
			}
			if got, err := backup.Fetch(ctx, p, key, opener, io.Discard); err != nil || !got.Checked {
				t.Errorf("%s at %s: %+v, %v", key, name, got, err)
			}
		}
		slices.Sort(want)
		if !slices.Equal(have, want) {
			t.Errorf("at %s lie %q, and the catalogue has %q", name, have, want)
		}
	}
	for _, dir := range []string{v.at("attic"), v.barn.Dir} {
		_ = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
			if err == nil && strings.ContainsAny(d.Name(), "~") {
				t.Errorf("%s is left", path)
			}
			return nil
		})
	}
	if _, _, uploads := v.bucket.Things(t, "backups"); uploads != 0 {
		t.Errorf("%d uploads are left", uploads)
	}
}
