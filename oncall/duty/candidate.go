package duty

import (
	"batsignal/oncall/paging"
)

// Candidates are the people of a ranking as the deciding function sees them. rung says
// what was done so far, busy who is rung or at work for another slot.
func (r Ranking) Candidates(rung map[int64]paging.Memory, busy map[int64]bool) []paging.Candidate {
	out := make([]paging.Candidate, 0, len(r.People))
	for _, p := range r.People {
		was := rung[p.Person.ID]
		from := 0
		if p.Helper {
			from = helpersFrom
		}
		out = append(out, paging.Candidate{
			From: from, Helper: p.Helper,
			PersonID: p.Person.ID, Handle: p.Person.Handle,
			Tier: p.Tier, Place: p.Place, Wait: p.Wait, Together: p.Together, Asleep: p.Asleep,
			Busy: busy[p.Person.ID], Round: was.Round, State: was.State,
		})
	}
	return out
}

// helpersFrom is the round in which admins are rung: the list was gone through twice.
const helpersFrom = 3

// Begun is a step of the policy that begins, and the rooms that it tells.
type Begun struct {
	Step  int // from 1
	Rooms []string
}

// Begins lists the steps that tell rooms and begin by what was decided: each once in a
// round, whether or not anybody can be rung by it. It returns the decision with how far
// the steps were begun.
func (r Ranking) Begins(e paging.Escalation, s paging.Step) ([]Begun, paging.Step) {
	var begun []Begun
	add := func(from, to int) {
		for i := from; i < to && i < len(r.Policy.Steps); i++ {
			if rooms := r.Policy.Steps[i].Rooms(); len(rooms) > 0 {
				begun = append(begun, Begun{Step: i + 1, Rooms: rooms})
			}
		}
	}
	last := len(r.Policy.Steps)
	done := e.Tier
	if s.Exhausted {
		add(done, last) // the list is at its end: so are the steps that ring nobody
		if s.Round == e.Round {
			s.Tier = last
			return begun, s
		}
		done = 0
	}
	if len(s.Ring) > 0 {
		add(done, s.Tier)
	}
	return begun, s
}
