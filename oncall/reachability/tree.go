package reachability

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"batsignal/oncall"
	"batsignal/oncall/civil"
	"batsignal/oncall/duty"
	"batsignal/oncall/fault"
	"batsignal/oncall/policy"
	"batsignal/oncall/rota"
	"batsignal/oncall/skill"
	"batsignal/oncall/tree"
)

// FactsOf makes facts of a file as batsignal export writes it. Everybody on a roster
// counts as somebody who said yes and sets no terms; nobody is away, and no shift is
// changed: all of that is not in such a file. The error is fault.Invalid.
func FactsOf(f tree.File) (duty.Facts, error) {
	facts := duty.Facts{Prefers: map[string][][]string{}, Labels: map[int64]skill.Set{}}
	if len(f.People) == 0 || len(f.Roles) == 0 {
		return facts, fault.New(fault.Invalid, "The file needs the sections people and roles. batsignal export writes all of them.")
	}
	people, ids := map[string]oncall.Person{}, map[string]int64{}
	for i, x := range f.People {
		p, err := personOf(x)
		if err != nil {
			return facts, err
		}
		p.ID = int64(i + 1)
		people[p.Handle], ids[p.Handle] = p, p.ID
		labels := skill.Set{}
		for _, l := range x.Labels {
			labels[l] = true
		}
		facts.Labels[p.ID] = labels
	}
	if err := addSchedules(&facts, f, ids); err != nil {
		return facts, err
	}
	listed := map[int64]bool{}
	for _, x := range f.Roles {
		if err := addRole(&facts, x, people); err != nil {
			return facts, err
		}
		for _, handle := range x.Members {
			listed[ids[handle]] = true
		}
	}
	for _, x := range f.People { // they can be on by a schedule, and are named as those who did not say yes
		if p := people[x.Handle]; !listed[p.ID] {
			facts.Strangers = append(facts.Strangers, p)
		}
	}
	var err error
	facts.Policies.Policies, err = PoliciesOf(f)
	return facts, err
}

func personOf(x tree.Person) (oncall.Person, error) {
	p := oncall.Person{Handle: x.Handle, Zone: cmp.Or(x.Zone, "UTC")}
	var err error
	if _, err = civil.Zone(p.Zone); err == nil {
		p.Wakes, p.Sleeps, err = oncall.ParseHours(cmp.Or(x.Awake, "07:00-23:00"))
	}
	if err != nil {
		return p, fault.New(fault.Invalid, "What is said of %s is wrong: %s", x.Handle, fault.Say(err))
	}
	return p, nil
}

func addRole(facts *duty.Facts, x tree.Role, people map[string]oncall.Person) error {
	facts.Roles = append(facts.Roles, oncall.Role{
		Name: x.Name, Title: x.Title, Leads: x.Leads, Patience: x.Patience, PatienceSev1: x.PatienceSev1, Minimum: x.Minimum,
	})
	facts.Prefers[x.Name] = x.Prefers
	var long time.Time // ago; all that counts is that it is there
	for place, handle := range x.Members {
		p, known := people[handle]
		if !known {
			return fault.New(fault.Invalid, "The role %s names %s, who is not among the people of the file.", x.Name, handle)
		}
		facts.Members = append(facts.Members, oncall.Member{Role: x.Name, Place: place + 1, Person: p, AgreedAt: &long, ApprovedAt: &long})
	}
	for _, severity := range slices.Sorted(maps.Keys(x.Policies)) {
		facts.Policies.Uses = append(facts.Policies.Uses, policy.Use{Role: x.Name, Severity: severity, Policy: x.Policies[severity]})
	}
	return nil
}

func addSchedules(facts *duty.Facts, f tree.File, ids map[string]int64) error {
	var book rota.Book
	for i, x := range f.Schedules {
		s, err := x.Rules(ids)
		if err == nil {
			err = s.Check()
		}
		if err != nil {
			return fault.New(fault.Invalid, "Schedule %s: %s", x.Name, fault.Say(err))
		}
		s.ID = int64(i + 1)
		book.Schedules = append(book.Schedules, s)
	}
	facts.Plan = book
	return nil
}

// PoliciesOf reads the policies of a file. The error is fault.Invalid.
func PoliciesOf(f tree.File) ([]policy.Policy, error) {
	var out []policy.Policy
	for _, x := range f.Policies {
		p, err := x.Rules()
		if err == nil {
			err = p.Check()
		}
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}
