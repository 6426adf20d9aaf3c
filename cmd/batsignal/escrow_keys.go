package main

import (
	"cmp"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	switchwire "batsignal/integrations/switchboard"
	"batsignal/oncall/custody"
	"batsignal/oncall/escrow"
	"batsignal/oncall/fault"
	"batsignal/oncall/ledger"
	"batsignal/oncall/secret"
	"batsignal/oncall/wholefile"
)

// keyHome is the directory in which one of the two processes keeps its own keys. None of
// them is ever copied: what is lost with a host comes back from the custodians.
type keyHome struct {
	dir  string
	side custody.Side
}

// botKeys is where the bot has its own.
func botKeys(c Config) keyHome { return keyHome{filepath.Join(c.StateDir, "escrow"), custody.SideBot} }

// switchboardKeys is where the switchboard has its own.
func switchboardKeys(c Config) keyHome { return keyHome{c.StateDir, custody.SideSwitchboard} }

// identity is how this side shows itself to the other one.
func (h keyHome) identity() (switchwire.Identity, error) {
	if err := h.make(); err != nil {
		return switchwire.Identity{}, err
	}
	return switchwire.LoadOrMake(h.dir)
}

// make has the directory be there.
func (h keyHome) make() error {
	err := os.MkdirAll(h.dir, 0o700)
	if err == nil {
		return nil
	}
	missing := h.dir
	if failed := (*fs.PathError)(nil); errors.As(err, &failed) {
		missing = failed.Path // perhaps the one above it
	}
	return fault.Wrap(fault.Unready, err, "The directory %s, for the keys of the %s, cannot be made: %s. Make it, as root, for the user that runs the %s: install -d -m 700 -o USER %s", missing, h.side, whyNot(err), h.side, missing)
}

// unwrapKeys reads the keys by which this side opens its half, the newest first, and makes
// the first one. A file whose name begins with unwrap is one; the one for a keyring that is
// being made stands beside the one in use.
func (h keyHome) unwrapKeys() ([]escrow.PrivateKey, error) {
	if err := h.make(); err != nil {
		return nil, err
	}
	names, err := filepath.Glob(filepath.Join(h.dir, "unwrap*.key"))
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		if err := h.newUnwrapKey("unwrap-1.key"); err != nil {
			return nil, err
		}
		names = []string{filepath.Join(h.dir, "unwrap-1.key")}
	}
	slices.SortFunc(names, func(a, b string) int { // unwrap-10.key is newer than unwrap-9.key
		return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(b, a))
	})
	keys := make([]escrow.PrivateKey, 0, len(names))
	for _, name := range names {
		text, err := ownKey(name)
		if err != nil {
			return nil, err
		}
		seed, err := hex.DecodeString(text.Reveal())
		if err != nil {
			return nil, fault.New(fault.Invalid, "%s is damaged. Without it the custodians must make this side anew: batsignal custody recover --help.", name)
		}
		key, err := escrow.KeyFromSeed(secret.NewBytes(seed))
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// newUnwrapKey makes one more key, never over another.
func (h keyHome) newUnwrapKey(name string) error {
	key, err := escrow.GenerateKey()
	if err != nil {
		return err
	}
	path := filepath.Join(h.dir, name)
	return unwritten(path, wholefile.Create(path, []byte(hex.EncodeToString(key.Seed().RevealBytes())+"\n"), 0o600))
}

// ledgerKey is the switchboard's key for heads, made at first.
func (h keyHome) ledgerKey(name string) (private secret.Text, public string, err error) {
	path := filepath.Join(h.dir, "ledger.key")
	text, err := ownKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := h.newLedgerKey(path, name); err != nil {
			return secret.Text{}, "", err
		}
		text, err = ownKey(path)
	}
	if err != nil {
		return secret.Text{}, "", err
	}
	lines := text.Lines()
	if len(lines) != 2 {
		return secret.Text{}, "", fault.New(fault.Invalid, "%s is damaged: it has two lines, the private and the public key of the ledger.", path)
	}
	return lines[0], lines[1].Reveal(), nil
}

func (h keyHome) newLedgerKey(path, name string) error {
	private, public, err := ledger.NewKey(name)
	if err != nil {
		return err
	}
	if err := h.make(); err != nil {
		return err
	}
	if err = wholefile.Create(path, []byte(private.Reveal()+"\n"+public+"\n"), 0o600); errors.Is(err, fs.ErrExist) {
		return nil // another process was quicker
	}
	return err
}

// longestOwnKey is in bytes.
const longestOwnKey = 1 << 14

// ownKey reads a key that nobody else on this machine may read: a directory that was copied
// or put back by hand may have lost its modes.
func ownKey(path string) (secret.Text, error) {
	text, err := wholefile.ReadPrivate(path, longestOwnKey)
	if shared := (wholefile.SharedError{}); errors.As(err, &shared) {
		return secret.Text{}, fault.New(fault.Forbidden, "Others on this machine may read the key %s (mode %04o), so it is not used. If nobody did yet: chmod 600 %s. If somebody did, it takes a new key: docs/escrow.md.", path, shared.Mode, path)
	}
	return secret.New(strings.TrimSpace(string(text))), err
}

// host is what a ceremony must know of this side: public keys only.
func (h keyHome) host(ledgerName string) (custody.Host, error) {
	keys, err := h.unwrapKeys()
	if err != nil {
		return custody.Host{}, err
	}
	who, err := h.identity()
	if err != nil {
		return custody.Host{}, err
	}
	host := custody.Host{Side: h.side, Key: keys[0].Public(), TLS: strings.TrimPrefix(string(who.Pin()), "sha256:")}
	if h.side == custody.SideSwitchboard {
		if _, host.Ledger, err = h.ledgerKey(ledgerName); err != nil {
			return custody.Host{}, err
		}
	}
	return host, nil
}
