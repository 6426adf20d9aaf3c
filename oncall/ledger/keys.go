package ledger

import (
	"golang.org/x/mod/sumdb/note"

	"batsignal/oncall/fault"
)

// verifiers reads public keys, as the keyring has them.
func verifiers(vkeys []string) (note.Verifiers, error) {
	var list []note.Verifier
	seen := map[string]bool{}
	for _, vkey := range vkeys {
		if seen[vkey] {
			continue // the same key in several keyrings
		}
		seen[vkey] = true
		v, err := note.NewVerifier(vkey)
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, err, "This is no public key of a ledger; one looks like \"ledger.example.org+1a2b3c4d+AbC…\".")
		}
		list = append(list, v)
	}
	if len(list) == 0 {
		return nil, fault.New(fault.Invalid, "Without the public key of the ledger nothing can be checked; give the one that the keyring has.")
	}
	return note.VerifierList(list...), nil
}
