package dial

import (
	"bytes"
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall/escrow"
	"batsignal/oncall/fault"
	"batsignal/oncall/ledger"
	"batsignal/oncall/secret"
	"batsignal/oncall/unseal"
)

// anchored waits until a room has a head that covers the intent. If none does in time, that
// is written down before the provider hears of anything (invariant I4).
func (b *Board) anchored(ctx context.Context, o opening, patience time.Duration) error {
	if o.head.Size == 0 { // it was begun before
		if seen, err := ledger.Anchored(ctx, b.DB, o.intent+1); err != nil || seen {
			return err
		}
		head, err := ledger.Latest(ctx, b.DB) // a later one covers it as well
		if err != nil {
			return err
		}
		o.head = head
	}
	if b.Anchor.Await(ctx, o.head, patience) {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	_, err := write(ctx, b.DB, b.Ledger, b.Log, b.Now(), func(_ pgx.Tx, p pen) error {
		_, err := p(ledger.Leaf{
			Type: ledger.TypeUnanchored, Record: o.row.ID, Incident: inc(o.incident), Lane: o.lane, Role: o.role, Of: &o.intent, Key: o.key,
		})
		return err
	})
	return err
}

// unlock looks once more whether the message is wanted, under the lock that whoever answers
// may take too, and opens the address in the same breath (invariant I5).
func (b *Board) unlock(ctx context.Context, o opening, bot secret.Bytes) (address secret.Text, err error) {
	err = pg.InTx(ctx, b.DB, func(tx pgx.Tx) error {
		if o.still != nil {
			if err := o.still(ctx, tx); err != nil {
				return err
			}
		}
		r, err := b.recordOf(ctx, tx, o.row.ID) // it may have been deleted while we waited
		if err == nil && !bytes.Equal(r.Commitment, o.row.Commitment) {
			err = fault.New(fault.Forbidden, "The record was exchanged for another one while a room was waited for.")
		}
		if err != nil {
			return err
		}
		address, err = b.openRecord(ctx, tx, r, bot)
		return err
	})
	return address, err
}

// openRecord puts both halves together.
func (b *Board) openRecord(ctx context.Context, tx pgx.Tx, r row, bot secret.Bytes) (secret.Text, error) {
	key, wrap, err := b.ownHalf(ctx, tx, r.ID)
	if err != nil {
		return secret.Text{}, err
	}
	own, err := escrow.Unwrap(key, r.Record, wrap)
	if err != nil {
		return secret.Text{}, err
	}
	defer own.Wipe()
	return escrow.Open(r.Record, bot, own)
}

const saidUnknown = "it was begun before, and it is not known whether it was dialled then. It does not go on: "

// closeUnopened ends an opening that was written down and must not, or cannot, go on: what
// was intended and not done stands in the ledger as well. What may go well later is left
// for the same message again.
func (b *Board) closeUnopened(ctx context.Context, o opening, err error) unseal.Dialled {
	kind := fault.KindOf(err)
	if kind == fault.Internal || kind == fault.Unready || errors.Is(err, ledger.ErrDiscontinued) {
		return b.refusal(ctx, o.message, err)
	}
	out := unseal.Dialled{Outcome: unseal.OutcomeRefused, Detail: fault.Say(err)}
	if o.again { // whoever began it may have been killed before it was dialled, or after
		out.Detail = saidUnknown + out.Detail
	}
	if bad := (badRecord{}); errors.As(err, &bad) {
		out.Outcome, out.Bad = unseal.OutcomePermanent, bad.say
	}
	return b.finish(ctx, o, out)
}

// badRecord says that what was sealed can never be dialled: its owner is told why, in words
// without the address.
type badRecord struct{ say string }

func (b badRecord) Error() string { return b.say }

func (b badRecord) Unwrap() error { return fault.New(fault.Invalid, "%s", b.say) }
