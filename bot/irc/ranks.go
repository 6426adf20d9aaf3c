package irc

import (
	"maps"
	"slices"
	"strings"

	"github.com/lrstanley/girc"
)

// runners are the signs before the nicks of those who run a room: founders, those
// who are protected from others, and operators.
const runners = "~&@"

// runs tells whether nick runs a room.
func (p *people) runs(room, nick string) bool {
	m := p.byNick[p.fold(nick)]
	return m != nil && strings.ContainsAny(m.rooms[p.fold(room)], runners)
}

// shown notes which signs somebody has in a room.
func (p *people) shown(room, nick, signs string) {
	if m := p.byNick[p.fold(nick)]; m != nil {
		m.rooms[p.fold(room)] = signs
	}
}

// raised notes that somebody in a room got a sign, or lost it.
func (p *people) raised(room, nick string, sign byte, up bool) {
	if !p.inRoom(room, nick) {
		return
	}
	signs := p.byNick[p.fold(nick)].rooms
	rest := strings.ReplaceAll(signs[p.fold(room)], string(sign), "")
	if up {
		rest += string(sign)
	}
	signs[p.fold(room)] = rest
}

// roomsOf are the rooms of ours where nick is, folded and in order.
func (p *people) roomsOf(nick string) []string {
	m := p.byNick[p.fold(nick)]
	if m == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(m.rooms))
}

// here are those in a room, and those of them who run it, in order of nick.
func (p *people) here(room string) (nicks, ops []string) {
	for _, m := range p.byNick {
		if !p.inRoom(room, m.nick) {
			continue
		}
		nicks = append(nicks, m.nick)
		if p.runs(room, m.nick) {
			ops = append(ops, m.nick)
		}
	}
	slices.Sort(nicks)
	slices.Sort(ops)
	return nicks, ops
}

// prefixes are the modes that put a sign before a nick, and the signs, as in
// PREFIX=(ov)@+.
func (s *session) prefixes() (modes, signs string) {
	modes, signs, ok := strings.Cut(strings.TrimPrefix(s.support["PREFIX"], "("), ")")
	if !ok || len(modes) != len(signs) {
		return "ov", "@+"
	}
	return modes, signs
}

// names is "353 us = room :nicks", each with its signs and perhaps its address: all
// signs or the highest, as the server can.
func (s *session) names(ev *girc.Event) {
	if len(ev.Params) < 3 {
		return
	}
	room := ev.Params[len(ev.Params)-2]
	if p := s.rooms[s.fold(room)]; p == nil || !p.joined {
		return
	}
	_, signs := s.prefixes()
	for word := range strings.FieldsSeq(ev.Last()) {
		full := strings.TrimLeft(word, signs)
		if nick, _, _ := strings.Cut(full, "!"); nick != "" {
			s.people.joined(room, nick, "", false, s.door.now())
			s.people.shown(room, nick, word[:len(word)-len(full)])
		}
	}
}

func (s *session) endOfNames(ev *girc.Event) {
	if p := s.rooms[s.fold(param(ev, 1))]; p != nil && p.joined {
		p.listed = true
	}
}

// modes is "MODE room +o-v nick nick": of what changes in a room we follow who has
// which sign. To know whose parameter is whose, all modes must be counted.
func (s *session) modes(ev *girc.Event) {
	if len(ev.Params) < 3 {
		return
	}
	room, params, up := ev.Params[0], ev.Params[2:], true
	letters, signs := s.prefixes()
	for _, mode := range ev.Params[1] {
		if mode == '+' || mode == '-' {
			up = mode == '+'
			continue
		}
		at := strings.IndexRune(letters, mode)
		if at < 0 && !s.hasParam(mode, up) {
			continue
		}
		if len(params) == 0 {
			return
		}
		if at >= 0 {
			s.people.raised(room, params[0], signs[at], up)
		}
		params = params[1:]
	}
}

// hasParam tells whether a mode of rooms comes with a parameter: those of the first
// two kinds in CHANMODES=lists,keys,limits,flags always do, those of the third when
// they are set.
func (s *session) hasParam(mode rune, up bool) bool {
	kinds := strings.Split(s.support["CHANMODES"], ",")
	if len(kinds) < 4 {
		kinds = []string{"beI", "k", "l"}
	}
	return strings.ContainsRune(kinds[0]+kinds[1], mode) || up && strings.ContainsRune(kinds[2], mode)
}
