package incidents

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"batsignal/oncall"
	"batsignal/oncall/duty"
	"batsignal/oncall/notice"
	"batsignal/oncall/paging"
)

// longestTitle is in letters.
const longestTitle = 300

// Opened is what lighting the signal did.
type Opened struct {
	Incident Incident
	Rooms    []Room
	Rung     []string // handles, in the order of the roles
	Empty    []string // titles of roles that nobody can be rung for
}

// open opens the incident of a confirmed request: incident, rooms, timeline, one
// hunt for each role with its first pages, and what must be said, all in the
// caller's transaction.
func (c *change) open(req request, confirmer oncall.Actor) (*Opened, error) {
	inc := Incident{
		Title: req.What, Slug: slugOf(req.What), Severity: req.Severity, Status: "open",
		Everyone: req.Everyone, OpenedBy: req.AskedByHandle, OpenedAt: c.now,
	}
	if err := c.tx.QueryRow(c.ctx, sqlInsertIncident, pgx.NamedArgs{
		"title": inc.Title, "slug": inc.Slug, "severity": inc.Severity, "everyone": inc.Everyone,
		"by": req.AskedBy, "now": c.now,
	}).Scan(&inc.ID); err != nil {
		return nil, err
	}
	opened := &Opened{Incident: inc}
	if err := c.recordOpening(inc, req, confirmer); err != nil {
		return nil, err
	}

	for _, n := range c.Networks {
		room := n.roomFor(inc.ID, inc.Slug)
		if room == "" {
			continue
		}
		if _, err := c.tx.Exec(c.ctx, sqlInsertRoom, pgx.NamedArgs{"id": inc.ID, "network": n.Name, "room": room}); err != nil {
			return nil, err
		}
		opened.Rooms = append(opened.Rooms, Room{n.Name, room})
		c.notices = append(c.notices, notice.Notice{
			Network: n.Name, Kind: notice.Open, Room: room, Text: topicOf(inc, ""), Incident: &inc.ID,
		})
	}

	all, err := duty.LoadAll(c.ctx, c.tx, inc.Title, c.now, c.now)
	if err != nil {
		return nil, err
	}
	var first []string
	var unrung []notice.Action
	c.hushed, c.facts = true, &all
	for _, r := range all.Roles {
		rung, err := c.hunt(inc, r)
		if err != nil {
			return nil, err
		}
		opened.Rung = append(opened.Rung, rung...)
		if len(rung) == 0 {
			opened.Empty = append(opened.Empty, r.Title)
			unrung = append(unrung, TakeRoleAction(inc.ID, r))
			continue
		}
		first = append(first, namesOrNumber(rung)+" for "+r.Title)
	}
	c.hushed, c.facts = false, nil
	if len(first) > 0 {
		if err := c.sayRooms(inc.ID, "Paging "+oncall.JoinNames(first)+"."); err != nil {
			return nil, err
		}
	}
	// The home rooms hear of it before anything is done to the new room: a network
	// may let few lines through.
	rest := c.notices
	c.notices = nil
	for _, n := range c.Networks {
		if n.Home != "" {
			c.say(n.Name, n.Home, inc.ID, openingWords(opened, req, confirmer, n.Name), unrung...)
		}
	}
	c.notices = append(c.notices, rest...)
	c.minute(inc.ID, func(tx pgx.Tx) error { return c.Minutes.Opened(c.ctx, tx, c.now, inc, opened.Rooms) })
	return opened, nil
}

func (c *change) recordOpening(inc Incident, req request, confirmer oncall.Actor) error {
	if err := c.decideRequest(req.ID, "confirmed", confirmer.PersonID, inc.ID); err != nil {
		return err
	}
	text := "confirmed " + req.AskedByHandle + "'s bat-signal: " + inc.Title
	if confirmer.PersonID == req.AskedBy {
		text = "lit the bat-signal (no confirmation asked by policy): " + inc.Title
	}
	if err := c.use(use{act: "confirmed", actor: confirmer, request: req.ID, incident: inc.ID, text: inc.Title}); err != nil {
		return err
	}
	if err := c.record(inc.ID, "signal", confirmer, text); err != nil {
		return err
	}
	return c.record(inc.ID, "opened", oncall.Actor{}, fmt.Sprintf("severity %d: %s", inc.Severity, inc.Title))
}

// namesMost is how many people an announcement names.
const namesMost = 10

// namesOrNumber names people, or counts them when they are many.
func namesOrNumber(handles []string) string {
	if len(handles) > namesMost {
		return oncall.Plural(len(handles), "person", "people")
	}
	return oncall.JoinNames(handles)
}

// openingWords is what the home room of a network reads.
func openingWords(o *Opened, req request, confirmer oncall.Actor, network string) string {
	by := fmt.Sprintf("Asked by %s, confirmed by %s.", req.AskedByHandle, confirmer.Who())
	if confirmer.PersonID == req.AskedBy {
		by = fmt.Sprintf("Lit by %s.", req.AskedByHandle)
	}
	text := fmt.Sprintf("The bat-signal is lit. Severity %d: %s %s Ringing %s.", o.Incident.Severity, ended(o.Incident.Title), by, o.RungWords())
	if len(o.Empty) > 0 {
		text += " Nobody can be rung for " + oncall.JoinNames(o.Empty) + "."
	}
	if rooms := RoomsFrom(o.Rooms, network); rooms != "" {
		text += " Come to " + rooms + "."
	}
	return text
}

// RungWords names those who were rung first, or counts them when they are many.
func (o *Opened) RungWords() string {
	var once []string // somebody may be rung for two roles
	for _, handle := range o.Rung {
		if !slices.Contains(once, handle) {
			once = append(once, handle)
		}
	}
	return namesOrNumber(once)
}

// hunt starts the search for somebody to fill a role and takes its first step. It
// returns the handles rung.
func (c *change) hunt(inc Incident, r oncall.Role) ([]string, error) {
	started, err := paging.Start(c.ctx, c.tx, c.now, paging.Escalation{
		Cause: cause(inc.ID), Slot: paging.RoleSlot(r.Name), Why: inc.Title,
		Severity: inc.Severity, Everyone: inc.Everyone, Patience: r.PatienceAt(inc.Severity),
	})
	if err != nil || !started {
		return nil, err
	}
	c.rings = true // even if nobody can be rung now: the pager must know when to look again
	e, found, err := paging.HuntFor(c.ctx, c.tx, cause(inc.ID), paging.RoleSlot(r.Name))
	if err != nil || !found {
		return nil, err
	}
	return c.step(e, inc)
}

// topicOf is what stands over an incident's room.
func topicOf(inc Incident, lead string) string {
	if lead == "" {
		lead = "nobody"
	}
	if !inc.Open() {
		return fmt.Sprintf("%s resolved: %s", inc.Ref(), inc.Title)
	}
	return fmt.Sprintf("%s severity %d: %s Baton: %s. Roles: !role list", inc.Ref(), inc.Severity, ended(inc.Title), lead)
}

// retopic renews the topic of the incident's rooms.
func (c *change) retopic(inc Incident) error { return c.enter(inc, notice.Topic) }

// EnterRooms has the rooms of open incidents entered again, for a process that has
// just come to its networks: in a room we are not in, nothing is heard.
func (s *Service) EnterRooms(ctx context.Context) error {
	return s.change(ctx, func(c *change) error {
		open, err := someIncidents(c.ctx, c.tx, sqlOpenIncidents, nil)
		if err != nil {
			return err
		}
		for _, inc := range open {
			if err := c.enter(inc, notice.Open); err != nil {
				return err
			}
		}
		return nil
	})
}

// enter has something done to each room of an incident, with its topic of now.
func (c *change) enter(inc Incident, kind notice.Kind) error {
	b, _, err := batonOf(c.ctx, c.tx, inc.ID)
	if err != nil {
		return err
	}
	rooms, err := roomsOf(c.ctx, c.tx, inc.ID)
	for _, r := range rooms {
		c.notices = append(c.notices, notice.Notice{
			Network: r.Network, Kind: kind, Room: r.Room, Text: topicOf(inc, b.Handle), Incident: &inc.ID,
		})
	}
	return err
}
