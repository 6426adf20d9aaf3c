package incidents

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/incidents/alert"
	"batsignal/oncall"
	"batsignal/oncall/contact"
	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
)

// codesHold is how long the code of a page is understood: who answers later is thanked
// all the same.
const codesHold = 30 * 24 * time.Hour

// errHeardBefore rolls a change back that an event had made already.
var errHeardBefore = errors.New("this event was heard before")

// Reply hears what somebody answered on a way: it implements [paging.Ear]. A code answers
// one page of one person; an address proves nothing. The same event twice has one effect.
func (s *Service) Reply(ctx context.Context, r paging.Reply) (out paging.Response, err error) {
	err = s.change(ctx, func(c *change) error {
		out, err = c.reply(r)
		return err
	})
	if errors.Is(err, errHeardBefore) {
		return paging.Response{Say: "This was heard before.", Done: true, Before: true}, nil
	}
	return out, err
}

func (c *change) reply(r paging.Reply) (paging.Response, error) {
	if hunt, place, ok := paging.ParseHelpKey(r.Key); ok {
		return c.helpReply(r, hunt, place)
	}
	words := readWords(r.Text)
	if words.stop || words.start {
		return c.stopOrStart(r, words.stop)
	}
	way, found, err := paging.WayOf(c.ctx, c.tx, r.Key, r.Route, "")
	if err != nil {
		return paging.Response{}, err
	}
	_, proof, _ := paging.ParseKey(r.Key)
	switch {
	case found && r.Means != "":
		return c.meant(r, way)
	case found && digitsOnly(r.Text):
		return c.keyed(r, way)
	case proof != 0 && (digitsOnly(r.Text) || r.Means == paging.PageAcked):
		return c.provenThere(r, proof)
	case len(words.codes) == 0:
		return c.heard(r, way, "reply", "", paging.Response{Say: "There is no code in what you wrote. Send back the five letters of the page."})
	}
	return c.written(r, words, way)
}

// heard keeps an event with what it did, before anything else is done.
func (c *change) heard(r paging.Reply, w paging.Way, what, effect string, out paging.Response) (paging.Response, error) {
	fresh, err := paging.AddEvent(c.ctx, c.tx, c.now, paging.Event{
		Route: r.Route, Event: r.Event, Delivery: w.ID, What: what, Effect: effect,
	})
	if err == nil && !fresh {
		err = errHeardBefore
	}
	return out, err
}

// written answers what a code was made for: a page, or a proof.
func (c *change) written(r paging.Reply, words words, answers paging.Way) (paging.Response, error) {
	var pages []paging.Page
	for _, code := range words.codes {
		var err error
		if pages, err = paging.ByCode(c.ctx, c.tx, code, c.now.Add(-codesHold)); err != nil {
			return paging.Response{}, err
		}
		if len(pages) > 0 {
			break
		}
	}
	if len(pages) > 1 && pages[1].State == paging.PageOpen {
		return c.heard(r, paging.Way{}, "reply", "two pages have this code", paging.Response{
			Say: "Two pages happen to have this code, and I cannot tell them apart. Please answer in chat: !ack.",
		})
	}
	if len(pages) == 0 {
		return c.provenByCode(r, words.codes)
	}
	page := pages[0]
	way, err := c.wayOn(page.ID, r)
	if err != nil {
		return paging.Response{}, err
	}
	if answers.ID != 0 && answers.PageID == page.ID {
		way = answers // whoever names our letter has it, which nobody guesses
	} else if way.ContactID == nil || r.From.Empty() && r.Contact == 0 { // whoever wrote it, the page did not go there
		if out, guessed, err := c.guessed(r); err != nil || guessed {
			return out, err
		}
	}
	if out, err := c.heard(r, way, "reply", fmt.Sprintf("answers P%d", page.ID), paging.Response{}); err != nil {
		return out, err
	}
	state := paging.PageAcked
	if words.decline {
		state = paging.PageDeclined
	}
	return c.answered(r, way, page, state)
}

// guessed tells whether somebody tries out codes on a route. Then a code counts only from
// the address that its page went to; and what is written is no longer kept, so that nobody
// fills the database by it.
func (c *change) guessed(r paging.Reply) (out paging.Response, guessed bool, err error) {
	n, err := paging.Misses(c.ctx, c.tx, r.Route, c.now.Add(-guessWindow), mostGuesses)
	if err != nil || n < mostGuesses {
		return out, false, err
	}
	c.Log.Warn("too many codes come in that are nobody's; now one counts only from the address that its page went to", "route", r.Route)
	return paging.Response{Say: "Too many codes come in that are nobody's. Answer from the address that the page went to, or in chat: !ack."}, true, nil
}

// With so many answers, of four codes each, in ten minutes, it takes three months to find one
// of ten open pages by chance: there are 33 million codes.
const (
	guessWindow = 10 * time.Minute
	mostGuesses = 60
)

// keyed answers what was keyed on a phone.
func (c *change) keyed(r paging.Reply, w paging.Way) (paging.Response, error) {
	page, found, err := paging.Get(c.ctx, c.tx, w.PageID)
	if err != nil || !found {
		return paging.Response{}, err
	}
	keys := paging.KeysOf(page.Digits)
	key := strings.TrimSpace(r.Text)
	state := map[string]paging.PageState{keys.Ack: paging.PageAcked, keys.Join: paging.PageAcked, keys.Decline: paging.PageDeclined}[key]
	if state == "" {
		return c.heard(r, w, "keys", "", paging.Response{Say: "That is none of the numbers of this page."})
	}
	if out, err := c.heard(r, w, "keys", fmt.Sprintf("answers P%d", page.ID), paging.Response{}); err != nil {
		return out, err
	}
	out, err := c.answered(r, w, page, state)
	if err == nil && key == keys.Join {
		err = c.join(&out, page, w)
	}
	return out, err
}

// meant answers a click at another paging service.
func (c *change) meant(r paging.Reply, w paging.Way) (paging.Response, error) {
	page, found, err := paging.Get(c.ctx, c.tx, w.PageID)
	if err != nil || !found {
		return paging.Response{}, err
	}
	if out, err := c.heard(r, w, string(r.Means), fmt.Sprintf("answers P%d", page.ID), paging.Response{Done: true}); err != nil {
		return out, err
	}
	if r.Means != paging.PageClosed {
		return c.answered(r, w, page, r.Means)
	}
	if group, ok := alert.GroupOf(page.Cause); ok { // what it is about is over
		if _, err := c.lockCause(page.Cause); err != nil {
			return paging.Response{}, err
		}
		by := oncall.Actor{PersonID: page.PersonID, Handle: page.Handle, Network: r.Route}
		g, err := alert.Ended(c.ctx, c.tx, c.now, group, by)
		if err != nil {
			return paging.Response{}, err
		}
		return paging.Response{Say: "It is over.", Done: true}, c.endAlerts(g, by)
	}
	// That it was put away there is no answer to who does the work here.
	return c.answered(r, w, page, paging.PageDeclined)
}

// answered acknowledges or declines a page for its person, or for whoever the provider
// proved to have answered it.
func (c *change) answered(r paging.Reply, w paging.Way, page paging.Page, state paging.PageState) (paging.Response, error) {
	who := page.PersonID
	if r.Account != "" {
		other, found, err := oncall.PersonByAccount(c.ctx, c.tx, r.Route, r.Account)
		if err != nil {
			return paging.Response{}, err
		}
		if found {
			who = other.ID
		}
	}
	person, err := oncall.PersonByID(c.ctx, c.tx, who)
	if err != nil {
		return paging.Response{}, err
	}
	// What it is about is locked before any other row, as everybody does it: else two wait in
	// a circle.
	if _, err := c.lockCause(page.Cause); err != nil {
		return paging.Response{}, err
	}
	if err := oncall.MarkHeard(c.ctx, c.tx, c.now, person.ID); err != nil {
		return paging.Response{}, err
	}
	if w.ID != 0 {
		if err := c.reached(w); err != nil {
			return paging.Response{}, err
		}
	}
	a := oncall.Actor{PersonID: person.ID, Handle: person.Handle, Zone: person.Zone, Network: r.Route}
	var ans Answered
	if state == paging.PageDeclined {
		ans, err = c.decline(page, a)
	} else {
		ans, err = c.ack(page, a)
	}
	return paging.Response{Say: ans.Say, Done: true}, err
}

// reached notes that an answer came by a way: it works, whoever doubted it.
func (c *change) reached(w paging.Way) error {
	if err := paging.AnsweredBy(c.ctx, c.tx, c.now, w.ID); err != nil {
		return err
	}
	if w.ContactID != nil {
		if err := contact.Answered(c.ctx, c.tx, c.now, *w.ContactID); err != nil {
			return err
		}
	}
	return paging.RouteProven(c.ctx, c.tx, c.now, w.Route)
}

const sqlWaysOn = `
	select d.id, d.contact_id from delivery d
	where d.page_id = @page and d.route = @route and d.state in ('leased', 'submitted', 'accepted', 'delivered', 'acked', 'expired', 'failed')
	order by d.id desc`

// wayOn finds the delivery of a page that somebody wrote back to: on the route that they
// wrote on, the last one to the address that they wrote from, where that is known. There
// may be none: a code can be sent on any way. Which way it is says what works, and proves
// nothing else.
func (c *change) wayOn(page int64, r paging.Reply) (paging.Way, error) {
	rows, err := c.tx.Query(c.ctx, sqlWaysOn, pgx.NamedArgs{"page": page, "route": r.Route})
	if err != nil {
		return paging.Way{}, err
	}
	type one struct {
		ID        int64
		ContactID *int64
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[one])
	if err != nil {
		return paging.Way{}, err
	}
	for _, d := range list {
		if d.ContactID != nil {
			if from, err := c.cameFrom(r, *d.ContactID); err != nil {
				return paging.Way{}, err
			} else if !from {
				continue
			}
		}
		w, _, err := paging.WayOf(c.ctx, c.tx, paging.PageKey(d.ID), r.Route, "")
		return w, err
	}
	return paging.Way{}, nil
}

// cameFrom tells whether somebody wrote from a contact, as far as that is known. Of a sealed
// one the switchboard knows it, and tells which contact it is.
func (c *change) cameFrom(r paging.Reply, id int64) (bool, error) {
	switch {
	case r.Contact != 0:
		return r.Contact == id, nil
	case r.From.Empty():
		return true, nil
	}
	address, err := contact.Open(c.ctx, c.tx, id)
	if errors.Is(err, contact.ErrSealed) || fault.KindOf(err) == fault.NotFound {
		return false, nil
	}
	return err == nil && address.Equal(r.From), err
}

// join has the caller joined to the lead, if there is one with a phone, who is somebody
// else. A sealed number is joined to while sealed addresses are open for the incident; whom
// the switchboard rang, it joins to no other.
func (c *change) join(out *paging.Response, page paging.Page, w paging.Way) error {
	inc, ok := incidentOf(page.Cause)
	if !ok {
		return nil
	}
	b, held, err := batonOf(c.ctx, c.tx, inc)
	if err != nil {
		return err
	}
	if !held || b.Holder == page.PersonID {
		out.Say += " Nobody else leads this incident by phone now."
		return nil
	}
	rang, err := c.rangSealed(w)
	if err != nil {
		return err
	}
	unsealed, err := c.unsealedNow(inc)
	if err != nil {
		return err
	}
	list, err := contact.Of(c.ctx, c.tx, b.Holder)
	if err != nil {
		return err
	}
	for _, one := range list {
		if one.Kind == "voice" && one.Usable() && (one.Sealed && unsealed || !one.Sealed && !rang) {
			out.Contact = one.ID
			return nil
		}
	}
	out.Say += fmt.Sprintf(" %s leads, and cannot be joined by phone.", b.Handle)
	return nil
}

// rangSealed tells whether a page went to a sealed address: the switchboard rang it.
func (c *change) rangSealed(w paging.Way) (bool, error) {
	if w.ContactID == nil {
		return false, nil
	}
	one, err := contact.Get(c.ctx, c.tx, *w.ContactID)
	if fault.KindOf(err) == fault.NotFound {
		return false, nil
	}
	return one.Sealed, err
}

const sqlUnsealedNow = `select exists (select from incident where id = @id and status = 'open' and severity = 1 and unsealed_until > @now)`

// unsealedNow tells whether sealed addresses are open for an incident.
func (c *change) unsealedNow(incident int64) (yes bool, err error) {
	err = c.tx.QueryRow(c.ctx, sqlUnsealedNow, pgx.NamedArgs{"id": incident, "now": c.now}).Scan(&yes)
	return yes, err
}
