package incidents

import (
	"context"
	"errors"
	"strings"

	"batsignal/oncall/contact"
	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

// deliver leases what is due, as much as there are free hands, and sends it in the
// background.
func (p *Pager) deliver(ctx context.Context) error {
	for {
		p.mu.Lock()
		free := p.Parallel - len(p.inFlight)
		p.mu.Unlock()
		if free <= 0 {
			return nil
		}
		now := p.Service.Now()
		leased, err := p.Worker.Lease(ctx, p.Service.DB, now, now.Add(leaseFor), free)
		if err != nil || len(leased) == 0 {
			return err
		}
		rooms := map[string][]Room{}
		for _, d := range leased {
			if _, known := rooms[d.Cause]; known {
				continue
			}
			if rooms[d.Cause], err = p.roomsFor(ctx, d.Cause); err != nil {
				return err // the leases lapse, and are taken again
			}
		}
		p.mu.Lock()
		for _, d := range leased {
			p.inFlight[d.ID] = true
		}
		p.handed = true
		p.mu.Unlock()
		for _, d := range leased {
			p.sending.Add(1)
			go func() {
				defer p.sending.Done()
				p.send(ctx, d, rooms[d.Cause])
			}()
		}
	}
}

// send hands one delivery to its route and records how it went. It outlives the
// pager's context: a page that has left must be recorded. Recording has a budget of
// its own, since a route may use up the whole of its.
func (p *Pager) send(ctx context.Context, d paging.Delivery, rooms []Room) {
	ctx = context.WithoutCancel(ctx)
	s := p.Service
	sending, cancel := context.WithTimeout(ctx, sendBudget)
	outcome, detail := p.try(sending, d, rooms)
	cancel()

	recording, cancel := context.WithTimeout(ctx, recordBudget)
	defer cancel()
	dead := false
	err := s.change(recording, func(c *change) (err error) {
		if outcome != paging.Accepted {
			if _, err := c.lockCause(d.Cause); err != nil {
				return err
			}
		}
		dead, err = p.Worker.Finish(c.ctx, c.tx, c.now, d, outcome, detail)
		if id, ok := incidentOf(d.Cause); ok {
			c.touched = append(c.touched, id)
		}
		return err
	})
	p.mu.Lock()
	full := len(p.inFlight) >= p.Parallel
	delete(p.inFlight, d.ID)
	p.mu.Unlock()

	log := s.Log.With("page", d.PageID, "cause", d.Cause, "route", d.Route, "try", d.Tries)
	switch {
	case err != nil:
		// The lease lapses and the page is sent again: twice is better than never.
		log.Error("a delivery could not be recorded", "error", err)
	case outcome == paging.Accepted:
		log.Debug("page handed over")
	default:
		log.Warn("page not handed over", "outcome", outcome, "detail", detail)
	}
	if full || dead || err != nil || outcome != paging.Accepted {
		p.Wake()
	}
}

// try makes one attempt. The detail is stored and shown: it holds no address.
func (p *Pager) try(ctx context.Context, d paging.Delivery, rooms []Room) (paging.Outcome, string) {
	route, ok := p.Routes[d.Route]
	if !ok {
		return paging.Permanent, "this route is not configured any more"
	}
	network := ""
	if d.Account != "" {
		network = d.Route // a chat network is a route of its own name
	}
	m := paging.Message{
		Key: d.Key(), Attempt: d.Tries, Page: d.PageID, Person: d.Handle, Account: d.Account,
		Severity: d.Severity, Why: d.Why, Rooms: p.roomsSeen(rooms, network), Repeat: d.Repeat,
	}
	if id, ok := incidentOf(d.Cause); ok {
		m.Ref = Ref(id)
	}
	if _, ok := d.Slot.Role(); ok {
		m.Role = slotTitle(ctx, p.Service.DB, d.Slot)
	}
	if err := p.open(ctx, d, &m); err != nil {
		if fault.KindOf(err) == fault.NotFound {
			return paging.Permanent, fault.Say(err)
		}
		p.Service.Log.Error("a page could not be prepared", "page", d.PageID, "error", err)
		return paging.Temporary, "the database was not there"
	}
	handed, err := route.Send(ctx, m)
	switch {
	case err == nil:
		return paging.Accepted, handed.Note
	case errors.Is(err, paging.ErrPermanent):
		return paging.Permanent, err.Error()
	}
	return paging.Temporary, err.Error()
}

// open fetches what only this delivery may see: the address, and the link by which
// its receiver answers. A chat message needs neither.
func (p *Pager) open(ctx context.Context, d paging.Delivery, m *paging.Message) (err error) {
	if d.Account != "" {
		return nil
	}
	if d.ContactID == nil {
		return fault.New(fault.NotFound, "This contact was removed.")
	}
	if m.Address, err = contact.Open(ctx, p.Service.DB, *d.ContactID); err != nil {
		return err
	}
	if p.Link == nil {
		return nil
	}
	var token secret.Text
	if token, err = paging.AddToken(ctx, p.Service.DB, p.Service.Now(), d.PageID); err != nil {
		return err
	}
	m.AckLink = p.Link(token)
	return nil
}

// roomsFor lists where a page calls its person to.
func (p *Pager) roomsFor(ctx context.Context, cause string) ([]Room, error) {
	id, ok := incidentOf(cause)
	if !ok {
		network, room := placeOf(cause)
		if room == "" || strings.HasPrefix(room, "@") {
			return nil, nil
		}
		return []Room{{network, room}}, nil
	}
	return roomsOf(ctx, p.Service.DB, id)
}

// roomsSeen names rooms for somebody who is reached on a network, or off all of
// them: the room there comes first.
func (p *Pager) roomsSeen(rooms []Room, network string) []string {
	if len(rooms) == 0 {
		return nil
	}
	if network != "" || len(p.Service.Networks) > 1 {
		return []string{RoomsFrom(rooms, network)}
	}
	return []string{rooms[0].Room}
}
