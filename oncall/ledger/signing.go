package ledger

import (
	"crypto/rand"

	"golang.org/x/mod/sumdb/note"

	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

// NewKey makes the key of a ledger's heads: the private one, which only the switchboard
// has, and the public one for the keyring. The name is the ledger's for ever: letters,
// digits, dots and hyphens, as in "ledger.example.org".
func NewKey(name string) (private secret.Text, public string, err error) {
	skey, vkey, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		return secret.Text{}, "", fault.Wrap(fault.Invalid, err, "%q cannot be the name of a ledger. It has letters, digits, dots and hyphens.", name)
	}
	return secret.New(skey), vkey, nil
}

// SignerOf reads a private key of [NewKey]. Its error does not show it.
func SignerOf(private secret.Text) (note.Signer, error) {
	signer, err := note.NewSigner(private.Reveal())
	if err != nil {
		return nil, fault.New(fault.Invalid, "The key of the ledger is damaged: it cannot be read.")
	}
	return signer, nil
}

// NewLog is the log that a private key of [NewKey] signs. earlier are public keys that
// signed heads before, as keyrings have them; the key's own among them does no harm.
func NewLog(private secret.Text, guard Guard, earlier ...string) (*Log, error) {
	signer, err := SignerOf(private)
	if err != nil {
		return nil, err
	}
	l := &Log{Signer: signer, Guard: guard}
	return l, l.learn(earlier)
}
