package custody

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall/fault"
)

const (
	sqlKeyrings = `
		select epoch, manifest, state, made_at, current_at from keyring order by epoch`
	sqlInsertKeyring = `
		insert into keyring (epoch, manifest, state, made_at, current_at)
		values (@epoch, @manifest, @state, @now, @current_at)
		on conflict do nothing`
	sqlReplaceKeyring = `
		update keyring set manifest = @manifest, made_at = @now where epoch = @epoch and state = 'pending'`
	sqlDeleteWrapsOf = `
		delete from sealed_wrap where epoch = @epoch`
	// Held until the end of the transaction: what is written for a keyring is written for
	// this one and not for one that replaced it.
	sqlHoldKeyring = `
		select manifest from keyring where epoch = @epoch and state in ('pending', 'current') for share`
	sqlHoldPending = `
		select manifest from keyring where epoch = @epoch and state = 'pending' for update`
)

// State is what a stored keyring is used for.
type State string

// The states.
const (
	StatePending State = "pending" // wraps for it are being made
	StateCurrent State = "current" // it is sealed to
	StatePast    State = "past"
)

// Stored is a keyring in the database.
type Stored struct {
	Keyring
	State     State
	MadeAt    time.Time  // when it was stored
	CurrentAt *time.Time // since when it is, or was, sealed to
}

// All returns the keyrings, the oldest first, each signed by those of the one before it. If
// one is not, there is an error and no keyring: what was stored by somebody who may write
// into the database and is no custodian is not used.
//
// Somebody who replaces all of them, the first one included, is not noticed here but by
// [Pin].
func All(ctx context.Context, db pg.DB) ([]Stored, error) {
	rows, err := db.Query(ctx, sqlKeyrings)
	if err != nil {
		return nil, err
	}
	type row struct {
		epoch    int
		manifest string
		Stored
	}
	read, err := pg.Collect(rows, func(r *row) []any {
		return []any{&r.epoch, &r.manifest, &r.State, &r.MadeAt, &r.CurrentAt}
	})
	if err != nil {
		return nil, err
	}
	var all []Stored
	var previous Keyring
	for _, r := range read {
		k, err := ParseKeyring(r.manifest)
		if err != nil {
			return nil, err
		}
		if k.Epoch != r.epoch {
			return nil, fault.New(fault.Forbidden, "The keyring that is stored as %d is keyring %d, so it is not used. Somebody changed the table.", r.epoch, k.Epoch)
		}
		if err := k.Verify(previous); err != nil {
			return nil, err
		}
		r.Keyring, previous = k, k
		all = append(all, r.Stored)
	}
	return all, nil
}

// Current is what is sealed to. The error is fault.NotFound if there was no ceremony yet.
func Current(ctx context.Context, db pg.DB) (Keyring, error) {
	k, found, err := inState(ctx, db, StateCurrent)
	if err == nil && !found {
		err = fault.New(fault.NotFound, "There is no keyring yet, so nothing can be sealed. A ceremony makes one: batsignal custody init.")
	}
	return k, err
}

// Pending is the one that wraps are being made for, if one waits.
func Pending(ctx context.Context, db pg.DB) (k Keyring, found bool, err error) {
	return inState(ctx, db, StatePending)
}

func inState(ctx context.Context, db pg.DB, s State) (k Keyring, found bool, err error) {
	all, err := All(ctx, db)
	if err != nil {
		return Keyring{}, false, err
	}
	for _, k := range all {
		if k.State == s {
			return k.Keyring, true, nil
		}
	}
	return Keyring{}, false, nil
}

// At finds the keyring of an epoch.
func At(ctx context.Context, db pg.DB, epoch int) (Keyring, error) {
	all, err := All(ctx, db)
	if err != nil {
		return Keyring{}, err
	}
	if epoch < 1 || epoch > len(all) {
		return Keyring{}, fault.New(fault.NotFound, "There is no keyring %d. The newest one is %d.", epoch, len(all))
	}
	return all[epoch-1].Keyring, nil
}

// Store takes a signed keyring in: the first one is sealed to at once, a later one waits
// until every record can be opened with it ([Flip]). The same once more changes nothing; a
// pending one is replaced, and what was wrapped for it is removed.
func Store(ctx context.Context, db pg.DB, now time.Time, k Keyring) (State, error) {
	state := StatePending
	err := pg.InTx(ctx, db, func(tx pgx.Tx) error {
		all, err := All(ctx, tx)
		if err != nil {
			return err
		}
		for _, old := range all {
			if old.Fingerprint() == k.Fingerprint() {
				state = old.State
				return nil
			}
		}
		var last Stored
		n := len(all)
		if n > 0 {
			last = all[n-1]
		}
		if last.State == StatePending && last.Epoch == k.Epoch {
			if n == 1 {
				return fault.New(fault.Conflict, "Keyring 1 is stored as one that waits, and the first one never does: somebody changed the table. Look who can write there, and have its owner remove that row.")
			}
			return replacePending(ctx, tx, now, k, all[n-2].Keyring)
		}
		if err := k.Verify(last.Keyring); err != nil {
			return err
		}
		if last.State == StatePending {
			return fault.New(fault.Conflict, "Keyring %d still waits for its wraps. Let that end first, or replace it by another keyring %d.", last.Epoch, last.Epoch)
		}
		args := pgx.NamedArgs{"epoch": k.Epoch, "manifest": k.Text(), "state": StatePending, "now": now, "current_at": nil}
		if k.Epoch == 1 {
			state = StateCurrent
			args["state"], args["current_at"] = StateCurrent, now
		}
		tag, err := tx.Exec(ctx, sqlInsertKeyring, args)
		if err == nil && tag.RowsAffected() == 0 {
			return fault.New(fault.Conflict, "Somebody else just stored a keyring. Look which one it is, with !custody.")
		}
		return err
	})
	return state, err
}

func replacePending(ctx context.Context, tx pgx.Tx, now time.Time, k, previous Keyring) error {
	if err := k.Verify(previous); err != nil {
		return err
	}
	var old string
	if err := tx.QueryRow(ctx, sqlHoldPending, pgx.NamedArgs{"epoch": k.Epoch}).Scan(&old); err != nil {
		return goneKeyring(err, k.Epoch)
	}
	if _, err := tx.Exec(ctx, sqlReplaceKeyring, pgx.NamedArgs{"epoch": k.Epoch, "manifest": k.Text(), "now": now}); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, sqlDeleteWrapsOf, pgx.NamedArgs{"epoch": k.Epoch})
	return err
}

// hold makes sure that a keyring is still the one of its epoch, until the transaction ends.
func hold(ctx context.Context, tx pgx.Tx, k Keyring) error {
	var text string
	if err := tx.QueryRow(ctx, sqlHoldKeyring, pgx.NamedArgs{"epoch": k.Epoch}).Scan(&text); err != nil {
		return goneKeyring(err, k.Epoch)
	}
	if now, err := ParseKeyring(text); err != nil {
		return err
	} else if now.Fingerprint() != k.Fingerprint() {
		return fault.New(fault.Conflict, "Keyring %d was replaced meanwhile. Begin again with the new one.", k.Epoch)
	}
	return nil
}

func goneKeyring(err error, epoch int) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return fault.New(fault.Conflict, "Keyring %d is no longer the one that is pending or current. Begin again.", epoch)
	}
	return err
}
