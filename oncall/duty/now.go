package duty

import (
	"time"

	"batsignal/oncall"
	"batsignal/oncall/schedule"
)

// Ahead is how far ahead the facts of [Facts.Now] should reach: the end of a shift is
// exact within it, and beyond it is what the rotation says.
const Ahead = 8 * 24 * time.Hour

// Now is who is there for a role at an instant.
type Now struct {
	Role   oncall.Role
	On     []On             // by its schedules, in order; each person once
	Awake  []*oncall.Person // the others who can be rung for it, by the list; they are those of the facts
	Asleep []*oncall.Person
	Away   []*oncall.Person
}

// On is somebody who is on by a schedule.
type On struct {
	Person   *oncall.Person // it is one of the facts
	Schedule string
	Layer    string // "" is somebody who comes in addition
	Until    time.Time
	Next     string // of the first of a schedule: the handle of who is on after them; "" is nobody
	Shadow   bool   // is told and not rung
	Away     bool   // is absent, so nobody is on by this layer
	Asleep   bool
	NoYes    bool // never said yes to the role, so is not rung
}

// Now tells who is there at an instant: for some roles, or for all. It does not rank: who
// is rung first may depend on what has happened.
func (f Facts) Now(at time.Time, roles ...string) []Now {
	f = f.indexed()
	wanted := map[string]bool{}
	for _, name := range roles {
		wanted[name] = true
	}
	var out []Now
	for _, role := range f.Roles {
		if len(roles) > 0 && !wanted[role.Name] {
			continue
		}
		now := Now{Role: role}
		seen := map[int64]bool{}
		for _, s := range f.Plan.OfRole(role.Name) {
			for _, on := range f.on(s, at) {
				if id := on.Person.ID; !seen[id] {
					seen[id] = !on.Away
					on.NoYes = !f.agreed(id, role.Name)
					now.On = append(now.On, on)
				}
			}
		}
		roster := f.rosters[role.Name]
		now.Awake = make([]*oncall.Person, 0, len(roster)) // they are many
		for _, i := range roster {
			m := &f.Members[i]
			_, away := f.Plan.Away(m.Person.ID, at)
			switch {
			case seen[m.Person.ID], !m.Active():
			case away:
				now.Away = append(now.Away, &m.Person)
			case awake(m.Person, at):
				now.Awake = append(now.Awake, &m.Person)
			default:
				now.Asleep = append(now.Asleep, &m.Person)
			}
		}
		out = append(out, now)
	}
	return out
}

// on lists who is on by one schedule.
func (f Facts) on(s schedule.Schedule, at time.Time) []On {
	shifts := f.Plan.Onward(s, at)
	out := make([]On, 0, len(shifts))
	first := true
	for _, shift := range shifts {
		p, known := f.people[shift.Person]
		if !known {
			continue
		}
		on := On{
			Person: p, Schedule: s.Name, Layer: shift.Layer, Until: shift.Until,
			Shadow: shift.Shadow, Away: shift.Away, Asleep: !f.Awake(*p, at),
		}
		if first && !shift.Shadow && !shift.Away {
			on.Next = f.after(s, shift)
			first = false
		}
		out = append(out, on)
	}
	return out
}

// after names who is on first when a shift ends.
func (f Facts) after(s schedule.Schedule, shift schedule.Shift) string {
	if shift.Until.IsZero() {
		return ""
	}
	for _, next := range f.Plan.Who(s, shift.Until) {
		if p, known := f.people[next.Person]; known && !next.Away && !next.Shadow && next.Person != shift.Person {
			return p.Handle
		}
	}
	return ""
}
