package escrow

import (
	"crypto/hpke"

	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

// wrapInfo tells the key agreement what it is for (RFC 9180, info).
const wrapInfo = domain + " wrap"

// encapsulated is how many bytes of a wrap are the key agreement's.
const encapsulated = WrapSize - HalfSize - 16

// Unwrap opens one half of a record's key, which the caller wipes. It is known to be the
// right one: each side can tell without the other's half. The error is [ErrRefused].
func Unwrap(k PrivateKey, r Record, w Wrap) (secret.Bytes, error) {
	if k.Empty() || !r.wellFormed() || !w.wellFormed() || w.Record != r.ID {
		return secret.Bytes{}, ErrRefused
	}
	_, kdf, aead := suite()
	to, err := hpke.NewRecipient(w.Wrapped[:encapsulated], k.at.key, kdf, aead, []byte(wrapInfo))
	if err != nil {
		return secret.Bytes{}, ErrRefused
	}
	half, err := to.Open(r.bound(w.Epoch, w.Slot), w.Wrapped[encapsulated:])
	if err != nil {
		return secret.Bytes{}, ErrRefused
	}
	commitment, label := r.commitmentOf(w.Slot)
	if len(half) != HalfSize || !keeps(commitment, half, label) {
		clear(half)
		return secret.Bytes{}, ErrRefused
	}
	return secret.NewBytes(half), nil
}

// Rewrap seals one half once more: for the key of another epoch, or for the custodians. It
// takes no half that is not the record's ([ErrRefused]), so that exchanging keys cannot lose
// what opened before. The half stays the caller's, to be wiped.
func Rewrap(half secret.Bytes, r Record, epoch int, slot Slot, to PublicKey) (Wrap, error) {
	if !r.wellFormed() || !slot.Known() || half.Len() != HalfSize {
		return Wrap{}, ErrRefused
	}
	if commitment, label := r.commitmentOf(slot); !keeps(commitment, half.RevealBytes(), label) {
		return Wrap{}, ErrRefused
	}
	if epoch < 1 {
		return Wrap{}, fault.New(fault.Invalid, "Keyrings are numbered from 1; this one is %d.", epoch)
	}
	return wrap(half.RevealBytes(), r, epoch, slot, to)
}

func wrap(half []byte, r Record, epoch int, slot Slot, to PublicKey) (Wrap, error) {
	kem, kdf, aead := suite()
	key, err := kem.NewPublicKey([]byte(to.raw))
	if err != nil {
		return Wrap{}, fault.Wrap(fault.Invalid, err, "There is no public key of the slot %s to seal to.", slot)
	}
	encapsulated, sender, err := hpke.NewSender(key, kdf, aead, []byte(wrapInfo))
	if err != nil {
		return Wrap{}, fault.Wrap(fault.Invalid, err, "Nothing can be sealed to the public key of the slot %s.", slot)
	}
	sealed, err := sender.Seal(r.bound(epoch, slot), half)
	if err != nil {
		return Wrap{}, err
	}
	return Wrap{Record: r.ID, Epoch: epoch, Slot: slot, Wrapped: append(encapsulated, sealed...)}, nil
}
