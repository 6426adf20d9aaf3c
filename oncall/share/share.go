// Package share owns one share of a Vault's key, as its holder has it: what it looks like,
// by what it is known again, and how it is sealed for the run that asked for it.
//
// It is pure. It keeps nothing, and it speaks neither to Vault nor to people: integrations/vault
// does. Which shares belong together is said by package shamir, whose form Vault writes too.
package share

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"

	"batsignal/oncall/escrow"
	"batsignal/oncall/escrow/shamir"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

const (
	keySize   = 32          // of Vault's key, in bytes
	splitSize = keySize + 1 // and where the points of the share were taken
)

// Share is one share of the key of a Vault, or the whole key where it was never split. The
// zero Share is none.
type Share struct {
	Value secret.Bytes // as Vault gave it out, decoded; whoever holds it wipes it
}

// Parse reads a share as Vault prints it: in base64 or hex, with space around it. The error
// is fault.Invalid, and repeats nothing of what was read.
func Parse(text secret.Text) (Share, error) {
	word := strings.TrimSpace(text.Reveal())
	if what := mistaken(word); what != "" {
		return Share{}, fault.New(fault.Invalid, "%s", what)
	}
	raw, err := hex.DecodeString(word)
	if err != nil || !fits(len(raw)) {
		raw, err = base64.StdEncoding.Strict().DecodeString(word)
	}
	if err != nil || !fits(len(raw)) {
		clear(raw)
		return Share{}, fault.New(fault.Invalid, "This is no share: it has %d characters. Vault writes one with 44 characters of base64 or 66 of hex. Copy it again, as a whole.", len(word))
	}
	return FromBytes(raw)
}

// FromBytes takes a decoded share, whose bytes become the share's own. The error is
// fault.Invalid, and the bytes are wiped.
func FromBytes(raw []byte) (Share, error) {
	if !fits(len(raw)) {
		n := len(raw)
		clear(raw)
		return Share{}, fault.New(fault.Invalid, "A share of Vault has %d bytes, and this has %d. Copy it again, as a whole.", splitSize, n)
	}
	if len(raw) == splitSize && raw[keySize] == 0 {
		clear(raw)
		return Share{}, fault.New(fault.Invalid, "This share has the number 0, which no share has. It was damaged or made up.")
	}
	return Share{Value: secret.NewBytes(raw)}, nil
}

func fits(n int) bool { return n == splitSize || n == keySize }

// mistaken says what it is that people hand in for a share; "" is nothing that we know.
func mistaken(word string) string {
	switch {
	case word == "":
		return "There is nothing. Hand in the share as Vault printed it: 44 characters of base64, or 66 of hex."
	case strings.HasPrefix(word, "hvs.") || strings.HasPrefix(word, "s.") || strings.HasPrefix(word, "hvb."):
		return "This is a token of Vault, not a share. If others can have seen it now, revoke it."
	case strings.HasPrefix(word, "-----BEGIN PGP") || strings.HasPrefix(word, "-----BEGIN AGE") || strings.HasPrefix(word, "age-encryption.org/"):
		return "This share is still encrypted. Decrypt it with your own key first, and hand in what comes out."
	case strings.HasPrefix(word, "wcBMA") || strings.HasPrefix(word, "wcFMA") || strings.HasPrefix(word, "hF4D") || strings.HasPrefix(word, "wV4D"):
		return "This share is still encrypted with OpenPGP. Decrypt it first: base64 -d | gpg -d."
	case strings.HasPrefix(word, "AGE-SECRET-KEY-"):
		return "This is a secret key of age, not a share. If others can have seen it now, replace it."
	}
	return ""
}

// Number is where the points of a share were taken, from 1 to 255, which is no secret. 0 is
// a key that was never split.
func (s Share) Number() int {
	if s.Value.Len() != splitSize {
		return 0
	}
	return shamir.Number(s.Value)
}

// Whole tells whether it is the key itself, which one person has.
func (s Share) Whole() bool { return s.Value.Len() == keySize }

// Name says which share it is, for people.
func (s Share) Name() string {
	if s.Whole() {
		return "the only share"
	}
	return "share " + strconv.Itoa(s.Number())
}

// Equal tells whether two are the same share.
func (s Share) Equal(other Share) bool { return s.Value.Equal(other.Value) }

// Wipe overwrites the share.
func (s Share) Wipe() { s.Value.Wipe() }

// Hex writes the share as Vault reads it. Whoever asks for it clears it.
func (s Share) Hex() []byte {
	return hex.AppendEncode(make([]byte, 0, 2*s.Value.Len()), s.Value.RevealBytes())
}

// Commitment is by what a share of a vault is known again, in hex. It tells nothing of the
// share, which is 32 random bytes that nobody can try out.
func (s Share) Commitment(vault string) string {
	b := escrow.Join([]byte("batsignal/vault-share/v1"), []byte(vault), s.Value.RevealBytes())
	defer clear(b)
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Agrees tells whether another share is of the same splitting as some right ones, of which
// there are as many as are needed to open, two or more. It finds out without asking Vault.
func Agrees(right []Share, other Share) bool {
	for _, s := range right {
		if s.Number() == other.Number() {
			return s.Equal(other)
		}
	}
	if len(right) < 2 || other.Whole() {
		return false
	}
	values := make([]secret.Bytes, len(right))
	for i, s := range right {
		values[i] = s.Value
	}
	whole, err := shamir.Combine(values)
	if err != nil {
		return false
	}
	defer whole.Wipe()
	values[0] = other.Value
	same, err := shamir.Combine(values)
	if err != nil {
		return false
	}
	defer same.Wipe()
	return bytes.Equal(whole.RevealBytes(), same.RevealBytes()) // nobody outside measures it
}
