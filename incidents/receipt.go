package incidents

import (
	"context"
	"errors"
	"fmt"

	"batsignal/oncall/contact"
	"batsignal/oncall/paging"
)

// Receipt hears what a provider tells of a message: it implements [paging.Ear]. States
// only go forward, and the same event twice has one effect. That a message was delivered
// says that a way works; only an answer says that somebody was reached.
func (s *Service) Receipt(ctx context.Context, r paging.Receipt) error {
	err := s.change(ctx, func(c *change) error { return c.receipt(r) })
	if errors.Is(err, errHeardBefore) {
		return nil
	}
	return err
}

func (c *change) receipt(r paging.Receipt) error {
	if _, proof, _ := paging.ParseKey(r.Key); proof != 0 {
		return c.proofReceipt(r, proof)
	}
	way, found, err := paging.WayOf(c.ctx, c.tx, r.Key, r.Route, r.Ref)
	if err != nil {
		return err
	}
	event := paging.Event{Route: r.Route, Event: r.Event, Delivery: way.ID, What: string(r.News)}
	if !found {
		event.Effect = "it belongs to no page"
	}
	fresh, err := paging.AddEvent(c.ctx, c.tx, c.now, event)
	switch {
	case err != nil:
		return err
	case !fresh:
		return errHeardBefore
	case !found:
		return nil
	}
	if _, err := c.lockCause(way.Cause); err != nil {
		return err
	}
	applied, err := paging.Apply(c.ctx, c.tx, c.now, way, r)
	if err != nil || !applied.Changed {
		return err
	}
	if id, ok := incidentOf(way.Cause); ok {
		c.touched = append(c.touched, id)
	}
	switch r.News {
	case paging.NewsDelivered:
		return paging.RouteProven(c.ctx, c.tx, c.now, r.Route)
	case paging.NewsFailed:
		c.rings = true // another way, or another person, may be due at once
		if r.Bad != "" && way.ContactID != nil {
			return c.badAddress(*way.ContactID, way.PersonID, r.Route, r.Bad)
		}
	}
	return nil
}

// badAddress marks an address that cannot work, and tells its owner where they can still
// be told: the next page will not go there.
func (c *change) badAddress(id, person int64, route, why string) error {
	marked, err := contact.MarkFaulty(c.ctx, c.tx, c.now, id, why)
	if err != nil || !marked {
		return err
	}
	return c.tell(person, 0, fmt.Sprintf("Pages do not reach you by %s: %s. I use your other ways, and this one not before it is proven again: !contact code %s, or give another address: !contact add %s.",
		route, why, route, route))
}
