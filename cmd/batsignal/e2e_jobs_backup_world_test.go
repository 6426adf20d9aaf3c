package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"batsignal/bot/irc/irctest"
	"batsignal/integrations/consul/consultest"
	"batsignal/integrations/s3/s3test"
	"batsignal/integrations/sftp/sftptest"
	"batsignal/integrations/vault/vaulttest"
	"batsignal/migrations/childtest"
	"batsignal/migrations/pglocal"
	"batsignal/migrations/pgtest"
)

// vaultage is a world with what is backed up, and places to keep it: a disk, a bucket that
// locks, another host, and a repository of restic.
type vaultage struct {
	*world
	bucket *s3test.Server
	barn   *sftptest.Server
	consul *consultest.Server
	vault  *vaulttest.Server
	wiki   *pgtest.DB

	keys   map[string]string // the secret keys of anna and bert, and the homes of carl's and dora's gpg
	jan    *irctest.Person
	people map[string]*irctest.Person
}

// jobsConfigText is the configuration of the jobs; it is filled in with what is only known at
// run time.
const jobsConfigText = `
jobs:
  seals:
    - {name: main, age: [%[1]s, %[2]s], identities: [%[3]s, %[4]s]}
    - {name: pgp, pgp: [%[5]s, %[6]s], gnupg_home: %[7]s}
  places:
    - {name: attic, disk: %[8]s}
    - {name: cloud, off_site: true, s3: {endpoint: %[9]q, bucket: locked, region: us-east-1, access_key: batsignal-test, secret_key_file: s3-secret, insecure: true, lock_days: 1}}
    - {name: barn, off_site: true, sftp: {address: %[10]q, user: %[11]s, key_file: %[12]s, known_hosts: %[13]s, dir: %[14]s}}
    - {name: repo, restic: {repository: %[15]s, password_file: restic-password, init: true}}
  vaults:
    - {name: main, nodes: [{name: vault1, address: %[16]q}]}
  backups:
    - {name: keys, files: {paths: [%[17]s], sentinel: %[17]s/.sentinel, on_change: true, settle: 1s, copies: [{of: %[17]s/app.db, with: [/usr/bin/sqlite3, %[17]s/app.db, '.backup {to}']}]}, seal: main, places: [attic, cloud, repo]}
    - {name: own, postgres: {own: true}, seal: main, places: [attic, barn]}
    - {name: wiki, postgres: {dsn: %[18]q, sentinel: batsignal_sentinel, trusted: true}, seal: pgp, places: [attic, barn]}
    - {name: consul, consul: {address: %[19]q, token_file: consul-token, binary: %[20]s}, seal: pgp, places: [attic, cloud]}
    - {name: raft, raft: {vault: main, token_file: vault-token, server: [%[21]s, -listen, '@LISTEN@', -raft, '@DIR@']}, seal: main, places: [attic, barn]}
    - {name: old, files: {paths: [%[17]s/nss], sentinel: %[17]s/nss/.sentinel}, seal: main, places: [attic, barn], daily: 2}
`

// newVaultage starts all servers, and the bot.
func newVaultage(t *testing.T, names ...string) *vaultage {
	t.Helper()
	for _, program := range []string{"age", "gpg", "restic", "sqlite3"} {
		if _, err := exec.LookPath(program); err != nil {
			childtest.Lacks(t, fmt.Errorf("there is no %s", program))
		}
	}
	minivault, err := vaulttest.Build()
	if err != nil {
		childtest.Lacks(t, err)
	}
	v := &vaultage{keys: map[string]string{}, people: map[string]*irctest.Person{}}
	v.bucket, v.barn = s3test.Start(t), sftptest.Start(t)
	v.bucket.LockingBucket(t, "locked")
	v.consul = consultest.StartWith(t, consultest.Options{Token: "7e5a8f52-0a4b-4b44-9d9a-1f6c1b1f0001"})
	v.consul.Put(t, "service/wiki", "up")
	v.vault = vaulttest.Start(t, vaulttest.Options{Raft: true})
	v.vault.Unseal()
	v.wiki = pgtest.Bare(t)
	v.world = newWorld(t, plan{accounts: names})
	dir := filepath.Join(v.dir, "box")
	v.fillBox(dir)
	for _, d := range []string{"attic", "repo"} {
		if err := os.MkdirAll(filepath.Join(v.dir, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	anna, bert := v.ageKey("anna"), v.ageKey("bert")
	carl, dora := v.pgpKey("carl"), v.pgpKey("dora")
	writeFile(t, v.dir, "s3-secret", s3test.SecretKey, 0o600)
	writeFile(t, v.dir, "restic-password", "a password of restic", 0o600)
	writeFile(t, v.dir, "consul-token", "7e5a8f52-0a4b-4b44-9d9a-1f6c1b1f0001", 0o600)
	writeFile(t, v.dir, "vault-token", v.vault.Root, 0o600)
	v.writeConfig(plan{more: anybodyLights + fmt.Sprintf(jobsConfigText, anna, bert, v.keys["anna"], v.keys["bert"], carl, dora, v.keys["carl"], v.at("attic"),
		v.bucket.Endpoint, v.barn.Addr, v.barn.User, v.barn.KeyFile, v.barn.KnownHosts, v.barn.Dir, v.at("repo"), v.vault.Address, dir,
		v.wiki.OwnerDSN, v.consul.Address, v.consul.Binary, minivault)})
	v.start()
	var roster strings.Builder
	roster.WriteString("people:\n")
	for _, name := range names {
		fmt.Fprintf(&roster, "  - {handle: %s, accounts: {%s: %[1]s}, roles: [coordination]}\n", name, netID)
	}
	v.enrol(roster.String())
	for i, p := range v.join(names...) {
		v.people[names[i]] = p
	}
	v.jan = v.people[names[0]]
	v.awaitBot(home)
	return v
}

func (v *vaultage) at(name ...string) string {
	return filepath.Join(append([]string{v.dir}, name...)...)
}

// fillBox makes what is backed up: keys, and databases as NSS and SQLite keep them.
func (v *vaultage) fillBox(dir string) {
	v.t.Helper()
	if err := os.MkdirAll(filepath.Join(dir, "nss"), 0o700); err != nil {
		v.t.Fatal(err)
	}
	writeFile(v.t, dir, "ca.key", "the key of the authority\n", 0o400)
	writeFile(v.t, dir, "nss/pkcs11.txt", "library=\n", 0o600)
	v.runs(dir, nil, "sqlite3", "app.db", "create table signed (name text); insert into signed values ('openssl'), ('glibc')")
	v.runs(dir, nil, v.psql(), "-X", "-q", v.wiki.OwnerDSN, "-c",
		"create table page (title text, edited_at timestamptz default now()); insert into page select 'page ' || n from generate_series(1, 500) n")
}

func (v *vaultage) psql() string {
	bin, err := pglocal.FindBinaries(os.Getenv("PG_BINDIR"))
	if err != nil {
		v.t.Fatal(err)
	}
	return filepath.Join(bin, "psql")
}

// runs runs a program of the machine, and gives what it prints.
func (v *vaultage) runs(dir string, env []string, name string, args ...string) string {
	v.t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		v.t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// ageKey makes somebody a key, and gives its public part.
func (v *vaultage) ageKey(name string) string {
	v.t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		v.t.Fatal(err)
	}
	v.keys[name] = writeFile(v.t, v.dir, name+".agekey", id.String()+"\n", 0o600)
	return id.Recipient().String()
}

// pgpKey makes somebody a key of OpenPGP in a gpg of their own, and gives the file of its public part.
func (v *vaultage) pgpKey(name string) string {
	v.t.Helper()
	homeDir := gpgHome(v.t)
	v.keys[name] = homeDir
	gpg := func(args ...string) string {
		return v.runs(v.dir, nil, "gpg", append([]string{"--homedir", homeDir, "--batch", "--quiet"}, args...)...)
	}
	gpg("--pinentry-mode", "loopback", "--passphrase", "", "--quick-generate-key", name+"@example.org", "future-default", "default", "never")
	writeFile(v.t, v.dir, name+".gpgkey", gpg("--pinentry-mode", "loopback", "--passphrase", "", "--armor", "--export-secret-keys"), 0o600)
	return writeFile(v.t, v.dir, name+".asc", gpg("--armor", "--export"), 0o644)
}

// gpgHome is a home of gpg with a short name, as its sockets need it.
func gpgHome(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "gpg")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = exec.Command("gpgconf", "--homedir", dir, "--kill", "all").Run()
		_ = os.RemoveAll(dir)
	})
	return dir
}

// asks has jan ask for a job, and waits for its end.
func (v *vaultage) asks(what, state string) (run int64) {
	v.t.Helper()
	return v.ends(v.asked(v.jan, what), state)
}

// asked is a run that somebody asked for.
func (v *vaultage) asked(who *irctest.Person, what string) (run int64) {
	v.t.Helper()
	last := one[int64](v.world, `select coalesce(max(id), 0) from job_run`)
	who.Say(home, what)
	eventually(v.t, what, func() bool {
		rows, err := tryAsk[int64](v.world, `select coalesce(max(id), 0) from job_run where asked_by is not null and id > $1`, last)
		if err == nil {
			run = rows[0]
		}
		return run > 0
	}, func() string { return strings.Join(v.transcript(), "\n") + "\n" + tail(v.bot) })
	return run
}

// ends waits until a run is over.
func (v *vaultage) ends(run int64, state string) int64 {
	v.t.Helper()
	eventually(v.t, fmt.Sprintf("the end of run %d", run), func() bool {
		rows, err := tryAsk[bool](v.world, `select ended_at is not null from job_run where id = $1`, run)
		return err == nil && len(rows) == 1 && rows[0]
	}, func() string { return strings.Join(v.transcript(), "\n") + "\n" + tail(v.bot) })
	if got := one[string](v.world, `select state || ': ' || said from job_run where id = $1`, run); !strings.HasPrefix(got, state+":") {
		v.t.Fatalf("run %d is %s, want %s; its log:\n%s", run, got, state, strings.Join(ask[string](v.world, `select text from job_log where run_id = $1 order by n`, run), "\n"))
	}
	return run
}

// transcript is what jan was shown.
func (v *vaultage) transcript() (lines []string) {
	for _, l := range everythingShown(v.jan) {
		if l.Command == "PRIVMSG" || l.Command == "NOTICE" {
			nick, _, _ := strings.Cut(l.Prefix, "!")
			lines = append(lines, fmt.Sprintf("%s <%s> %s", l.Params[0], strings.TrimPrefix(nick, ":"), l.Text()))
		}
	}
	return lines
}
