// Package quorum owns the arithmetic of who can open something together, and what must be
// lost until nobody can: from where each key is kept and who can read which place.
//
// It is pure, and knows nothing of what the keys are for. Counting shares is not enough: five
// shares in one repository that one admin reads are one share.
package quorum

import (
	"slices"

	"batsignal/oncall/fault"
)

// Bounds of a plan: within them the answers are exact.
const (
	MaxPeople = 24 // the most custodians, and administrators
	MaxPlaces = 40
	MaxItems  = 40
	MaxWays   = 8
)

// Plan says where everything is.
type Plan struct {
	Places []Place
	Items  []Item
	Ways   []Way
}

// Place is where something can be kept.
type Place struct {
	Name    string
	Readers []string // people
}

// Item is a key, a share or a backup.
type Item struct {
	Name   string
	Places []string // each has a copy
}

// Way is one way to open: everything that it needs, together.
type Way struct {
	Name  string
	Needs []Need
}

// Need is "3 of" some items.
type Need struct {
	K  int
	Of []string
}

// AddPlace adds a place, or readers to one that is there.
func (p *Plan) AddPlace(name string, readers ...string) {
	i := slices.IndexFunc(p.Places, func(x Place) bool { return x.Name == name })
	if i < 0 {
		p.Places = append(p.Places, Place{Name: name})
		i = len(p.Places) - 1
	}
	for _, r := range readers {
		if !slices.Contains(p.Places[i].Readers, r) {
			p.Places[i].Readers = append(p.Places[i].Readers, r)
		}
	}
}

// Has tells whether there is an item.
func (p Plan) Has(item string) bool {
	return slices.ContainsFunc(p.Items, func(x Item) bool { return x.Name == item })
}

// People are all who can read something, in the order of the plan.
func (p Plan) People() []string {
	var all []string
	for _, place := range p.Places {
		for _, r := range place.Readers {
			if !slices.Contains(all, r) {
				all = append(all, r)
			}
		}
	}
	return all
}

// Check refuses what cannot be reckoned with.
func (p Plan) Check() error {
	switch n := len(p.People()); {
	case n == 0 || n > MaxPeople:
		return fault.New(fault.Invalid, "The plan must name between 1 and %d people, and names %d.", MaxPeople, n)
	case len(p.Places) > MaxPlaces || len(p.Items) > MaxItems || len(p.Ways) > MaxWays:
		return fault.New(fault.Invalid, "The plan may have at most %d places, %d items and %d ways to open.", MaxPlaces, MaxItems, MaxWays)
	case len(p.Ways) == 0:
		return fault.New(fault.Invalid, "The plan does not say what is needed to open. Add a line like \"open custody: 3 of share-1, share-2, share-3 and backup\".")
	}
	places, items := map[string]bool{}, map[string]bool{}
	for _, place := range p.Places {
		if places[place.Name] {
			return fault.New(fault.Invalid, "The place %q is in the plan twice.", place.Name)
		}
		places[place.Name] = true
	}
	for _, item := range p.Items {
		if items[item.Name] {
			return fault.New(fault.Invalid, "%q is in the plan twice. Name all its places on one line.", item.Name)
		}
		items[item.Name] = true
		for _, at := range item.Places {
			if !places[at] {
				return fault.New(fault.Invalid, "%q is kept at %q, and the plan does not say who can read that. Add \"place %s: …\".", item.Name, at, at)
			}
		}
	}
	for _, w := range p.Ways {
		if len(w.Needs) == 0 {
			return fault.New(fault.Invalid, "The way to open %q needs nothing.", w.Name)
		}
		for _, n := range w.Needs {
			if n.K < 1 || n.K > len(n.Of) {
				return fault.New(fault.Invalid, "The way to open %q needs %d of %d items.", w.Name, n.K, len(n.Of))
			}
			for i, name := range n.Of {
				if !items[name] {
					return fault.New(fault.Invalid, "The way to open %q needs %q, and the plan does not say where that is. Add \"item %s: …\".", w.Name, name, name)
				}
				if slices.Contains(n.Of[:i], name) {
					return fault.New(fault.Invalid, "The way to open %q names %q twice.", w.Name, name)
				}
			}
		}
	}
	return nil
}
