package escrow

import (
	"crypto/hpke"
	"encoding/base64"
	"fmt"
	"log/slog"

	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

// seedSize is how many bytes a private key is made of.
const seedSize = 32

// suite is what halves are sealed with: a key agreement that stands as long as either
// ML-KEM-768 or X25519 does, so that what is copied today is not read by a quantum computer
// later (FIPS 203, RFC 9180, draft-ietf-hpke-pq).
func suite() (hpke.KEM, hpke.KDF, hpke.AEAD) {
	return hpke.MLKEM768X25519(), hpke.HKDFSHA256(), hpke.ChaCha20Poly1305()
}

// PublicKey is what halves are sealed to. Two are the same key if they are ==. The zero
// PublicKey is none.
type PublicKey struct{ raw string }

// Empty tells whether there is no key.
func (k PublicKey) Empty() bool { return k.raw == "" }

// String is base64, in one line; "" is none.
func (k PublicKey) String() string { return base64.StdEncoding.EncodeToString([]byte(k.raw)) }

// MarshalText writes it as String does.
func (k PublicKey) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads what MarshalText wrote, and nothing else. The error is fault.Invalid.
func (k *PublicKey) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*k = PublicKey{}
		return nil
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(string(text))
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "This is not a public key: it must be base64. Copy the whole line.")
	}
	kem, _, _ := suite()
	if _, err = kem.NewPublicKey(raw); err != nil {
		return fault.Wrap(fault.Invalid, err, "This is not a public key for sealing. Copy the whole line.")
	}
	read := PublicKey{string(raw)}
	if read.String() != string(text) {
		return fault.New(fault.Invalid, "This public key has line breaks in it. Copy it as one line.")
	}
	*k = read
	return nil
}

// PrivateKey opens what was sealed to its public key. It shows a placeholder wherever it is
// printed. The zero PrivateKey opens nothing.
type PrivateKey struct{ at *held }

// held is behind a pointer of its own: in a field that is not exported fmt asks no method,
// and for a verb like %s it shows what a pointer points to, though not what that points to.
type held struct{ key hpke.PrivateKey }

// GenerateKey makes a new key.
func GenerateKey() (PrivateKey, error) {
	kem, _, _ := suite()
	key, err := kem.GenerateKey()
	if err != nil {
		return PrivateKey{}, err
	}
	return PrivateKey{&held{key}}, nil
}

// KeyFromSeed makes the key of a seed, always the same. The seed stays the caller's, to be
// wiped. The error is fault.Invalid.
func KeyFromSeed(seed secret.Bytes) (PrivateKey, error) {
	kem, _, _ := suite()
	if seed.Len() != seedSize {
		return PrivateKey{}, fault.New(fault.Invalid, "A key is made of %d bytes; these are %d.", seedSize, seed.Len())
	}
	key, err := kem.NewPrivateKey(seed.RevealBytes())
	if err != nil {
		return PrivateKey{}, fault.Wrap(fault.Invalid, err, "No key can be made of these bytes.")
	}
	return PrivateKey{&held{key}}, nil
}

// Empty tells whether there is no key.
func (k PrivateKey) Empty() bool { return k.at == nil }

// Public is the key that halves are sealed to.
func (k PrivateKey) Public() PublicKey {
	if k.Empty() {
		return PublicKey{}
	}
	return PublicKey{string(k.at.key.PublicKey().Bytes())}
}

// Seed is a copy of the 32 bytes that the key is made of, which the caller wipes.
func (k PrivateKey) Seed() secret.Bytes {
	if k.Empty() {
		return secret.Bytes{}
	}
	seed, err := k.at.key.Bytes()
	if err != nil {
		return secret.Bytes{} // keys of this suite always have their seed
	}
	return secret.NewBytes(seed)
}

const placeholder = "(private key)"

func (k PrivateKey) String() string               { return placeholder }
func (k PrivateKey) GoString() string             { return placeholder }
func (k PrivateKey) MarshalText() ([]byte, error) { return []byte(placeholder), nil }
func (k PrivateKey) LogValue() slog.Value         { return slog.StringValue(placeholder) }

// Format shows the placeholder for every verb.
func (k PrivateKey) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(placeholder)) }

// Keys are the public keys of one keyring.
type Keys struct {
	Epoch                     int // of the keyring, from 1
	Bot, Switchboard, Custody PublicKey
}

// To is the key that the wrap of a slot is sealed to.
func (k Keys) To(slot Slot) PublicKey {
	switch slot {
	case SlotBot:
		return k.Bot
	case SlotSwitchboard:
		return k.Switchboard
	case SlotCustodyBot, SlotCustodySwitchboard:
		return k.Custody
	}
	return PublicKey{}
}

// Check refuses keys that cannot be sealed to. The error is fault.Invalid.
func (k Keys) Check() error {
	switch {
	case k.Epoch < 1:
		return fault.New(fault.Invalid, "Keyrings are numbered from 1; this one is %d.", k.Epoch)
	case k.Bot.Empty() || k.Switchboard.Empty() || k.Custody.Empty():
		return fault.New(fault.Invalid, "The keyring lacks a key of the bot, the switchboard or the custodians.")
	case k.Bot == k.Switchboard || k.Bot == k.Custody || k.Switchboard == k.Custody:
		// Whoever had such a key would have both halves.
		return fault.New(fault.Invalid, "Two keys of the keyring are the same. The bot, the switchboard and the custodians must each have their own.")
	}
	return nil
}
