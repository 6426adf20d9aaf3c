// Package escrowtest has keyrings with all of their private keys, which only a test has
// together.
package escrowtest

import (
	"testing"
	"time"

	"batsignal/migrations/pg"
	"batsignal/oncall/escrow"
	"batsignal/oncall/secret"
)

// Ring is a keyring that nobody signed.
type Ring struct {
	Keys                      escrow.Keys
	Bot, Switchboard, Custody escrow.PrivateKey
}

// New makes one.
func New(t testing.TB, epoch int) Ring {
	t.Helper()
	var r Ring
	for _, key := range []*escrow.PrivateKey{&r.Bot, &r.Switchboard, &r.Custody} {
		var err error
		if *key, err = escrow.GenerateKey(); err != nil {
			t.Fatal(err)
		}
	}
	r.Keys = escrow.Keys{Epoch: epoch, Bot: r.Bot.Public(), Switchboard: r.Switchboard.Public(), Custody: r.Custody.Public()}
	return r
}

const (
	endKeyring   = `update keyring set state = 'past' where state = 'current'`
	beginKeyring = `insert into keyring (epoch, manifest, state, made_at, current_at) values ($1, 'of a test', 'current', $2, $2)`
)

// InForce makes it what a database seals to.
func (r Ring) InForce(t testing.TB, db pg.DB, now time.Time) Ring {
	t.Helper()
	if _, err := db.Exec(t.Context(), endKeyring); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(t.Context(), beginKeyring, r.Keys.Epoch, now); err != nil {
		t.Fatal(err)
	}
	return r
}

// Seal seals an address by the default policy.
func (r Ring) Seal(t testing.TB, owner int64, kind, address string) escrow.Sealed {
	t.Helper()
	return r.SealBy(t, escrow.DefaultPolicy(), owner, kind, address)
}

// SealBy seals an address by a policy.
func (r Ring) SealBy(t testing.TB, policy escrow.Policy, owner int64, kind, address string) escrow.Sealed {
	t.Helper()
	s, err := escrow.Seal(r.Keys, owner, kind, policy, secret.New(address))
	if err != nil {
		t.Fatal(err)
	}
	return s
}
