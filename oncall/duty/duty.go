// Package duty owns who is next: for a role, at an instant, by its policy, its
// schedules, its roster, what people are good at, and what they agreed to. It is the
// one place that knows; hunts, chat, the web and the simulator ask here.
//
// It gathers ([Load]) and ranks (a pure function of what was gathered and a time). It
// rings nobody: oncall/paging decides when the next one is rung, and remembers who was.
package duty

import (
	"time"

	"batsignal/oncall"
	"batsignal/oncall/policy"
	"batsignal/oncall/schedule"
	"batsignal/oncall/skill"
)

// Plan tells who is on by schedules and who is away. A rota.Book is one.
type Plan interface {
	OfRole(role string) []schedule.Schedule
	Named(name string) (s schedule.Schedule, found bool)
	Onward(s schedule.Schedule, at time.Time) []schedule.Shift // with the ends of the shifts
	Who(s schedule.Schedule, at time.Time) []schedule.Shift    // without
	Away(person int64, at time.Time) (until time.Time, away bool)
}

// Facts is everything that decides who is next, gathered at once.
type Facts struct {
	Roles     []oncall.Role
	Members   []oncall.Member // of every role that may be asked for, in order
	Strangers []oncall.Person // who can be on by a schedule and is on no such roster
	Plan      Plan
	Policies  policy.Set
	Prefers   map[string][][]string    // what each role prefers, the best combination first
	Labels    map[int64]skill.Set      // what people are good at; only what counts
	Owns      map[int64][]string       // the components that the title names, by who owns them
	Consents  map[int64]oncall.Consent // what people agreed to
	Calls     map[int64]int            // how often they were rung in this quarter

	*index // nil until it is needed
}

// Ask is what somebody is needed for.
type Ask struct {
	Role     string
	Person   string // by handle: they are asked for by name, and no role is
	Severity int
	Everyone bool           // everybody is wanted at once
	Title    string         // what has happened: its words name components; for Load
	Policy   *policy.Policy // tries this one; nil is the one that the role follows
	Admins   []string       // handles of those who are rung when nobody else answers
	Rung     map[int64]bool // who was rung for this already: it was one call, however often
}

// policy returns the policy that is followed.
func (f Facts) policy(ask Ask) policy.Policy {
	switch {
	case ask.Policy != nil:
		return *ask.Policy
	case ask.Person != "":
		return policy.Policy{Title: "by name", Steps: []policy.Step{{Targets: []policy.Target{{Kind: policy.Person, Name: ask.Person}}}}}
	}
	if p, found := f.Policies.For(ask.Role, ask.Severity); found {
		return p
	}
	var names []string
	for _, s := range f.Plan.OfRole(ask.Role) {
		names = append(names, s.Name)
	}
	return policy.Builtin(ask.Role, names...)
}

// patience is how long one person is waited for: by the role, or, by name, as long as by
// the most patient role.
func (f Facts) patience(ask Ask) time.Duration {
	longest := time.Duration(0)
	for _, r := range f.Roles {
		if ask.Person == "" && r.Name == ask.Role {
			return r.PatienceAt(ask.Severity)
		}
		longest = max(longest, r.PatienceAt(ask.Severity))
	}
	return max(longest, time.Minute)
}

// heardLong is how far ahead a sign of life may be of an instant and still say anything
// about it: clocks differ a little, and a simulation may look back.
const heardLong = 15 * time.Minute

// Awake tells whether somebody is awake at an instant. Who is away is not.
func (f Facts) Awake(p oncall.Person, at time.Time) bool {
	if _, away := f.Plan.Away(p.ID, at); away {
		return false
	}
	return awake(p, at)
}

// awake is Awake for somebody who is not away.
func awake(p oncall.Person, at time.Time) bool {
	if p.HeardAt != nil && p.HeardAt.Sub(at) > heardLong {
		p.HeardAt = nil
	}
	return p.Awake(at)
}
