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
	Tier     int           // the step of the policy that rings them, from 1
	Place    int           // their place in it: who is better is before
	Wait     time.Duration // how long they are waited for; 0 is the patience of the hunt
	Together bool          // everybody of the tier is rung at once
	Asleep   bool          // outside their waking hours now: it is said, and changes no order
	Busy     bool          // rung for, or already in, another slot of the same cause
	Round    int           // last round in which they were rung; 0 is never
	From     int           // the first round in which they are rung; 0 is the first of all
	Helper   bool          // an admin who is rung because nobody else answers
	State    PageState     // "" is never rung
}

// Step is what to do about an escalation now.
type Step struct {
	Ring      []Candidate   // who is rung, in this order
	Round     int           // the escalation's round from now on
	Tier      int           // the last step of the policy that is begun in this round; 0 is none
	Exhausted bool          // the list was gone through and nobody took it: say so aloud
	Stop      bool          // give up: a page to one person by name does, and a policy that says so
	Wait      time.Duration // until the next step, if nobody answers
}

const (
	longestPause = 10 * time.Minute
	namedRounds  = 3 // how often one person asked for by name is rung
)

// Order sorts candidates as they should be asked: those who are not busy with
// the same cause already, those rung least, those of an earlier step of the policy,
// then by their place in it.
func Order(candidates []Candidate) []Candidate {
	out := slices.Clone(candidates)
	slices.SortStableFunc(out, func(a, b Candidate) int {
		return cmp.Or(boolFirst(a.Busy, b.Busy), cmp.Compare(a.Round, b.Round), cmp.Compare(a.Tier, b.Tier), cmp.Compare(a.Place, b.Place))
	})
	return out
}

// Next decides the next step of an escalation whose time has come: nobody has
// filled the slot within the patience of the step before. It is called for the
// first step as well. An exhausted list is begun again at once the first time,
// then after pauses that grow; somebody who declined is not rung again. Where
// everybody is wanted and somebody came, the others are rung three times at most.
// A policy that repeats only so often ends the hunt after that, which is said aloud.
func Next(e Escalation, candidates []Candidate) Step {
	willing := slices.DeleteFunc(Order(candidates), func(c Candidate) bool {
		return c.State != "" && c.State != PageOpen
	})
	if e.Repeats > 0 && e.Round > e.Repeats { // the policy is at its end: helpers were rung, and nobody is again
		willing = slices.DeleteFunc(willing, func(c Candidate) bool { return !c.Helper })
	}
	if ring := pick(e, willing, e.Round); len(ring) > 0 {
		return ringing(e, Step{Round: e.Round, Tier: e.Tier}, ring)
	}

	next := nextRound(e, willing)
	step := Step{Exhausted: true, Round: next}
	_, named := e.Slot.Person()
	taken := e.Everyone && slices.ContainsFunc(candidates, func(c Candidate) bool { return c.State == PageAcked })
	if (named || taken) && (len(willing) == 0 || next > namedRounds) {
		step.Stop = true
		step.Exhausted = len(willing) > 0 || !taken
		return step
	}
	if e.Repeats > 0 && next > e.Repeats && len(willing) > 0 {
		// The policy is at its end; before silence come those who are rung when nobody answers.
		if last := helpers(willing); len(last) > 0 {
			return ringing(e, step, last)
		}
		step.Stop = true
		return step
	}
	if len(willing) == 0 {
		// Nobody is there to be rung; somebody who joins is rung at once ([HurryRole]).
		step.Round, step.Tier, step.Wait = e.Round, e.Tier, longestPause
		return step
	}
	if step.Wait = pauseBefore(next, e.Patience); step.Wait == 0 || next > e.Round+1 {
		return ringing(e, step, pick(e, willing, next))
	}
	return step
}

// nextRound is the round after this one; where nobody can be rung before a later one, it
// is that one, and comes at once.
func nextRound(e Escalation, willing []Candidate) int {
	next := e.Round + 1
	for i, c := range willing {
		if c.From <= e.Round+1 {
			return e.Round + 1
		}
		if i == 0 || c.From < next {
			next = c.From
		}
	}
	return next
}

// helpers are those who are rung when a hunt would end in silence, and were not yet.
func helpers(willing []Candidate) []Candidate {
	return slices.DeleteFunc(slices.Clone(willing), func(c Candidate) bool { return !c.Helper || c.Round > 0 })
}

// ringing completes a step that rings people.
func ringing(e Escalation, step Step, ring []Candidate) Step {
	step.Ring, step.Wait = ring, e.Patience
	if !e.Everyone && ring[0].Wait > 0 {
		step.Wait = ring[0].Wait
	}
	for _, c := range ring {
		step.Tier = max(step.Tier, c.Tier)
	}
	return step
}

// pick returns who is rung next in a round: one person, everybody of a step of the
// policy that rings them together, or everybody at once. Those who are busy are left
// for last even then.
func pick(e Escalation, willing []Candidate, round int) []Candidate {
	due := slices.DeleteFunc(slices.Clone(willing), func(c Candidate) bool { return c.Round >= round || c.From > round })
	if len(due) < 2 || e.Everyone {
		return due
	}
	first := due[0]
	if !first.Together {
		return due[:1]
	}
	return slices.DeleteFunc(due, func(c Candidate) bool {
		return c.Tier != first.Tier || c.Busy != first.Busy || c.Round != first.Round
	})
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
