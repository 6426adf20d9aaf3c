package faults

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// plan is all that is decided before a run, by its seed alone.
type plan struct {
	Seed     uint64
	Style    string
	Alerts   bool // the cause is a group of alerts, not an incident
	Severity int
	Patience time.Duration
	Two      bool // two processes page from the beginning
	Nobody   bool // nobody answers, ever: it must be said aloud
	Roles    []string
	People   []person
	Troubles map[string][]trouble // of the requests to each route, in the order in which they come
	Commits  map[int]string       // what befalls a COMMIT, by its number in the run
	Steps    map[int][]string     // what happens at a step of the clock, by its number
	Restarts []int                // after how many steps a killed process is started again
}

// person is one of those who are rung.
type person struct {
	Name   string
	Roles  []string
	Ways   []string        // routes; one route may be there twice
	After  int             // how many rings they sleep through
	Does   string          // ack, decline; "" is nothing
	By     string          // link, chat, code, there: how they answer where they can choose
	Within time.Duration   // how long they take
	Delays []time.Duration // their own delays of their ways; negative is the route's
	Twice  bool            // they answer twice, at once
	Forged bool            // before that, somebody forges an answer of theirs
	Phone  string          // what becomes of calls that they do not answer
}

// faultSteps is in how many steps of the clock a run has faults. Then all is well, and
// what is left must end.
const faultSteps = 24

func drawPlan(seed uint64, routes []string) plan {
	r := rand.New(rand.NewPCG(seed, 0xba75))
	p := plan{
		Seed: seed, Severity: 1 + r.IntN(2), Patience: time.Duration(20+r.IntN(80)) * time.Second, Two: r.IntN(5) < 2,
		Alerts: r.IntN(4) == 0, Nobody: r.IntN(12) == 0, Troubles: map[string][]trouble{}, Commits: map[int]string{}, Steps: map[int][]string{},
	}
	p.Style = pick(r, "kills", "kills", "database", "providers", "clock", "frozen", "all", "all", "all", "none")
	for i := range 2 + r.IntN(3) {
		p.Roles = append(p.Roles, []string{"lead", "fix", "comms", "packages"}[i])
	}
	p.people(r, routes)
	p.faults(r, routes)
	for range 8 {
		p.Restarts = append(p.Restarts, r.IntN(4))
	}
	return p
}

func (p *plan) people(r *rand.Rand, routes []string) {
	n := len(p.Roles) + r.IntN(3)
	for i := range n {
		one := person{
			Name: []string{"ada", "bea", "cem", "dov", "eva", "fay", "gus"}[i], After: r.IntN(3), Does: pick(r, "ack", "ack", "ack", "decline", ""),
			By: pick(r, "link", "chat", "code", "there"), Within: time.Duration(r.IntN(90)) * time.Second,
			Twice: r.IntN(3) == 0, Forged: r.IntN(3) == 0, Phone: pick(r, "voicemail", "busy", "no answer"),
		}
		// Each role has somebody who comes, and comes alone: others may help.
		one.Roles = []string{p.Roles[i%len(p.Roles)]}
		if i < len(p.Roles) {
			one.Does = "ack"
		}
		for _, role := range p.Roles {
			if r.IntN(3) == 0 && !slices.Contains(one.Roles, role) {
				one.Roles = append(one.Roles, role)
			}
		}
		if p.Nobody {
			one.Does = ""
		}
		for range 1 + r.IntN(3) {
			one.Ways = append(one.Ways, routes[r.IntN(len(routes))])
			one.Delays = append(one.Delays, pick(r, -1, -1, 0, 30*time.Second, time.Minute))
		}
		p.People = append(p.People, one)
	}
}

func (p *plan) faults(r *rand.Rand, routes []string) {
	has := func(style string) bool { return p.Style == style || p.Style == "all" }
	for _, route := range routes {
		for range 40 {
			t := fine
			switch {
			case has("kills") && r.IntN(7) == 0:
				t = pick(r, killFirst, killAfter, killAfter, killAtEnd, killPast)
			case has("providers") && r.IntN(3) == 0:
				t = pick(r, refused, broken, tooMany, lost, silent, vanished, slowly, slowly, dropped)
			case has("frozen") && r.IntN(9) == 0:
				t = freezes
			}
			p.Troubles[route] = append(p.Troubles[route], t)
		}
	}
	for range r.IntN(4) {
		if has("database") {
			p.Commits[r.IntN(25)] = pick(r, "cut before", "cut after", "cut after", "slow")
		}
		if has("kills") {
			p.Commits[r.IntN(25)] = pick(r, "kill before", "kill after")
		}
	}
	at := func(what string) {
		step := 1 + r.IntN(faultSteps-1)
		p.Steps[step] = append(p.Steps[step], what)
	}
	for range r.IntN(3) {
		if has("kills") {
			at(fmt.Sprintf("kill %d", r.IntN(40)))
		}
		if has("database") {
			at(pick(r, "cut", "hole", "slow", "refuse"))
		}
		if has("clock") {
			at(pick(r, "+1h", "-1h", "+1h", "+40s"))
		}
		if has("frozen") {
			at(fmt.Sprintf("freeze %d", 3+r.IntN(80)))
		}
		if has("providers") {
			at(pick(r, "hold", "release", "backwards", "twice", "again", "never"))
		}
		if has("kills") || has("frozen") {
			at("second")
		}
	}
}

func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

// String is the plan for whoever has to understand a failure.
func (p plan) String() string {
	var b strings.Builder
	cause := "an incident"
	if p.Alerts {
		cause = "a group of alerts"
	}
	fmt.Fprintf(&b, "seed %d: %s of severity %d, patience %v, faults: %s", p.Seed, cause, p.Severity, p.Patience, p.Style)
	if p.Two {
		b.WriteString(", two processes")
	}
	if p.Nobody {
		b.WriteString(", nobody answers")
	}
	for _, one := range p.People {
		does := "does nothing"
		if one.Does != "" {
			does = fmt.Sprintf("%ss ring %d by %s after %v", one.Does, one.After+1, one.By, one.Within)
		}
		fmt.Fprintf(&b, "\n  %s for %s: %s %v; %s", one.Name, strings.Join(one.Roles, ","), strings.Join(one.Ways, ","), one.Delays, does)
	}
	for route, list := range p.Troubles {
		for i, t := range list {
			if t != fine {
				fmt.Fprintf(&b, "\n  request %d to %s %s", i+1, route, t)
			}
		}
	}
	fmt.Fprintf(&b, "\n  commits: %v\n  steps: %v", p.Commits, p.Steps)
	return b.String()
}
