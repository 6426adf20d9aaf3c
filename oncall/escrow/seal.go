package escrow

import (
	"crypto/rand"
	"crypto/subtle"

	"golang.org/x/crypto/chacha20poly1305"

	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

// paddedSize is how long every address is once it is padded: its length in one byte, the
// address, zeroes.
const paddedSize = 256

// Seal closes an address for the holders of a keyring. The error is fault.Invalid; it never
// repeats the address.
func Seal(keys Keys, owner int64, kind string, policy Policy, value secret.Text) (Sealed, error) {
	if err := keys.Check(); err != nil {
		return Sealed{}, err
	}
	if err := policy.Check(); err != nil {
		return Sealed{}, err
	}
	r := Record{ID: newID(), Owner: owner, Kind: kind, Policy: policy.Text(), ContentEpoch: keys.Epoch, Nonce: make([]byte, NonceSize)}
	_, _ = rand.Read(r.Nonce) // never fails, see crypto/rand

	key, bot, switchboard := make([]byte, HalfSize), make([]byte, HalfSize), make([]byte, HalfSize)
	defer clear(key)
	defer clear(bot)
	defer clear(switchboard)
	_, _ = rand.Read(key)
	_, _ = rand.Read(bot)
	subtle.XORBytes(switchboard, key, bot)

	r.Commitment = derive(key, labelCommit)
	r.CommitBot, r.CommitSwitchboard = derive(bot, labelCommitBot), derive(switchboard, labelCommitSwitchboard)
	if err := r.close(key, value); err != nil {
		return Sealed{}, err
	}
	if !r.wellFormed() {
		return Sealed{}, fault.New(fault.Invalid, "A contact of the kind %q, of person %d, cannot be sealed.", kind, owner)
	}
	sealed := Sealed{Record: r}
	for _, slot := range Slots() {
		half := switchboard
		if slot.OfBot() {
			half = bot
		}
		w, err := wrap(half, r, keys.Epoch, slot, keys.To(slot))
		if err != nil {
			return Sealed{}, err
		}
		sealed.Wraps = append(sealed.Wraps, w)
	}
	return sealed, nil
}

// close encrypts an address into the record.
func (r *Record) close(key []byte, value secret.Text) error {
	size := len(value.Reveal())
	if size < 1 || size > MostBytes {
		return fault.New(fault.Invalid, "An address of 1 to %d bytes can be sealed; this one has %d.", MostBytes, size)
	}
	padded := make([]byte, paddedSize)
	defer clear(padded)
	padded[0] = byte(size)
	copy(padded[1:], value.Reveal())

	encrypt := derive(key, labelEncrypt)
	defer clear(encrypt)
	aead, err := chacha20poly1305.NewX(encrypt)
	if err != nil {
		return err
	}
	r.Content = aead.Seal(nil, r.Nonce, padded, r.bound(r.ContentEpoch, labelContent))
	return nil
}

// Open opens a record with both halves of its key, which stay the caller's, to be wiped.
// The error is [ErrRefused].
func Open(r Record, bot, switchboard secret.Bytes) (secret.Text, error) {
	if !r.wellFormed() || bot.Len() != HalfSize || switchboard.Len() != HalfSize {
		return secret.Text{}, ErrRefused
	}
	key := make([]byte, HalfSize)
	defer clear(key)
	subtle.XORBytes(key, bot.RevealBytes(), switchboard.RevealBytes())
	if !keeps(r.Commitment, key, labelCommit) ||
		!keeps(r.CommitBot, bot.RevealBytes(), labelCommitBot) || !keeps(r.CommitSwitchboard, switchboard.RevealBytes(), labelCommitSwitchboard) {
		return secret.Text{}, ErrRefused
	}
	encrypt := derive(key, labelEncrypt)
	defer clear(encrypt)
	aead, err := chacha20poly1305.NewX(encrypt)
	if err != nil {
		return secret.Text{}, err
	}
	padded, err := aead.Open(nil, r.Nonce, r.Content, r.bound(r.ContentEpoch, labelContent))
	defer clear(padded)
	if err != nil || len(padded) != paddedSize {
		return secret.Text{}, ErrRefused
	}
	size := int(padded[0])
	for _, b := range padded[1+size:] {
		if b != 0 { // whoever sealed it hid something there
			return secret.Text{}, ErrRefused
		}
	}
	if size == 0 {
		return secret.Text{}, ErrRefused
	}
	return secret.New(string(padded[1 : 1+size])), nil
}
