package reachability_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	_ "time/tzdata" // the zones are the same on every machine that tests

	"batsignal/oncall/policy"
	"batsignal/oncall/reachability"
)

var newYear = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// crowdYear is the year that our promises are measured by.
func crowdYear(hours, runs int) reachability.Game {
	return reachability.Game{
		ModelCrowd: true, Model: reachability.Default(), Seed: 1, Severity: 1,
		From: newYear, Hours: hours, Runs: runs, Within: reachability.DefaultWithin,
	}
}

func checked(t failing, g reachability.Game) reachability.Game {
	t.Helper()
	g, err := g.Checked()
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func minutes(t reachability.Took) float64 { return time.Duration(t).Minutes() }

func between(t *testing.T, what string, got, least, most float64) {
	t.Helper()
	if got < least || got > most {
		t.Errorf("%s: %.2f, and should be from %.2f to %.2f", what, got, least, most)
	}
}

// The figures that the default policy is chosen for: 4 minutes, 10 for all but one in
// twenty, and 0.6 sleepers, against 13, 30 and 3.7 of a list with steps of 5 minutes, and
// 15 sleepers if everybody is rung. The seed is fixed, so this fails by a change and never
// by chance; the room is what the figures were rounded by.
func TestTheDefaultPolicyKeepsItsPromise(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	r, err := checked(t, crowdYear(365*24, 2)).Play(ctx)
	if err != nil {
		t.Fatal(err)
	}
	between(t, "all roles, median", minutes(r.All.Median), 3, 4.5)
	between(t, "all roles, p95", minutes(r.All.P95), 6, 10.5)
	between(t, "sleepers woken", r.Sleepers, 0.2, 0.65)
	if r.All.Never > 0 {
		t.Errorf("not all roles were filled in %d incidents", r.All.Never)
	}

	others, err := checked(t, crowdYear(1500, 2)).Compare(ctx)
	if err != nil {
		t.Fatal(err)
	}
	between(t, "at once, median", minutes(others[0].All.Median), 1.2, 1.6)
	between(t, "at once, sleepers", others[0].Sleepers, 14.5, 15.5)
	between(t, "by list, median", minutes(others[1].All.Median), 12, 14)
	between(t, "by list, p95", minutes(others[1].All.P95), 27, 33)
	between(t, "by list, sleepers", others[1].Sleepers, 3.5, 3.9)
}

// The crowd and the answers are those of the model: reckoned with nothing of ours, in the
// order that the default policy promises, the figures are the same.
func TestTheModelReckonedByHand(t *testing.T) {
	t.Parallel()
	const incidents, patience = 20_000, 1.5
	chance := rand.New(rand.NewPCG(7, 7))
	offsets := []float64{-8, -5, 0, 1, 5.5, 9}
	var took []float64
	woken := 0
	for range incidents {
		at, slowest := chance.Float64()*24, 0.0
		for range 5 {
			up := 0 // of the 8
			for range 8 {
				if clock := at + 24 + offsets[chance.IntN(6)]; clock-24*float64(int(clock/24)) >= 8 && clock-24*float64(int(clock/24)) < 23 {
					up++
				}
			}
			filled, begins := 1e9, 0.0
			for ring := 0; begins < filled; ring++ {
				likely, least, mean := 0.65, 0.3, 1.5
				if ring%8 >= up {
					likely, least, mean = 0.40, 1.0, 4.0
					if ring < 8 {
						woken++
					}
				}
				if chance.Float64() < likely {
					filled = min(filled, begins+least+chance.ExpFloat64()*mean)
				}
				begins += patience
			}
			slowest = max(slowest, filled)
		}
		took = append(took, slowest)
	}
	slices.Sort(took)
	r, err := checked(t, crowdYear(365*24, 1)).Play(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what       string
		ours, hand float64
	}{
		{"median", minutes(r.All.Median), took[incidents/2]},
		{"p95", minutes(r.All.P95), took[incidents*95/100]},
		{"sleepers", r.Sleepers, float64(woken) / incidents},
	} {
		between(t, c.what, c.ours, c.hand*0.93, c.hand*1.07)
	}
}

// A policy may ring people of another role of the crowd, who are the same people then.
func TestACrowdOfSeveralRoles(t *testing.T) {
	g := crowdYear(24, 1)
	g.Roles = []string{"coordination", "communications"}
	apart := all(t, g)
	g.Policies = map[string]*policy.Policy{"coordination": {Name: "x", Steps: []policy.Step{
		{Targets: []policy.Target{{Kind: policy.Role, Name: "quality-assurance"}}},
	}}}
	for n, i := range all(t, g) {
		for _, r := range i.Rings {
			if lowest := map[string]int64{"coordination": 25, "communications": 9}[r.Role]; r.Person < lowest || r.Person > lowest+7 {
				t.Errorf("rings %+v", r)
			}
		}
		if i.Roles[1] != apart[n].Roles[1] {
			t.Errorf("communications: %+v, and before %+v", i.Roles[1], apart[n].Roles[1])
		}
	}
}

// BenchmarkYear plays 5 roles of 8 people in every hour of a year. It is to take 20 s at
// most, on one processor.
func BenchmarkYear(b *testing.B) {
	g := checked(b, crowdYear(365*24, 1))
	for b.Loop() {
		if _, err := g.Play(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
