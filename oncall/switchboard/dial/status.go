package dial

import (
	"context"
	"errors"
	"fmt"

	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/ledger"
	"batsignal/oncall/unseal"
)

const sqlOpenings = `select count(*) from sealed_opening where lane <> 'F'`

// Status is what a board can say of how the switchboard stands: its routes, the ledger, and
// what is wrong with it. Ears and people are for others to add.
func (b *Board) Status(ctx context.Context) (unseal.Status, error) {
	s := unseal.Status{Routes: b.traitsOf()}
	head, err := ledger.Latest(ctx, b.DB)
	if err != nil {
		return s, err
	}
	s.Head = fmt.Sprintf("%d %s", head.Size, head.Prefix())
	if err := b.DB.QueryRow(ctx, sqlOpenings).Scan(&s.Openings); err != nil {
		return s, err
	}
	if b.Anchor.Down() {
		s.Trouble = append(s.Trouble, "No home room shows the ledger's head.")
	}
	// It is looked at now, and not when somebody must be rung.
	switch err := b.Ledger.Continues(ctx, b.DB); {
	case errors.Is(err, ledger.ErrDiscontinued):
		s.Trouble = append(s.Trouble, fault.Say(err))
		b.stop(ctx, err)
	case err != nil:
		return s, err
	default:
		b.goesOn()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if n := len(b.unrecorded); n > 0 {
		s.Trouble = append(s.Trouble, fmt.Sprintf("What came of %s is not written down yet.", oncall.Plural(n, "opening", "openings")))
	}
	return s, nil
}
