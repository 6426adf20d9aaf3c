package duty

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"batsignal/oncall"
	"batsignal/oncall/policy"
	"batsignal/oncall/skill"
)

// Ranking is who is asked, in order.
type Ranking struct {
	Policy  policy.Policy // that is followed; the built-in one has no name
	People  []Ranked      // each person once
	LeftOut []LeftOut     // who would be asked, and is not
}

// Ranked is somebody who can be rung.
type Ranked struct {
	Person   oncall.Person
	Tier     int // the step of the policy, from 1
	Place    int // in the whole order, from 1
	Wait     time.Duration
	Together bool
	Asleep   bool
	Helper   bool   // an admin, who is rung when nobody else answers
	Schedule string // by which they are on; "" is none
	Layer    string
	Until    time.Time // when that shift ends; zero without one
	Why      string    // "on by weekly, owner of openssl"
}

// Handle is the person's.
func (r Ranked) Handle() string { return r.Person.Handle }

// Where somebody stands within a step: on by a schedule, by layer; then people named,
// as they are written; then rosters.
const (
	named  = 1_000
	roster = 2_000
)

// entry is somebody on the way into the order.
type entry struct {
	Ranked
	class int // on by which layer; named + which target; roster
	skill int
	place int // in the target, or on the roster
}

// ranker ranks for one question.
type ranker struct {
	Facts
	*index
	ask  Ask
	at   time.Time
	seen map[int64]bool
	out  Ranking
}

// Rank says who is next at an instant. Only those are in it who said yes, were let in,
// and may be rung then by what they agreed to. Within a step of the policy, those come
// first who are on, by layer; then who suits the role better; then who is awake; then
// who is earlier on the roster. Where the policy reaches nobody at all, the roster of
// the role is asked.
func (f Facts) Rank(ask Ask, at time.Time) Ranking {
	f = f.rankable()
	r := &ranker{Facts: f, index: f.index, ask: ask, at: at, seen: map[int64]bool{}}
	r.out.Policy = f.policy(ask)
	for i, s := range r.out.Policy.Steps {
		r.step(i+1, s)
	}
	if len(r.out.People) == 0 && ask.Role != "" {
		// A policy that reaches nobody now, as at a gap of the schedule that it rings, must
		// not keep those from being asked who said yes to the role.
		r.step(len(r.out.Policy.Steps)+1, policy.Step{Targets: []policy.Target{{Kind: policy.Role, Name: ask.Role}}})
	}
	r.admins()
	r.out.LeftOut = slices.DeleteFunc(r.out.LeftOut, func(l LeftOut) bool { return r.seen[l.Person] })
	return r.out
}

// step adds the people of a step, those who are in no earlier one.
func (r *ranker) step(tier int, s policy.Step) {
	var entries []entry
	for i, t := range s.Targets {
		switch t.Kind {
		case policy.Schedule:
			entries = append(entries, r.onBy(t.Name)...)
		case policy.Person:
			entries = append(entries, r.named(i, t.Name)...)
		case policy.Role:
			entries = append(entries, r.roster(t.Name)...)
		}
	}
	prefers := r.Prefers[r.ask.Role]
	for i := range entries {
		e := &entries[i]
		labels, suits := r.suits(e.Person.ID, prefers)
		e.skill = skill.Rank(prefers, labels)
		e.Asleep = !r.Awake(e.Person, r.at)
		e.Why = strings.Join(append([]string{e.Why}, suits...), ", ")
	}
	slices.SortStableFunc(entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.class, b.class), cmp.Compare(a.skill, b.skill), sleepersLast(a, b), cmp.Compare(a.place, b.place))
	})
	for _, e := range entries {
		if r.seen[e.Person.ID] {
			continue
		}
		r.seen[e.Person.ID] = true
		e.Tier, e.Wait, e.Together, e.Ranked.Place = tier, s.Wait, s.All, len(r.out.People)+1
		r.out.People = append(r.out.People, e.Ranked)
	}
}

// admins adds those who are rung together when nobody else answers. That one of them may
// not be rung is nobody's business.
func (r *ranker) admins() {
	if len(r.ask.Admins) == 0 || r.ask.Person != "" {
		return
	}
	left, others := r.out.LeftOut, len(r.out.People)
	last := policy.Step{All: true}
	for _, handle := range r.ask.Admins {
		last.Targets = append(last.Targets, policy.Target{Kind: policy.Person, Name: handle})
	}
	r.step(len(r.out.Policy.Steps)+2, last)
	for i := others; i < len(r.out.People); i++ {
		r.out.People[i].Helper, r.out.People[i].Why = true, "an admin, since nobody else answers"
	}
	r.out.LeftOut = left
}

func sleepersLast(a, b entry) int {
	switch {
	case a.Asleep == b.Asleep:
		return 0
	case b.Asleep:
		return -1
	}
	return 1
}

// onBy lists who is on by a schedule.
func (r *ranker) onBy(name string) []entry {
	s, found := r.Plan.Named(name)
	if !found {
		return nil
	}
	var entries []entry
	for _, shift := range r.Plan.Onward(s, r.at) {
		known, isKnown := r.people[shift.Person]
		if shift.Shadow || !isKnown {
			continue
		}
		p := *known
		layer := len(entries)
		e := entry{class: layer, Ranked: Ranked{Person: p, Schedule: s.Name, Layer: shift.Layer, Until: shift.Until, Why: "on by " + s.Name}}
		switch {
		case shift.Away:
			until, _ := r.Plan.Away(p.ID, r.at)
			r.leaveOut(p, Away, until)
		case !r.agreed(p.ID, s.Role):
			r.leaveOut(p, NoYes, time.Time{})
		case r.may(p):
			entries = append(entries, e)
		}
	}
	return entries
}

// named lists one person, who may be rung if they said yes to any role.
func (r *ranker) named(target int, handle string) []entry {
	known, isKnown := r.handles[handle]
	if !isKnown {
		return nil
	}
	p := *known
	switch {
	case len(r.agreedTo[p.ID]) == 0:
		r.leaveOut(p, NoYes, time.Time{})
		return nil
	case !r.may(p):
		return nil
	}
	return []entry{{class: named + target, place: target, Ranked: Ranked{Person: p, Why: "asked for by name"}}}
}

// roster lists the people of a role.
func (r *ranker) roster(role string) []entry {
	var entries []entry
	for _, i := range r.rosters[role] {
		m := &r.Members[i]
		if !m.Active() {
			if m.LapsedAt != nil { // of who never said yes nobody expects to be rung
				r.leaveOut(m.Person, Lapsed, time.Time{})
			}
			continue
		}
		if r.may(m.Person) {
			entries = append(entries, entry{class: roster, place: m.Place, Ranked: Ranked{Person: m.Person, Why: "on the roster"}})
		}
	}
	return entries
}

// agreed tells whether somebody said yes to what is asked for, or to what they are on
// for; a schedule that serves no role takes a yes to any.
func (r *ranker) agreed(person int64, servesRole string) bool {
	of := r.agreedTo[person]
	if servesRole == "" {
		return len(of) > 0
	}
	return slices.Contains(of, r.ask.Role) || slices.Contains(of, servesRole)
}

// suits returns somebody's labels for a preference, and those words of it that are
// true of them and told: what they own.
func (r *ranker) suits(person int64, prefers [][]string) (skill.Set, []string) {
	labels := r.Labels[person]
	owns := r.Owns[person]
	var words []string
	if len(owns) > 0 {
		with := skill.Set{skill.Owner: true}
		for l := range labels {
			with[l] = true
		}
		labels = with
		words = append(words, "owner of "+oncall.JoinNames(owns))
	}
	if best := skill.Rank(prefers, labels); best < len(prefers) {
		for _, l := range prefers[best] {
			if l != skill.Owner {
				words = append(words, l)
			}
		}
	}
	return labels, words
}
