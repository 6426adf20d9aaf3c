package incidents

import (
	"context"
	"fmt"
	"time"

	"batsignal/oncall"
	"batsignal/oncall/contact"
	"batsignal/oncall/paging"
)

// canaryEvery is how often a synthetic page goes over each route.
const canaryEvery = 24 * time.Hour

// SendCanaries sends what is due of the daily synthetic pages, one over each route that
// has an address for it. Whether it arrives is told by the provider, or by whoever reads
// at that address, which may be ourselves.
func (s *Service) SendCanaries(ctx context.Context) error {
	list, err := contact.Canaries(ctx, s.DB)
	if err != nil {
		return err
	}
	for _, one := range list {
		if one.SentAt != nil && s.Now().Sub(*one.SentAt) < canaryEvery && !one.SentAt.After(s.Now()) {
			continue
		}
		if err := s.change(ctx, func(c *change) error {
			proof, due, err := contact.BeginCanary(c.ctx, c.tx, c.now, one.ID, canaryEvery)
			if err != nil || !due {
				return err
			}
			if err := paging.RouteExpected(c.ctx, c.tx, c.now, one.Kind); err != nil {
				return err
			}
			return c.errand(Errand{What: ErrandProof, Route: one.Kind, Proof: proof.ID})
		}); err != nil {
			return err
		}
	}
	return nil
}

// ReportUnproven tells everybody, once, of routes that nothing arrived by for longer than
// a day: they are tried last from then on.
func (s *Service) ReportUnproven(ctx context.Context) error {
	return s.change(ctx, func(c *change) error {
		routes, err := paging.UntoldUnproven(c.ctx, c.tx, c.now, c.routeNames())
		if err != nil || len(routes) == 0 {
			return err
		}
		verb := "is"
		if len(routes) > 1 {
			verb = "are"
		}
		c.sayHome(0, fmt.Sprintf("%s %s unproven: nothing is known to have arrived there for %s. Pages go there last. !route list says more.",
			oncall.UpperFirst(oncall.JoinNames(routes)), verb, span(paging.UnprovenAfter)))
		return nil
	})
}
