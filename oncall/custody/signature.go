package custody

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"batsignal/oncall/escrow"
	"batsignal/oncall/fault"
)

// Purpose is what a custodian signs for. A signature for one is none for another.
type Purpose string

// The purposes.
const (
	PurposeDrill   Purpose = "drill"   // the share is there and works, on a day
	PurposeApprove Purpose = "approve" // a sealed address may be shown to somebody (lane D)
	PurposeKeyring Purpose = "keyring" // the next keyring
)

// Signature is what one custodian signed. Its text form is one word, to be pasted.
type Signature struct {
	Purpose   Purpose
	Epoch     int // of the keyring whose share signed
	Custodian int
	Value     []byte // Ed25519, 64 bytes
}

const (
	signaturePrefix  = "bsig1"
	signatureContext = "batsignal/custodian-signature/v1"
	longestSignature = 160 // letters
)

// String is the one word: prefix, purpose, epoch, custodian and value, with dots between.
func (s Signature) String() string {
	return fmt.Sprintf("%s.%s.%d.%d.%s", signaturePrefix, s.Purpose, s.Epoch, s.Custodian, base64.RawURLEncoding.EncodeToString(s.Value))
}

// ParseSignature reads the one word, with spaces around it forgiven.
func ParseSignature(text string) (Signature, error) {
	no := fault.New(fault.Invalid, "That is no signature of a custodian. It begins with %q and is one word; paste all of it.", signaturePrefix+".")
	text = strings.TrimSpace(text)
	parts := strings.Split(text, ".")
	if len(text) > longestSignature || len(parts) != 5 || parts[0] != signaturePrefix {
		return Signature{}, no
	}
	s := Signature{Purpose: Purpose(parts[1])}
	switch s.Purpose {
	case PurposeDrill, PurposeApprove, PurposeKeyring:
	default:
		return Signature{}, no
	}
	var err [3]error
	s.Epoch, err[0] = strconv.Atoi(parts[2])
	s.Custodian, err[1] = strconv.Atoi(parts[3])
	s.Value, err[2] = base64.RawURLEncoding.Strict().DecodeString(parts[4])
	for _, e := range err {
		if e != nil {
			return Signature{}, no
		}
	}
	// One signature has one text: else the same would count as two.
	if s.Epoch < 1 || s.Custodian < 1 || s.Custodian > MaxCustodians || len(s.Value) != ed25519.SignatureSize || s.String() != text {
		return Signature{}, no
	}
	return s, nil
}

// VerifySignature tells whether a custodian of this keyring signed a text for a purpose,
// and who it was.
func (k Keyring) VerifySignature(s Signature, purpose Purpose, text string) (Custodian, error) {
	if s.Purpose != purpose {
		return Custodian{}, fault.New(fault.Invalid, "That is a signature for %q, and one for %q is needed.", string(s.Purpose), string(purpose))
	}
	if s.Epoch != k.Epoch {
		return Custodian{}, fault.New(fault.Invalid, "That was signed with a share of keyring %d; it takes one of keyring %d.", s.Epoch, k.Epoch)
	}
	c, err := k.Custodian(s.Custodian)
	if err != nil {
		return Custodian{}, err
	}
	if !ed25519.Verify(c.verifyKey(), signedText(purpose, s.Epoch, s.Custodian, text), s.Value) {
		return Custodian{}, fault.New(fault.Invalid, "That is not what custodian %d (%s) signed for this. The text that was signed may be another one.", c.N, c.Name)
	}
	return c, nil
}

// signedText is what a signature is of: bound to its purpose, keyring and custodian.
func signedText(purpose Purpose, epoch, custodian int, text string) []byte {
	return escrow.Join([]byte(signatureContext), []byte(purpose), []byte(strconv.Itoa(epoch)), []byte(strconv.Itoa(custodian)), []byte(text))
}
