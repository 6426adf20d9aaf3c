// Package custody owns what custodians hold and do: the keyring that they sign, the
// shares of the custody key, drills, the change from one keyring to the next, and how
// sealed addresses are opened on a laptop when every machine of ours is gone.
//
// It does not know how an address is sealed (oncall/escrow), opens none in the two
// processes (the switchboard does), and writes nothing into the ledger: whoever calls it
// does. What is a ceremony here is pure and needs neither network nor database.
package custody

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"batsignal/oncall/fault"
)

// Bounds of a keyring.
const (
	// MaxCustodians keeps keyrings, and the arithmetic of who can open together, small.
	MaxCustodians = 20
	// MaxKeyring is how long the text of a keyring may be, in bytes.
	MaxKeyring = 65536

	longestName  = 80  // letters, of a custodian
	longestPlace = 160 // letters, of where a share is kept
)

// strict reads one value of JSON and nothing else.
func strict(text []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is more behind it")
	}
	return nil
}

// checkWords refuses what could not be printed on one line as it is, or would be read as
// something else.
func checkWords(what, words string, longest int) error {
	if words == "" || strings.TrimSpace(words) != words || !utf8.ValidString(words) || utf8.RuneCountInString(words) > longest {
		return fault.New(fault.Invalid, "The %s must be between 1 and %d letters, without spaces around it.", what, longest)
	}
	for _, r := range words {
		if !unicode.IsPrint(r) {
			return fault.New(fault.Invalid, "The %s has a letter in it that cannot be printed. Write it without.", what)
		}
	}
	return nil
}
