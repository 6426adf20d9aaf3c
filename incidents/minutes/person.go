package minutes

import (
	"slices"
	"strings"
)

// Person is somebody who is present, or was named as if they were.
type Person struct {
	Nick    string   // the newest nick, which minutes show
	Nicks   []string // every nick, oldest first, Nick among them
	Aliases []string // further names that people call them by
	Account string
	Handle  string
	Network string
	Lines   int
	Chair   bool
	Here    bool // said #here
}

// people are those of one meeting, first seen first.
type people struct {
	list  []*Person
	index map[who]*Person
	// merge is whether one person's accounts, nicks and cases are one entry. Peers keep
	// one per nick as written.
	merge bool
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
	}
	if p.index == nil {
		p.index = map[who]*Person{}
	}
	p.index[p.key(w)] = one
	if p.merge {
		one.call(w)
	}
	return one
}

// call notes what somebody is called and proven to be now.
func (one *Person) call(w Who) {
	one.Nick = w.Nick
	if !slices.Contains(one.Nicks, w.Nick) {
		one.Nicks = append(one.Nicks, w.Nick)
	}
	if w.Account != "" {
		one.Account = w.Account
	}
	if w.Handle != "" {
		one.Handle = w.Handle
	}
}

// rename makes the new nick another name of the same person. If somebody else was
// seen under it before, their nick was taken over: the entry of that name moves.
func (p *people) rename(w Who, nick string) {
	if !p.merge || nick == "" {
		return
	}
	one := p.find(w)
	if one == nil {
		return
	}
	if other := p.index[p.key(Who{Nick: nick, Network: w.Network})]; other != nil && other != one && other.Account == "" && other.Handle == "" {
		p.join(one, other)
	}
	delete(p.index, p.key(w))
	w.Nick = nick
	p.index[p.key(w)] = one
	one.call(w)
}

// join makes two entries one, since they turned out to be one person.
func (p *people) join(one, other *Person) {
	one.Lines += other.Lines
	one.Chair = one.Chair || other.Chair
	one.Here = one.Here || other.Here
	for _, nick := range other.Nicks {
		if !slices.Contains(one.Nicks, nick) {
			one.Nicks = append(one.Nicks, nick)
		}
	}
	one.Aliases = append(one.Aliases, other.Aliases...)
	p.list = slices.DeleteFunc(p.list, func(x *Person) bool { return x == other })
	for key, found := range p.index {
		if found == other {
			p.index[key] = one
		}
	}
}

// Fold is a nick as IRC compares it: letters in lower case, and {}|~ the small
// forms of []\^.
func Fold(nick string) string {
	if isFolded(nick) { // most are
		return nick
	}
	return strings.Map(func(r rune) rune {
		switch r {
		case '[':
			return '{'
		case ']':
			return '}'
		case '\\':
			return '|'
		case '^':
			return '~'
		}
		return r
	}, strings.ToLower(nick))
}

// isFolded tells of most nicks that are folded already that they are.
func isFolded(nick string) bool {
	for i := range len(nick) {
		if c := nick[i]; c >= 'A' && c <= 'Z' || c >= '[' && c <= '^' || c >= 0x80 {
			return false
		}
	}
	return true
}
