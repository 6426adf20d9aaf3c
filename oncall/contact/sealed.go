package contact

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall/escrow"
	"batsignal/oncall/fault"
)

// ErrSealed is what [Open] answers for an address that nobody opens here.
var ErrSealed = fault.New(fault.Conflict, "It is sealed: only the switchboard opens it.")

const (
	// Whoever makes another keyring the current one waits until this is stored, or the other
	// way round: no record is left behind at one that has passed.
	sqlCurrentEpoch = `select epoch from keyring where state = 'current' for share`
	sqlSealedBefore = `
		select exists (select from sealed_contact where record_id = @record),
			exists (select from sealed_gone where record_id = @record)`
	sqlInsertSealed = `
		insert into sealed_contact (record_id, contact_id, owner_id, kind, policy, content_epoch, epoch, nonce, content,
			commitment, commit_bot, commit_switchboard, sealed_at)
		values (@record, @id, @owner, @kind, @policy, @content_epoch, @epoch, @nonce, @content,
			@commitment, @commit_bot, @commit_switchboard, @now)`
	sqlInsertWrap = `insert into sealed_wrap (record_id, epoch, slot, wrapped) values (@record, @epoch, @slot, @wrapped)`
)

// OpenedBy has a record refused whose half of the key for the bot does not open with our
// keys: it was sealed with other keys than ours, and nobody could ever be rung by it.
func OpenedBy(h *Halves) Option { return func(o *how) { o.halves = h } }

// AddSealed stores an address that its owner sealed, for the person themselves. It stands
// beside what is there already, is opened by nobody here, and is not paged before its owner
// has proven it. Vouching for it does nothing.
func AddSealed(ctx context.Context, db pg.DB, now time.Time, person int64, s escrow.Sealed, options ...Option) (c Contact, err error) {
	h := saying(options)
	h.vouched = false
	if err := checkSealed(person, s); err != nil {
		return c, err
	}
	err = pg.InTx(ctx, db, func(tx pgx.Tx) error {
		args := pgx.NamedArgs{"person_id": person, "kind": s.Record.Kind, "sealed": true, "now": now, "record": s.Record.ID}
		if _, err := tx.Exec(ctx, sqlHoldPerson, args); err != nil {
			return err
		}
		if err := mayStore(ctx, tx, s, args); err != nil {
			return err
		}
		if err := h.opens(s); err != nil {
			return err
		}
		id, err := insertContact(ctx, tx, now, h, args)
		if err != nil {
			return err
		}
		if err := insertSealed(ctx, tx, now, id, s); err != nil {
			return err
		}
		if c, err = Get(ctx, tx, id); err != nil {
			return err
		}
		return record(ctx, tx, now, h, c, "added a sealed contact: "+c.Kind)
	})
	return c, err
}

// checkSealed refuses what is not a whole record of this person's, as it was just sealed.
func checkSealed(person int64, s escrow.Sealed) error {
	if err := s.Check(); err != nil {
		return err
	}
	switch r := s.Record; {
	case r.Owner != person:
		return fault.New(fault.Forbidden, "This was sealed for person %d, and you are person %d. Seal it again with --owner %d.", r.Owner, person, person)
	case s.Wraps[0].Epoch != r.ContentEpoch:
		return fault.New(fault.Invalid, "This was sealed once more for another keyring. Give what batsignal contact seal printed.")
	}
	return nil
}

// mayStore refuses what was sealed to keys that are not in force, and what was here before.
func mayStore(ctx context.Context, tx pgx.Tx, s escrow.Sealed, args pgx.NamedArgs) error {
	var epoch int
	err := tx.QueryRow(ctx, sqlCurrentEpoch).Scan(&epoch)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return fault.New(fault.Unready, "There is no keyring here yet, so nothing can be sealed. Ask an admin; docs/escrow.md says how one is made.")
	case err != nil:
		return err
	case s.Record.ContentEpoch != epoch:
		return fault.New(fault.Conflict, "This was sealed with keyring %d, and keyring %d is in force. Fetch the keyring again, and seal once more.", s.Record.ContentEpoch, epoch)
	}
	var here, gone bool
	if err := tx.QueryRow(ctx, sqlSealedBefore, args).Scan(&here, &gone); err != nil {
		return err
	}
	switch {
	case here:
		return fault.New(fault.Conflict, "This sealed address is stored already. Nothing was changed.")
	case gone:
		return fault.New(fault.Conflict, "This sealed address was deleted, and stays deleted. Seal the address again.")
	}
	return nil
}

// opens tries our half of the key, where that is asked for.
func (h how) opens(s escrow.Sealed) error {
	if h.halves == nil {
		return nil
	}
	w, _ := s.Wrap(escrow.SlotBot)
	half, err := h.halves.unwrap(s.Record, w)
	if errors.Is(err, escrow.ErrRefused) {
		return fault.Wrap(fault.Conflict, err, "This was sealed with other keys than ours, or changed since. Fetch the keyring again, and seal once more.")
	}
	half.Wipe()
	return err
}

func insertSealed(ctx context.Context, tx pgx.Tx, now time.Time, id int64, s escrow.Sealed) error {
	r := s.Record
	if _, err := tx.Exec(ctx, sqlInsertSealed, pgx.NamedArgs{
		"record": r.ID, "id": id, "owner": r.Owner, "kind": r.Kind, "policy": r.Policy, "content_epoch": r.ContentEpoch, "epoch": r.ContentEpoch,
		"nonce": r.Nonce, "content": r.Content, "commitment": r.Commitment, "commit_bot": r.CommitBot, "commit_switchboard": r.CommitSwitchboard,
		"now": now,
	}); err != nil {
		return err
	}
	for _, w := range s.Wraps {
		if _, err := tx.Exec(ctx, sqlInsertWrap, pgx.NamedArgs{"record": w.Record, "epoch": w.Epoch, "slot": w.Slot, "wrapped": w.Wrapped}); err != nil {
			return err
		}
	}
	return nil
}
