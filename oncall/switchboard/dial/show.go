package dial

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/oncall/fault"
	"batsignal/oncall/ledger"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
	"batsignal/oncall/unseal"
)

// ToShow is an address that one person is about to see.
type ToShow struct {
	Record   string
	Lane     unseal.Lane // D, or F for its owner
	Key      string      // of the showing: letters, digits and "-", once for each
	Incident int64       // 0 is none
	By       []string    // who sees it, and who approved
	Note     string      // for the ledger
	// Release asks the bot for its half, once the intent is in the ledger.
	Release func(ctx context.Context) (paging.Sealed, error)
}

// Show opens an address to be seen by one person. The same key never shows twice. begun
// tells that the intent is in the ledger: then there is no second time.
func (b *Board) Show(ctx context.Context, s ToShow) (address secret.Text, begun bool, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), openBudget)
	defer cancel()
	mine, c := b.join(s.Key)
	if !mine {
		return address, true, errShown
	}
	defer b.leave(s.Key, c)
	o := opening{lane: s.Lane, message: s.Key, incident: s.Incident, by: s.By, note: s.Note}
	judge := func(ctx context.Context, tx pgx.Tx, now time.Time, o *opening) error {
		switch s.Lane {
		case unseal.LaneReveal:
			return b.agreed(ctx, tx, now, *o)
		case unseal.LaneOwner:
			return nil
		}
		return fault.New(fault.Forbidden, "In this lane nothing is shown to anybody.")
	}
	if o, err = b.begin(ctx, o, intent{record: s.Record, hold: holdRecord(ctx, s.Record), judge: judge}); err != nil {
		return address, errors.Is(err, errShown), err
	}
	sealed, err := s.Release(ctx)
	if err == nil {
		defer sealed.Half.Wipe()
		address, err = b.open(ctx, o, sealed.Half, 0)
	}
	if err != nil {
		b.closeUnopened(ctx, o, err)
		return secret.Text{}, true, err
	}
	if err := b.writeShown(ctx, o); err != nil {
		return secret.Text{}, true, err
	}
	return address, true, nil
}

var errShown = fault.New(fault.Conflict, "This was shown once, and is not shown again.")

// begin writes an intent that must be a new one.
func (b *Board) begin(ctx context.Context, o opening, i intent) (opening, error) {
	i.once = true
	o, stored, err := b.writeIntent(ctx, o, i)
	if err == nil && stored != nil {
		err = errShown
	}
	o.again = false // what began before is not gone on with: it is ours, by a commit of unknown outcome
	return o, err
}

// open waits for a room, and puts the halves together.
func (b *Board) open(ctx context.Context, o opening, bot secret.Bytes, patience time.Duration) (secret.Text, error) {
	if err := b.anchored(ctx, o, patience); err != nil {
		return secret.Text{}, err
	}
	return b.unlock(ctx, o, bot)
}

const saidShown = saidTaken + ": shown"

// writeShown is written before anything is shown.
func (b *Board) writeShown(ctx context.Context, o opening) error {
	now := b.Now()
	_, err := write(ctx, b.DB, b.Ledger, b.Log, now, func(tx pgx.Tx, p pen) error {
		leaf, err := p(ledger.Leaf{
			Type: ledger.TypeShown, Record: o.row.ID, Incident: inc(o.incident), Lane: o.lane, By: o.by, Of: &o.intent, Key: o.key, Result: "shown",
		})
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, sqlDialled, pgx.NamedArgs{"intent": o.intent, "leaf": leaf, "now": now, "result": saidShown, "ref": ""})
		return err
	})
	return err
}
