package coverage

import (
	"slices"
	"strconv"
	"time"

	"batsignal/oncall"
)

// shortages turns what a sweep goes through into gaps, of each kind on its own.
type shortages struct {
	report    *Report
	sweep     *sweep
	awake, on shortage
}

// shortage is a gap that goes on, and what all of it has in common.
type shortage struct {
	Gap
	open   bool
	lost   []int // members who are away and would be there otherwise
	helped bool  // with them it would be no gap, at any time of it
	aliens []int // members, or noMember, who are on and may not be rung
	alien  bool  // somebody like that is on at any time of it
	hushed []int // members who are on and have quiet hours
	hush   bool  // somebody like that is on at any time of it
}

// see looks at the time from one event to the next.
func (g *shortages) see(from, until time.Time) {
	s := g.sweep
	want := s.in.Role.Minimum
	g.one(&g.awake, Awake, s.have < want, s.have, want, from, until)
	g.one(&g.on, On, g.report.Scheduled && want > 0 && s.duty == 0, 0, 1, from, until)
}

func (g *shortages) one(open *shortage, kind Kind, short bool, have, want int, from, until time.Time) {
	if !short {
		g.finish(open)
		return
	}
	if !open.open {
		*open = shortage{Gap: Gap{Kind: kind, From: from, Have: have, Most: have, Want: want}, open: true, helped: true, alien: true, hush: true}
	}
	open.Until = until
	open.Have, open.Most = min(open.Have, have), max(open.Most, have)
	lost := g.lost(kind)
	open.helped = open.helped && have+len(lost) >= want
	open.lost = union(open.lost, lost)
	open.alien = open.alien && len(g.sweep.aliens) > 0
	for i := range g.sweep.aliens {
		open.aliens = union(open.aliens, []int{i})
	}
	hushed := g.hushed(kind)
	open.hush = open.hush && len(hushed) > 0
	open.hushed = union(open.hushed, hushed)
}

// hushed are the members who are on and want quiet.
func (g *shortages) hushed(kind Kind) (hushed []int) {
	s := g.sweep
	if kind != On {
		return nil
	}
	for i := range s.in.Members {
		if s.on[i] > 0 && s.quiet[i] > 0 && s.absent[i] == 0 {
			hushed = append(hushed, i)
		}
	}
	return hushed
}

// lost are the members who would be there if they were not away.
func (g *shortages) lost(kind Kind) (lost []int) {
	s := g.sweep
	if s.missing == 0 {
		return nil
	}
	for i, m := range s.in.Members {
		if s.quiet[i] > 0 {
			continue // they would not be there either way
		}
		on := s.lost[i] > 0 || s.absent[i] > 0 && s.on[i] > 0
		up := !s.counted[i] && (on || s.absent[i] > 0 && s.awake[i] > 0)
		if m.Active && (kind == On && on || kind == Awake && up) {
			lost = append(lost, i)
		}
	}
	return lost
}

func union(a, b []int) []int {
	for _, x := range b {
		if i, found := slices.BinarySearch(a, x); !found {
			a = slices.Insert(a, i, x)
		}
	}
	return a
}

func (g *shortages) end() {
	g.finish(&g.awake)
	g.finish(&g.on)
}

func (g *shortages) finish(open *shortage) {
	if !open.open {
		return
	}
	open.open = false
	if open.helped {
		for _, i := range open.lost {
			open.Away = append(open.Away, g.sweep.in.Members[i].Person.ID)
		}
	}
	open.Why = g.why(open)
	g.report.Gaps = append(g.report.Gaps, open.Gap)
}

// why says what made a gap, where that is simple.
func (g *shortages) why(open *shortage) string {
	in := g.sweep.in
	active := 0
	for _, m := range in.Members {
		if m.Active {
			active++
		}
	}
	switch {
	case active == 0:
		return "nobody has said yes to this role"
	case len(open.Away) > 0:
		return isAre(g.names(open.lost)) + " away"
	case open.Kind == Awake && active < open.Want:
		return "only " + oncall.Plural(active, "person has", "people have") + " said yes to this role"
	case open.Kind == Awake:
		return ""
	case open.hush:
		return isAre(g.names(open.hushed)) + " on and in quiet hours"
	case open.alien && !slices.Contains(open.aliens, noMember):
		return isAre(g.names(open.aliens)) + " on and cannot be rung for this role"
	case open.alien:
		return "whoever is on has not said yes to this role"
	case len(in.Schedules) == 1:
		return "the schedule " + in.Schedules[0].Name + " has nobody on"
	}
	return "none of its schedules has anybody on"
}

// mostNamed is how many people a reason names.
const mostNamed = 4

func (g *shortages) names(members []int) (names []string) {
	for _, i := range members {
		names = append(names, g.sweep.in.Members[i].Person.Handle)
	}
	if left := len(names) - mostNamed; left > 1 {
		names = append(names[:mostNamed], strconv.Itoa(left)+" others")
	}
	return names
}

func isAre(names []string) string {
	if len(names) == 1 {
		return names[0] + " is"
	}
	return oncall.JoinNames(names) + " are"
}
