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

// How often everybody together may have the whole ledger read, and hand in drills.
const (
	wholeReads = 30
	drillTries = 60
)

// escrowPages are what everybody may know of sealed addresses: what was opened, who keeps
// the keys, and how to check both without believing these pages.
type escrowPages struct {
	*site
	whole  *budget       // readings of the whole ledger
	one    chan struct{} // of which there is one at a time
	drills *budget
}

func (s *site) escrowRoutes(r chi.Router) {
	p := &escrowPages{site: s, whole: newBudget(wholeReads), one: make(chan struct{}, 1), drills: newBudget(drillTries)}
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

// alone waits until nobody else has the whole ledger in memory. The caller calls the
// result when it is done.
func (p *escrowPages) alone(ctx context.Context) (done func(), err error) {
	if err := p.whole.take(p.Now()); err != nil {
		return nil, err
	}
	select {
	case p.one <- struct{}{}:
		return func() { <-p.one }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// ledgerKeys are the public keys that signed heads, by the keyrings that are trusted here: the
// current one's last. Before the first keyring there is none.
func (p *escrowPages) ledgerKeys(ctx context.Context) ([]string, error) {
	trusted, err := custody.Current(ctx, p.DB)
	switch {
	case fault.KindOf(err) == fault.NotFound:
		return nil, nil
	case err == nil && p.Keyring != nil:
		trusted, err = p.Keyring(ctx)
	}
	if err != nil {
		return nil, err
	}
	return custody.LedgerKeys(ctx, p.DB, trusted)
}
