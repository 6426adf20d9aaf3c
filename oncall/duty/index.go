package duty

import (
	"slices"

	"batsignal/oncall"
)

// index finds people among the facts. It is made once: a simulation ranks many times.
type index struct {
	people  map[int64]*oncall.Person
	rosters map[string][]int // places in Facts.Members, by role

	// For ranking only; nil until then.
	handles  map[string]*oncall.Person
	agreedTo map[int64][]string // the roles that somebody may be rung for
}

// indexed returns the facts with their index.
func (f Facts) indexed() Facts {
	if f.index != nil {
		return f
	}
	x := &index{people: make(map[int64]*oncall.Person, len(f.Members)), rosters: map[string][]int{}}
	for i := range f.Strangers {
		x.people[f.Strangers[i].ID] = &f.Strangers[i]
	}
	for i := range f.Members {
		m := &f.Members[i]
		x.people[m.Person.ID] = &m.Person
		x.rosters[m.Role] = append(x.rosters[m.Role], i)
	}
	f.index = x
	return f
}

// rankable returns the facts with all of their index.
func (f Facts) rankable() Facts {
	f = f.indexed()
	if f.index.agreedTo != nil {
		return f
	}
	x := *f.index // another copy of the facts may be at work with this one
	x.handles = make(map[string]*oncall.Person, len(f.Members))
	x.agreedTo = make(map[int64][]string, len(f.Members))
	for _, p := range x.people {
		x.handles[p.Handle] = p
	}
	for i := range f.Members {
		if m := &f.Members[i]; m.Active() {
			x.agreedTo[m.Person.ID] = append(x.agreedTo[m.Person.ID], m.Role)
		}
	}
	f.index = &x
	return f
}

// agreed tells whether somebody may be rung for a role.
func (f Facts) agreed(person int64, role string) bool {
	return slices.ContainsFunc(f.rosters[role], func(i int) bool {
		m := &f.Members[i]
		return m.Person.ID == person && m.Active()
	})
}

// Indexed returns the same facts ready to be asked many times.
func (f Facts) Indexed() Facts { return f.rankable() }
