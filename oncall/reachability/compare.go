package reachability

import (
	"context"
	"time"

	"batsignal/oncall"
	"batsignal/oncall/duty"
	"batsignal/oncall/policy"
)

// Compared is what another way to ring the same people gives, under the same answers.
type Compared struct {
	Way      string  `json:"way"`
	All      Figures `json:"all_roles"`
	Sleepers float64 `json:"sleepers_woken_per_incident"`
	Rings    float64 `json:"rings_per_incident"`
}

// slowStep is how long the ways that we compare with wait for an answer: the usual
// length of a step elsewhere.
const slowStep = 5 * time.Minute

// Compare plays the game again in the two ways that people do it elsewhere: everybody of
// a role at once, and one after the other as they stand in the list, 5 minutes each. Both
// are policies like any other, and the code that plays them is the same.
func (g Game) Compare(ctx context.Context) ([]Compared, error) {
	var out []Compared
	for _, way := range []struct {
		name string
		of   func(f duty.Facts, role oncall.Role) policy.Policy
	}{{"all of a role at once", together}, {"one by one down the list, 5 minutes each", byList}} {
		other := g
		other.Policies = map[string]*policy.Policy{}
		for _, r := range g.roles {
			p := way.of(g.facts(&dice{}, g.From, r), r)
			other.Policies[r.Name] = &p
		}
		r, err := other.Play(ctx)
		if err != nil {
			return nil, err
		}
		out = append(out, Compared{Way: way.name, All: r.All, Sleepers: r.Sleepers, Rings: r.Rings})
	}
	return out, nil
}

func together(_ duty.Facts, r oncall.Role) policy.Policy {
	return policy.Policy{Title: "everybody at once", Steps: []policy.Step{
		{Targets: []policy.Target{{Kind: policy.Role, Name: r.Name}}, Wait: slowStep, All: true},
	}}
}

func byList(f duty.Facts, r oncall.Role) policy.Policy {
	p := policy.Policy{Title: "one by one"}
	for _, m := range f.Members { // by place
		if m.Role == r.Name && m.Active() {
			p.Steps = append(p.Steps, policy.Step{Targets: []policy.Target{{Kind: policy.Person, Name: m.Person.Handle}}, Wait: slowStep})
		}
	}
	return p
}
