package tree

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/policy"
)

// checker looks for what is wrong with a wanted tree in the world as it is.
type checker struct {
	before, wanted File // wanted has only the sections of the file
	all            File // wanted, and what is there already for the other sections
	people         map[string]oncall.Person
	ids            map[string]int64
	missing        map[string]int // handles that are nobody's, and where they stand first
	problems       []Problem
}

func (c *checker) add(line int, format string, args ...any) {
	p := Problem{Line: max(line, 0), Says: fmt.Sprintf(format, args...)}
	if !slices.Contains(c.problems, p) {
		c.problems = append(c.problems, p)
	}
}

// check finds everything that is wrong with a wanted tree, before anything is tried. It
// puts handles in the place of accounts.
func (s *Service) check(ctx context.Context, db pg.DB, by oncall.Actor, before, wanted File) (*checker, error) {
	people, err := oncall.People(ctx, db)
	if err != nil {
		return nil, err
	}
	c := &checker{before: before, wanted: wanted.tidy().marked(), people: map[string]oncall.Person{}, ids: map[string]int64{}, missing: map[string]int{}}
	for _, p := range people {
		c.people[p.Handle], c.ids[p.Handle] = p, p.ID
	}
	if err := c.nameOwners(ctx, db, by); err != nil {
		return nil, err
	}
	c.all = overlay(before, c.wanted)
	c.roles(s.RolesGiven)
	c.schedules()
	c.policies()
	c.labels()
	if err := c.components(ctx, db); err != nil {
		return nil, err
	}
	for _, handle := range slices.Sorted(maps.Keys(c.missing)) {
		c.add(c.missing[handle], "There is nobody called %s%s They come by an invitation (!roster invite ROLE) or by batsignal roster import.",
			oncall.Clip(handle, 40), meant(handle, slices.Sorted(maps.Keys(c.people))))
	}
	return c, nil
}

// overlay is what a tree looks like with the sections of another in place of its own.
func overlay(before, wanted File) File {
	all := before
	if wanted.Roles != nil {
		all.Roles = wanted.Roles
	}
	if wanted.Schedules != nil {
		all.Schedules = wanted.Schedules
	}
	if wanted.Policies != nil {
		all.Policies = wanted.Policies
	}
	if wanted.Labels != nil {
		all.Labels = wanted.Labels
	}
	if wanted.Components != nil {
		all.Components = wanted.Components
	}
	if wanted.People != nil {
		all.People = slices.Clone(before.People)
		for i, p := range all.People {
			for _, w := range wanted.People {
				if w.Handle == p.Handle {
					all.People[i] = p.with(w)
				}
			}
		}
	}
	return all.tidy()
}

// with is what is known of somebody after what a file says of them.
func (x Person) with(w Person) Person {
	x.line = w.line
	for _, f := range []struct{ to, from *string }{
		{&x.Name, &w.Name}, {&x.Zone, &w.Zone}, {&x.Awake, &w.Awake}, {&x.Work, &w.Work}, {&x.Languages, &w.Languages}, {&x.Region, &w.Region},
	} {
		if *f.from != "" {
			*f.to = *f.from
		}
		if *f.to == None && f.to != &x.Name {
			*f.to = ""
		}
	}
	switch {
	case len(w.Labels) > 0:
		x.Labels = w.Labels
	case w.Labels != nil:
		x.Labels = nil
	}
	return x
}

// person notes a handle that is nobody's.
func (c *checker) person(handle string, line int) {
	if _, known := c.people[handle]; known {
		return
	}
	if at, noted := c.missing[handle]; !noted || line < at {
		c.missing[handle] = line
	}
}

func namesOf[T any](list []T, name func(T) string) (names []string) {
	for _, x := range list {
		names = append(names, name(x))
	}
	return names
}

func roleNames(f File) []string { return namesOf(f.Roles, func(x Role) string { return x.Name }) }
func scheduleNames(f File) []string {
	return namesOf(f.Schedules, func(x Schedule) string { return x.Name })
}
func policyNames(f File) []string {
	return namesOf(f.Policies, func(x Policy) string { return x.Name })
}
func labelNames(f File) []string { return namesOf(f.Labels, func(x Label) string { return x.Name }) }

// known wants a name to be there. What refers to it stands at a line, or is not in the
// file: then it is only wrong if the file takes away what it refers to.
func (c *checker) known(line int, what, kind, name string, before, after []string) {
	switch {
	case slices.Contains(after, name):
	case slices.Contains(before, name):
		c.add(line, "%s needs the %s %s, which the file does not have any more.", what, kind, name)
	case line != 0:
		c.add(line, "%s: there is no %s %q%s", what, kind, oncall.Clip(name, 40), meant(name, after))
	}
}

func (c *checker) schedules() {
	for _, x := range c.wanted.Schedules {
		for _, l := range x.Layers {
			for _, m := range l.Members {
				c.person(m, l.line)
			}
		}
		s, err := x.Rules(c.ids)
		if err == nil {
			err = s.Check()
		}
		if err != nil {
			c.add(x.line, "Schedule %s: %s", oncall.Clip(x.Name, 48), fault.Say(err))
		}
	}
	for _, x := range c.all.Schedules {
		if x.Role != "" {
			c.known(x.line, "The schedule "+x.Name, "role", x.Role, roleNames(c.before), roleNames(c.all))
		}
	}
}

func (c *checker) policies() {
	for _, x := range c.wanted.Policies {
		p, err := x.Rules()
		if err == nil {
			err = p.Check()
		}
		if err != nil {
			c.add(x.line, "%s", fault.Say(err))
		}
	}
	for _, x := range c.all.Policies {
		p, _ := x.Rules()
		for _, s := range p.Steps {
			for _, t := range s.Targets {
				switch t.Kind {
				case policy.Role:
					c.known(x.line, "The policy "+x.Name, "role", t.Name, roleNames(c.before), roleNames(c.all))
				case policy.Schedule:
					c.known(x.line, "The policy "+x.Name, "schedule", t.Name, scheduleNames(c.before), scheduleNames(c.all))
				case policy.Person:
					if x.line != 0 {
						c.person(t.Name, x.line)
					}
				}
			}
		}
	}
}

func (c *checker) labels() {
	for _, p := range c.wanted.People {
		c.person(p.Handle, p.line)
	}
	for _, p := range c.all.People {
		for _, l := range p.Labels {
			if p.line != 0 { // others lose a label that goes
				c.known(p.line, p.Handle, "label", l, nil, labelNames(c.all))
			}
		}
	}
}
