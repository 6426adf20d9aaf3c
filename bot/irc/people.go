package irc

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// people are those who share a room with us, ourselves too, and the account that
// the server says each is logged in to. It is what the server told, in order; the rest is
// unknown, and unknown is never somebody. It is not safe for concurrent use.
type people struct {
	fold   func(string) string
	byNick map[string]*member
	// lost are nicks that went in a netsplit. When one comes back somebody else
	// may have it, and a server that just joined may not know the accounts yet:
	// what comes with the join is not believed, the server is asked again.
	lost map[string]time.Time
}

type member struct {
	nick    string
	account string
	known   bool              // the server told the account, "" is logged out
	rooms   map[string]string // where they are, and the signs before the nick there
}

const (
	lostFor  = 10 * time.Minute
	lostMost = 10_000
)

func newPeople(fold func(string) string) *people {
	return &people{fold: fold, byNick: map[string]*member{}, lost: map[string]time.Time{}}
}

// joined notes that nick is in a room. told is whether the join told the account.
// It returns whether the server must be asked for the account.
func (p *people) joined(room, nick, account string, told bool, now time.Time) (ask bool) {
	key := p.fold(nick)
	m := p.byNick[key]
	if m == nil {
		m = &member{nick: nick, rooms: map[string]string{}}
		p.byNick[key] = m
	}
	m.rooms[p.fold(room)] += "" // who is there already keeps their signs
	at, lost := p.lost[key]
	if lost && now.Sub(at) > lostFor {
		delete(p.lost, key)
		lost = false
	}
	if lost {
		return true
	}
	if told {
		m.account, m.known = foldAccount(account), true
	}
	return !m.known
}

// told notes what the server says about somebody's account, "*" or "0" is none.
func (p *people) told(nick, account string) {
	key := p.fold(nick)
	delete(p.lost, key)
	if m := p.byNick[key]; m != nil {
		m.account, m.known = foldAccount(account), true
	}
}

// left notes that nick is no longer in a room.
func (p *people) left(room, nick string) {
	key := p.fold(nick)
	if m := p.byNick[key]; m != nil {
		delete(m.rooms, p.fold(room))
		if len(m.rooms) == 0 {
			delete(p.byNick, key) // nothing tells us about them any more
		}
	}
}

// emptied forgets everybody of a room that we are no longer in.
func (p *people) emptied(room string) {
	for _, m := range p.byNick {
		p.left(room, m.nick)
	}
}

// quit notes that nick left the network.
func (p *people) quit(nick, why string, now time.Time) {
	key := p.fold(nick)
	delete(p.byNick, key)
	if !netsplit(why) {
		return
	}
	if len(p.lost) >= lostMost {
		clear(p.lost)
		for _, m := range p.byNick {
			m.account, m.known = "", false // cannot tell any more who was split
		}
	}
	p.lost[key] = now
}

// renamed follows a change of nick; the account goes with it.
func (p *people) renamed(from, to string) {
	old, key := p.fold(from), p.fold(to)
	delete(p.lost, key)
	m := p.byNick[old]
	delete(p.byNick, old)
	delete(p.byNick, key)
	if m != nil {
		m.nick = to
		p.byNick[key] = m
	}
}

// account is who nick is proven to be right now, "" is nobody.
func (p *people) account(nick string) string {
	if m := p.byNick[p.fold(nick)]; m != nil && m.known && !strings.ContainsRune(nick, utf8.RuneError) {
		return m.account
	}
	return ""
}

// nicks are those who are logged in as account, in order of name.
func (p *people) nicks(account string) []string {
	var nicks []string
	for _, m := range p.byNick {
		if m.known && m.account == account && account != "" && !strings.ContainsRune(m.nick, utf8.RuneError) {
			nicks = append(nicks, m.nick)
		}
	}
	slices.Sort(nicks)
	return nicks
}

// inRoom tells whether nick is in a room.
func (p *people) inRoom(room, nick string) bool {
	m := p.byNick[p.fold(nick)]
	if m == nil {
		return false
	}
	_, in := m.rooms[p.fold(room)]
	return in
}

// netsplit tells whether a quit names two servers, as "*.net *.split" does.
func netsplit(why string) bool {
	a, b, two := strings.Cut(why, " ")
	return two && a != b && serverName(a) && serverName(b)
}

func serverName(s string) bool {
	dots := 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '.':
			dots++
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '*', c == '_':
		default:
			return false
		}
	}
	return dots > 0 && s[0] != '.' && s[len(s)-1] != '.'
}
