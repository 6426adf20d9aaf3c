package duty

import "batsignal/oncall"

// index finds people among the facts. It is made once: a simulation ranks many times.
type index struct {
	people   map[int64]*oncall.Person
	handles  map[string]*oncall.Person
	agreedTo map[int64][]string // the roles that somebody may be rung for
	rosters  map[string][]int   // places in Facts.Members, by role
}

// indexed returns the facts with their index.
func (f Facts) indexed() Facts {
	if f.index != nil {
		return f
	}
	x := &index{
		people: make(map[int64]*oncall.Person, len(f.Members)), handles: make(map[string]*oncall.Person, len(f.Members)),
		agreedTo: make(map[int64][]string, len(f.Members)), rosters: map[string][]int{},
	}
	know := func(p *oncall.Person) { x.people[p.ID], x.handles[p.Handle] = p, p }
	for i := range f.Strangers {
		know(&f.Strangers[i])
	}
	for i := range f.Members {
		m := &f.Members[i]
		know(&m.Person)
		x.rosters[m.Role] = append(x.rosters[m.Role], i)
		if m.Active() {
			x.agreedTo[m.Person.ID] = append(x.agreedTo[m.Person.ID], m.Role)
		}
	}
	f.index = x
	return f
}
