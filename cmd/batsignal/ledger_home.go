package main

import (
	"context"
	"path/filepath"
	"slices"

	"batsignal/migrations/pg"
	"batsignal/oncall/custody"
	"batsignal/oncall/fault"
	"batsignal/oncall/ledger"
)

// guard keeps the last head that was signed here.
func (h keyHome) guard() ledger.FileGuard {
	return ledger.FileGuard{Path: filepath.Join(h.dir, "head")}
}

// ledgerKeys are the public keys of the ledger, of a host that signs with one of its own:
// that one, and those of keyrings that it trusts. What the database says of keyrings counts
// only as far as it follows from the one that this host was told to trust: else whoever can
// write every row could sign entries of the ledger too.
func (h keyHome) ledgerKeys(ctx context.Context, db pg.DB, own string) ([]string, error) {
	keys := []string{own}
	trusted, err := h.trusted(ctx, db)
	var more []string
	if err == nil {
		more, err = custody.LedgerKeys(ctx, db, trusted)
	}
	for _, key := range more {
		if !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	switch fault.KindOf(err) {
	case fault.Forbidden, fault.Unready, fault.NotFound, fault.Conflict:
		err = nil // those of before are not known, and ours is
	}
	return keys, err
}

// ledger is the log that this host signs, and its public key.
func (h keyHome) ledger(ctx context.Context, db pg.DB, name string) (log *ledger.Log, public string, err error) {
	private, public, err := h.ledgerKey(name)
	if err != nil {
		return nil, "", err
	}
	keys, err := h.ledgerKeys(ctx, db, public)
	if err != nil {
		return nil, "", err
	}
	if log, err = ledger.NewLog(private, h.guard(), keys...); err != nil {
		return nil, "", err
	}
	log.Known = func(ctx context.Context, db pg.DB) ([]string, error) { return h.ledgerKeys(ctx, db, public) }
	return log, public, nil
}
