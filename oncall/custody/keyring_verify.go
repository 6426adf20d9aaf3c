package custody

import "batsignal/oncall/fault"

// Verify tells whether a keyring may follow another one: signed by as many custodians of
// that one as it takes to open. The first follows none (previous is the zero Keyring) and
// is signed by all of its own, which proves that each share was made; whether it is the
// right first one, its fingerprint alone tells.
func (k Keyring) Verify(previous Keyring) error {
	if previous.Epoch == 0 {
		return k.verifyFirst()
	}
	if k.Epoch != previous.Epoch+1 {
		return fault.New(fault.Conflict, "After keyring %d comes keyring %d, and this is %d. Bring the one in between first.", previous.Epoch, previous.Epoch+1, k.Epoch)
	}
	if k.Previous != previous.Fingerprint() {
		return fault.New(fault.Conflict, "Keyring %d was made to follow another keyring %d than ours. Make it anew from ours.", k.Epoch, previous.Epoch)
	}
	if len(k.Signatures) == 0 {
		return unsigned(k, previous.K, previous.Epoch)
	}
	for _, s := range k.Signatures {
		if _, err := previous.VerifySignature(s, PurposeKeyring, k.body); err != nil {
			return fault.Wrap(fault.Forbidden, err, "Keyring %d is not used, since a signature below it is wrong: %s", k.Epoch, fault.Say(err))
		}
	}
	if len(k.Signatures) < previous.K {
		return fault.New(fault.Forbidden, "Keyring %d is not used: %d of the custodians of keyring %d signed it, and %d must.", k.Epoch, len(k.Signatures), previous.Epoch, previous.K)
	}
	return nil
}

func (k Keyring) verifyFirst() error {
	if k.Epoch != 1 {
		return fault.New(fault.Conflict, "There is no keyring yet, so the first one comes first, and this is keyring %d.", k.Epoch)
	}
	if len(k.Signatures) == 0 {
		return unsigned(k, k.N, 1)
	}
	for _, s := range k.Signatures {
		if _, err := k.VerifySignature(s, PurposeKeyring, k.body); err != nil {
			return fault.Wrap(fault.Forbidden, err, "Keyring 1 is not used, since a signature below it is wrong: %s", fault.Say(err))
		}
	}
	if len(k.Signatures) != k.N {
		return fault.New(fault.Forbidden, "Keyring 1 is not used: all of its %d custodians sign it, and %d did.", k.N, len(k.Signatures))
	}
	return nil
}

func unsigned(k Keyring, need, of int) error {
	return fault.New(fault.Forbidden, "Keyring %d is not used: nobody signed it, and %d custodians of keyring %d must (batsignal custody sign-keyring).", k.Epoch, need, of)
}

// SignedBy adds the signature of a custodian of the keyring before.
func (k Keyring) SignedBy(s Signature, previous Keyring) (Keyring, error) {
	if _, err := previous.VerifySignature(s, PurposeKeyring, k.body); err != nil {
		return Keyring{}, err
	}
	return k.with(s), nil
}

// Missing is how many signatures a keyring lacks to follow previous.
func (k Keyring) Missing(previous Keyring) int { return max(0, previous.K-len(k.Signatures)) }
