package custody

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"time"

	"batsignal/oncall/fault"
)

const longestVkey = 300 // letters, of the ledger's verifier key

// check is everything that can be judged without another keyring.
func (m Manifest) check() error {
	switch {
	case m.Kind != keyringKind:
		return fault.New(fault.Invalid, "That is no keyring of a kind that is known here (%q).", keyringKind)
	case m.Epoch < 1 || m.Epoch > 1<<20:
		return fault.New(fault.Invalid, "Keyrings are counted from 1.")
	case m.N != len(m.Custodians) || m.N < 1 || m.N > MaxCustodians:
		return fault.New(fault.Invalid, "A keyring has between 1 and %d custodians, and says how many.", MaxCustodians)
	case m.K < 2 || m.K > m.N:
		return fault.New(fault.Invalid, "Of %d custodians, at least 2 must be needed, and no more than there are: with one, each share would be the key.", m.N)
	case (m.Epoch == 1) != (m.Previous == "") || m.Epoch > 1 && !isHex(m.Previous, 32):
		return fault.New(fault.Invalid, "A keyring names the one before it by its fingerprint, and the first names none.")
	case m.Bot.Empty() || m.Switchboard.Empty() || m.Custody.Empty():
		return fault.New(fault.Invalid, "The keyring lacks a key: those of the bot, of the switchboard and of the custodians must all be there.")
	case m.Bot == m.Switchboard || m.Bot == m.Custody || m.Switchboard == m.Custody:
		return fault.New(fault.Invalid, "Two keys of the keyring are the same, so that one holder would have both halves. Each must be made where it lives.")
	case len(m.Ledger) > longestVkey || strings.ContainsFunc(m.Ledger, func(r rune) bool { return r <= ' ' || r > '~' }):
		return fault.New(fault.Invalid, "The ledger's key in the keyring is no verifier key.")
	case m.TLS.Bot != "" && !isHex(m.TLS.Bot, 32) || m.TLS.Switchboard != "" && !isHex(m.TLS.Switchboard, 32):
		return fault.New(fault.Invalid, "A pinned certificate is 64 hex digits, in small letters.")
	}
	if day, err := time.Parse(time.DateOnly, m.Made); err != nil || day.Format(time.DateOnly) != m.Made {
		return fault.New(fault.Invalid, "The keyring does not say on which day it was made.")
	}
	return m.checkCustodians()
}

func (m Manifest) checkCustodians() error {
	seen := map[string]bool{}
	for i, c := range m.Custodians {
		if c.N != i+1 {
			return fault.New(fault.Invalid, "The custodians of the keyring are not numbered 1 to %d.", m.N)
		}
		if err := checkWords("name of a custodian", c.Name, longestName); err != nil {
			return err
		}
		if err := checkWords("place of a share", c.Place, longestPlace); err != nil {
			return err
		}
		if err := checkWords("kind of a custodian's key", c.Recipient, longestName); err != nil {
			return err
		}
		verify, err := base64.StdEncoding.Strict().DecodeString(c.Verify)
		if err != nil || len(verify) != ed25519.PublicKeySize || base64.StdEncoding.EncodeToString(verify) != c.Verify || !isHex(c.Commitment, 32) {
			return fault.New(fault.Invalid, "The keyring does not say by what the share of custodian %d (%s) is known.", c.N, c.Name)
		}
		// One person with two shares would count twice.
		for _, once := range []string{"name " + strings.ToLower(c.Name), "share " + c.Commitment, "key " + c.Verify} {
			if seen[once] {
				return fault.New(fault.Invalid, "Custodian %d (%s) is in the keyring twice. Each has one share.", c.N, c.Name)
			}
			seen[once] = true
		}
	}
	return nil
}

func isHex(text string, size int) bool {
	b, err := hex.DecodeString(text)
	return err == nil && len(b) == size && strings.ToLower(text) == text
}
