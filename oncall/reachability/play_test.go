package reachability_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"batsignal/oncall"
	"batsignal/oncall/civil"
	"batsignal/oncall/duty"
	"batsignal/oncall/policy"
	"batsignal/oncall/reachability"
	"batsignal/oncall/rota"
	"batsignal/oncall/schedule"
)

// always answers at once, asleep never.
func always() reachability.Model {
	return reachability.Model{Awake: reachability.Chance{Answers: 1, Least: 10 * time.Second}}
}

// facts makes facts of rosters, as "fix: maria jan" and "press: li"; everybody is called in
// Europe/Berlin and up from 8 to 23.
func facts(rosters ...string) duty.Facts {
	f := duty.Facts{Plan: rota.Book{}, Consents: map[int64]oncall.Consent{}}
	ids := map[string]int64{}
	for _, text := range rosters {
		role, people, _ := strings.Cut(text, ":")
		f.Roles = append(f.Roles, oncall.Role{Name: role, Title: role, Patience: 5 * time.Minute, PatienceSev1: 90 * time.Second})
		for place, handle := range strings.Fields(people) {
			if ids[handle] == 0 {
				ids[handle] = int64(len(ids) + 1)
			}
			f.Members = append(f.Members, oncall.Member{Role: role, Place: place + 1, AgreedAt: &newYear, ApprovedAt: &newYear,
				Person: oncall.Person{ID: ids[handle], Handle: handle, Zone: "Europe/Berlin", Wakes: 8 * 60, Sleeps: 23 * 60}})
		}
	}
	return f
}

// failing is a test of Go's or of rapid's.
type failing interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// play plays the one incident that begins at an instant.
func play(t failing, f duty.Facts, m reachability.Model, at time.Time, change ...func(*reachability.Game)) reachability.Incident {
	t.Helper()
	g := reachability.Game{Facts: f, Model: m, Severity: 1, From: at.Truncate(time.Hour), Hours: 1, Runs: 60, Within: 2 * time.Hour}
	for _, c := range change {
		c(&g)
	}
	var found reachability.Incident
	for _, i := range all(t, g) {
		if i.At.Equal(at) {
			found = i
		}
	}
	if found.At.IsZero() {
		t.Fatalf("nothing was played at %s", at)
	}
	return found
}

func all(t failing, g reachability.Game) (out []reachability.Incident) {
	t.Helper()
	if err := checked(t, g).Incidents(context.Background(), func(i reachability.Incident) { out = append(out, i) }); err != nil {
		t.Fatal(err)
	}
	return out
}

func at(text string) time.Time {
	t, err := time.Parse("2006-01-02 15:04", text)
	if err != nil {
		panic(err)
	}
	return t
}

// Whoever gets up at 8 is awake an hour earlier in UTC once the clocks have changed.
func TestWhoIsAwakeAtAChangeOfClocks(t *testing.T) {
	for _, c := range []struct {
		at    string
		awake int
	}{
		{"2026-03-28 06:00", 0}, {"2026-03-28 07:00", 1}, {"2026-03-29 05:59", 0}, {"2026-03-29 06:00", 1},
		{"2026-10-24 06:00", 1}, {"2026-10-25 06:00", 0}, {"2026-10-25 07:00", 1}, {"2026-10-25 21:59", 1}, {"2026-10-25 22:00", 0},
	} {
		i := play(t, facts("fix: maria"), always(), at(c.at))
		if got := i.Roles[0]; got.Awake != c.awake || got.Able != 1 || i.Rings[0].Asleep == (c.awake == 1) {
			t.Errorf("at %s: %+v", c.at, got)
		}
	}
}

// Somebody who is asleep when the first is rung and gets up while others are is rung as
// somebody who is awake.
func TestPeopleGetUpMeanwhile(t *testing.T) {
	f := facts("fix: maria jan")
	f.Members[0].Person.Wakes = 8*60 + 1
	f.Members[1].Person.Wakes = 9 * 60
	i := play(t, f, always(), at("2026-03-02 07:00"))
	want := []reachability.Ring{{Role: "fix", Person: 1, Asleep: true}, {After: 90 * time.Second, Role: "fix", Person: 2, Asleep: true},
		{After: 180 * time.Second, Role: "fix", Person: 1}}
	if diff := cmp.Diff(want, i.Rings); diff != "" {
		t.Error(diff)
	}
	if people, woken := i.Rung(); people != 2 || woken != 2 || i.After() != 190*time.Second || i.Roles[0].By != "maria" {
		t.Errorf("%d people, %d woken, %+v", people, woken, i)
	}
}

func TestQuietHoursSchedulesAndPolicies(t *testing.T) {
	f := facts("fix: maria jan li", "press: maria")
	from, until := 0, 24*60-1
	f.Consents[2] = oncall.Consent{Terms: oncall.Terms{QuietFrom: &from, QuietUntil: &until}}
	f.Plan = rota.Book{Schedules: []schedule.Schedule{{ID: 1, Name: "weekly", Role: "fix", Zone: "UTC", Layers: []schedule.Layer{
		{Starts: civil.DateTime{Year: 2026, Month: 1, Day: 5}, Unit: schedule.Week, Turns: []int{1}, Members: []int64{3, 1}},
	}}}}
	noon := at("2026-03-02 12:00") // of the ninth week: li is on
	who := func(i reachability.Incident, role string) (ids []int64) {
		for _, r := range i.Rings {
			if r.Role == role {
				ids = append(ids, r.Person)
			}
		}
		return ids
	}
	silent := reachability.Model{}
	short := func(g *reachability.Game) { g.Within = 3 * time.Minute }
	if got := who(play(t, f, silent, noon, short), "fix"); !slices.Equal(got, []int64{3, 1, 3}) {
		t.Errorf("on by the schedule first, and nobody in quiet hours: %v", got)
	}
	if got := who(play(t, f, silent, noon.AddDate(0, 0, 7), short), "fix"); !slices.Equal(got, []int64{1, 3, 3}) {
		t.Errorf("whoever is rung for another role too is left for last from then on: %v", got)
	}
	alone := func(g *reachability.Game) { g.Roles = []string{"fix"}; short(g) }
	if got := who(play(t, f, silent, noon.AddDate(0, 0, 7), alone), "fix"); !slices.Equal(got, []int64{1, 3, 1}) {
		t.Errorf("else they are first: %v", got)
	}
	tries := func(g *reachability.Game) {
		g.Policies = map[string]*policy.Policy{"fix": {Name: "all", Repeats: 1, Needs: 2, Steps: []policy.Step{
			{Targets: []policy.Target{{Kind: policy.Role, Name: "fix"}}, All: true, Wait: time.Minute},
		}}}
		g.Roles = []string{"fix"}
	}
	i := play(t, f, always(), noon, tries)
	if got := who(i, "fix"); !slices.Equal(got, []int64{1, 3}) || i.After() != 10*time.Second {
		t.Errorf("both at once, and both are needed: %v, %+v", got, i)
	}
	f.Members[0].Person.Wakes, f.Members[0].Person.Sleeps = 0, 60
	f.Members[3].Person = f.Members[0].Person
	if i = play(t, f, always(), noon, tries); i.After() != reachability.Never || len(i.Rings) != 2 {
		t.Errorf("one of two is not enough, and the policy rings once: %+v", i)
	}
}

// What happens at the same instant has an order, which no number of a database decides.
func TestAtTheSameInstant(t *testing.T) {
	noon := at("2026-03-02 12:00")
	slow := reachability.Model{Awake: reachability.Chance{Answers: 1, Least: 90 * time.Second}}
	if i := play(t, facts("fix: maria jan"), slow, noon); len(i.Rings) != 1 || i.Roles[0].By != "maria" {
		t.Errorf("an answer is heard before the next one is rung: %+v", i)
	}
	together := policy.Policy{Name: "all", Steps: []policy.Step{{Targets: []policy.Target{{Kind: policy.Role, Name: "fix"}}, All: true}}}
	tries := func(g *reachability.Game) { g.Policies = map[string]*policy.Policy{"fix": &together} }
	for _, list := range []string{"fix: maria jan li", "fix: jan li maria", "fix: li maria jan"} {
		if i := play(t, facts(list), always(), noon, tries); i.Roles[0].By != "jan" || len(i.Rings) != 3 {
			t.Errorf("%s: %+v", list, i)
		}
	}
	// Rung again before the answer to the first ring comes, somebody still is one person.
	slow.Awake.Least = 100 * time.Second
	together.Needs, together.Steps[0].All = 2, false
	if i := play(t, facts("fix: maria"), slow, noon, tries); i.After() != reachability.Never || len(i.Rings) != 2 {
		t.Errorf("one answers twice: %+v", i)
	}
}

// world draws people and rules.
func world(t *rapid.T) reachability.Game {
	names := strings.Fields("ann bob cid dan eve fay gus")
	var rosters []string
	for _, role := range []string{"fix", "press", "test"}[:rapid.IntRange(1, 3).Draw(t, "roles")] {
		rosters = append(rosters, role+": "+strings.Join(rapid.SliceOfNDistinct(rapid.SampledFrom(names), 0, 5, rapid.ID[string]).Draw(t, role), " "))
	}
	f := facts(rosters...)
	zones := []string{"Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"}
	for i := range names {
		zone, from := rapid.SampledFrom(zones).Draw(t, "zone"), rapid.IntRange(0, 24*60-1).Draw(t, "quiet from")
		until := (from + rapid.IntRange(1, 600).Draw(t, "quiet for")) % (24 * 60)
		for k := range f.Members {
			if m := &f.Members[k]; m.Person.Handle == names[i] {
				m.Person.Zone = zone
				f.Consents[m.Person.ID] = oncall.Consent{Terms: oncall.Terms{QuietFrom: &from, QuietUntil: &until, QuietSev1: from%2 == 0}}
			}
		}
	}
	for k := range f.Members {
		if rapid.IntRange(0, 5).Draw(t, "yes") == 0 {
			f.Members[k].AgreedAt = nil
		}
	}
	chance := func(name string) reachability.Chance {
		return reachability.Chance{Answers: rapid.Float64Range(0, 1).Draw(t, name), Least: time.Duration(rapid.IntRange(1, 200).Draw(t, "least")) * time.Second,
			Mean: time.Duration(rapid.IntRange(0, 300).Draw(t, "mean")) * time.Second}
	}
	g := reachability.Game{
		Facts: f, Model: reachability.Model{Awake: chance("awake"), Asleep: chance("asleep")}, Seed: rapid.Uint64().Draw(t, "seed"),
		Severity: rapid.IntRange(1, 2).Draw(t, "severity"), Hours: rapid.IntRange(1, 4).Draw(t, "hours"), Runs: rapid.IntRange(1, 3).Draw(t, "runs"),
		Within: time.Duration(rapid.IntRange(1, 120).Draw(t, "within")) * time.Minute,
		From:   newYear.Add(time.Duration(rapid.IntRange(0, 9000).Draw(t, "from")) * time.Hour),
	}
	if rapid.Bool().Draw(t, "policy") {
		p := policy.Policy{Name: "x", Repeats: rapid.IntRange(0, 3).Draw(t, "repeats"), Needs: rapid.IntRange(0, 2).Draw(t, "needs")}
		for range rapid.IntRange(1, 3).Draw(t, "steps") {
			p.Steps = append(p.Steps, policy.Step{
				Targets: []policy.Target{{Kind: policy.Role, Name: rapid.SampledFrom(f.Roles).Draw(t, "target").Name}},
				All:     rapid.Bool().Draw(t, "together"), Wait: time.Duration(rapid.IntRange(0, 300).Draw(t, "wait")) * time.Second,
			})
		}
		g.Policies = map[string]*policy.Policy{f.Roles[0].Name: &p}
	}
	return g
}

// Whatever the people and the rules: nobody is rung for a role that is filled, nobody in
// quiet hours or without a yes, and whoever fills a role was rung for it before.
func TestPlayProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := world(t)
		people, yes := map[int64]oncall.Person{}, map[int64]bool{}
		for _, m := range g.Facts.Members {
			people[m.Person.ID] = m.Person
			yes[m.Person.ID] = yes[m.Person.ID] || m.Active()
		}
		for _, i := range all(t, g) {
			last := time.Duration(0)
			for _, r := range i.Rings {
				p, now := people[r.Person], i.At.Add(r.After)
				if ok, why := g.Facts.Consents[p.ID].Allows(now, p.Zone, g.Severity, "", 0); !ok || !yes[p.ID] {
					t.Fatalf("rings %s, who %s, at %s", p.Handle, why, now)
				}
				if r.Asleep == p.Awake(now) {
					t.Fatalf("%s is awake: %v", p.Handle, !r.Asleep)
				}
				if r.After < last || r.After > g.Within {
					t.Fatalf("rings after %s, then after %s", last, r.After)
				}
				last = r.After
			}
			for _, o := range i.Roles {
				rung := map[int64]bool{}
				for _, r := range i.Rings {
					if r.Role != o.Role {
						continue
					}
					if r.After >= o.After {
						t.Fatalf("%s is filled after %s, and rung for after %s", o.Role, o.After, r.After)
					}
					rung[r.Person] = true
				}
				by := slices.ContainsFunc(i.Rings, func(r reachability.Ring) bool {
					return r.Role == o.Role && people[r.Person].Handle == o.By && r.After+min(g.Model.Awake.Least, g.Model.Asleep.Least) <= o.After
				})
				if o.People != len(rung) || by == (o.After == reachability.Never) {
					t.Fatalf("%+v, by the rings %+v", o, i.Rings)
				}
			}
		}
	})
}

// The same seed is the same play: twice, hour by hour, and with the people in another
// order and under other numbers, as they are in another database.
func TestPlayDependsOnNothingElse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := world(t)
		want := all(t, g)
		if diff := cmp.Diff(want, all(t, g)); diff != "" {
			t.Fatal(diff)
		}
		var byHour []reachability.Incident
		for h := range g.Hours {
			one := g
			one.From, one.Hours = g.From.Add(time.Duration(g.Hours-1-h)*time.Hour), 1
			byHour = append(all(t, one), byHour...)
		}
		if diff := cmp.Diff(want, byHour); diff != "" {
			t.Fatal(diff)
		}
		other := g
		renumber := rapid.Permutation([]int64{11, 12, 13, 14, 15, 16, 17}).Draw(t, "numbers")
		other.Facts.Members = rapid.Permutation(slices.Clone(g.Facts.Members)).Draw(t, "order")
		other.Facts.Consents = map[int64]oncall.Consent{}
		for k := range other.Facts.Members {
			p := &other.Facts.Members[k].Person
			other.Facts.Consents[renumber[p.ID-1]] = g.Facts.Consents[p.ID]
			p.ID = renumber[p.ID-1]
		}
		got := all(t, other)
		for n, i := range want {
			for k := range i.Rings {
				i.Rings[k].Person = renumber[i.Rings[k].Person-1]
			}
			if diff := cmp.Diff(i, got[n]); diff != "" {
				t.Fatal(diff)
			}
		}
	})
}

// Answers are as likely and as late as the model says, by themselves and for one person.
func TestAnswersAreThoseOfTheModel(t *testing.T) {
	f := facts("fix: maria")
	g := reachability.Game{Facts: f, Model: reachability.Default(), Severity: 1, From: newYear, Hours: 5000, Runs: 4, Within: 80 * time.Second}
	// Within 80 seconds nobody is rung twice, so what answers is the first ring.
	var n, answered [2]float64
	for _, i := range all(t, g) {
		k := 0
		if i.Rings[0].Asleep {
			k = 1
		}
		n[k]++
		if i.After() != reachability.Never {
			answered[k]++
		}
	}
	// 0.65 of them, but only those who take no more than 80 s: 1-exp(-62/90), 1-exp(-20/240).
	between(t, "awake", answered[0]/n[0], 0.65*0.498*0.95, 0.65*0.498*1.05)
	between(t, "asleep", answered[1]/n[1], 0.40*0.080*0.8, 0.40*0.080*1.2)
}

func TestAReportSaysWhereItHangs(t *testing.T) {
	f := facts("fix: maria jan", "press:")
	f.Members[0].Person.Zone = "Asia/Tokyo" // jan is alone awake from 14 to 22 UTC, and nobody is from 22 to 23
	g := checked(t, reachability.Game{Facts: f, Model: always(), Severity: 1, From: newYear, Hours: 14 * 24, Runs: 1, Within: time.Minute, Roles: []string{"fix"}})
	r, err := g.Play(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	text := r.Text()
	for _, want := range []string{
		"336 incidents of severity 1, 1 in each hour from 2026-01-01 00:00 to 2026-01-15 00:00 UTC, seed 0.\n",
		"fix was not filled within 1 minute in 14 incidents, first at 2026-01-01 22:00, 2026-01-02 22:00",
		"Mon 22:00  mean never, p95 never, never 100 %  fix: 0 of 2 awake\n",
		"and by none of those who are asleep.\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	i := slices.IndexFunc(r.Weak, func(w reachability.Weak) bool { return w.At.String() == "Tue 22:00" })
	if i < 0 || i > 6 || r.Weak[i].Role != "fix" || r.Weak[i].Awake != 0 || r.Weak[i].Able != 2 {
		t.Errorf("%d: %+v", i, r.Weak)
	}
	if i := slices.IndexFunc(r.Weak, func(w reachability.Weak) bool { return w.Never == 0 }); i != 7 || fmt.Sprint(r.Weak[i].By) != "[{jan 1}]" && fmt.Sprint(r.Weak[i].By) != "[{maria 1}]" {
		t.Errorf("%d: %+v", i, r.Weak)
	}
	b, err := json.Marshal(r)
	for _, want := range []string{`"hour":"Tue 22:00 UTC","median":null`, `"first_never":["2026-01-01T22:00:00Z"`, `"awake":{"answers":1,"least_seconds":10,"mean_further_seconds":0}`} {
		if err != nil || !strings.Contains(string(b), want) {
			t.Errorf("%v: %s is missing in %s", err, want, b)
		}
	}
}
