package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
	"batsignal/oncall/switchboard/totp"
	"batsignal/oncall/wholefile"
	pages "batsignal/web/switchboard"
)

// seedHolds is how long a new authenticator waits to be looked at.
const seedHolds = 24 * time.Hour

// seedBox keeps authenticators that the command line made and nobody has seen yet, for the
// switchboard's page: one file each in its own directory, named by the hash of the link's
// token. It implements [pages.Seeds].
type seedBox struct {
	dir string
	url string // of the switchboard's pages
	now func() time.Time
}

var _ pages.Seeds = seedBox{}

func newSeedBox(c Config) seedBox {
	return seedBox{filepath.Join(switchboardKeys(c).dir, "seeds"), strings.TrimRight(c.Switchboard.Run.PagesURL, "/"), time.Now}
}

// waitingSeed is the file.
type waitingSeed struct {
	Handle string    `json:"handle"`
	Seed   string    `json:"seed"` // base32, as it is in the file of the confirmers
	Issuer string    `json:"issuer"`
	Until  time.Time `json:"until"`
}

// keep stores a seed, and returns the link that shows it. No older link of theirs does.
func (b seedBox) keep(handle string, seed secret.Bytes, issuer string) (secret.Text, error) {
	if err := os.MkdirAll(b.dir, 0o700); err != nil {
		return secret.Text{}, err
	}
	if err := b.sweep(handle); err != nil {
		return secret.Text{}, err
	}
	token := secret.New(rand.Text())
	text, err := json.Marshal(waitingSeed{handle, totp.Text(seed).Reveal(), issuer, b.now().Add(seedHolds).UTC()})
	if err != nil {
		return secret.Text{}, err
	}
	defer clear(text)
	if err := wholefile.Create(b.file(token), text, 0o600); err != nil {
		return secret.Text{}, err
	}
	return secret.New(b.url + "/confirmer/" + token.Reveal()), nil
}

func (b seedBox) file(token secret.Text) string {
	sum := sha256.Sum256([]byte(token.Reveal()))
	return filepath.Join(b.dir, hex.EncodeToString(sum[:]))
}

var errNoSeed = fault.New(fault.Forbidden, "This link was used already, or is over. If it was not you who used it, tell the operator at once, who removes you and adds you again.")

// Look implements [pages.Seeds].
func (b seedBox) Look(_ context.Context, token secret.Text) (string, error) {
	w, err := b.read(b.file(token))
	return w.Handle, err
}

// Take implements [pages.Seeds]. Of two who come at once, one removes the file and has it.
func (b seedBox) Take(_ context.Context, token secret.Text) (pages.Seed, error) {
	w, err := b.read(b.file(token))
	if err != nil {
		return pages.Seed{}, err
	}
	seed, err := totp.Parse(secret.New(w.Seed))
	if err != nil {
		return pages.Seed{}, err
	}
	defer seed.Wipe()
	switch err := os.Remove(b.file(token)); {
	case errors.Is(err, fs.ErrNotExist):
		return pages.Seed{}, errNoSeed
	case err != nil:
		return pages.Seed{}, err
	}
	return pages.Seed{Handle: w.Handle, Typed: totp.Typed(seed), URI: totp.URI(seed, w.Issuer, w.Handle)}, nil
}

// sweep removes what shows nothing that is good any more: the seeds of a person, who has
// another one or none, and whatever is a day old, as what a kill left.
func (b seedBox) sweep(handle string) error {
	files, err := os.ReadDir(b.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, f := range files {
		file := filepath.Join(b.dir, f.Name())
		w, _ := b.read(file) // what cannot be read is nobody's
		info, failed := f.Info()
		if failed == nil && (w.Handle == handle || b.now().Sub(info.ModTime()) >= seedHolds) {
			failed = os.Remove(file)
		}
		if !errors.Is(failed, fs.ErrNotExist) { // else it was over, or somebody has opened it
			err = errors.Join(err, failed)
		}
	}
	return err
}

// read reads a file, and removes one whose time is over.
func (b seedBox) read(file string) (waitingSeed, error) {
	text, err := os.ReadFile(file) // #nosec G304 -- named by a hash, in the operator's own state directory
	if errors.Is(err, fs.ErrNotExist) {
		return waitingSeed{}, errNoSeed
	}
	if err != nil {
		return waitingSeed{}, err
	}
	defer clear(text)
	var w waitingSeed
	if err := json.Unmarshal(text, &w); err != nil {
		return waitingSeed{}, errNoSeed
	}
	if !b.now().Before(w.Until) {
		_ = os.Remove(file) // it is not shown, removed or not
		return waitingSeed{}, errNoSeed
	}
	return w, nil
}
