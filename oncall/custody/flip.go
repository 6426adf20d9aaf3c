package custody

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

// lockRecords keeps records from coming, going and changing while it is decided that all of
// them have what they need. Reading, and so opening, goes on.
const lockRecords = `lock table sealed_contact in share row exclusive mode`

const (
	// How many records have how many wraps at an epoch.
	sqlLacking = `
		select count(*) filter (where n < 4) from (
			select (select count(*) from sealed_wrap w where w.record_id = c.record_id and w.epoch = @epoch) as n
			from sealed_contact c where c.epoch < @epoch) t`
	sqlFlipRecords = `
		update sealed_contact c set epoch = @epoch
		where c.epoch < @epoch and (select count(*) from sealed_wrap w where w.record_id = c.record_id and w.epoch = @epoch) = 4`
	sqlRetire  = `update keyring set state = 'past' where state = 'current' and epoch < @epoch`
	sqlPromote = `update keyring set state = 'current', current_at = @now where epoch = @epoch and state = 'pending'`

	sqlBehind = `
		select count(*) from sealed_contact where epoch <= @epoch`
	sqlDropOld = `
		delete from sealed_wrap where epoch <= @epoch`
)

// Flip has every record opened with the keyring that waits, and sealed to it from now on, in
// one transaction: before it the old one is used, after it the new one. It refuses as long as
// a record lacks one of its four wraps. Without a keyring that waits it takes records along
// that came late, sealed to an older one, once they have their wraps.
func Flip(ctx context.Context, db pg.DB, now time.Time) (moved int64, err error) {
	err = pg.InTx(ctx, db, func(tx pgx.Tx) error {
		moved = 0
		if _, err := tx.Exec(ctx, lockRecords); err != nil {
			return err
		}
		all, err := All(ctx, tx)
		if err != nil {
			return err
		}
		if len(all) == 0 {
			return fault.New(fault.NotFound, "There is no keyring yet. A ceremony makes one: batsignal custody init.")
		}
		to := all[len(all)-1]
		if err := hold(ctx, tx, to.Keyring); err != nil {
			return err
		}
		args := pgx.NamedArgs{"epoch": to.Epoch, "now": now}
		if to.State == StatePending {
			var lacking int64
			if err := tx.QueryRow(ctx, sqlLacking, args).Scan(&lacking); err != nil {
				return err
			}
			if lacking > 0 {
				return fault.New(fault.Conflict, "%s wraps for keyring %d. Let both hosts wrap first (batsignal custody rotate); one that never gets them must be sealed again by its owner, or removed.", oncall.Plural(lacking, "sealed address lacks", "sealed addresses lack"), to.Epoch)
			}
		}
		tag, err := tx.Exec(ctx, sqlFlipRecords, args)
		if err != nil {
			return err
		}
		moved = tag.RowsAffected()
		if to.State != StatePending {
			return nil
		}
		// In this order: there is one current keyring at a time.
		if _, err := tx.Exec(ctx, sqlRetire, args); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, sqlPromote, args)
		return err
	})
	return moved, err
}

// Drop removes the wraps of an epoch and of those before it: from then on only newer keys
// open. restored is the caller's word that a backup that holds the newer wraps was restored
// somewhere and opened. As many custodians as it takes must have drilled the newer keyring.
func Drop(ctx context.Context, db pg.DB, epoch int, restored bool) (removed int64, err error) {
	if !restored {
		return 0, fault.New(fault.Forbidden, "The old wraps are dropped only once a backup with the new ones was restored and something in it opened. Do that first, and say that you did.")
	}
	err = pg.InTx(ctx, db, func(tx pgx.Tx) error {
		removed = 0
		if _, err := tx.Exec(ctx, lockRecords); err != nil {
			return err
		}
		k, err := Current(ctx, tx)
		if err != nil {
			return err
		}
		if epoch < 1 || epoch >= k.Epoch {
			return fault.New(fault.Conflict, "Only wraps of older keyrings than the current one (%d) can be dropped.", k.Epoch)
		}
		last, err := lastDrills(ctx, tx, k)
		if err != nil {
			return err
		}
		if len(last) < k.K {
			return fault.New(fault.Conflict, "%s drilled keyring %d, and %d must before the old wraps are dropped (batsignal custody drill).", oncall.Plural(len(last), "custodian", "custodians"), k.Epoch, k.K)
		}
		var behind int64
		if err := tx.QueryRow(ctx, sqlBehind, pgx.NamedArgs{"epoch": epoch}).Scan(&behind); err != nil {
			return err
		}
		if behind > 0 {
			return fault.New(fault.Conflict, "%s still opened with keyring %d or an older one. Let both hosts wrap first (batsignal custody rotate).", oncall.Plural(behind, "sealed address is", "sealed addresses are"), epoch)
		}
		tag, err := tx.Exec(ctx, sqlDropOld, pgx.NamedArgs{"epoch": epoch})
		removed = tag.RowsAffected()
		return err
	})
	return removed, err
}
