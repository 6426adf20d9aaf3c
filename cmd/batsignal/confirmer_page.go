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

// keep stores a seed, and returns the link that shows it.
func (b seedBox) keep(handle string, seed secret.Bytes, issuer string) (secret.Text, error) {
	if err := os.MkdirAll(b.dir, 0o700); err != nil {
		return secret.Text{}, err
	}
	token := secret.New(rand.Text())
	text, err := json.Marshal(waitingSeed{handle, totp.Text(seed).Reveal(), issuer, b.now().Add(seedHolds).UTC()})
	if err != nil {
		return secret.Text{}, err
	}
	defer clear(text)
	if err := writeOnce(b.file(token), string(text)); err != nil {
		return secret.Text{}, err
	}
	return secret.New(b.url + "/confirmer?token=" + token.Reveal()), nil
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

// Take implements [pages.Seeds]. The file is taken away before it is read: of two who come at
// once, one has it.
func (b seedBox) Take(_ context.Context, token secret.Text) (pages.Seed, error) {
	taken := filepath.Join(b.dir, "taken-"+rand.Text())
	switch err := os.Rename(b.file(token), taken); {
	case errors.Is(err, fs.ErrNotExist):
		return pages.Seed{}, errNoSeed
	case err != nil:
		return pages.Seed{}, err
	}
	w, err := b.read(taken)
	if removed := os.Remove(taken); err == nil {
		err = removed
	}
	if err != nil {
		return pages.Seed{}, err
	}
	seed, err := totp.Parse(secret.New(w.Seed))
	if err != nil {
		return pages.Seed{}, err
	}
	defer seed.Wipe()
	return pages.Seed{Handle: w.Handle, Typed: totp.Typed(seed), URI: totp.URI(seed, w.Issuer, w.Handle)}, nil
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
