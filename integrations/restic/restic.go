// Package restic owns keeping files in a repository of restic, by driving the program itself:
// whoever has the repository and its password reads them with stock restic, without us.
//
// Each file is a snapshot of its own, with its key, size and SHA-256 as tags. It seals with
// keys of its own, so what it is given is not sealed before. It does not decide what is
// deleted, and knows no policies of restic's.
//
// restic takes the end of its input for the end of the file, also where we died. So a
// snapshot is first tagged as unfinished, and gets its key when everything was there.
package restic

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"batsignal/integrations/argv"
	"batsignal/integrations/place"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

// Config says which repository.
type Config struct {
	// Repository is where it is, as restic writes it: "/srv/restic", "sftp:host:/x",
	// "rest:https://…", "s3:https://…". There may be a password in it.
	Repository secret.Text
	Password   secret.Text
	AccessKey  string // of a bucket; "" is none
	SecretKey  secret.Text
	// Init makes the repository if there is none. Else a disk that is not mounted is told.
	Init     bool
	CacheDir string // makes repositories far away faster; "" is none
	Program  string // "" is restic
	// Patience is how long to wait for others who work in the repository; 0 is two minutes.
	Patience time.Duration
}

// Place is a repository.
type Place struct{ cfg Config }

var (
	_ place.SelfSealing = (*Place)(nil)
	_ place.Sweeper     = (*Place)(nil)
)

const host = "batsignal" // whose snapshots are ours

// New checks what can be checked without asking restic.
func New(c Config) (*Place, error) {
	switch {
	case c.Repository.Empty():
		return nil, fault.New(fault.Invalid, "The repository must be said, as restic writes it: a directory, or like sftp:host:/folder.")
	case c.Password.Empty():
		return nil, fault.New(fault.Invalid, "The repository needs its password.")
	case (c.AccessKey == "") != c.SecretKey.Empty():
		return nil, fault.New(fault.Invalid, "The repository's bucket needs both the name of a key and its secret.")
	case strings.ContainsAny(c.AccessKey, "\n\r[]="):
		return nil, fault.New(fault.Invalid, "The name of the key of the repository's bucket cannot be right.")
	}
	if c.Program == "" {
		c.Program = "restic"
	}
	if c.Patience == 0 {
		c.Patience = 2 * time.Minute
	}
	return &Place{c}, nil
}

// SealedBy says by what.
func (p *Place) SealedBy() string { return "restic, with the password of the repository" }

// Opening is how one reads a file by hand.
func (p *Place) Opening() string {
	return "restic -r REPOSITORY dump --host " + host + " --tag " + tagKey + "KEY latest KEY"
}

// snapshot is what restic tells of one.
type snapshot struct {
	ID   string    `json:"id"`
	Time time.Time `json:"time"`
	Tags []string  `json:"tags"`
}

const (
	tagKey        = "key="
	tagSize       = "size="
	tagSum        = "sha256="
	tagUnfinished = "unfinished="
)

// tag is what stands behind a tag's name; "" is none.
func (s snapshot) tag(name string) string {
	for _, t := range s.Tags {
		if value, is := strings.CutPrefix(t, name); is {
			return value
		}
	}
	return ""
}

// snapshots are ours with a tag, or all, the newest first. It takes no lock: it only reads.
func (p *Place) snapshots(ctx context.Context, tag string) (list []snapshot, err error) {
	args := []string{"snapshots", "--json", "--no-lock", "--host", host}
	if tag != "" {
		args = append(args, "--tag", tag)
	}
	var out bytes.Buffer
	if _, err := p.run(ctx, argv.Command{Args: args, Stdout: &out}); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(out.Bytes(), &list); err != nil {
		return nil, fault.Wrap(fault.Internal, err, "What restic answers cannot be read: it may be of a version that we do not know.")
	}
	slices.SortStableFunc(list, func(a, b snapshot) int { return b.Time.Compare(a.Time) })
	return list, nil
}

// List lists files.
func (p *Place) List(ctx context.Context, prefix string) ([]place.File, error) {
	if err := place.CheckPrefix(prefix); err != nil {
		return nil, err
	}
	all, err := p.snapshots(ctx, "")
	if err != nil {
		return nil, err
	}
	var list []place.File
	seen := map[string]bool{}
	for _, s := range all {
		key := s.tag(tagKey)
		size, err := strconv.ParseInt(s.tag(tagSize), 10, 64)
		if seen[key] || err != nil || place.CheckKey(key) != nil || !strings.HasPrefix(key, prefix) {
			continue
		}
		seen[key] = true
		list = append(list, place.File{Key: key, Size: size, StoredAt: s.Time.UTC()})
	}
	slices.SortFunc(list, func(a, b place.File) int { return strings.Compare(a.Key, b.Key) })
	return list, nil
}

// Delete has restic forget a file, and remove what nothing else needs.
func (p *Place) Delete(ctx context.Context, key string) error {
	if err := place.CheckKey(key); err != nil {
		return err
	}
	of, err := p.snapshots(ctx, tagKey+key)
	if err != nil || len(of) == 0 {
		return err
	}
	return p.forget(ctx, true, of)
}

// forget removes snapshots, and what only they needed. One that is not there any more is no
// error.
func (p *Place) forget(ctx context.Context, prune bool, list []snapshot) error {
	args := []string{"forget", "--quiet"}
	if prune {
		args = append(args, "--prune", "--max-unused", "0")
	}
	for _, s := range list {
		args = append(args, s.ID)
	}
	_, err := p.run(ctx, argv.Command{Args: args})
	return err
}

// Check asks whether the repository is there and opens. It takes a lock, so that one learns
// whether it can be written to.
func (p *Place) Check(ctx context.Context) error {
	return p.made(ctx, func() error {
		_, err := p.run(ctx, argv.Command{Args: []string{"cat", "config", "--quiet"}})
		return err
	})
}

// made does something, again if the repository had to be made first.
func (p *Place) made(ctx context.Context, do func() error) error {
	err := do()
	if !errors.Is(err, errNoRepository) || !p.cfg.Init {
		return err
	}
	if _, err := p.run(ctx, argv.Command{Args: []string{"init", "--quiet"}}); err != nil && !errors.Is(err, errThere) {
		return err
	}
	return do()
}

// Verify has restic check the structure of the repository, and read a part of all that is in
// it: percent of it, 1 to 100. The error tells what is damaged; nil is all well.
func (p *Place) Verify(ctx context.Context, percent int) error {
	percent = min(max(percent, 1), 100)
	_, err := p.run(ctx, argv.Command{Args: []string{"check", "--quiet", "--read-data-subset", strconv.Itoa(percent) + "%"}})
	return err
}

// Sweep removes what was never finished, what was replaced and could not be removed then, and
// the locks that programs of this host left which were killed. What restic itself never looks
// at stays: in a directory, a kill leaves a piece with "-tmp-" in its name, of 16 MiB or so.
func (p *Place) Sweep(ctx context.Context, before time.Time) (removed int, err error) {
	if err := p.unlock(ctx); err != nil {
		return 0, err
	}
	all, err := p.snapshots(ctx, "")
	if err != nil {
		return 0, err
	}
	var old []snapshot
	seen := map[string]bool{}
	for _, s := range all {
		key := s.tag(tagKey)
		if key != "" && !seen[key] {
			seen[key] = true // the newest is the file
			continue
		}
		if (key != "" || s.tag(tagUnfinished) != "") && s.Time.Before(before) {
			old = append(old, s)
		}
	}
	if len(old) == 0 {
		return 0, nil
	}
	if err := p.forget(ctx, true, old); err != nil {
		return 0, err
	}
	return len(old), nil
}

// Get reads a file.
func (p *Place) Get(ctx context.Context, key string) (io.ReadCloser, error) {
	if err := place.CheckKey(key); err != nil {
		return nil, err
	}
	of, err := p.snapshots(ctx, tagKey+key)
	if err != nil {
		return nil, err
	}
	if len(of) == 0 {
		return nil, place.None(key)
	}
	return p.dump(ctx, of[0], key), nil
}
