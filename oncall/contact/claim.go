package contact

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall/fault"
)

const (
	// mostGuesses is how many wrong codes somebody may type an hour: with three codes on
	// their way, guessing one of thirty million takes centuries then.
	mostGuesses = 10
	guessed     = "typed a wrong code for a contact"
)

// Claim is [Redeem] for a code that somebody typed: it must have gone to an address of
// theirs. A wrong one is counted, and refused without telling what is wrong with it.
func Claim(ctx context.Context, db pg.DB, now time.Time, person int64, code string, options ...Option) (c Contact, purpose Purpose, err error) {
	var refused error
	err = pg.InTx(ctx, db, func(tx pgx.Tx) error {
		refused = nil
		if _, err := tx.Exec(ctx, sqlHoldPerson, pgx.NamedArgs{"person_id": person}); err != nil {
			return err
		}
		n, err := said(ctx, tx, person, now.Add(-time.Hour), guessed)
		if err != nil {
			return err
		}
		if n >= mostGuesses {
			refused = fault.New(fault.Limited, "%d wrong codes were typed within the hour. Try again in an hour.", n)
			return nil
		}
		p, found, err := FindProof(ctx, tx, code)
		if err != nil {
			return err
		}
		changed := false
		if found && p.PersonID == person {
			if c, purpose, changed, err = Redeem(ctx, tx, now, p.ID, options...); err != nil {
				return err
			}
		}
		if !changed { // the refusal is kept, so this must be committed
			refused = fault.New(fault.NotFound, "That is no code of yours that still holds. !contact code <kind> sends a new one, good for an hour.")
			return record(ctx, tx, now, saying(options), Contact{PersonID: person, Kind: ""}, guessed)
		}
		return nil
	})
	if err == nil {
		err = refused
	}
	return c, purpose, err
}
