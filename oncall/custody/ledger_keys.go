package custody

import (
	"context"
	"slices"

	"batsignal/migrations/pg"
	"batsignal/oncall/fault"
)

// LedgerKeys are the public keys of the ledger that a trusted keyring and those around it
// name, the oldest first: what came before is in it by its fingerprint, what comes after is
// signed by its custodians. Without the trusted one among them none counts: whoever can
// write every row could name a key of their own, and sign a ledger of their own with it.
func LedgerKeys(ctx context.Context, db pg.DB, trusted Keyring) ([]string, error) {
	all, err := All(ctx, db)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(all, func(k Stored) bool { return k.Fingerprint() == trusted.Fingerprint() }) {
		return nil, fault.New(fault.Forbidden, "The keyrings in the database are not those that are trusted here. Somebody replaced them; they are not used.")
	}
	var keys []string
	for _, k := range all {
		if k.Ledger != "" && !slices.Contains(keys, k.Ledger) {
			keys = append(keys, k.Ledger)
		}
	}
	return keys, nil
}
