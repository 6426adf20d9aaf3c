package incidents

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"batsignal/incidents/alert"
	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/notice"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

// Answered is what an acknowledgement or a refusal of a page did.
type Answered struct {
	Page     paging.Page
	Say      string        // for the person who answered
	Incident Incident      // zero for a call without one
	Rooms    []Room        // where to come to
	Others   []paging.Page // what else waits for the same person's answer
	Changed  bool          // false: it had been answered or closed before
}

// Ack acknowledges a page of the actor: the numbered one, or with 0 the oldest
// that is open. The first acknowledgement fills the slot; a later one is recorded
// and thanked for, and changes nothing.
func (s *Service) Ack(ctx context.Context, a oncall.Actor, page int64) (ans Answered, err error) {
	err = s.change(ctx, func(c *change) error {
		p, err := c.pageOf(a, page)
		if err != nil {
			return err
		}
		ans, err = c.ack(p, a)
		return err
	})
	return ans, err
}

// AckByToken acknowledges the page behind a single-use link.
func (s *Service) AckByToken(ctx context.Context, token secret.Text) (ans Answered, err error) {
	err = s.change(ctx, func(c *change) error {
		p, delivery, err := paging.UseToken(c.ctx, c.tx, c.now, token)
		if err != nil {
			return err
		}
		person, err := oncall.PersonByID(c.ctx, c.tx, p.PersonID)
		if err != nil {
			return err
		}
		// What it is about is locked before any other row, as everybody does it.
		if _, err := c.lockCause(p.Cause); err != nil {
			return err
		}
		if err := oncall.MarkHeard(c.ctx, c.tx, c.now, person.ID); err != nil {
			return err
		}
		if err := c.linkReached(delivery); err != nil {
			return err
		}
		ans, err = c.ack(p, oncall.Actor{PersonID: person.ID, Handle: person.Handle, Zone: person.Zone, Network: "link"})
		return err
	})
	return ans, err
}

// linkReached notes that the message arrived that brought a link.
func (c *change) linkReached(delivery int64) error {
	w, found, err := paging.WayByID(c.ctx, c.tx, delivery)
	if err != nil || !found {
		return err
	}
	return c.reached(w)
}

// PeekToken shows the page behind a link, and what it is about, without answering it.
func (s *Service) PeekToken(ctx context.Context, token secret.Text) (p paging.Page, about string, err error) {
	p, err = paging.PeekToken(ctx, s.DB, token)
	if err != nil {
		return p, "", err
	}
	about = slotTitle(ctx, s.DB, p.Slot)
	return p, about, nil
}

// Decline refuses a page of the actor; the next person is rung at once.
func (s *Service) Decline(ctx context.Context, a oncall.Actor, page int64) (ans Answered, err error) {
	err = s.change(ctx, func(c *change) error {
		p, err := c.pageOf(a, page)
		if err != nil {
			return err
		}
		if ans, err = c.decline(p, a); err == nil && !ans.Changed {
			err = fault.New(fault.Conflict, "%s", ans.Say)
		}
		return err
	})
	return ans, err
}

// decline does the work of a refusal. One that comes too late is told so, and changes
// nothing.
func (c *change) decline(p paging.Page, a oncall.Actor) (ans Answered, err error) {
	ans = Answered{Page: p}
	if ans.Incident, err = c.lockCause(p.Cause); err != nil {
		return ans, err
	}
	changed, err := c.answer(p, paging.PageDeclined, a.Network)
	if err != nil {
		return ans, err
	}
	if !changed {
		ans.Say, err = c.notOpen(p)
		return ans, err
	}
	ans.Changed = true
	ans.Say = fmt.Sprintf("Page P%d is declined. I ring the next one. Thank you for answering.", p.ID)
	text := fmt.Sprintf("%s declines the page for %s.", p.Handle, slotTitle(c.ctx, c.tx, p.Slot))
	if _, named := p.Slot.Person(); named { // there is no next one
		ans.Say = fmt.Sprintf("Page P%d is declined. Thank you for answering.", p.ID)
		text = p.Handle + " declines the page."
	}
	c.rings = true
	if err := paging.Hurry(c.ctx, c.tx, c.now, p.EscalationID); err != nil {
		return ans, err
	}
	if ans.Incident.ID == 0 {
		c.sayPlace(p.Cause, text)
		return ans, nil
	}
	c.boardChanged(ans.Incident.ID)
	if err := c.record(ans.Incident.ID, "decline", a, text); err != nil {
		return ans, err
	}
	return ans, c.sayRooms(ans.Incident.ID, text)
}

// pageOf finds the page that the actor means.
func (c *change) pageOf(a oncall.Actor, number int64) (paging.Page, error) {
	if number == 0 {
		open, err := paging.OpenFor(c.ctx, c.tx, a.PersonID)
		if err != nil {
			return paging.Page{}, err
		}
		if len(open) == 0 {
			return paging.Page{}, fault.New(fault.NotFound, "No page is open for you. To help anyway: !role take <role>.")
		}
		return open[0], nil
	}
	p, found, err := paging.Get(c.ctx, c.tx, number)
	switch {
	case err != nil:
		return p, err
	case !found:
		return p, fault.New(fault.NotFound, "There is no page P%d.", number)
	case p.PersonID != a.PersonID:
		return p, fault.New(fault.Forbidden, "P%d is %s's page. To help anyway: !role take <role>.", number, p.Handle)
	}
	return p, nil
}

// ack does the work of an acknowledgement; everything that changes by it changes
// in this transaction.
func (c *change) ack(p paging.Page, a oncall.Actor) (ans Answered, err error) {
	ans = Answered{Page: p}
	if ans.Incident, err = c.lockCause(p.Cause); err != nil {
		return ans, err
	}
	if ans.Rooms, err = roomsOf(c.ctx, c.tx, ans.Incident.ID); err != nil {
		return ans, err
	}
	role, isRole := p.Slot.Role()
	var r oncall.Role
	fits := true
	if isRole = isRole && ans.Incident.ID != 0; isRole {
		if r, _, err = oncall.RoleCalled(c.ctx, c.tx, role); err != nil {
			return ans, err
		}
		if fits, err = c.fits(p, a.PersonID, ans.Incident, r); err != nil {
			return ans, err
		}
		if !fits && a.PersonID != p.PersonID { // their person has not answered, and is rung on
			if ans.Page, _, err = paging.Get(c.ctx, c.tx, p.ID); err != nil {
				return ans, err
			}
			if ans.Page.State == paging.PageOpen {
				return ans, c.helps(&ans, r, a)
			}
		}
	}
	changed, err := c.answer(p, paging.PageAcked, a.Network)
	if err != nil {
		return ans, err
	}
	if !changed {
		return ans, c.late(&ans, a)
	}
	ans.Changed = true
	if ans.Others, err = paging.OpenFor(c.ctx, c.tx, a.PersonID); err != nil {
		return ans, err
	}
	if !isRole {
		return ans, c.answerCall(&ans, a)
	}
	if !fits {
		return ans, c.helps(&ans, r, a)
	}
	ans.Say = fmt.Sprintf("Thank you. You have %s in %s.", r.Title, ans.Incident.Ref())
	return ans, c.fill(ans.Incident, r, a.PersonID, a, "ack", fmt.Sprintf("%s answers P%d and has %s.", cmp.Or(a.Handle, p.Handle), p.ID, r.Title))
}

// late records and thanks for an answer that came after somebody else's, or after
// the end. Nothing changes by it.
func (c *change) late(ans *Answered, a oncall.Actor) error {
	now, _, err := paging.Get(c.ctx, c.tx, ans.Page.ID)
	if err != nil {
		return err
	}
	ans.Page = now
	switch now.State {
	case paging.PageAcked:
		ans.Say = fmt.Sprintf("You acknowledged P%d already.", now.ID)
		return nil
	case paging.PageDeclined:
		ans.Say = fmt.Sprintf("You declined P%d before. To help anyway: !role take <role>.", now.ID)
		return nil
	}
	ans.Say = fmt.Sprintf("Thank you. P%d is closed: it is taken care of. To help anyway: !role take <role>.", now.ID)
	if ans.Incident.ID == 0 {
		return nil
	}
	return c.record(ans.Incident.ID, "ack", a, fmt.Sprintf("%s answers page P%d, which was closed.", now.Handle, now.ID))
}

// answerCall fills the slot of a page by name, or of a role without an incident.
func (c *change) answerCall(ans *Answered, a oncall.Actor) error {
	p := ans.Page
	if missing, err := paging.Missing(c.ctx, c.tx, p.EscalationID); err != nil {
		return err
	} else if missing > 0 {
		ans.Say = fmt.Sprintf("Thank you. %s more must answer: %s", countWord(missing), ended(p.Why))
		c.sayPlace(p.Cause, fmt.Sprintf("%s answers the page. %s more must answer: %s", p.Handle, countWord(missing), ended(p.Why)))
		return nil
	}
	if _, err := paging.Fill(c.ctx, c.tx, c.now, p.EscalationID); err != nil {
		return err
	}
	if group, ok := alert.GroupOf(p.Cause); ok {
		if err := c.alertsAnswered(group, a); err != nil {
			return err
		}
	}
	closed, err := c.closePages(p.EscalationID)
	if err != nil {
		return err
	}
	text := fmt.Sprintf("%s answers the page: %s", p.Handle, ended(p.Why))
	for _, other := range closed {
		if err := c.tell(other.PersonID, ans.Incident.ID, fmt.Sprintf("Page P%d is closed, you are not needed for it any more: %s", other.ID, text)); err != nil {
			return err
		}
	}
	if ans.Incident.ID != 0 {
		ans.Say = fmt.Sprintf("Thank you. You were called for %s: %s", ans.Incident.Ref(), ended(p.Why))
		return c.announce(ans.Incident, "ack", a, text)
	}
	ans.Say = fmt.Sprintf("Thank you. You were called because: %s", ended(p.Why))
	c.sayPlace(p.Cause, text)
	return nil
}

// notOpen says why a page cannot be answered.
func (c *change) notOpen(p paging.Page) (string, error) {
	now, _, err := paging.Get(c.ctx, c.tx, p.ID)
	return fmt.Sprintf("P%d is %s already.", p.ID, map[paging.PageState]string{
		paging.PageAcked: "acknowledged", paging.PageDeclined: "declined", paging.PageClosed: "closed",
	}[now.State]), err
}

// lockCause locks the incident that a page belongs to; a call belongs to none, and
// its hunts are locked instead.
func (c *change) lockCause(cause string) (Incident, error) {
	if id, ok := incidentOf(cause); ok {
		return c.lock(id)
	}
	if group, ok := alert.GroupOf(cause); ok {
		if _, _, err := alert.Lock(c.ctx, c.tx, group); err != nil {
			return Incident{}, err
		}
	}
	return Incident{}, paging.LockCause(c.ctx, c.tx, cause)
}

// sayPlace announces where a call was made: in a room, or to whoever made it in
// private.
func (c *change) sayPlace(cause, text string) {
	if _, ok := alert.GroupOf(cause); ok {
		c.sayHome(0, text)
		return
	}
	network, place := placeOf(cause)
	if !c.knows(network) || place == "" {
		return // made from a place to which nothing can be said
	}
	n := notice.Notice{Network: network, Kind: notice.Say, Room: place, Text: clipped("Page: " + text)}
	if account, private := strings.CutPrefix(place, "@"); private {
		n.Room, n.Account = "", account
	}
	c.notices = append(c.notices, n)
}

// slotTitle names a slot for people: a role by its title, a page by name as such.
func slotTitle(ctx context.Context, db pg.DB, slot paging.Slot) string {
	if handle, ok := slot.Person(); ok {
		return "the page to " + handle
	}
	if name, ok := slot.Policy(); ok {
		return "the alerts of the policy " + name
	}
	name, _ := slot.Role()
	var title string
	if err := db.QueryRow(ctx, sqlRoleTitle, pgx.NamedArgs{"name": name}).Scan(&title); err != nil {
		return name
	}
	return title
}

const sqlRoleTitle = `select title from role where name = @name`
