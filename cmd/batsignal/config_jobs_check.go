package main

import (
	"net/mail"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"batsignal/integrations/job/cron"
	"batsignal/integrations/job/freeze"
)

// jobName is what places, backups, vaults and jobs may be called.
var jobName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,35}$`)

// check finds what cannot work of the jobs, as far as that can be told without asking anybody.
func (j jobsConfig) check(found *problems, c *Config) {
	if _, err := time.LoadLocation(j.Zone); err != nil {
		found.add("jobs.zone", "%s is no zone; write one such as Europe/Berlin", strconv.Quote(j.Zone))
		return
	}
	if _, err := freeze.NewRules(j.FreezeDays, "UTC"); err != nil {
		found.add("jobs.freeze_days", "%v", err)
	}
	if j.Walls != "" {
		oneOf(found, "jobs.walls", j.Walls, "auto", "required", "off")
	}
	for i, file := range j.Runbooks {
		wholePath(found, strings.TrimSuffix(entry("jobs.runbooks", i), "."), file)
	}
	names := nameCheck{found: found, seen: map[string]string{}}
	for i, s := range j.Seals {
		at := entry("jobs.seals", i)
		names.add("seal", at, s.Name)
		s.check(found, at)
	}
	for i, p := range j.Places {
		at := entry("jobs.places", i)
		names.add("place", at, p.Name)
		p.check(found, at)
	}
	for i, v := range j.Vaults {
		at := entry("jobs.vaults", i)
		names.add("vault", at, v.Name)
		v.check(found, at)
	}
	for i, b := range j.Backups {
		at := entry("jobs.backups", i)
		names.add("backup", at, b.Name)
		j.checkBackup(found, at, b)
	}
	for i, p := range j.Procedures {
		at := entry("jobs.procedures", i)
		names.add("job", at, p.Name)
		p.check(found, at)
	}
	j.Announce.check(found, c)
}

// nameCheck finds names that cannot be, or that two things of one sort have.
type nameCheck struct {
	found *problems
	seen  map[string]string
}

func (n *nameCheck) add(sort, at, name string) {
	switch first := n.seen[sort+" "+name]; {
	case !jobName.MatchString(name):
		n.found.add(at+"name", "must be small letters, digits and dashes, such as main")
	case first != "":
		n.found.add(at+"name", "%s is the name of another %s; choose another one", name, sort)
	}
	n.seen[sort+" "+name] = at
}

func (s sealConfig) check(found *problems, at string) {
	switch {
	case (len(s.Age) == 0) == (len(s.PGP) == 0):
		found.add(at+"age", "give either public keys of age, or files of OpenPGP keys in pgp")
	case len(s.Age)+len(s.PGP) < 2:
		found.add(at+"age", "must be two at least: with one key, losing it loses every backup")
	}
	for _, file := range append(slices.Clone(s.PGP), s.Identities...) {
		wholePath(found, at+"identities", file)
	}
}

func (p placeConfig) check(found *problems, at string) {
	given := 0
	for _, one := range []string{p.Disk, p.S3.Endpoint, p.SFTP.Address, p.Restic.Repository} {
		if one != "" {
			given++
		}
	}
	switch {
	case given != 1:
		found.add(at+"disk", "give just one of disk, s3, sftp and restic")
	case p.Disk != "":
		wholePath(found, at+"disk", p.Disk)
	case p.S3.Endpoint != "":
		if p.S3.Bucket == "" || p.S3.AccessKey == "" || p.S3.SecretKey.Empty() {
			found.add(at+"s3.bucket", "a bucket needs bucket, access_key and secret_key_file")
		}
		if host, _, _ := strings.Cut(p.S3.Endpoint, ":"); p.S3.Insecure && !isLoopback(host) {
			found.add(at+"s3.insecure", "would send the key's signatures in the clear to %s", p.S3.Endpoint)
		}
		if p.S3.LockMode != "" {
			oneOf(found, at+"s3.lock_mode", p.S3.LockMode, "governance", "compliance")
		}
	case p.SFTP.Address != "" && (p.SFTP.User == "" || p.SFTP.KeyFile == "" || p.SFTP.KnownHosts == "" || p.SFTP.Dir == ""):
		found.add(at+"sftp.user", "a host needs user, key_file, known_hosts and dir")
	case p.Restic.Repository != "" && p.Restic.Password.Empty():
		found.add(at+"restic.password_file", "must name a file with the password of the repository")
	}
}

func (v vaultConfig) check(found *problems, at string) {
	if len(v.Nodes) == 0 {
		found.add(at+"nodes", "must name one node at least")
	}
	seen := map[string]bool{}
	for i, n := range v.Nodes {
		in := entry(at+"nodes", i)
		if !jobName.MatchString(n.Name) || n.Name == "all" || seen[n.Name] {
			found.add(in+"name", "must be a name of its own, such as vault1")
		}
		seen[n.Name] = true
		u, err := url.Parse(n.Address)
		switch {
		case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
			found.add(in+"address", "must be an address such as https://vault1.example.org:8200")
		case u.Scheme == "http" && !isLoopback(u.Hostname()):
			found.add(in+"address", "would send shares in the clear; use https")
		}
	}
	for i, h := range v.Holders {
		in := entry(at+"holders", i)
		if h.Person == "" {
			found.add(in+"person", "must be the handle of a person")
		}
		if h.PGP == "" {
			found.add(in+"pgp", "must be a file with the person's OpenPGP public key")
		}
	}
	for i, r := range v.Custody.Readers {
		in := entry(at+"custody.readers", i)
		if r.Place == "" || len(r.People) == 0 {
			found.add(in+"place", "must be a place, with the people who can read it")
		}
	}
	if slices.Contains(v.Custody.Backups, "") {
		found.add(at+"custody.backups", "must be names of places")
	}
	if v.Every != 0 {
		between(found, at+"every", v.Every, time.Second, time.Hour)
	}
}

func (j jobsConfig) checkBackup(found *problems, at string, b backupConfig) {
	given := 0
	for _, one := range []bool{b.Consul.Address != "", b.Raft.Vault != "", len(b.Files.Paths) > 0, b.Postgres.Own || !b.Postgres.DSN.Empty()} {
		if one {
			given++
		}
	}
	if given != 1 {
		found.add(at+"files", "give just one of consul, raft, files and postgres")
	}
	if b.Raft.Vault != "" && !slices.ContainsFunc(j.Vaults, func(v vaultConfig) bool { return v.Name == b.Raft.Vault }) {
		found.add(at+"raft.vault", "%s is none of jobs.vaults", strconv.Quote(b.Raft.Vault))
	}
	for _, file := range b.Files.Paths {
		wholePath(found, at+"files.paths", file)
	}
	if len(b.Files.Check) > 0 {
		wholePath(found, at+"files.check", b.Files.Check[0])
	}
	for i, one := range b.Files.Copies {
		in := entry(at+"files.copies", i)
		wholePath(found, in+"of", one.Of)
		if len(one.With) == 0 {
			found.add(in+"with", "must be a program, with its arguments")
		}
	}
	if m := b.Postgres.Mode; m != "" {
		oneOf(found, at+"postgres.mode", m, "dump", "base")
	}
	sealed, offSite := false, false
	for _, name := range b.Places {
		i := slices.IndexFunc(j.Places, func(p placeConfig) bool { return p.Name == name })
		if i < 0 {
			found.add(at+"places", "%s is none of jobs.places", strconv.Quote(name))
			continue
		}
		offSite = offSite || j.Places[i].OffSite
		sealed = sealed || j.Places[i].Restic.Repository == ""
	}
	switch {
	case len(b.Places) < 2:
		found.add(at+"places", "must be two at least")
	case !offSite:
		found.add(at+"places", "none of them is off_site: when the building burns, all are gone")
	}
	if sealed && !slices.ContainsFunc(j.Seals, func(s sealConfig) bool { return s.Name == b.Seal }) {
		found.add(at+"seal", "%s is none of jobs.seals", strconv.Quote(b.Seal))
	}
	checkRule(found, at+"at", b.At)
	checkRule(found, at+"verify_at", b.VerifyAt)
	checkRule(found, at+"retire_at", b.RetireAt)
	for key, n := range map[string]int{"daily": b.Daily, "weekly": b.Weekly, "monthly": b.Monthly} {
		if n < 0 || n > 1000 {
			found.add(at+key, "must be between 0 and 1000")
		}
	}
}

func (a announceConfig) check(found *problems, c *Config) {
	for i, room := range a.Rooms {
		at := entry("jobs.announce.rooms", i)
		if !slices.Contains(c.networkIDs(), room.Network) {
			found.add(at+"network", "%s is no network of this configuration; there are: %s", strconv.Quote(room.Network), strings.Join(c.networkIDs(), ", "))
		}
		if room.Room == "" {
			found.add(at+"room", "must be a room, such as #users")
		}
	}
	for i, list := range a.Lists {
		at := strings.TrimSuffix(entry("jobs.announce.lists", i), ".")
		if one, err := mail.ParseAddress(list); err != nil || one.Address != list {
			found.add(at, "must be an address such as announce@example.org")
		}
		if c.Mail.Host == "" {
			found.add(at, "needs mail.host, or nothing is sent")
		}
	}
}

func checkRule(found *problems, key, rule string) {
	if rule == "" {
		return
	}
	if _, err := cron.Parse(rule, "UTC"); err != nil {
		found.add(key, "%v", err)
	}
}

func wholePath(found *problems, key, path string) {
	if !filepath.IsAbs(path) {
		found.add(key, "%s must be a whole path, such as /etc/batsignal/%s", strconv.Quote(path), filepath.Base(path))
	}
}
