package coverage_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"batsignal/oncall"
	"batsignal/oncall/coverage"
	"batsignal/oncall/schedule"
)

func at(text string) time.Time {
	t, err := time.Parse("2006-01-02 15:04", text)
	if err != nil {
		panic(err)
	}
	return t
}

var zones = []string{
	"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "America/Sao_Paulo",
	"Pacific/Apia", "Africa/Casablanca", "America/Santiago", "Atlantic/Azores", "Asia/Beirut", "Antarctica/Troll", "no/such",
}

// anInput draws a role with people, their absences and shifts, around a change of clocks.
func anInput(t *rapid.T) (in coverage.Input, from, until time.Time) {
	from = rapid.SampledFrom([]time.Time{at("2026-03-20 00:00"), at("2026-03-28 13:37"), at("2026-10-20 12:00"), at("2026-06-03 03:00")}).Draw(t, "from")
	until = from.Add(time.Duration(rapid.IntRange(1, 14*24*60).Draw(t, "minutes")) * time.Minute)
	when := func() (a, b time.Time) {
		a = from.Add(time.Duration(rapid.IntRange(-48*60, 16*24*60).Draw(t, "begins")) * time.Minute)
		return a, a.Add(time.Duration(rapid.IntRange(1, 5*24*60).Draw(t, "lasts")) * time.Minute)
	}
	in.Role = coverage.Role{Name: "r", Title: "r", Minimum: rapid.IntRange(0, 3).Draw(t, "minimum")}
	for id := range rapid.IntRange(0, 5).Draw(t, "members") {
		m := coverage.Member{Active: rapid.IntRange(0, 4).Draw(t, "active") > 0, Person: oncall.Person{
			ID: int64(id + 1), Handle: fmt.Sprintf("p%d", id+1), Zone: rapid.SampledFrom(zones).Draw(t, "zone"),
			Wakes: rapid.IntRange(0, 1439).Draw(t, "wakes"), Sleeps: rapid.IntRange(0, 1439).Draw(t, "sleeps"),
		}}
		if rapid.IntRange(0, 3).Draw(t, "has quiet") == 0 {
			a, b := rapid.IntRange(0, 1439).Draw(t, "quiet from"), rapid.IntRange(0, 1439).Draw(t, "quiet until")
			m.Terms = oncall.Terms{QuietFrom: &a, QuietUntil: &b, QuietSev1: rapid.Bool().Draw(t, "quiet sev1")}
		}
		for range rapid.IntRange(0, 2).Draw(t, "absences") {
			a, b := when()
			m.Absences = append(m.Absences, schedule.Absence{Person: m.Person.ID, From: a, Until: b})
		}
		in.Members = append(in.Members, m)
	}
	for s := range rapid.IntRange(0, 2).Draw(t, "schedules") {
		plan := coverage.Scheduled{Name: fmt.Sprintf("s%d", s)}
		for range rapid.IntRange(0, 6).Draw(t, "shifts") {
			a, b := when()
			plan.Shifts = append(plan.Shifts, schedule.Shift{
				Person: int64(rapid.IntRange(1, 6).Draw(t, "who")), From: a, Until: b,
				Shadow: rapid.IntRange(0, 5).Draw(t, "shadow") == 0, Away: rapid.IntRange(0, 5).Draw(t, "away") == 0,
			})
		}
		in.Schedules = append(in.Schedules, plan)
	}
	return in, from, until
}

// ambiguous tells whether a clock shows the time of an instant twice. Who is awake at
// either counts as awake at both, which Person.Awake, asked at the time, does not do.
func ambiguous(t time.Time, zone string) bool {
	local := t.In(oncall.Location(zone)).Format("2006-01-02 15:04")
	for _, d := range []time.Duration{30 * time.Minute, time.Hour, 2 * time.Hour} {
		for _, other := range []time.Time{t.Add(d), t.Add(-d)} {
			if other.In(oncall.Location(zone)).Format("2006-01-02 15:04") == local {
				return true
			}
		}
	}
	return false
}

func covers(from, until, t time.Time) bool { return !t.Before(from) && t.Before(until) }

// At any instant the report says what one finds by asking everybody.
func TestTheReportIsWhatAskingEverybodyGives(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in, from, until := anInput(t)
		r := coverage.Look([]coverage.Input{in}, from, until)[0]
		for range 40 {
			instant := from.Add(time.Duration(rapid.Int64Range(0, int64(until.Sub(from))-1).Draw(t, "instant")))
			span, ok := r.At(instant)
			if !ok {
				t.Fatalf("%s is in no span", instant)
			}
			var on, awake []int64
			for _, m := range in.Members {
				if !m.Active || slices.ContainsFunc(m.Absences, func(a schedule.Absence) bool { return covers(a.From, a.Until, instant) }) {
					continue
				}
				p := m.Person
				isOn := slices.ContainsFunc(in.Schedules, func(s coverage.Scheduled) bool {
					return slices.ContainsFunc(s.Shifts, func(s schedule.Shift) bool {
						return s.Person == p.ID && !s.Shadow && !s.Away && covers(s.From, s.Until, instant)
					})
				})
				isAwake, quiet := p.Awake(instant), m.Terms.Quiet(instant, p.Zone, 1)
				said := slices.Contains(span.Awake, p.ID)
				if ambiguous(instant, p.Zone) {
					if isAwake && !said && m.Terms.QuietFrom == nil {
						t.Fatalf("%s: %d is awake", instant, p.ID)
					}
					isAwake = said
					quiet = quiet || isOn && !slices.Contains(span.On, p.ID)
					if m.Terms.QuietFrom == nil {
						quiet = false
					}
				}
				if isOn && !quiet {
					on = append(on, p.ID)
				}
				if isAwake && !quiet {
					awake = append(awake, p.ID)
				}
			}
			if !slices.Equal(on, span.On) || !slices.Equal(awake, span.Awake) {
				t.Fatalf("%s: on %v, awake %v, want %v, %v", instant, span.On, span.Awake, on, awake)
			}
			both := slices.Concat(on, awake)
			slices.Sort(both)
			have := len(slices.Compact(both))
			if have != span.Have {
				t.Fatalf("have %d, want %d", span.Have, have)
			}
			inGap := func(kind coverage.Kind) bool {
				return slices.ContainsFunc(r.Gaps, func(g coverage.Gap) bool { return g.Kind == kind && covers(g.From, g.Until, instant) })
			}
			if short := have < in.Role.Minimum; short != inGap(coverage.Awake) {
				t.Fatalf("%s: short %v", instant, short)
			}
			if short := len(on) == 0 && len(in.Schedules) > 0 && in.Role.Minimum > 0; short != inGap(coverage.On) {
				t.Fatalf("%s: nobody on %v", instant, short)
			}
		}
	})
}

// Spans follow one another without a break, and gaps are as long as they can be.
func TestSpansAndGapsAreWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in, from, until := anInput(t)
		r := coverage.Look([]coverage.Input{in}, from, until)[0]
		last := from
		for i, s := range r.Spans {
			if !s.From.Equal(last) || !s.Until.After(s.From) {
				t.Fatalf("span %d: %s to %s after %s", i, s.From, s.Until, last)
			}
			last = s.Until
		}
		if !last.Equal(until) {
			t.Fatalf("the last span ends %s", last)
		}
		ends := map[coverage.Kind]time.Time{}
		for _, g := range r.Gaps {
			if end, ok := ends[g.Kind]; ok && !g.From.After(end) {
				t.Fatalf("a gap begins %s, and the one before ends %s", g.From, end)
			}
			ends[g.Kind] = g.Until
			least, most := 99, 0
			for _, s := range r.Spans {
				if s.From.Before(g.Until) && g.From.Before(s.Until) {
					least, most = min(least, s.Have), max(most, s.Have)
				}
			}
			if g.Kind == coverage.Awake && (g.Have != least || g.Most != most || most >= g.Want) {
				t.Fatalf("%+v: %d to %d", g, least, most)
			}
		}
	})
}

// What the groups say is exactly the gaps: each gap is in one group, and the times that
// follow from the rule of a group are the times of its gaps.
func TestGroupsSayExactlyTheGaps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in, from, until := anInput(t)
		r := coverage.Look([]coverage.Input{in}, from, until)[0]
		var all []coverage.Gap
		for _, g := range r.Groups() {
			all = append(all, g.Gaps...)
			var rule, gaps []string
			for _, d := range g.When.Starts(from, until) {
				a, b := d.Add(g.When.At), d.Add(g.When.At+g.When.Lasts)
				if a.Before(from) {
					a = from
				}
				if b.After(until) {
					b = until
				}
				rule = append(rule, fmt.Sprint(a.UTC(), b.UTC()))
			}
			for _, one := range g.Gaps {
				gaps = append(gaps, fmt.Sprint(one.From, one.Until))
			}
			if gaps = slices.Compact(gaps); !slices.Equal(rule, gaps) {
				t.Fatalf("%s means\n%s\nand the gaps are\n%s", g.Words(""), strings.Join(rule, "\n"), strings.Join(gaps, "\n"))
			}
			for _, zone := range zones {
				if words := g.Words(zone); strings.Contains(words, "  ") || strings.Contains(words, "()") {
					t.Fatal(words)
				}
			}
		}
		order := func(gaps []coverage.Gap) (lines []string) {
			for _, g := range gaps {
				lines = append(lines, fmt.Sprintf("%+v", g))
			}
			slices.Sort(lines)
			return lines
		}
		if diff := cmp.Diff(order(r.Gaps), order(all)); diff != "" {
			t.Fatal(diff)
		}
	})
}

// A cell shows its worst moment, and every gap is in some cell.
func TestCellsShowTheWorst(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in, from, until := anInput(t)
		r := coverage.Look([]coverage.Input{in}, from, until)[0]
		step := time.Duration(rapid.IntRange(20, 600).Draw(t, "step")) * time.Minute
		last := from
		for _, c := range coverage.Cells(r, step) {
			if !c.From.Equal(last) {
				t.Fatalf("%s after %s", c.From, last)
			}
			last = c.Until
			have, on := 99, 99
			for _, s := range r.Spans {
				if s.From.Before(c.Until) && c.From.Before(s.Until) {
					have, on = min(have, s.Have), min(on, len(s.On))
				}
			}
			short := slices.ContainsFunc(r.Gaps, func(g coverage.Gap) bool { return g.From.Before(c.Until) && c.From.Before(g.Until) })
			if c.Have != have || c.On != on || c.Short != short || c.Want != in.Role.Minimum {
				t.Fatalf("%+v, want %d, %d, %v", c, have, on, short)
			}
		}
		if !last.Equal(until) {
			t.Fatalf("the last cell ends %s", last)
		}
	})
	if coverage.Cells(coverage.Report{}, time.Hour) != nil || coverage.Cells(coverage.Report{Spans: make([]coverage.Span, 1)}, 0) != nil {
		t.Error("cells of nothing")
	}
}

// big is many roles with many people in many zones.
func big(roles, people, each int, from time.Time) (in []coverage.Input) {
	all := make([]coverage.Member, people)
	for i := range all {
		id := int64(i + 1)
		all[i] = coverage.Member{Active: true, Person: oncall.Person{
			ID: id, Handle: fmt.Sprint("p", id), Zone: zones[i%(len(zones)-1)], Wakes: 6*60 + i%5*30, Sleeps: (22*60 + i%7*30) % 1440,
		}}
		if i%4 == 0 {
			begins := from.Add(time.Duration(i%300) * time.Hour)
			all[i].Absences = []schedule.Absence{{Person: id, From: begins, Until: begins.Add(72 * time.Hour)}}
		}
	}
	for n := range roles {
		one := coverage.Input{Role: coverage.Role{Name: fmt.Sprint("r", n), Title: fmt.Sprint("r", n), Minimum: each / 4}}
		var shifts []schedule.Shift
		for k := range each {
			one.Members = append(one.Members, all[(n*17+k*31)%people])
		}
		for d := range 14 {
			m := one.Members[d%each]
			shifts = append(shifts, schedule.Shift{Person: m.Person.ID, From: from.Add(time.Duration(d) * 24 * time.Hour), Until: from.Add(time.Duration(d+1) * 24 * time.Hour)})
		}
		one.Schedules = []coverage.Scheduled{{Name: "weekly", Shifts: shifts}}
		in = append(in, one)
	}
	return in
}

// BenchmarkLook is 100 roles over 14 days, of which 2,000 people fill 40 places each.
func BenchmarkLook(b *testing.B) {
	from := at("2026-10-20 12:00")
	in := big(100, 2000, 40, from)
	for b.Loop() {
		coverage.Look(in, from, from.Add(coverage.Ahead))
	}
}

// BenchmarkGroups names the gaps of the same.
func BenchmarkGroups(b *testing.B) {
	from := at("2026-10-20 12:00")
	reports := coverage.Look(big(100, 2000, 40, from), from, from.Add(coverage.Ahead))
	for b.Loop() {
		for _, r := range reports {
			coverage.Sentences(r, "Europe/Berlin")
		}
	}
}
