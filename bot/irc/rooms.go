package irc

import (
	"time"
)

// place is a room that we are in or want to be in.
type place struct {
	name   string
	joined bool
	topic  string
	listed bool   // the server has told who is there
	reason string // why we are not in it
	stale  bool   // somebody's account is unknown: ask who is there
	tries  int    // to get back in since we were last in it for long
	due    time.Time
	since  time.Time
}

func (s *session) place(name string) *place {
	key := s.fold(name)
	p := s.rooms[key]
	if p == nil {
		p = &place{name: name}
		s.rooms[key] = p
	}
	return p
}

// entered notes that we are in a room now.
func (s *session) entered(name string) {
	p := s.place(name)
	p.joined, p.reason, p.stale, p.topic, p.listed = true, "", true, "", false
	p.since = time.Now()
	s.people.joined(name, s.nick, "", false, s.door.now())
	s.poke()
}

// putOut notes that we are not in a room any more, and when to try again.
func (s *session) putOut(room, why string) {
	p := s.rooms[s.fold(room)]
	if p == nil {
		return
	}
	if p.joined && time.Since(p.since) > healthy {
		p.tries = 0
	}
	p.joined, p.reason = false, why
	p.later()
	s.people.emptied(room)
	s.log.Warn("not in the room", "room", p.name, "reason", why)
	s.poke()
}

// later puts the next try off, longer each time.
func (p *place) later() {
	p.due = time.Now().Add(min(firstPause<<min(p.tries, 6), mostPause))
	p.tries++
}
