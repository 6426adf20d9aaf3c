package duty

import (
	"fmt"
	"strings"
	"time"

	"batsignal/oncall"
	"batsignal/oncall/paging"
)

// Event is what would happen at one instant of a hunt.
type Event struct {
	At      time.Time
	Round   int
	Tier    int       // the step of the policy; 0 while nobody is rung
	Ring    []Ranked  // who is rung
	Rooms   []string  // that are told
	LeftOut []LeftOut // who is not asked; where the list is at its end
	Wait    time.Duration
	Stop    bool // nobody is rung any more
	Words   string
}

// Simulate tells whom a hunt would ring, and when, if nobody answered: from one instant
// until another, at most so many events. It is what paging would do; people fall asleep
// and go off shift meanwhile.
func (f Facts) Simulate(ask Ask, from, until time.Time, most int) []Event {
	f = f.rankable()
	slot := paging.RoleSlot(ask.Role)
	if ask.Person != "" {
		slot = paging.PersonSlot(ask.Person)
	}
	e := paging.Escalation{
		Slot: slot, Severity: ask.Severity, Everyone: ask.Everyone,
		Patience: f.patience(ask), Round: 1,
	}
	memory := map[int64]paging.Memory{}
	ask.Rung = map[int64]bool{}
	var events []Event
	for at := from; at.Before(until) && len(events) < most; {
		ranking := f.Rank(ask, at)
		e.Repeats = ranking.Policy.Repeats
		begun, s := ranking.Begins(e, paging.Next(e, ranking.Candidates(memory, nil)))
		event := Event{At: at, Round: s.Round, Wait: s.Wait, Stop: s.Stop}
		for _, b := range begun {
			event.Rooms = append(event.Rooms, b.Rooms...)
		}
		for _, c := range s.Ring {
			memory[c.PersonID] = paging.Memory{Round: s.Round, State: paging.PageOpen}
			ask.Rung[c.PersonID] = true
			event.Ring = append(event.Ring, ranking.of(c.PersonID))
			event.Tier = s.Tier
		}
		if s.Exhausted {
			event.LeftOut = ranking.LeftOut
		}
		event.Words = event.words(s, len(ranking.People))
		events = append(events, event)
		if s.Stop {
			break
		}
		e.Round, e.Tier, at = s.Round, s.Tier, at.Add(s.Wait)
	}
	return events
}

func (r Ranking) of(person int64) Ranked {
	for _, p := range r.People {
		if p.Person.ID == person {
			return p
		}
	}
	return Ranked{}
}

// words says what happens, in a sentence or two.
func (e Event) words(s paging.Step, able int) string {
	text := ""
	if s.Exhausted {
		text = "Nobody has answered. "
	}
	switch {
	case s.Exhausted && able == 0:
		return "Nobody can be rung."
	case s.Stop:
		return text + "I stop ringing."
	case len(e.Ring) == 0:
		return text + fmt.Sprintf("Round %d begins in %s.", e.Round, oncall.Lasting(e.Wait))
	}
	var who []string
	for _, p := range e.Ring {
		var marks []string
		if len(e.Ring) == 1 {
			marks = append(marks, p.Why)
		}
		if p.Asleep {
			marks = append(marks, "asleep")
		}
		one := p.Person.Handle
		if len(marks) > 0 {
			one += " (" + strings.Join(marks, ", ") + ")"
		}
		who = append(who, one)
	}
	return text + fmt.Sprintf("Rings %s, and waits %s.", oncall.JoinNames(who), oncall.Lasting(e.Wait))
}
