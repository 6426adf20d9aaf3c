package custody

import (
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strconv"

	"batsignal/oncall"
	"batsignal/oncall/escrow"
	"batsignal/oncall/escrow/shamir"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

// shareSize is of a split 32-byte seed: the points, and where they were taken.
const shareSize = 33

const custodianContext = "batsignal/custodian/v1"

// Share is one custodian's part of the custody key.
type Share struct {
	Epoch     int // of the keyring
	Custodian int
	Value     secret.Bytes // 33 bytes, as shamir.Split makes them; the holder wipes it
}

// Wipe overwrites the share.
func (s Share) Wipe() { s.Value.Wipe() }

// commitment is by what a share is known, and what tells nothing of it.
func (s Share) commitment() string {
	b := escrow.Join([]byte("share"), []byte(strconv.Itoa(s.Epoch)), []byte(strconv.Itoa(s.Custodian)), s.Value.RevealBytes())
	defer clear(b)
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// signer is the key that is derived of the share: by it a custodian shows that the share is
// there, without showing it. Whoever calls it wipes it.
func (s Share) signer() (ed25519.PrivateKey, error) {
	if s.Value.Len() != shareSize {
		return nil, fault.New(fault.Invalid, "A share has %d bytes, and this has %d. Read all lines of it again.", shareSize, s.Value.Len())
	}
	seed, err := hkdf.Key(sha256.New, s.Value.RevealBytes(), nil, custodianContext, ed25519.SeedSize)
	if err != nil {
		return nil, fmt.Errorf("custodian's key: %w", err)
	}
	defer clear(seed)
	return ed25519.NewKeyFromSeed(seed), nil
}

func (s Share) verifyKey() (string, error) {
	key, err := s.signer()
	if err != nil {
		return "", err
	}
	defer clear(key)
	return base64.StdEncoding.EncodeToString(key.Public().(ed25519.PublicKey)), nil
}

// Sign signs a text for a purpose.
func (s Share) Sign(purpose Purpose, text string) (Signature, error) {
	key, err := s.signer()
	if err != nil {
		return Signature{}, err
	}
	defer clear(key)
	value := ed25519.Sign(key, signedText(purpose, s.Epoch, s.Custodian, text))
	return Signature{Purpose: purpose, Epoch: s.Epoch, Custodian: s.Custodian, Value: value}, nil
}

// SignKeyring signs the next keyring.
func (s Share) SignKeyring(k Keyring) (Signature, error) { return s.Sign(PurposeKeyring, k.body) }

// Check tells whose share of a keyring this is, or says that it is nobody's.
func (k Keyring) Check(s Share) (Custodian, error) {
	if s.Epoch != k.Epoch {
		return Custodian{}, fault.New(fault.Invalid, "This is a share of keyring %d, and the keyring here is %d. Take the share of that one, or the keyring of the share.", s.Epoch, k.Epoch)
	}
	c, err := k.Custodian(s.Custodian)
	if err != nil {
		return Custodian{}, err
	}
	if subtle.ConstantTimeCompare([]byte(s.commitment()), []byte(c.Commitment)) == 1 {
		// Else somebody gave the custodian another key to sign with.
		if verify, err := s.verifyKey(); err != nil || verify != c.Verify {
			return Custodian{}, fault.New(fault.Forbidden, "Keyring %d was changed: it names another signing key for custodian %d (%s) than the share has. Take the keyring of the ceremony.", k.Epoch, c.N, c.Name)
		}
		return c, nil
	}
	// Perhaps only the number was written down wrongly.
	for _, other := range k.Custodians {
		if (Share{Epoch: s.Epoch, Custodian: other.N, Value: s.Value}).commitment() == other.Commitment {
			return Custodian{}, fault.New(fault.Conflict, "This says that it is the share of custodian %d (%s), and it is that of custodian %d (%s).", c.N, c.Name, other.N, other.Name)
		}
	}
	return Custodian{}, fault.New(fault.Conflict, "This is not the share of custodian %d (%s) in keyring %d, nor anybody else's. It was damaged, or is of another ceremony.", c.N, c.Name, k.Epoch)
}

// Combined is the custody key, and what was found on the way.
type Combined struct {
	Key   escrow.PrivateKey
	Wrong []error // one for each share that was not used, naming it
}

// Combine makes the custody key of shares. A wrong share is named and left out; if too few
// are left, the error says how many are missing, and whose could help.
func (k Keyring) Combine(shares []Share) (Combined, error) {
	var c Combined
	var good []secret.Bytes
	used := map[int]bool{}
	for _, s := range shares {
		who, err := k.Check(s)
		if err != nil {
			c.Wrong = append(c.Wrong, err)
			continue
		}
		if used[who.N] {
			continue // the same share, read twice
		}
		used[who.N] = true
		good = append(good, s.Value)
	}
	if missing := k.K - len(good); missing > 0 {
		return c, fault.New(fault.Conflict, "%s right, and %d are needed: %d more. Those of %s are not here yet.%s",
			oncall.Plural(len(good), "of the shares is", "of the shares are"), k.K, missing, k.absent(used), sentences(c.Wrong))
	}
	seed, err := shamir.Combine(good[:k.K])
	if err != nil {
		return c, err
	}
	defer seed.Wipe()
	if c.Key, err = escrow.KeyFromSeed(seed); err != nil {
		return c, err
	}
	if c.Key.Public() != k.Custody {
		c.Key = escrow.PrivateKey{}
		return c, fault.New(fault.Conflict, "The shares are those of keyring %d, and the key that they make is not its custody key. The keyring was not made by the ceremony that made the shares.", k.Epoch)
	}
	return c, nil
}

// absent names the custodians whose shares are not there.
func (k Keyring) absent(used map[int]bool) string {
	var names []string
	for _, c := range k.Custodians {
		if !used[c.N] {
			names = append(names, c.Name)
		}
	}
	return oncall.JoinNames(names)
}
