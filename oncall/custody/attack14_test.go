package custody_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"batsignal/migrations/pgtest"
	"batsignal/oncall/custody"
	"batsignal/oncall/unseal"
)

// Row 14: whoever can write every row puts a keyring of their own in place of the one that
// custodians signed, with the public keys as they were and another one for the ledger. That
// key counts nowhere.
func TestAttack14TheLedgerKeyOfAnotherKeyring(t *testing.T) {
	ctx := context.Background()
	w, theirs := newWorld(t), newWorld(t)
	db := pgtest.Fresh(t)
	own, other := params(w.bot, w.switchboard, 3, five...), params(theirs.bot, theirs.switchboard, 3, five...)
	own.Switchboard.Ledger, other.Switchboard.Ledger = "batsignal+1a2b3c4d+ours", "batsignal+1a2b3c4d+theirs"
	made, err := custody.Init(own)
	must(t, err)
	forged, err := custody.Init(other)
	must(t, err)
	_, err = custody.Store(ctx, db.Pool, noon, made.Keyring)
	must(t, err)
	keys, err := custody.LedgerKeys(ctx, db.Pool, made.Keyring)
	if err != nil || len(keys) != 1 || keys[0] != own.Switchboard.Ledger {
		t.Fatalf("%v: %v", keys, err)
	}
	_, err = db.Pool.Exec(ctx, `update keyring set manifest = $1`, forged.Keyring.Text())
	must(t, err)
	keys, err = custody.LedgerKeys(ctx, db.Pool, made.Keyring)
	refused(t, err, "not those that are trusted here")
	if len(keys) != 0 {
		t.Error(keys)
	}
}

// Row 4: whoever comes to have the switchboard's host finds what custodians signed there
// before. It gives nobody the bot's half again on another day, or of another record.
func TestAttack04WhatCustodiansSignedOnce(t *testing.T) {
	w := newWorld(t)
	const record = "6f9619ff-8b86-4011-b42d-00c04fc964ff"
	text := fmt.Sprintf("batsignal: may this be shown?\nrequest: ABCD2345\nrecord: %s\nasked: %s\n", record, noon.Format(time.RFC3339))
	var signed []string
	for _, s := range w.shares[:3] {
		sig, err := s.Approve(text)
		must(t, err)
		signed = append(signed, sig.String())
	}
	r := unseal.Release{Record: record, Lane: unseal.LaneReveal, Key: "reveal-ABCD2345", Text: text, Signed: strings.Join(signed, " ")}
	must(t, w.keyring.Revealed(r, noon.Add(24*time.Hour)))
	refused(t, w.keyring.Revealed(r, noon.Add(25*time.Hour)), "another day")
	few, other := r, r
	few.Signed = strings.Join(signed[:2], " ")
	other.Record = "00000000-0000-4000-8000-000000000000"
	refused(t, w.keyring.Revealed(few, noon), "Fewer custodians")
	refused(t, w.keyring.Revealed(other, noon), "something else")
}
