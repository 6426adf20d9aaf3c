package duty_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"batsignal/oncall"
	"batsignal/oncall/duty"
	"batsignal/oncall/policy"
	"batsignal/oncall/schedule"
	"batsignal/oncall/skill"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// plan is who is on and who is away, as a test wants it.
type plan struct {
	schedules []schedule.Schedule
	on        map[string][]schedule.Shift
	away      map[int64]time.Time
}

func (p plan) OfRole(role string) (of []schedule.Schedule) {
	for _, s := range p.schedules {
		if s.Role == role {
			of = append(of, s)
		}
	}
	return of
}

func (p plan) Named(name string) (schedule.Schedule, bool) {
	i := slices.IndexFunc(p.schedules, func(s schedule.Schedule) bool { return s.Name == name })
	if i < 0 {
		return schedule.Schedule{}, false
	}
	return p.schedules[i], true
}

func (p plan) Onward(s schedule.Schedule, at time.Time) (on []schedule.Shift) {
	for _, shift := range p.on[s.Name] {
		if !shift.From.After(at) && (shift.Until.IsZero() || at.Before(shift.Until)) {
			on = append(on, shift)
		}
	}
	return on
}

func (p plan) Who(s schedule.Schedule, at time.Time) []schedule.Shift { return p.Onward(s, at) }

func (p plan) Away(person int64, at time.Time) (time.Time, bool) {
	until, away := p.away[person]
	return until, away && at.Before(until)
}

// facts makes facts out of words. Each word is somebody on the roster of "fix", numbered
// from 1: "maria", "jan/asleep", "li/away", "tom/unapproved", "ann/other" (on the roster of
// "other" instead), "eve/skill:security-expert", "kim/owns:openssl".
func facts(words string) duty.Facts {
	p := plan{on: map[string][]schedule.Shift{}, away: map[int64]time.Time{}}
	f := duty.Facts{Labels: map[int64]skill.Set{}, Owns: map[int64][]string{}, Consents: map[int64]oncall.Consent{}, Calls: map[int64]int{}}
	for i, word := range strings.Fields(words) {
		parts := strings.Split(word, "/")
		m := oncall.Member{Role: "fix", Place: i + 1, Person: oncall.Person{ID: int64(i + 1), Handle: parts[0], Zone: "UTC"}, AgreedAt: &noon, ApprovedAt: &noon}
		for _, part := range parts[1:] {
			what, value, _ := strings.Cut(part, ":")
			switch what {
			case "asleep":
				m.Person.Wakes, m.Person.Sleeps = 0, 6*60
			case "away":
				p.away[m.Person.ID] = noon.Add(time.Hour)
			case "unapproved":
				m.ApprovedAt = nil
			case "lapsed":
				m.LapsedAt = &noon
			case "quiet": // from 11 to 13, but for severity 1
				from, until := 11*60, 13*60
				f.Consents[m.Person.ID] = oncall.Consent{Terms: oncall.Terms{QuietFrom: &from, QuietUntil: &until, QuietSev1: true}}
			case "limit": // 2 calls, which were had
				calls := 2
				f.Consents[m.Person.ID], f.Calls[m.Person.ID] = oncall.Consent{Terms: oncall.Terms{Calls: &calls}}, 2
			case "other":
				m.Role = "other"
			case "skill":
				f.Labels[m.Person.ID] = skill.Set{value: true}
			case "owns":
				f.Owns[m.Person.ID] = []string{value}
			}
		}
		f.Members = append(f.Members, m)
	}
	f.Plan = p
	return f
}

// onBy adds a schedule of the role, with who is on by it, in order; a hyphen before a
// number is somebody away, a shadow has a zero added.
func onBy(f duty.Facts, name, role string, people ...int64) duty.Facts {
	p := f.Plan.(plan)
	p.on = maps.Clone(p.on)
	p.schedules = append(slices.Clone(p.schedules), schedule.Schedule{ID: int64(len(p.schedules) + 1), Name: name, Role: role})
	for i, person := range people {
		p.on[name] = append(p.on[name], schedule.Shift{Layer: fmt.Sprint(i + 1), Person: max(person, -person), Away: person < 0, From: noon.Add(-time.Hour)})
	}
	f.Plan = p
	return f
}

// told writes a ranking as one reads it: tiers with a bar between them, then who is
// left out.
func told(r duty.Ranking) string {
	var b strings.Builder
	tier := 0
	for _, p := range r.People {
		if tier != 0 && p.Tier != tier {
			b.WriteString("| ")
		}
		tier = p.Tier
		b.WriteString(p.Handle() + " ")
	}
	for _, l := range r.LeftOut {
		fmt.Fprintf(&b, "(%s %s) ", l.Handle, l.Reason)
	}
	return strings.TrimSpace(b.String())
}

func TestRankByTheBuiltinPolicy(t *testing.T) {
	f := facts("maria jan/asleep li")
	for _, c := range []struct {
		story string
		facts duty.Facts
		want  string
	}{
		{"a pool: who is awake, then by the list", facts("maria/asleep jan li"), "jan li maria"},
		{"who was not let in is not there", facts("maria/unapproved jan"), "jan"},
		{"who is away is left out, and it is said", facts("maria/away jan"), "jan (maria away)"},
		{"also when that is everybody", facts("maria/away"), "(maria away)"},
		{"who is on comes first, even asleep", onBy(f, "weekly", "fix", 2), "jan | maria li"},
		{"by layer", onBy(f, "weekly", "fix", 3, 2), "li jan | maria"},
		{"two schedules: the first layers of both, awake first", onBy(onBy(f, "a", "fix", 2), "b", "fix", 3, 1), "li jan maria"},
		{"a schedule of another role changes nothing", onBy(f, "weekly", "other", 2), "maria li jan"},
		{"on and away: the next layer", onBy(f, "weekly", "fix", -2, 3), "li | maria jan"},
		{"on without a yes", onBy(facts("maria ann/other"), "weekly", "fix", 2), "maria (ann has not said yes)"},
	} {
		if got := told(c.facts.Rank(duty.Ask{Role: "fix", Severity: 1}, noon)); got != c.want {
			t.Errorf("%s: %s", c.story, got)
		}
	}
}

func TestWhoIsOnAndAwayIsSaidOnlyWhereNobodyElseTellsIt(t *testing.T) {
	f := onBy(facts("maria jan"), "weekly", "fix", -2)
	p := f.Plan.(plan)
	p.away[2] = noon.Add(2 * time.Hour)
	r := f.Rank(duty.Ask{Role: "fix"}, noon)
	if got := told(r); got != "maria (jan away)" {
		t.Error(got)
	}
	if got := r.LeftOut[0].Why("Europe/Berlin"); got != "away until Mon 2 Mar 14:00 UTC, 15:00 in Europe/Berlin" {
		t.Error(got)
	}
}

func TestWhoSuitsBetterComesFirst(t *testing.T) {
	f := facts("maria jan/skill:security-expert li/owns:openssl/asleep kim/owns:openssl")
	f.Prefers = map[string][][]string{"fix": {{"owner"}, {"security-expert"}}}
	r := f.Rank(duty.Ask{Role: "fix"}, noon)
	if got := told(r); got != "kim li jan maria" {
		t.Error(got)
	}
	for i, want := range []string{"on the roster, owner of openssl", "on the roster, owner of openssl", "on the roster, security-expert", "on the roster"} {
		if r.People[i].Why != want {
			t.Errorf("%s: %s", r.People[i].Handle(), r.People[i].Why)
		}
	}
	if got := told(onBy(f, "weekly", "fix", 1, 4).Rank(duty.Ask{Role: "fix"}, noon)); got != "maria kim | li jan" {
		t.Errorf("a preference goes before the layers: %s", got)
	}
}

func TestAPromiseIsAPromise(t *testing.T) {
	f := onBy(facts("maria/quiet jan/limit li/lapsed kim/away"), "weekly", "fix", 1)
	if got, want := told(f.Rank(duty.Ask{Role: "fix", Severity: 2}, noon)),
		"(maria quiet hours) (jan has had as many calls as agreed) (li has not said yes again) (kim away)"; got != want {
		t.Error(got)
	}
	if got := told(f.Rank(duty.Ask{Role: "fix", Severity: 1}, noon)); !strings.HasPrefix(got, "maria (") {
		t.Errorf("severity 1 is what they agreed to in quiet hours: %s", got)
	}
	if got := told(f.Rank(duty.Ask{Role: "fix", Severity: 2}, noon.Add(2*time.Hour))); !strings.HasPrefix(got, "maria | kim (") {
		t.Errorf("quiet hours and absences end: %s", got)
	}
	if got := told(f.Rank(duty.Ask{Role: "fix", Severity: 2, Rung: map[int64]bool{2: true}}, noon)); !strings.HasPrefix(got, "jan (") {
		t.Errorf("a call that goes on is not another one: %s", got)
	}
}

func steps(steps ...policy.Step) policy.Policy {
	return policy.Policy{Name: "p", Title: "p", Steps: steps}
}

func step(targets ...policy.Target) policy.Step { return policy.Step{Targets: targets} }

func TestRankByAPolicy(t *testing.T) {
	var (
		person = func(name string) policy.Target { return policy.Target{Kind: policy.Person, Name: name} }
		role   = func(name string) policy.Target { return policy.Target{Kind: policy.Role, Name: name} }
		weekly = policy.Target{Kind: policy.Schedule, Name: "weekly"}
		room   = policy.Target{Kind: policy.Room, Name: "#ops"}
	)
	f := onBy(facts("maria jan/asleep li ann/other tom/other/unapproved"), "weekly", "fix", 3)
	for _, c := range []struct {
		story  string
		policy policy.Policy
		want   string
	}{
		{"step by step, each person once", steps(step(weekly), step(role("fix"), weekly)), "li | maria jan"},
		{"people as they are written", steps(step(person("jan"), person("maria"))), "jan maria"},
		{"who is on, then who is named, then rosters", steps(step(role("fix"), person("jan"), weekly)), "li jan maria"},
		{"another role's roster", steps(step(role("other"), room)), "ann"},
		{"a person of any role", steps(step(person("ann"))), "ann"},
		{"but only with a yes that counts", steps(step(person("tom")), step(person("ann"))), "ann (tom has not said yes)"},
		{"the roster, where the policy reaches nobody", steps(step(person("tom"))), "maria li jan (tom has not said yes)"},
		{"nobody of that name", steps(step(person("zoe")), step(person("ann"))), "ann"},
		{"a schedule that is gone", steps(step(policy.Target{Kind: policy.Schedule, Name: "gone"}), step(weekly)), "li"},
	} {
		if got := told(f.Rank(duty.Ask{Role: "fix", Policy: &c.policy}, noon)); got != c.want {
			t.Errorf("%s: %s", c.story, got)
		}
	}
}

func TestARoleFollowsItsPolicyAtTheSeverity(t *testing.T) {
	f := facts("maria jan")
	one := steps(step(policy.Target{Kind: policy.Person, Name: "jan"}))
	one.Name = "one"
	f.Policies = policy.Set{Policies: []policy.Policy{one}, Uses: []policy.Use{{Role: "fix", Severity: 1, Policy: "one"}}}
	if got := told(f.Rank(duty.Ask{Role: "fix", Severity: 1}, noon)); got != "jan" {
		t.Error(got)
	}
	if got := told(f.Rank(duty.Ask{Role: "fix", Severity: 2}, noon)); got != "maria jan" {
		t.Error(got)
	}
	f.Policies.Uses[0].Severity = 0
	if got := told(f.Rank(duty.Ask{Role: "fix", Severity: 2}, noon)); got != "jan" {
		t.Error(got)
	}
}

func TestSomebodyAskedForByName(t *testing.T) {
	f := facts("maria jan/away")
	if got := told(f.Rank(duty.Ask{Person: "maria"}, noon)); got != "maria" {
		t.Error(got)
	}
	if got := told(f.Rank(duty.Ask{Person: "jan"}, noon)); got != "(jan away)" {
		t.Error(got)
	}
}

func TestWhoIsAwayIsNotAwake(t *testing.T) {
	f := facts("maria/away jan")
	if f.Awake(f.Members[0].Person, noon) || !f.Awake(f.Members[0].Person, noon.Add(time.Hour)) || !f.Awake(f.Members[1].Person, noon) {
		t.Error("away is not awake, until they are back")
	}
	heard := noon
	f.Members[1].Person.HeardAt, f.Members[1].Person.Wakes, f.Members[1].Person.Sleeps = &heard, 600, 660
	if !f.Awake(f.Members[1].Person, noon.Add(time.Minute)) || f.Awake(f.Members[1].Person, noon.Add(-6*time.Hour)) {
		t.Error("a sign of life says something about then, and nothing about hours before")
	}
}

// What must hold of every ranking, whoever there is and whatever the policy.
func TestRankProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var words []string
		for i := range rapid.IntRange(0, 8).Draw(t, "people") {
			word := fmt.Sprintf("p%d", i+1)
			for _, part := range rapid.SliceOfN(rapid.SampledFrom([]string{"asleep", "away", "unapproved", "lapsed", "quiet", "limit", "other", "owns:x"}), 0, 3).Draw(t, "is") {
				word += "/" + part
			}
			words = append(words, word)
		}
		f := facts(strings.Join(words, " "))
		for _, name := range []string{"a", "b"} {
			on := rapid.SliceOfN(rapid.Int64Range(-8, 8), 0, 4).Draw(t, "on by "+name)
			f = onBy(f, name, rapid.SampledFrom([]string{"fix", "other", ""}).Draw(t, "serves"), slices.DeleteFunc(on, func(p int64) bool { return p == 0 })...)
		}
		targets := rapid.SampledFrom([]policy.Target{
			{Kind: policy.Role, Name: "fix"}, {Kind: policy.Role, Name: "other"}, {Kind: policy.Schedule, Name: "a"},
			{Kind: policy.Schedule, Name: "b"}, {Kind: policy.Person, Name: "p1"}, {Kind: policy.Person, Name: "p2"}, {Kind: policy.Room, Name: "#x"},
		})
		var p policy.Policy
		for range rapid.IntRange(1, 4).Draw(t, "steps") {
			p.Steps = append(p.Steps, policy.Step{Targets: rapid.SliceOfN(targets, 1, 3).Draw(t, "targets")})
		}
		r := f.Rank(duty.Ask{Role: "fix", Severity: 1, Policy: &p}, noon)

		seen := map[int64]bool{}
		for i, one := range r.People {
			id := one.Person.ID
			if seen[id] {
				t.Fatalf("%s is there twice: %s", one.Handle(), told(r))
			}
			seen[id] = true
			if _, away := f.Plan.Away(id, noon); away {
				t.Fatalf("%s is away: %s", one.Handle(), told(r))
			}
			if !slices.ContainsFunc(f.Members, func(m oncall.Member) bool { return m.Person.ID == id && m.Active() }) {
				t.Fatalf("%s never said yes: %s", one.Handle(), told(r))
			}
			if one.Place != i+1 || i > 0 && one.Tier < r.People[i-1].Tier {
				t.Fatalf("out of order: %s", told(r))
			}
		}
		for _, l := range r.LeftOut {
			if seen[l.Person] {
				t.Fatalf("%s is there and left out: %s", l.Handle, told(r))
			}
			seen[l.Person] = true
		}
		for _, s := range p.Steps { // nobody who may be rung is missing
			for _, m := range f.Members {
				if slices.Contains(s.Targets, policy.Target{Kind: policy.Role, Name: m.Role}) && m.Active() && !seen[m.Person.ID] {
					t.Fatalf("%s is missing: %s", m.Person.Handle, told(r))
				}
			}
		}
	})
}
