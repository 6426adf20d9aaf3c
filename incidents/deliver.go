package incidents

import (
	"context"
	"errors"
	"strings"

	"batsignal/incidents/alert"
	"batsignal/oncall/contact"
	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

// deliver leases what is due, as much as each route has free hands, and sends it in the
// background. did tells whether there may be more.
func (p *Pager) deliver(ctx context.Context) (did bool, err error) {
	now := p.Service.Now()
	hands, _ := p.hands(now)
	leased, err := p.Worker.Lease(ctx, p.Service.DB, now, now.Add(leaseFor), hands)
	if err != nil || len(leased) == 0 {
		return false, err
	}
	about := map[string]about{}
	for _, d := range leased {
		if _, known := about[d.Cause]; known {
			continue
		}
		if about[d.Cause], err = p.about(ctx, d.Cause); err != nil {
			return false, err // the leases lapse, and are taken again
		}
	}
	p.mu.Lock()
	for _, d := range leased {
		p.inFlight[d.ID] = d.Route
	}
	p.handed = true
	p.mu.Unlock()
	for _, d := range leased {
		p.sending.Add(1)
		go func() {
			defer p.sending.Done()
			p.send(ctx, d, about[d.Cause])
		}()
	}
	return true, nil
}

// send hands one delivery to its route and records how it went. It outlives the
// pager's context: a page that has left must be recorded. Recording has a budget of
// its own, since a route may use up the whole of its.
func (p *Pager) send(ctx context.Context, d paging.Delivery, of about) {
	ctx = context.WithoutCancel(ctx)
	s := p.Service
	sending, cancel := context.WithTimeout(ctx, p.timeout(d.Route))
	t, err := p.try(sending, d, of)
	cancel()
	log := s.Log.With("page", d.PageID, "cause", d.Cause, "route", d.Route, "try", d.Tries)
	if errors.Is(err, errNotOurs) {
		p.done(d)
		log.Info("a delivery was taken over by another process")
		return
	}
	down := p.judge(d.Route, err)

	recording, cancel := context.WithTimeout(ctx, recordBudget)
	defer cancel()
	var f paging.Finished
	err = s.change(recording, func(c *change) (err error) {
		if t.Outcome != paging.Accepted {
			if _, err := c.lockCause(d.Cause); err != nil {
				return err
			}
		}
		if f, err = p.Worker.Finish(c.ctx, c.tx, c.now, d, t); err != nil {
			return err
		}
		if id, ok := incidentOf(d.Cause); ok {
			c.touched = append(c.touched, id)
		}
		return c.afterTry(d, t, f, down)
	})
	full := p.done(d)
	switch {
	case err != nil:
		// The lease lapses and the page is sent again: twice is better than never.
		log.Error("a delivery could not be recorded", "error", err)
	case t.Outcome == paging.Accepted:
		log.Debug("page handed over")
	default:
		log.Warn("page not handed over", "outcome", t.Outcome, "detail", t.Detail)
	}
	if full || down.works || f.Dead || err != nil || t.Outcome != paging.Accepted {
		p.Wake()
	}
}

// afterTry does what a try means for others than its page: the address may be bad, the
// route may be down, the page may be over meanwhile.
func (c *change) afterTry(d paging.Delivery, t paging.Try, f paging.Finished, down routeTurn) error {
	if t.Bad != "" && d.ContactID != nil {
		if err := c.badAddress(*d.ContactID, d.PersonID, d.Route, t.Bad); err != nil {
			return err
		}
	}
	if f.Late {
		if err := c.endWays(d.EscalationID); err != nil {
			return err
		}
	}
	return c.turn(d.Route, down, t.Outcome == paging.Accepted, t.Detail)
}

// done takes a delivery out of the hands of its route, and tells whether they were full.
func (p *Pager) done(d paging.Delivery) (full bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	busy := 0
	for _, route := range p.inFlight {
		if route == d.Route {
			busy++
		}
	}
	delete(p.inFlight, d.ID)
	return busy >= p.parallel(d.Route)
}

// errNotOurs is what try returns when another process has the delivery: nothing was sent.
var errNotOurs = errors.New("the lease was lost")

// try makes one attempt. Its detail is stored and shown: it holds no address. The error
// is the route's.
func (p *Pager) try(ctx context.Context, d paging.Delivery, of about) (paging.Try, error) {
	route, ok := p.Routes[d.Route]
	if !ok {
		return paging.Try{Outcome: paging.Permanent, Detail: "this route is not configured any more"}, nil
	}
	m := p.message(ctx, d, of)
	items, err := p.Service.itemsOf(ctx, d)
	if err != nil {
		return paging.Try{Outcome: paging.Temporary, Detail: "the database was not there"}, nil
	}
	m.Items = items
	err = p.open(ctx, d, &m)
	defer wipe(&m)
	if err != nil {
		kind := fault.KindOf(err)
		if kind != fault.NotFound {
			p.Service.Log.Error("a page could not be prepared", "page", d.PageID, "error", err)
		}
		switch kind {
		case fault.NotFound, fault.Forbidden, fault.Conflict, fault.Invalid: // as a sealed address that our key does not open
			return paging.Try{Outcome: paging.Permanent, Detail: fault.Say(err)}, nil
		case fault.Unready, fault.Limited:
			return paging.Try{Outcome: paging.Temporary, Detail: fault.Say(err)}, nil
		case fault.Internal:
		}
		return paging.Try{Outcome: paging.Temporary, Detail: "the database was not there"}, nil
	}
	if asker, ok := route.(paging.Asker); ok {
		if mine, err := p.Worker.Submit(ctx, p.Service.DB, d); err != nil {
			return paging.Try{Outcome: paging.Temporary, Detail: "the database was not there"}, nil
		} else if !mine {
			return paging.Try{}, errNotOurs
		}
		if d.Ask {
			if handed, found, err := asker.Ask(ctx, m); err != nil {
				return tried(handed, err), err
			} else if found {
				handed.Note = "the provider had it from the try before"
				return tried(handed, nil), nil
			}
		}
	}
	handed, err := route.Send(ctx, m)
	return tried(handed, err), err
}

// tried puts what a route said into what is recorded.
func tried(h paging.Handed, err error) paging.Try {
	if err == nil {
		return paging.Try{Outcome: paging.Accepted, Detail: h.Note, Ref: h.Ref}
	}
	t := paging.Try{Outcome: paging.Temporary, Detail: err.Error(), Ref: h.Ref, Provider: errors.Is(err, paging.ErrProvider)}
	if errors.Is(err, paging.ErrPermanent) {
		t.Outcome = paging.Permanent
	}
	if bad := (paging.BadAddress{}); errors.As(err, &bad) {
		t.Bad = bad.Say
	}
	return t
}

// message writes a page for its route.
func (p *Pager) message(ctx context.Context, d paging.Delivery, of about) paging.Message {
	network := ""
	if d.Account != "" {
		network = d.Route // a chat network is a route of its own name
	}
	m := paging.Message{
		Key: d.Key(), Attempt: d.Tries, Page: d.PageID, Person: d.Handle, Account: d.Account,
		Severity: d.Severity, Why: d.Why, Rooms: p.roomsSeen(of.rooms, network), Repeat: d.Repeat,
		Ref: of.ref, Code: d.Code, Keys: paging.KeysOf(d.Digits),
	}
	if _, ok := d.Slot.Role(); ok {
		m.Role = slotTitle(ctx, p.Service.DB, d.Slot)
	}
	return m
}

// open fetches what only this delivery may see: the address, or our half of the key of a
// sealed one, and the link by which its receiver answers. A chat message needs neither.
func (p *Pager) open(ctx context.Context, d paging.Delivery, m *paging.Message) (err error) {
	if d.Account != "" {
		return nil
	}
	if d.ContactID == nil {
		return fault.New(fault.NotFound, "This contact was removed.")
	}
	one, err := contact.Get(ctx, p.Service.DB, *d.ContactID)
	if err != nil {
		return err
	}
	if !one.Usable() { // since it was rung: STOP was said, or it turned out not to work
		return fault.New(fault.NotFound, "This contact is not in use any more.")
	}
	if one.Sealed {
		if m.Sealed, err = p.Service.forDialling(ctx, d); err != nil {
			return err
		}
	} else if m.Address, err = contact.Open(ctx, p.Service.DB, *d.ContactID); err != nil {
		return err
	}
	if p.Link == nil {
		return nil
	}
	var token secret.Text
	if token, err = paging.AddToken(ctx, p.Service.DB, p.Service.Now(), d.PageID, d.ID); err != nil {
		return err
	}
	m.AckLink = p.Link(token)
	return nil
}

// about is what the pages of one cause have in common.
type about struct {
	ref   string // as people write it: "INC-7"
	rooms []Room // where a page calls its person to
}

// about finds what a cause is.
func (p *Pager) about(ctx context.Context, cause string) (of about, err error) {
	if id, ok := incidentOf(cause); ok {
		of.ref = Ref(id)
		of.rooms, err = roomsOf(ctx, p.Service.DB, id)
		return of, err
	}
	if _, ok := alert.GroupOf(cause); ok {
		return of, nil
	}
	if network, room := placeOf(cause); room != "" && !strings.HasPrefix(room, "@") {
		of.rooms = []Room{{network, room}}
	}
	return of, nil
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
