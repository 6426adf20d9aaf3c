// Package ledger owns the record of what was done with sealed addresses: an append-only
// Merkle tree in Postgres, as golang.org/x/mod/sumdb/tlog builds them (RFC 6962), whose
// heads the switchboard signs. Whoever has an earlier head, from a chat room for
// instance, can tell whether anything of before it was changed or left out.
//
// It holds no address and no name of who was called: entries name records by their
// random ids. Who declared and who confirmed is named on purpose. The ledger is public
// and can never be changed, so what does not belong there must not get in.
//
// Only the switchboard writes ([Log.Append]); everybody can check ([Verify],
// [Book.Verify], [VerifyStatement]), without a database and with the public key alone.
package ledger

import (
	"context"
	"errors"
	"sync"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"batsignal/migrations/pg"
	"batsignal/oncall/fault"
)

// ErrDiscontinued is the cause of every error that says that the ledger in the database is
// not a continuation of what was signed. Nothing may be opened until people looked.
var ErrDiscontinued = errors.New("the ledger does not continue")

// Log is the ledger as its one writer sees it.
type Log struct {
	Signer note.Signer // its name is the ledger's name, and stays when the key is changed
	// Guard has the last signed head, off the database.
	Guard Guard
	// Earlier are keys that signed heads before Signer did.
	Earlier []note.Verifier
	// Known reads such keys again, by the connection that it is given, when a head is signed by
	// none: a keyring may have come to be trusted since the start. nil reads none.
	Known func(ctx context.Context, db pg.DB) ([]string, error)

	mu   sync.Mutex
	last Head // the highest that this process saw committed

	keys sync.Mutex // of Earlier
}

// own verifies what a signer signed, without the public key: Ed25519 signs the same text
// in the same way every time.
type own struct{ note.Signer }

func (o own) Verify(msg, sig []byte) bool {
	again, err := o.Sign(msg)
	return err == nil && string(again) == string(sig)
}

// open reads a head that was signed here. ours is false if it was not; the error is that this
// cannot be told.
func (l *Log) open(ctx context.Context, db pg.DB, signed string) (head Head, ours bool, err error) {
	l.keys.Lock()
	defer l.keys.Unlock()
	head, name, foreign := openHead(signed, l.verifiers())
	if foreign != nil && l.Known != nil {
		vkeys, err := l.Known(ctx, db)
		if err != nil {
			return head, false, err
		}
		if err := l.learn(vkeys); err != nil {
			return head, false, err
		}
		head, name, foreign = openHead(signed, l.verifiers())
	}
	return head, foreign == nil && name == l.Signer.Name(), nil
}

// verifiers are those of this log's heads. Locked.
func (l *Log) verifiers() note.Verifiers {
	return note.VerifierList(append([]note.Verifier{own{l.Signer}}, l.Earlier...)...)
}

// learn takes public keys for those that signed heads before. Locked.
func (l *Log) learn(vkeys []string) error {
	var earlier []note.Verifier
	for _, vkey := range vkeys {
		v, err := note.NewVerifier(vkey)
		if err != nil {
			return fault.New(fault.Invalid, "A keyring has a key of the ledger that cannot be read.")
		}
		if v.Name() == l.Signer.Name() && v.KeyHash() != l.Signer.KeyHash() {
			earlier = append(earlier, v)
		}
	}
	l.Earlier = earlier
	return nil
}

// Head is what the ledger was at one time: Size entries, and the hash that they all go into.
type Head struct {
	Size int64
	Hash tlog.Hash
	Note string // signed: name of the ledger, size, hash (base64), signatures; a C2SP checkpoint
}
