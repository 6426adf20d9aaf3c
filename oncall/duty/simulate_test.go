package duty_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"batsignal/oncall"
	"batsignal/oncall/duty"
	"batsignal/oncall/policy"
)

// happens writes events as one reads them.
func happens(events []duty.Event) string {
	var b strings.Builder
	for _, e := range events {
		fmt.Fprintf(&b, "%s %s", e.At.Format("15:04:05"), e.Words)
		if len(e.Rooms) > 0 {
			fmt.Fprintf(&b, " Tells %s.", oncall.JoinNames(e.Rooms))
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestSimulate(t *testing.T) {
	f := onBy(facts("maria jan li"), "weekly", "fix", 2, 3)
	shifts := f.Plan.(plan).on["weekly"]
	shifts[0].Until = noon.Add(4 * time.Minute) // then jan's shift ends
	f.Members[0].Person.Wakes, f.Members[0].Person.Sleeps = 0, 12*60+8
	f.Roles = []oncall.Role{{Name: "fix", PatienceSev1: 90 * time.Second, Patience: 5 * time.Minute}}
	got := happens(f.Simulate(duty.Ask{Role: "fix", Severity: 1}, noon, noon.Add(time.Hour), 8))
	want := `12:00:00 Rings jan (on by weekly), and waits 90 seconds.
12:01:30 Rings li (on by weekly), and waits 90 seconds.
12:03:00 Rings maria (on the roster), and waits 90 seconds.
12:04:30 Nobody has answered. Rings li (on by weekly), and waits 90 seconds.
12:06:00 Rings maria (on the roster), and waits 90 seconds.
12:07:30 Rings jan (on the roster), and waits 90 seconds.
12:09:00 Nobody has answered. Round 3 begins in 90 seconds.
12:10:30 Rings li (on by weekly), and waits 90 seconds.
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSimulateAPolicy(t *testing.T) {
	p := steps(
		policy.Step{Targets: []policy.Target{{Kind: policy.Person, Name: "li"}, {Kind: policy.Room, Name: "#dev"}}, Wait: 20 * time.Second},
		policy.Step{Targets: []policy.Target{{Kind: policy.Room, Name: "#ops"}}},
		policy.Step{Targets: []policy.Target{{Kind: policy.Role, Name: "fix"}}, All: true, Wait: 2 * time.Hour},
		policy.Step{Targets: []policy.Target{{Kind: policy.Room, Name: "#all"}}},
	)
	p.Repeats = 2
	got := happens(facts("maria jan/asleep li").Simulate(duty.Ask{Role: "fix", Severity: 2, Policy: &p}, noon, noon.Add(48*time.Hour), 100))
	want := `12:00:00 Rings li (asked for by name), and waits 20 seconds. Tells #dev.
12:00:20 Rings maria and jan (asleep), and waits 2 hours. Tells #ops.
14:00:20 Nobody has answered. Rings li (asked for by name), and waits 20 seconds. Tells #all and #dev.
14:00:40 Rings maria and jan (asleep), and waits 2 hours. Tells #ops.
16:00:40 Nobody has answered. I stop ringing. Tells #all.
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSimulateNobody(t *testing.T) {
	events := facts("maria/away").Simulate(duty.Ask{Role: "fix", Severity: 1}, noon, noon.Add(time.Hour), 2)
	if got, want := happens(events), "12:00:00 Nobody can be rung.\n12:10:00 Nobody can be rung.\n"; got != want {
		t.Error(got)
	}
	if len(events) == 0 || len(events[0].LeftOut) != 1 {
		t.Error("nobody is told why")
	}
}

// A simulated hunt passes nobody over within a round and goes on for ever, unless its
// policy says how often.
func TestSimulateProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var words []string
		for i := range rapid.IntRange(1, 6).Draw(t, "people") {
			words = append(words, fmt.Sprintf("p%d%s", i+1, rapid.SampledFrom([]string{"", "/asleep", "/away", "/limit", "/owns:x"}).Draw(t, "is")))
		}
		f := onBy(facts(strings.Join(words, " ")), "weekly", "fix", rapid.SliceOfNDistinct(rapid.Int64Range(1, 6), 0, 3, rapid.ID[int64]).Draw(t, "on")...)
		until := noon.Add(30 * time.Minute) // nobody who is away comes back
		events := f.Simulate(duty.Ask{Role: "fix", Severity: 2}, noon, until, 1000)
		able := len(f.Rank(duty.Ask{Role: "fix", Severity: 2}, noon).People)
		rung := map[int]map[int64]bool{}
		last := events[len(events)-1]
		if last.Stop || last.At.Add(last.Wait).Before(until) {
			t.Fatalf("it ends:\n%s", happens(events))
		}
		for _, e := range events {
			if rung[e.Round] == nil {
				rung[e.Round] = map[int64]bool{}
			}
			for _, p := range e.Ring {
				if rung[e.Round][p.Person.ID] {
					t.Fatalf("%s is rung twice in round %d:\n%s", p.Handle(), e.Round, happens(events))
				}
				rung[e.Round][p.Person.ID] = true
			}
			if len(e.Ring) > 0 && e.Round > 1 && len(rung[e.Round-1]) != able {
				t.Fatalf("round %d rang %d of %d:\n%s", e.Round-1, len(rung[e.Round-1]), able, happens(events))
			}
		}
	})
}
