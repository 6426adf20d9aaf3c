package custody

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"batsignal/oncall/escrow"
	"batsignal/oncall/fault"
)

const keyringKind = "batsignal/keyring/v1"

// Manifest is what custodians sign: the public keys to seal to, and who keeps the shares.
type Manifest struct {
	Kind        string           `json:"kind"`
	Epoch       int              `json:"epoch"`
	Previous    string           `json:"previous"` // fingerprint of the keyring before; "" in the first
	Made        string           `json:"made"`     // the day of the ceremony, 2006-01-02
	K           int              `json:"k"`        // how many shares open
	N           int              `json:"n"`
	Bot         escrow.PublicKey `json:"bot"`
	Switchboard escrow.PublicKey `json:"switchboard"`
	Custody     escrow.PublicKey `json:"custody"`
	Ledger      string           `json:"ledger"` // verifier key of the ledger (note)
	TLS         Pins             `json:"tls"`
	Custodians  []Custodian      `json:"custodians"`
}

// Pins are the certificates that the two processes show each other, as lower-case hex of
// SHA-256; "" is not pinned here.
type Pins struct {
	Bot         string `json:"bot"`
	Switchboard string `json:"switchboard"`
}

// Custodian keeps one share.
type Custodian struct {
	N          int    `json:"n"`
	Name       string `json:"name"`
	Place      string `json:"place"`      // where the share is kept, in words
	Recipient  string `json:"recipient"`  // how it was handed over: "x25519", "hybrid", "plugin yubikey", "sheet"
	Commitment string `json:"commitment"` // hex; names whose share is wrong, and tells nothing of it
	Verify     string `json:"verify"`     // Ed25519 public key derived from the share, base64
}

func (c Custodian) verifyKey() ed25519.PublicKey {
	key, _ := base64.StdEncoding.DecodeString(c.Verify) // checked when the keyring was parsed
	return key
}

// Keyring is a manifest with its signatures. The zero Keyring is none.
type Keyring struct {
	Manifest
	Signatures []Signature // by custodian, each once
	body       string
}

// Keys are what records are sealed to.
func (k Keyring) Keys() escrow.Keys {
	return escrow.Keys{Epoch: k.Epoch, Bot: k.Bot, Switchboard: k.Switchboard, Custody: k.Custody}
}

// Fingerprint is of what was signed, not of the signatures: 64 hex digits.
func (k Keyring) Fingerprint() string {
	sum := sha256.Sum256([]byte(k.body))
	return hex.EncodeToString(sum[:])
}

// Short is the beginning of the fingerprint in groups, for people who compare it.
func (k Keyring) Short() string {
	f := k.Fingerprint()
	return f[0:4] + " " + f[4:8] + " " + f[8:12] + " " + f[12:16]
}

// Custodian finds one by number.
func (k Keyring) Custodian(n int) (Custodian, error) {
	if n < 1 || n > len(k.Custodians) {
		return Custodian{}, fault.New(fault.NotFound, "Keyring %d has custodians 1 to %d, and no %d.", k.Epoch, len(k.Custodians), n)
	}
	return k.Custodians[n-1], nil
}

// Text is the whole keyring: what was signed, an empty line, a line for each signature.
func (k Keyring) Text() string {
	var b strings.Builder
	b.WriteString(k.body)
	b.WriteString("\n")
	for _, s := range k.Signatures {
		b.WriteString(s.String() + "\n")
	}
	return b.String()
}

// ParseKeyring reads a keyring. There is one way to write each, so that what was signed
// is what is read; whether it is signed by the right people, [Keyring.Verify] tells.
func ParseKeyring(text string) (Keyring, error) {
	if len(text) > MaxKeyring {
		return Keyring{}, fault.New(fault.Invalid, "A keyring is at most %d bytes long, and this has %d.", MaxKeyring, len(text))
	}
	body, signatures, found := strings.Cut(text, "\n\n")
	if !found {
		return Keyring{}, fault.New(fault.Invalid, "That is no keyring: it is a text in curly brackets, an empty line, and signatures. Take the whole file.")
	}
	body += "\n"
	var m Manifest
	if err := strict([]byte(body), &m); err != nil {
		return Keyring{}, fault.Wrap(fault.Invalid, err, "The keyring cannot be read. Take the file as the ceremony made it.")
	}
	k, err := newKeyring(m)
	if err != nil {
		return Keyring{}, err
	}
	if k.body != body {
		return Keyring{}, fault.New(fault.Invalid, "The keyring was written in another way than the ceremony writes it. Take the file as it was made.")
	}
	for line := range strings.Lines(signatures) {
		s, err := ParseSignature(strings.TrimSuffix(line, "\n"))
		if err != nil {
			return Keyring{}, fault.Wrap(fault.Invalid, err, "A line below the keyring is no signature. Take the file as it was made.")
		}
		if n := len(k.Signatures); n > 0 && k.Signatures[n-1].Custodian >= s.Custodian {
			return Keyring{}, fault.New(fault.Invalid, "The signatures below the keyring are not in order, or one is there twice.")
		}
		k.Signatures = append(k.Signatures, s)
	}
	if k.Text() != text {
		return Keyring{}, fault.New(fault.Invalid, "There is something around the keyring that does not belong to it. Take the file as it was made.")
	}
	return k, nil
}

// newKeyring checks a manifest and writes it down.
func newKeyring(m Manifest) (Keyring, error) {
	if err := m.check(); err != nil {
		return Keyring{}, err
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(m); err != nil {
		return Keyring{}, fmt.Errorf("keyring: %w", err)
	}
	return Keyring{Manifest: m, body: b.String()}, nil
}

// with adds a signature in its place; a later one of the same custodian replaces it.
func (k Keyring) with(s Signature) Keyring {
	list := slices.DeleteFunc(slices.Clone(k.Signatures), func(old Signature) bool { return old.Custodian == s.Custodian })
	k.Signatures = append(list, s)
	slices.SortFunc(k.Signatures, func(a, b Signature) int { return a.Custodian - b.Custodian })
	return k
}
