package incidents

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
)

// RoleState is how one role of an incident stands.
type RoleState struct {
	Role    oncall.Role
	Filled  []Responder
	Hunting bool
	Round   int
	Rung    []string // handles with an open page for it
}

// Responder is somebody who does a role in an incident.
type Responder struct {
	PersonID int64
	Handle   string
	Role     string
	Since    time.Time
}

const (
	sqlResponders = `
		select r.person_id, p.handle, r.role, r.since
		from responder r join person p on p.id = r.person_id
		where r.incident_id = @incident and r.left_at is null order by r.since, r.id`
	sqlEmptyRoles = `
		select o.title from role o
		where o.retired_at is null and not exists (
			select from responder r where r.incident_id = @incident and r.role = o.name and r.left_at is null)
		order by o.place, o.name`
	sqlAddResponder = `
		insert into responder (incident_id, role, person_id, since) values (@incident, @role, @person, @now)
		on conflict (incident_id, role, person_id) where left_at is null do nothing`
	sqlEndResponder = `
		update responder set left_at = @now
		where incident_id = @incident and role = @role and person_id = @person and left_at is null`
)

// RoleStates tells how every role of an incident stands, in the roles' order.
func (s *Service) RoleStates(ctx context.Context, incident int64) ([]RoleState, error) {
	return roleStates(ctx, s.DB, incident)
}

func roleStates(ctx context.Context, db pg.DB, incident int64) ([]RoleState, error) {
	states, _, err := rolesAndPages(ctx, db, incident)
	return states, err
}

// rolesAndPages tells the same, with every page of the incident.
func rolesAndPages(ctx context.Context, db pg.DB, incident int64) ([]RoleState, []paging.Page, error) {
	roles, err := oncall.Roles(ctx, db)
	if err != nil {
		return nil, nil, err
	}
	responders, err := respondersOf(ctx, db, incident)
	if err != nil {
		return nil, nil, err
	}
	hunts, err := paging.Hunting(ctx, db, cause(incident))
	if err != nil {
		return nil, nil, err
	}
	pages, err := paging.Of(ctx, db, cause(incident))
	if err != nil {
		return nil, nil, err
	}
	states := make([]RoleState, 0, len(roles))
	for _, r := range roles {
		st := RoleState{Role: r}
		for _, one := range responders {
			if one.Role == r.Name {
				st.Filled = append(st.Filled, one)
			}
		}
		for _, e := range hunts {
			if e.Slot == paging.RoleSlot(r.Name) {
				st.Hunting, st.Round = true, e.Round
			}
		}
		for _, p := range pages {
			if p.Slot == paging.RoleSlot(r.Name) && p.State == paging.PageOpen {
				st.Rung = append(st.Rung, p.Handle)
			}
		}
		states = append(states, st)
	}
	return states, pages, nil
}

// TakeRole makes the actor a responder, paged or not, and ends the hunt.
func (s *Service) TakeRole(ctx context.Context, a oncall.Actor, incident int64, role string) (say string, err error) {
	err = s.change(ctx, func(c *change) error {
		inc, r, err := c.roleOf(incident, role)
		if err != nil {
			return err
		}
		say = fmt.Sprintf("You have %s in %s.", r.Title, inc.Ref())
		return c.fill(inc, r, a.PersonID, a, "role", fmt.Sprintf("%s takes %s.", a.Who(), r.Title))
	})
	return say, err
}

// AssignRole makes somebody else a responder. Only somebody who was heard lately
// can be assigned: a name in a list must not hide an empty role.
func (s *Service) AssignRole(ctx context.Context, a oncall.Actor, incident int64, handle, role string) (say string, err error) {
	err = s.change(ctx, func(c *change) error {
		inc, r, err := c.roleOf(incident, role)
		if err != nil {
			return err
		}
		p, err := oncall.PersonByHandle(c.ctx, c.tx, handle)
		if err != nil {
			return err
		}
		if p.HeardAt == nil || c.now.Sub(*p.HeardAt) >= s.Baton.AbsentAfter {
			return fault.New(fault.Conflict, "%s is not here (%s). !page %s <why> rings them.", p.Handle, agoText(p.HeardAt, c.now), p.Handle)
		}
		say = fmt.Sprintf("%s has %s in %s.", p.Handle, r.Title, inc.Ref())
		if err := c.tell(p.ID, inc.ID, fmt.Sprintf("%s gave you %s. If you cannot: !role leave %s.", a.Who(), r.Title, r.Name)); err != nil {
			return err
		}
		return c.fill(inc, r, p.ID, a, "role", fmt.Sprintf("%s gives %s to %s.", a.Who(), r.Title, p.Handle))
	})
	return say, err
}

// LeaveRole ends the actor's part in a role. If the role is empty then, the hunt
// begins anew.
func (s *Service) LeaveRole(ctx context.Context, a oncall.Actor, incident int64, role string) (say string, err error) {
	err = s.change(ctx, func(c *change) error {
		inc, r, err := c.roleOf(incident, role)
		if err != nil {
			return err
		}
		tag, err := c.tx.Exec(c.ctx, sqlEndResponder, pgx.NamedArgs{
			"incident": incident, "role": r.Name, "person": a.PersonID, "now": c.now,
		})
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return fault.New(fault.Conflict, "You do not have %s in %s.", r.Title, inc.Ref())
		}
		say = fmt.Sprintf("You left %s in %s.", r.Title, inc.Ref())
		if err := c.announce(inc, "role", a, fmt.Sprintf("%s leaves %s.", a.Who(), r.Title)); err != nil {
			return err
		}
		return c.rehunt(inc, r)
	})
	return say, err
}

// fill makes a person a responder, ends the hunt for the role, tells those who
// were rung for it, and hands the baton over where the role leads and nobody does.
func (c *change) fill(inc Incident, r oncall.Role, person int64, a oncall.Actor, kind, text string) error {
	if _, err := c.tx.Exec(c.ctx, sqlAddResponder, pgx.NamedArgs{
		"incident": inc.ID, "role": r.Name, "person": person, "now": c.now,
	}); err != nil {
		return err
	}
	e, hunting, err := paging.HuntFor(c.ctx, c.tx, cause(inc.ID), paging.RoleSlot(r.Name))
	if err != nil {
		return err
	}
	switch {
	case hunting && e.Everyone:
		err = c.oneOfAll(e, person, a)
	case hunting && e.Needs > 1:
		var missing int
		if missing, err = c.oneOfSome(inc, e, r, person, a); err == nil && missing > 0 {
			text += fmt.Sprintf(" %s more must answer for %s.", countWord(missing), r.Title)
		} else if err == nil {
			err = c.standDown(inc, e, person, text+" You are not needed for it any more.")
		}
	case hunting:
		if _, err = paging.Fill(c.ctx, c.tx, c.now, e.ID); err == nil {
			err = c.standDown(inc, e, person, text+" You are not needed for it any more.")
		}
	}
	if err != nil {
		return err
	}
	if kind == "ack" {
		if err := c.awaitSign(inc, r, person); err != nil {
			return err
		}
	}
	c.boardChanged(inc.ID)
	if err := c.record(inc.ID, kind, a, text); err != nil {
		return err
	}
	empty, err := c.emptyRoles(inc.ID)
	if err != nil {
		return err
	}
	if len(empty) > 0 {
		text += " Still empty: " + oncall.JoinNames(empty) + "."
	} else {
		text += " Every role is filled."
	}
	if err := c.sayAll(inc.ID, text); err != nil {
		return err
	}
	if _, held, err := batonOf(c.ctx, c.tx, inc.ID); err != nil || held || !r.Leads {
		return err
	}
	p, err := oncall.PersonByID(c.ctx, c.tx, person)
	if err != nil {
		return err
	}
	return c.give(inc, person, oncall.Actor{}, fmt.Sprintf("%s has %s and so the baton.", p.Handle, r.Title))
}

// oneOfAll counts a person's answer to a hunt that wants everybody, also when they
// took the role without answering their page, and ends it once nobody is left to
// answer.
func (c *change) oneOfAll(e paging.Escalation, person int64, a oncall.Actor) error {
	open, err := paging.OpenOf(c.ctx, c.tx, e.ID)
	if err != nil {
		return err
	}
	waiting := len(open)
	for _, p := range open {
		if p.PersonID != person {
			continue
		}
		waiting--
		if _, err := c.answer(p, paging.PageAcked, a.Network); err != nil {
			return err
		}
	}
	if waiting > 0 {
		return nil
	}
	_, err = paging.Fill(c.ctx, c.tx, c.now, e.ID)
	return err
}

// standDown closes what pages of a hunt are open and tells those people why.
func (c *change) standDown(inc Incident, e paging.Escalation, but int64, why string) error {
	closed, err := c.closePages(e.ID)
	if err != nil {
		return err
	}
	people := make([]int64, 0, len(closed))
	for _, p := range closed {
		people = append(people, p.PersonID)
	}
	accounts, err := oncall.AccountsOfMany(c.ctx, c.tx, people)
	if err != nil {
		return err
	}
	for _, p := range closed {
		if p.PersonID != but {
			c.tellAt(accounts[p.PersonID], inc.ID, fmt.Sprintf("%s Page P%d is closed.", why, p.ID))
		}
	}
	return nil
}

// rehunt starts a new hunt for a role that is empty.
func (c *change) rehunt(inc Incident, r oncall.Role) error {
	responders, err := respondersOf(c.ctx, c.tx, inc.ID)
	if err != nil {
		return err
	}
	for _, one := range responders {
		if one.Role == r.Name {
			return nil
		}
	}
	_, err = c.hunt(inc, r)
	return err
}

// emptyRoles lists the titles of the roles that nobody has.
func (c *change) emptyRoles(incident int64) ([]string, error) {
	rows, err := c.tx.Query(c.ctx, sqlEmptyRoles, pgx.NamedArgs{"incident": incident})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// responders is the set of people who have a role in an incident.
func (c *change) responders(incident int64) (map[int64]bool, error) {
	list, err := respondersOf(c.ctx, c.tx, incident)
	set := make(map[int64]bool, len(list))
	for _, r := range list {
		set[r.PersonID] = true
	}
	return set, err
}

func (c *change) roleOf(incident int64, role string) (Incident, oncall.Role, error) {
	inc, err := c.lockOpen(incident)
	if err != nil {
		return inc, oncall.Role{}, err
	}
	r, err := oncall.FindRole(c.ctx, c.tx, role)
	return inc, r, err
}

func respondersOf(ctx context.Context, db pg.DB, incident int64) ([]Responder, error) {
	rows, err := db.Query(ctx, sqlResponders, pgx.NamedArgs{"incident": incident})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Responder])
}
