package custody

import (
	"context"
	"errors"
	"runtime"
	"sync"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall/escrow"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

// Only for records that are still there, and held so that they stay: one may be deleted
// meanwhile.
const sqlAddWraps = `
	insert into sealed_wrap (record_id, epoch, slot, wrapped)
	select c.record_id, @epoch, u.slot, u.wrapped
	from unnest(@records::uuid[], @slots::text[], @wraps::bytea[]) as u (record_id, slot, wrapped)
	join sealed_contact c on c.record_id = u.record_id
	order by c.record_id, u.slot
	for key share of c
	on conflict do nothing`

// Batch is how many records are wrapped in one transaction, if the caller does not say.
const Batch = 500

// Rewrapped tells what a run of [RewrapHalf] did.
type Rewrapped struct {
	Records int      // that were given wraps
	Wraps   int      // that were written
	Stuck   []string // ids of records whose half does not open with any key that is here
}

// RewrapHalf gives every record the wraps of one half that it lacks for a keyring: the
// process's own, and the custodians' of that half. It runs where that half's key is, opens no
// address, and may be killed and begun again at any time: it goes on with what is lacking.
//
// keys are all private keys of that side that are here, the one that the keyring names
// included: for a key that nobody has, nothing is wrapped.
func RewrapHalf(ctx context.Context, db pg.DB, side Side, keys []escrow.PrivateKey, to Keyring, batch int) (Rewrapped, error) {
	var done Rewrapped
	own, custody, err := side.slots()
	if err != nil {
		return done, err
	}
	mine, err := KeyOf(side, keys, to)
	if err != nil {
		return done, err
	}
	if batch <= 0 {
		batch = Batch
	}
	w := wrapper{own: own, custody: custody, keys: keys, mine: mine, to: to}
	for after := firstRecord; ; {
		records, err := recordsToWrap(ctx, db, own, custody, to.Epoch, after, batch, false)
		if err != nil || len(records) == 0 {
			return done, err
		}
		made, stuck, err := w.all(ctx, records)
		if err != nil {
			return done, err
		}
		written, err := addWraps(ctx, db, to, made)
		if err != nil {
			return done, err
		}
		done.Wraps += written
		done.Records += len(records) - len(stuck)
		done.Stuck = append(done.Stuck, stuck...)
		after = records[len(records)-1].ID
	}
}

// KeyOf finds the private key that a keyring names for a side. The error is fault.Conflict.
func KeyOf(side Side, keys []escrow.PrivateKey, k Keyring) (escrow.PrivateKey, error) {
	for _, key := range keys {
		if key.Public() == side.key(k) {
			return key, nil
		}
	}
	return escrow.PrivateKey{}, fault.New(fault.Conflict, "Keyring %d names a key of the %s that is not here, so nothing is wrapped for it: nobody could open it. Bring the key, or make the keyring anew with the line of \"batsignal escrow keys\".", k.Epoch, side)
}

// addWraps writes wraps, if the keyring that they were made for is still the one.
func addWraps(ctx context.Context, db pg.DB, k Keyring, wraps []escrow.Wrap) (int, error) {
	if len(wraps) == 0 {
		return 0, nil
	}
	records, slots, values := make([]string, len(wraps)), make([]string, len(wraps)), make([][]byte, len(wraps))
	for i, w := range wraps {
		records[i], slots[i], values[i] = w.Record, string(w.Slot), w.Wrapped
	}
	written := 0
	err := pg.InTx(ctx, db, func(tx pgx.Tx) error {
		if err := hold(ctx, tx, k); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, sqlAddWraps, pgx.NamedArgs{"epoch": k.Epoch, "records": records, "slots": slots, "wraps": values})
		written = int(tag.RowsAffected())
		return err
	})
	return written, err
}

// wrapper wraps the halves of one side.
type wrapper struct {
	own, custody escrow.Slot
	keys         []escrow.PrivateKey
	mine         escrow.PrivateKey // the one of keys that the keyring names
	to           Keyring
}

// all wraps records on all processors; what it returns is in their order.
func (w wrapper) all(ctx context.Context, records []toWrap) (made []escrow.Wrap, stuck []string, err error) {
	results := make([][]escrow.Wrap, len(records))
	errs := make([]error, len(records))
	next := make(chan int)
	var wait sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			for i := range next {
				results[i], errs[i] = w.one(records[i])
			}
		})
	}
	for i := range records {
		if ctx.Err() != nil {
			break
		}
		next <- i
	}
	close(next)
	wait.Wait()
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	for i, err := range errs {
		switch {
		case errors.Is(err, escrow.ErrRefused):
			stuck = append(stuck, records[i].ID)
		case err != nil:
			return nil, nil, err
		}
		made = append(made, results[i]...)
	}
	return made, stuck, nil
}

// one makes the wraps that a record lacks. The half is known to be right by its commitment,
// and what is made for ourselves is opened again before it is stored.
func (w wrapper) one(r toWrap) ([]escrow.Wrap, error) {
	half, err := w.half(r)
	if err != nil {
		return nil, err
	}
	defer half.Wipe()
	var made []escrow.Wrap
	for _, slot := range []escrow.Slot{w.own, w.custody} {
		if r.has(slot) {
			continue
		}
		wrap, err := escrow.Rewrap(half, r.Record, w.to.Epoch, slot, w.to.Keys().To(slot))
		if err != nil {
			return nil, err
		}
		if slot == w.own {
			again, err := escrow.Unwrap(w.mine, r.Record, wrap)
			if err != nil {
				return nil, err
			}
			again.Wipe()
		}
		made = append(made, wrap)
	}
	return made, nil
}

// half opens the half of a record by any of its wraps and any of our keys.
func (w wrapper) half(r toWrap) (secret.Bytes, error) {
	for i, epoch := range r.epochs {
		for _, key := range w.keys {
			half, err := escrow.Unwrap(key, r.Record, escrow.Wrap{Record: r.ID, Epoch: int(epoch), Slot: w.own, Wrapped: r.wraps[i]})
			if err == nil {
				return half, nil
			}
		}
	}
	return secret.Bytes{}, escrow.ErrRefused
}

// CheckHalf opens the own half of every record at an epoch, and names those that do not open.
// It is what to do before old wraps are dropped.
func CheckHalf(ctx context.Context, db pg.DB, side Side, keys []escrow.PrivateKey, epoch int) (checked int, stuck []string, err error) {
	own, custody, err := side.slots()
	if err != nil {
		return 0, nil, err
	}
	w := wrapper{own: own, keys: keys}
	for after := firstRecord; ; {
		records, err := recordsToWrap(ctx, db, own, custody, epoch, after, Batch, true)
		if err != nil || len(records) == 0 {
			return checked, stuck, err
		}
		for _, r := range records {
			if err := ctx.Err(); err != nil {
				return checked, stuck, err
			}
			checked++
			only := r
			only.epochs, only.wraps = nil, nil
			for i, e := range r.epochs {
				if int(e) == epoch {
					only.epochs, only.wraps = r.epochs[i:i+1], r.wraps[i:i+1]
				}
			}
			half, err := w.half(only)
			if err != nil {
				stuck = append(stuck, r.ID)
				continue
			}
			half.Wipe()
		}
		after = records[len(records)-1].ID
	}
}
