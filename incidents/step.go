package incidents

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"batsignal/incidents/alert"
	"batsignal/oncall"
	"batsignal/oncall/duty"
	"batsignal/oncall/notice"
	"batsignal/oncall/paging"
)

// step takes one step of a hunt in the caller's transaction: rings who is next,
// and says so when the list is used up. It returns the handles rung, without those
// to whom no way leads. The caller
// holds the lock of the incident; inc is the zero Incident for a call without one.
func (c *change) step(e paging.Escalation, inc Incident) ([]string, error) {
	rung, busy, err := paging.Remember(c.ctx, c.tx, e)
	if err != nil {
		return nil, err
	}
	ranking, err := c.rankWith(e, inc, rung)
	if err != nil {
		return nil, err
	}
	e.Repeats, e.Needs = ranking.Policy.Repeats, ranking.Policy.Needs
	var handles []string
	for {
		candidates, err := c.candidates(e, inc, ranking, rung, busy)
		if err != nil {
			return nil, err
		}
		candidates, sealed, err := c.withoutSealed(e, inc, candidates)
		if err != nil {
			return nil, err
		}
		begun, s := ranking.Begins(e, paging.Next(e, candidates))
		c.begin(e, inc, begun)
		if err := c.callHelp(e, inc, s.Exhausted); err != nil {
			return nil, err
		}
		if s.Exhausted {
			if err := c.exhausted(e, inc, candidates, append(sealed, ranking.LeftOut...), s); err != nil {
				return nil, err
			}
		}
		if s.Stop {
			_, err := paging.Stop(c.ctx, c.tx, c.now, e.ID)
			return handles, err
		}
		reached, err := c.ring(e, inc, s)
		if err != nil {
			return nil, err
		}
		handles = append(handles, reached...)
		// Nobody of this ring has any way to be reached: waiting for them would be
		// waiting for nothing. The list ends in a pause, if not now then one round later.
		if len(s.Ring) == 0 || len(reached) > 0 {
			return handles, paging.Advance(c.ctx, c.tx, c.now, e, s)
		}
		e.Round, e.Tier = s.Round, s.Tier
		if rung, busy, err = paging.Remember(c.ctx, c.tx, e); err != nil {
			return nil, err
		}
	}
}

// rank finds who may fill the slot of a hunt now, in order, and who would be asked and
// is not.
func (c *change) rank(e paging.Escalation, inc Incident) (duty.Ranking, error) {
	rung, _, err := paging.Remember(c.ctx, c.tx, e)
	if err != nil {
		return duty.Ranking{}, err
	}
	return c.rankWith(e, inc, rung)
}

// rankWith is rank for whoever has read what the hunt did so far.
func (c *change) rankWith(e paging.Escalation, inc Incident, rung map[int64]paging.Memory) (_ duty.Ranking, err error) {
	ask := duty.Ask{Severity: e.Severity, Everyone: e.Everyone, Title: cmp.Or(inc.Title, e.Why), Rung: map[int64]bool{}}
	if ask.Admins, err = c.adminHandles(); err != nil {
		return duty.Ranking{}, err
	}
	if ask.Policy, err = c.policyOf(e); err != nil {
		return duty.Ranking{}, err
	}
	if role, isRole := e.Slot.Role(); isRole {
		ask.Role = role
	} else {
		ask.Person, _ = e.Slot.Person()
	}
	for person := range rung {
		ask.Rung[person] = true
	}
	if c.facts != nil {
		return c.facts.Rank(ask, c.now), nil
	}
	facts, err := duty.Load(c.ctx, c.tx, ask, c.now, c.now)
	return facts.Rank(ask, c.now), err
}

// candidates are the people of a ranking with what was done so far, which it adds to.
func (c *change) candidates(
	e paging.Escalation, inc Incident, ranking duty.Ranking, rung map[int64]paging.Memory, busy map[int64]bool,
) ([]paging.Candidate, error) {
	working, left, err := c.workOf(e, inc)
	if err != nil {
		return nil, err
	}
	for person := range working {
		busy[person] = true
	}
	for person := range left {
		if was := rung[person]; was.State == "" {
			was.State = paging.PageDeclined // they just gave the role back
			rung[person] = was
		}
	}
	out := ranking.Candidates(rung, busy)
	if e.Everyone && len(out) > 0 {
		return c.withTakers(e, inc, out)
	}
	return out, nil
}

// withTakers adds whoever took the role without a page, where everybody is wanted:
// the role is taken by them as well as by an acknowledgement.
func (c *change) withTakers(e paging.Escalation, inc Incident, candidates []paging.Candidate) ([]paging.Candidate, error) {
	role, _ := e.Slot.Role()
	working, err := respondersOf(c.ctx, c.tx, inc.ID)
	for _, r := range working {
		if r.Role == role {
			candidates = append(candidates, paging.Candidate{PersonID: r.PersonID, Handle: r.Handle, State: paging.PageAcked})
		}
	}
	return candidates, err
}

const sqlLeft = `
	select r.person_id from responder r join escalation e on e.id = @escalation
	where r.incident_id = @incident and r.role = @role and r.left_at >= e.started_at`

// workOf tells who has a role in the incident, and who gave back the hunted one
// since the hunt for it began.
func (c *change) workOf(e paging.Escalation, inc Incident) (working, left map[int64]bool, err error) {
	left = map[int64]bool{}
	if inc.ID == 0 {
		return nil, left, nil
	}
	if working, err = c.responders(inc.ID); err != nil {
		return nil, nil, err
	}
	role, isRole := e.Slot.Role()
	if !isRole {
		return working, left, nil
	}
	rows, err := c.tx.Query(c.ctx, sqlLeft, pgx.NamedArgs{"escalation": e.ID, "incident": inc.ID, "role": role})
	if err != nil {
		return nil, nil, err
	}
	people, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	for _, id := range people {
		left[id] = true
	}
	return working, left, err
}

// ring makes the pages of a step, writes them on the timeline, and asks the people
// into the incident's rooms. reached are those to whom a way leads.
func (c *change) ring(e paging.Escalation, inc Incident, s paging.Step) (reached []string, err error) {
	if len(s.Ring) == 0 {
		return nil, nil
	}
	rung, err := paging.Ring(c.ctx, c.tx, c.now, c.Routes, e, s)
	if err != nil {
		return nil, err
	}
	c.rings = true
	ways := map[int64]int{}
	for _, r := range rung {
		ways[r.PersonID] = r.Ways
	}
	for _, one := range s.Ring {
		if ways[one.PersonID] > 0 {
			reached = append(reached, one.Handle)
		}
	}
	if group, ok := alert.GroupOf(e.Cause); ok {
		return reached, c.tellOfGroup(group)
	}
	if inc.ID == 0 {
		return reached, nil
	}
	c.boardChanged(inc.ID)
	text := c.ringWords(e, s, ways)
	if err := c.record(inc.ID, "page", oncall.Actor{}, text); err != nil {
		return nil, err
	}
	if !c.hushed {
		if err := c.sayRooms(inc.ID, text); err != nil {
			return nil, err
		}
	}
	return reached, c.invite(inc, s)
}

func (c *change) ringWords(e paging.Escalation, s paging.Step, ways map[int64]int) string {
	who := oncall.Plural(len(s.Ring), "person", "people")
	if len(s.Ring) == 1 {
		one := s.Ring[0]
		who = one.Handle
		switch {
		case ways[one.PersonID] == 0:
			who += ", to whom no way leads,"
		case one.Asleep:
			who += ", where it is night,"
		}
	}
	text := "Paging " + who
	if _, named := e.Slot.Person(); !named {
		text += " for " + slotTitle(c.ctx, c.tx, e.Slot)
	}
	if s.Round > 1 {
		text += fmt.Sprintf(", round %d", s.Round)
	}
	return strings.TrimSuffix(text, ",") + "."
}

// invite asks the people of a step into the incident's rooms.
func (c *change) invite(inc Incident, s paging.Step) error {
	rooms, err := roomsOf(c.ctx, c.tx, inc.ID)
	if err != nil || len(rooms) == 0 {
		return err
	}
	var people []int64
	for _, one := range s.Ring {
		if one.Round == 0 { // else asked in an earlier round
			people = append(people, one.PersonID)
		}
	}
	accounts, err := oncall.AccountsOfMany(c.ctx, c.tx, people)
	if err != nil {
		return err
	}
	for _, person := range people {
		for _, r := range rooms {
			for _, a := range accounts[person] {
				if a.Network == r.Network {
					c.notices = append(c.notices, notice.Notice{
						Network: r.Network, Kind: notice.Invite, Room: r.Room, Account: a.Name, Incident: &inc.ID,
					})
				}
			}
		}
	}
	return nil
}
