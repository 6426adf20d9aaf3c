package minutes

import (
	"slices"
	"strings"
)

// people are those of one meeting, first seen first.
type people struct {
	list  []*Person
	index map[who]*Person
	// merge is whether one person's accounts, nicks and cases are one entry. Peers keep
	// one per nick as written.
	merge bool

	// What people may be called, folded; who had a name first has it. Only where people
	// are merged.
	names map[string]*Person // nicks, aliases and names on the roster
	bare  map[string]*Person // nicks and aliases without what clients add
	nicks []nick
}

// nick is a nick, folded, and whose it is.
type nick struct {
	folded string
	of     *Person
}

// who is what one entry is known by.
type who struct{ network, nick string }

func (p *people) key(w Who) who {
	if !p.merge {
		return who{nick: w.Nick}
	}
	return who{w.Network, Fold(w.Nick)}
}

// find is who that is among those seen so far, or nil. A nick that another account
// holds now is not the person who was seen under it.
func (p *people) find(w Who) *Person {
	found := p.index[p.key(w)]
	if !p.merge || found != nil && (w.Account == "" || found.Account == "" || found.Account == w.Account) {
		return found
	}
	if w.Account != "" || w.Handle != "" {
		for _, one := range p.list {
			if w.Handle != "" && one.Handle == w.Handle ||
				w.Account != "" && one.Account == w.Account && one.Network == w.Network {
				return one
			}
		}
	}
	return nil
}

// see is the entry of whoever that is; it is made if it has to be.
func (p *people) see(w Who) *Person {
	one := p.find(w)
	if one == nil {
		one = &Person{Nick: w.Nick, Nicks: []string{w.Nick}, Network: w.Network}
		p.list = append(p.list, one)
		if p.merge {
			p.know(one, w.Nick, true)
		}
	}
	if p.index == nil {
		p.index = map[who]*Person{}
	}
	p.index[p.key(w)] = one
	if p.merge {
		p.call(one, w)
	}
	return one
}

// call notes what somebody is called and proven to be now.
func (p *people) call(one *Person, w Who) {
	one.Nick = w.Nick
	if !slices.Contains(one.Nicks, w.Nick) {
		if len(one.Nicks) == mostNicks {
			one.Nicks = slices.Delete(one.Nicks, 1, 2)
		}
		one.Nicks = append(one.Nicks, w.Nick)
		p.know(one, w.Nick, true)
	}
	if w.Account != "" {
		one.Account = w.Account
	}
	if w.Handle != "" && w.Handle != one.Handle {
		one.Handle = w.Handle
		p.name(w.Handle, one)
	}
}

// alias notes a further name of somebody, unless they have it or have enough.
func (p *people) alias(one *Person, alias string) bool {
	if slices.Contains(one.Aliases, alias) || len(one.Aliases) >= mostAliases {
		return false
	}
	one.Aliases = append(one.Aliases, alias)
	p.know(one, alias, false)
	return true
}

// know makes a person be found by a name.
func (p *people) know(one *Person, name string, isNick bool) {
	folded := Fold(name)
	p.name(folded, one)
	if isNick {
		p.nicks = append(p.nicks, nick{folded, one})
	}
	if bare := Fold(Bare(name)); p.bare[bare] == nil {
		if p.bare == nil {
			p.bare = map[string]*Person{}
		}
		p.bare[bare] = one
	}
}

func (p *people) name(folded string, one *Person) {
	if p.names == nil {
		p.names = map[string]*Person{}
	}
	if p.names[folded] == nil {
		p.names[folded] = one
	}
}

// begins is the one person whose nicks begin so, if it is one; among very many it does
// not look for long.
func (p *people) begins(folded string) (owner Owner) {
	const most = 2000
	var list []Owner
	for _, one := range p.nicks[:min(most, len(p.nicks))] {
		if len(one.folded) > len(folded) && strings.HasPrefix(one.folded, folded) {
			if list = addOwner(list, one.of.owner()); len(list) > 1 {
				return Owner{}
			}
		}
	}
	if len(list) == 1 {
		owner = list[0]
	}
	return owner
}

// went notes that somebody left, or is back, under the nick that they have now.
func (p *people) went(w Who, gone bool) {
	if one := p.find(w); one != nil && p.merge && Fold(one.Nick) == Fold(w.Nick) {
		one.gone = gone
	}
}

// rename makes the new nick another name of the same person. If somebody else was
// seen under it before, their nick was taken over: the entry of that name moves, and is
// returned.
func (p *people) rename(w Who, nick string) (one, other *Person) {
	if !p.merge || nick == "" {
		return nil, nil
	}
	if one = p.find(w); one == nil {
		return nil, nil
	}
	if other = p.index[p.key(Who{Nick: nick, Network: w.Network})]; other != nil && other != one && other.Account == "" && other.Handle == "" {
		p.join(one, other)
	} else {
		other = nil
	}
	delete(p.index, p.key(w))
	w.Nick = nick
	p.index[p.key(w)] = one
	p.call(one, w)
	return one, other
}

// join makes two entries one, since they turned out to be one person. The rights of one
// who has left are not for whoever takes their nick.
func (p *people) join(one, other *Person) {
	one.Lines += other.Lines
	one.Chair = one.Chair || other.Chair && !other.gone
	one.Here = one.Here || other.Here
	for _, nick := range other.Nicks {
		if !slices.Contains(one.Nicks, nick) && len(one.Nicks) < mostNicks {
			one.Nicks = append(one.Nicks, nick)
		}
	}
	for _, alias := range other.Aliases {
		if !slices.Contains(one.Aliases, alias) && len(one.Aliases) < mostAliases {
			one.Aliases = append(one.Aliases, alias)
		}
	}
	p.list = slices.DeleteFunc(p.list, func(x *Person) bool { return x == other })
	for key, found := range p.index {
		if found == other {
			p.index[key] = one
		}
	}
	for _, names := range []map[string]*Person{p.names, p.bare} {
		for name, found := range names {
			if found == other {
				names[name] = one
			}
		}
	}
	for i := range p.nicks {
		if p.nicks[i].of == other {
			p.nicks[i].of = one
		}
	}
}

// renamed follows somebody to another nick, with what they voted and may do.
func (m *Meeting) renamed(e Event) {
	one, other := m.people.rename(e.Who, e.Text)
	if other == nil {
		return
	}
	if m.lead == other {
		m.lead = one
	}
	if i := slices.Index(m.voters, other); i >= 0 {
		m.voters = slices.Delete(slices.Clone(m.voters), i, i+1)
		if !other.gone && !slices.Contains(m.voters, one) {
			m.voters = append(m.voters, one)
		}
	}
	if m.vote == nil {
		return
	}
	said, voted := m.vote.said[other]
	if _, already := m.vote.said[one]; voted && !already {
		m.vote.said[one] = said
	}
	delete(m.vote.said, other)
}
