package coverage_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"batsignal/oncall"
	"batsignal/oncall/civil"
	"batsignal/oncall/coverage"
	"batsignal/oncall/duty"
	"batsignal/oncall/schedule"
)

// plan is one schedule of a role.
type plan struct {
	schedule.Schedule
	absences []schedule.Absence
}

func (p plan) OfRole(string) []schedule.Schedule           { return []schedule.Schedule{p.Schedule} }
func (p plan) Named(name string) (schedule.Schedule, bool) { return p.Schedule, name == p.Name }
func (p plan) Onward(s schedule.Schedule, at time.Time) []schedule.Shift {
	return s.Onward(nil, p.absences, at)
}
func (p plan) Who(s schedule.Schedule, at time.Time) []schedule.Shift {
	return s.Who(nil, p.absences, at)
}
func (p plan) Away(person int64, at time.Time) (until time.Time, away bool) {
	for _, a := range p.absences {
		if a.Person == person && !at.Before(a.From) && at.Before(a.Until) {
			return a.Until, true
		}
	}
	return at, false
}

// Coverage counts just those whom the worst emergency would ring: on by a schedule, or
// awake. Two packages say who that is, by the same rules.
func TestCoverageCountsWhoIsRung(t *testing.T) {
	from := at("2026-03-20 00:00") // clocks change in many zones soon
	until := from.Add(coverage.Ahead)
	rapid.Check(t, func(rt *rapid.T) {
		p := plan{Schedule: schedule.Schedule{Name: "weekly", Role: "r", Zone: "UTC"}}
		in := coverage.Input{Role: coverage.Role{Name: "r", Minimum: 1}}
		f := duty.Facts{Roles: []oncall.Role{{Name: "r", Patience: time.Minute, PatienceSev1: time.Minute}}, Consents: map[int64]oncall.Consent{}}
		layer := schedule.Layer{Name: "first", Starts: civil.Of(from, time.UTC), Unit: schedule.Day, Turns: []int{1}}
		for id := range int64(rapid.IntRange(1, 5).Draw(rt, "people")) {
			id++
			person := oncall.Person{ID: id, Handle: fmt.Sprint("p", id), Zone: rapid.SampledFrom(zones).Draw(rt, "zone"),
				Wakes: rapid.IntRange(5, 10).Draw(rt, "wakes") * 60, Sleeps: rapid.IntRange(18, 23).Draw(rt, "sleeps") * 60}
			yes := from.AddDate(0, -1, 0)
			m := oncall.Member{Role: "r", Place: int(id), Person: person, AgreedAt: &yes, ApprovedAt: &yes}
			switch rapid.IntRange(0, 5).Draw(rt, "standing") {
			case 0:
				m.LapsedAt = &yes
			case 1:
				m.ApprovedAt = nil
			}
			var terms oncall.Terms
			if rapid.Bool().Draw(rt, "quiet") {
				a, b := rapid.IntRange(0, 23).Draw(rt, "from")*60, rapid.IntRange(0, 23).Draw(rt, "until")*60+30
				terms = oncall.Terms{QuietFrom: &a, QuietUntil: &b, QuietSev1: rapid.Bool().Draw(rt, "sev1")}
			}
			var absences []schedule.Absence
			if rapid.Bool().Draw(rt, "away") {
				begins := from.Add(time.Duration(rapid.IntRange(0, 300).Draw(rt, "begins")) * time.Hour)
				absences = append(absences, schedule.Absence{Person: id, From: begins, Until: begins.Add(30 * time.Hour)})
			}
			if rapid.Bool().Draw(rt, "turn") {
				layer.Members = append(layer.Members, id)
			}
			p.absences = append(p.absences, absences...)
			f.Members, f.Consents[id] = append(f.Members, m), oncall.Consent{PersonID: id, Terms: terms}
			in.Members = append(in.Members, coverage.Member{Person: person, Active: m.Active(), Absences: absences, Terms: terms})
		}
		p.Layers = []schedule.Layer{layer}
		f.Plan = p
		in.Schedules = []coverage.Scheduled{{Name: p.Name, Shifts: p.Shifts(nil, p.absences, from, until)}}
		report := coverage.Look([]coverage.Input{in}, from, until)[0]
		for range 200 {
			now := from.Add(time.Duration(rapid.IntRange(0, 14*24*60-1).Draw(rt, "minute")) * time.Minute)
			span, _ := report.At(now)
			counted := slices.Concat(span.On, span.Awake)
			var rung []int64
			for _, one := range f.Rank(duty.Ask{Role: "r", Severity: 1}, now).People {
				if one.Schedule != "" || !one.Asleep {
					rung = append(rung, one.Person.ID)
				}
			}
			for _, list := range []*[]int64{&counted, &rung} {
				slices.Sort(*list)
				*list = slices.Compact(*list)
			}
			if !slices.Equal(counted, rung) {
				rt.Fatalf("at %v coverage counts %v, and %v are rung", now, counted, rung)
			}
		}
	})
}
