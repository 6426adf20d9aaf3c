package custody

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"batsignal/migrations/pg"
	"batsignal/oncall/fault"
)

// Pin is the keyring that a process trusts, remembered off the database: in its own
// directory. Whoever can write every row still cannot make it seal to, or open for, keys
// that the custodians did not sign. The zero Pin trusts nothing yet.
type Pin struct {
	Epoch       int
	Fingerprint string // [Keyring.Fingerprint]
}

// PinOf is the pin of a keyring that somebody compared with the paper of the ceremony.
func PinOf(k Keyring) Pin { return Pin{k.Epoch, k.Fingerprint()} }

// String is one line.
func (p Pin) String() string { return fmt.Sprintf("%d %s", p.Epoch, p.Fingerprint) }

// ParsePin reads the line.
func ParsePin(text string) (Pin, error) {
	epoch, fingerprint, _ := strings.Cut(strings.TrimSpace(text), " ")
	n, err := strconv.Atoi(epoch)
	if err != nil || n < 1 || !isHex(fingerprint, 32) {
		return Pin{}, fault.New(fault.Invalid, "The pin of a keyring is its number and its fingerprint of 64 hex digits, as \"batsignal custody fingerprint\" prints them.")
	}
	return Pin{n, fingerprint}, nil
}

// Trusted returns the current keyring, if its signatures lead to it from the pinned one. The
// second result is what to pin from now on.
func Trusted(ctx context.Context, db pg.DB, pin Pin) (Keyring, Pin, error) {
	all, err := All(ctx, db)
	if err != nil {
		return Keyring{}, pin, err
	}
	if pin != (Pin{}) || len(all) > 0 { // else there is none to trust yet
		if err := pin.leads(all); err != nil {
			return Keyring{}, pin, err
		}
	}
	for _, k := range all {
		if k.State != StateCurrent {
			continue
		}
		if k.Epoch < pin.Epoch {
			return Keyring{}, pin, fault.New(fault.Forbidden, "The database seals to keyring %d, and keyring %d was trusted here already. An old backup was restored, or somebody went back on purpose; nothing is sealed or opened until the newer one is back.", k.Epoch, pin.Epoch)
		}
		return k.Keyring, PinOf(k.Keyring), nil
	}
	return Keyring{}, pin, fault.New(fault.NotFound, "There is no keyring yet. A ceremony makes one: batsignal custody init.")
}

// leads tells whether the pinned keyring is among them; they follow each other by signatures.
func (p Pin) leads(all []Stored) error {
	switch {
	case p.Epoch == 0:
		return fault.New(fault.Unready, "No keyring is trusted here yet. Compare the fingerprint with the paper of the ceremony, then: batsignal custody trust.")
	case p.Epoch > len(all):
		return fault.New(fault.Forbidden, "Keyring %d was trusted here, and the database does not have it. An old backup was restored: restore a newer one, or do what docs/escrow.md says of it (When something is broken).", p.Epoch)
	case all[p.Epoch-1].Fingerprint() != p.Fingerprint:
		return fault.New(fault.Forbidden, "Keyring %d in the database is not the one that is trusted here. Somebody replaced it; it is not used.", p.Epoch)
	}
	return nil
}
