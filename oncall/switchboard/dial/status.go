package dial

import (
	"context"
	"fmt"

	"batsignal/oncall"
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
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stopped {
		s.Trouble = append(s.Trouble, "The ledger does not continue, so nothing is opened.")
	}
	if n := len(b.unrecorded); n > 0 {
		s.Trouble = append(s.Trouble, fmt.Sprintf("What came of %s is not written down yet.", oncall.Plural(n, "opening", "openings")))
	}
	return s, nil
}
