package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"batsignal/migrations/pg"
	"batsignal/oncall/custody"
	"batsignal/oncall/fault"
	"batsignal/oncall/wholefile"
)

// pinFile remembers which keyring this host trusts, where whoever can write to the database
// cannot.
func (h keyHome) pinFile() string { return filepath.Join(h.dir, "keyring.pin") }

// pin reads it; the zero Pin if nothing is trusted here yet.
func (h keyHome) pin() (custody.Pin, error) {
	text, err := os.ReadFile(h.pinFile())
	if errors.Is(err, fs.ErrNotExist) {
		return custody.Pin{}, nil
	}
	if err != nil {
		return custody.Pin{}, fault.Wrap(fault.Invalid, err, "The file %s cannot be read: %s.", h.pinFile(), whyNot(err))
	}
	return custody.ParsePin(string(text))
}

// keepPin replaces it.
func (h keyHome) keepPin(p custody.Pin) error {
	if err := h.make(); err != nil {
		return err
	}
	return unwritten(h.pinFile(), wholefile.Replace(h.pinFile(), []byte(p.String()+"\n"), 0o600))
}

// trusted is the current keyring, if signatures lead to it from the one that is trusted
// here. It writes nothing: whoever only looks may be another user than the process is.
func (h keyHome) trusted(ctx context.Context, db pg.DB) (custody.Keyring, error) {
	k, _, _, err := h.led(ctx, db)
	return k, err
}

// follow is the same, and trusts that one from now on.
func (h keyHome) follow(ctx context.Context, db pg.DB) (custody.Keyring, error) {
	k, pin, next, err := h.led(ctx, db)
	if err == nil && next != pin {
		err = h.keepPin(next)
	}
	return k, err
}

// led is the keyring that the pin of this host leads to, with that pin and the next one.
func (h keyHome) led(ctx context.Context, db pg.DB) (k custody.Keyring, pin, next custody.Pin, err error) {
	if pin, err = h.pin(); err == nil {
		k, next, err = custody.Trusted(ctx, db, pin)
	}
	return k, pin, next, err
}
