package web

import (
	"context"

	"github.com/go-chi/chi/v5"

	"batsignal/oncall/custody"
	"batsignal/oncall/fault"
)

const (
	checkPath = "/ledger/check"
	drillPath = "/custody/drill"
)

// drillTries is how often everybody together may hand in drills in a minute.
const drillTries = 60

// escrowPages are what everybody may know of sealed addresses: what was opened, who keeps
// the keys, and how to check both without believing these pages.
type escrowPages struct {
	*site
	whole  *Alone // who has the whole ledger in memory
	drills *budget
}

func (s *site) escrowRoutes(r chi.Router) {
	p := &escrowPages{site: s, whole: NewAlone(), drills: newBudget(drillTries)}
	r.Get("/ledger", s.page(p.ledger))
	r.Get("/ledger/leaves.txt", s.page(p.book))
	r.Get("/ledger/key.txt", s.page(p.key))
	r.Get(checkPath, s.page(p.showCheck))
	r.Post(checkPath, s.page(p.check))
	r.Get("/ledger/{seq:[0-9]{1,18}}", s.page(p.leaf))
	r.Get("/custody", s.page(p.custody))
	r.Post(drillPath, s.page(p.drill))
	r.Get("/keyring", s.page(p.keyring))
	r.Get("/keyring/{epoch:[0-9]{1,9}}", s.page(p.keyring))
}

// ledgerKeys are the public keys that signed heads, by the keyrings that are trusted here: the
// current one's last. Before the first keyring there is none.
func (p *escrowPages) ledgerKeys(ctx context.Context) ([]string, error) {
	trusted, err := p.Keyring(ctx)
	if fault.KindOf(err) == fault.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return custody.LedgerKeys(ctx, p.DB, trusted)
}
