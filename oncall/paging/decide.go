package paging

import (
	"cmp"
	"slices"
	"time"
)

// Candidate is somebody who may fill a slot, as the deciding function sees them.
type Candidate struct {
	PersonID int64
	Handle   string
	Place    int       // place in the role's list
	Asleep   bool      // outside their waking hours now
	Busy     bool      // rung for, or already in, another slot of the same cause
	Round    int       // last round in which they were rung; 0 is never
	State    PageState // "" is never rung
}

// Step is what to do about an escalation now.
type Step struct {
	Ring      []Candidate   // who is rung, in this order
	Round     int           // the escalation's round from now on
	Exhausted bool          // the list was gone through and nobody took it: say so aloud
	Stop      bool          // give up: only a page to one person by name does
	Wait      time.Duration // until the next step, if nobody answers
}

const (
	longestPause = 10 * time.Minute
	namedRounds  = 3 // how often one person asked for by name is rung
)

// Order sorts candidates as they should be asked: those who are not busy with
// the same cause already, those rung least, those awake before those asleep, then
// by the list.
func Order(candidates []Candidate) []Candidate {
	out := slices.Clone(candidates)
	slices.SortStableFunc(out, func(a, b Candidate) int {
		return cmp.Or(boolFirst(a.Busy, b.Busy), cmp.Compare(a.Round, b.Round), boolFirst(a.Asleep, b.Asleep), cmp.Compare(a.Place, b.Place))
	})
	return out
}

// Next decides the next step of an escalation whose time has come: nobody has
// filled the slot within the patience of the step before. It is called for the
// first step as well. An exhausted list is begun again at once the first time,
// then after pauses that grow; somebody who declined is not rung again. Where
// everybody is wanted and somebody came, the others are rung three times at most.
func Next(e Escalation, candidates []Candidate) Step {
	willing := slices.DeleteFunc(Order(candidates), func(c Candidate) bool {
		return c.State != "" && c.State != PageOpen
	})
	if ring := pick(e, willing, e.Round); len(ring) > 0 {
		return Step{Ring: ring, Round: e.Round, Wait: e.Patience}
	}

	next := e.Round + 1
	step := Step{Exhausted: true, Round: next}
	_, named := e.Slot.Person()
	taken := slices.ContainsFunc(candidates, func(c Candidate) bool { return c.State == PageAcked })
	if (named || taken) && (len(willing) == 0 || next > namedRounds) {
		step.Stop = true
		step.Exhausted = len(willing) > 0 || !taken
		return step
	}
	if len(willing) == 0 {
		// Nobody is there to be rung; somebody who joins is rung at once ([HurryRole]).
		step.Round, step.Wait = e.Round, longestPause
		return step
	}
	if step.Wait = pauseBefore(next, e.Patience); step.Wait == 0 {
		step.Ring = pick(e, willing, next)
		step.Wait = e.Patience
	}
	return step
}

// pick returns who is rung next in a round: one person, or everybody at once.
func pick(e Escalation, willing []Candidate, round int) []Candidate {
	due := slices.DeleteFunc(slices.Clone(willing), func(c Candidate) bool { return c.Round >= round })
	if len(due) > 1 && !e.Everyone {
		due = due[:1]
	}
	return due
}

// pauseBefore is how long the list rests before a round. The second follows at
// once; later ones come slower, so that a night without an answer is not a night
// of ringing every 90 seconds.
func pauseBefore(round int, patience time.Duration) time.Duration {
	return min(time.Duration(round-2)*patience, longestPause)
}

// RetryAfter is how long a failed delivery rests before its next try, 1 being the
// first. A page is small and urgent: the first repeats come fast.
func RetryAfter(try int) time.Duration {
	steps := [...]time.Duration{1, 2, 4, 8, 15, 30}
	return steps[min(max(try, 1), len(steps))-1] * time.Second
}

// MostTries is how often one delivery is tried before its way counts as dead. The
// next round makes new deliveries.
const MostTries = 12

func boolFirst(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}
