// Package reach owns readiness: who could be reached tonight, by how many ways that are
// known to work, and what whoever could not has to type.
//
// It reads contacts, accounts and terms, and decides nothing about a page: whoever is not
// ready is rung all the same, by what there is.
package reach

import (
	"slices"
	"time"

	"batsignal/oncall"
	"batsignal/oncall/contact"
)

const (
	// Fresh is how long a test of a way holds.
	Fresh = 30 * 24 * time.Hour
	// Needed is how many proven and tested ways make somebody ready: whatever is broken,
	// there is another.
	Needed = 2
)

// Way is one way to reach a person, and whether it is known to work.
type Way struct {
	Kind      string     // of the contact, or [oncall.Chat]
	Contact   int64      // 0 for chat
	Proven    bool       // an account is proven by its network
	TestedAt  *time.Time // when they were last heard on it; nil is never
	Suspended bool
	Fault     string // why it cannot work; "" is no fault
	Agreed    bool   // they agreed to be rung by it
	Sent      bool   // something here sends by it
	Ready     bool   // it counts
}

// Standing says in a few words why a way counts, or why not.
func (w Way) Standing() string {
	switch {
	case w.Ready:
		return "tested"
	case !w.Sent:
		return "nothing here sends by it"
	case !w.Agreed:
		return "not agreed to"
	case w.Fault != "":
		return "does not work: " + w.Fault
	case w.Suspended:
		return "paused"
	case !w.Proven:
		return "not proven"
	case w.TestedAt == nil:
		return "never tested"
	}
	return "not tested for 30 days"
}

// todo is what its owner types to make it count; "" is nothing.
func (w Way) todo() string {
	switch {
	case w.Ready || !w.Sent:
		return ""
	case !w.Agreed:
		return "!roster agree --routes any"
	case w.Kind == oncall.Chat:
		return "any word to me on a chat network"
	case w.Suspended:
		return "!contact resume " + w.Kind
	case !w.Proven || w.Fault != "":
		return "!contact code " + w.Kind
	}
	return "!route test"
}

// Person is somebody with an active yes, and how they can be reached.
type Person struct {
	ID     int64
	Handle string
	Roles  []string // names, in order
	Ways   []Way
	Ready  bool
}

// Counts is how many ways are proven and tested.
func (p Person) Counts() (n int) {
	for _, w := range p.Ways {
		if w.Ready {
			n++
		}
	}
	return n
}

// Why says why somebody is not ready, to stand after their name, and what they type to
// change it; "" if they are.
func (p Person) Why() string {
	if p.Ready {
		return ""
	}
	var ways, types []string
	could := p.Counts() // ways that would count if they typed what is said
	for _, w := range p.Ways {
		if w.Ready {
			continue
		}
		ways = append(ways, w.Kind+" "+w.Standing())
		do := w.todo()
		if do != "" {
			could++
		}
		if do != "" && !slices.Contains(types, do) {
			types = append(types, do)
		}
	}
	why := "has no way that is known to work"
	if p.Counts() > 0 {
		why = "has only " + oncall.Plural(p.Counts(), "way that is known to work", "ways that are known to work")
	}
	if len(ways) > 0 {
		why += " (" + oncall.JoinNames(ways) + ")"
	}
	if could < Needed {
		types = append(types, "!contact add")
	}
	return why + "; they type " + oncall.JoinNames(types)
}

// Role is how ready the people of one role are.
type Role struct {
	Name   string
	Title  string
	People []Person
	Ready  int // of them
}

// Report is readiness as a whole.
type Report struct {
	Roles  []Role   // in order; those that nobody said yes to as well
	People []Person // everybody with an active yes, by handle
	Ready  int      // of them
}

// Rows are what readiness is judged by.
type Rows struct {
	Roles    []oncall.Role
	Members  []oncall.Member
	Contacts []contact.Contact
	Accounts map[int64][]oncall.Account
	Consents map[int64]oncall.Consent
	Networks []string // on which we are
	Routes   []string // by which something here sends
}

// Judge works out the report from rows.
func Judge(now time.Time, rows Rows) Report {
	contacts := map[int64][]contact.Contact{}
	for _, c := range rows.Contacts {
		contacts[c.PersonID] = append(contacts[c.PersonID], c)
	}
	people := map[int64]*Person{}
	var order []int64
	for _, m := range rows.Members {
		if !m.Active() {
			continue
		}
		p := people[m.Person.ID]
		if p == nil {
			p = &Person{ID: m.Person.ID, Handle: m.Person.Handle}
			p.Ways = rows.ways(now, m.Person, contacts[p.ID])
			p.Ready = p.Counts() >= Needed
			people[p.ID], order = p, append(order, p.ID)
		}
		p.Roles = append(p.Roles, m.Role)
	}
	var r Report
	for _, role := range rows.Roles {
		one := Role{Name: role.Name, Title: role.Title}
		for _, m := range rows.Members {
			if m.Role == role.Name && m.Active() {
				p := *people[m.Person.ID]
				if one.People = append(one.People, p); p.Ready {
					one.Ready++
				}
			}
		}
		r.Roles = append(r.Roles, one)
	}
	for _, id := range order {
		if r.People = append(r.People, *people[id]); people[id].Ready {
			r.Ready++
		}
	}
	slices.SortFunc(r.People, func(a, b Person) int {
		if a.Handle < b.Handle {
			return -1
		}
		return 1
	})
	return r
}

// ways are those of one person. All their chat accounts are one: that somebody was heard
// is known, and not on which network.
func (rows Rows) ways(now time.Time, p oncall.Person, contacts []contact.Contact) []Way {
	agreed := func(kind string) bool {
		routes := rows.Consents[p.ID].Routes
		return len(routes) == 0 || slices.Contains(routes, kind)
	}
	var ways []Way
	if slices.ContainsFunc(rows.Accounts[p.ID], func(a oncall.Account) bool { return slices.Contains(rows.Networks, a.Network) }) {
		ways = append(ways, Way{Kind: oncall.Chat, Proven: true, TestedAt: p.HeardAt, Agreed: agreed(oncall.Chat), Sent: true})
	}
	for _, c := range contacts {
		ways = append(ways, Way{
			Kind: c.Kind, Contact: c.ID, Proven: c.ProvenAt != nil, TestedAt: c.TestedAt, Suspended: c.SuspendedAt != nil,
			Fault: c.Fault, Agreed: agreed(c.Kind), Sent: slices.Contains(rows.Routes, c.Kind),
		})
	}
	for i := range ways {
		w := &ways[i]
		w.Ready = w.Proven && !w.Suspended && w.Fault == "" && w.Agreed && w.Sent && w.TestedAt != nil && now.Sub(*w.TestedAt) < Fresh
	}
	return ways
}
