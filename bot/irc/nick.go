package irc

import (
	"time"
)

// Pauses between tries to get our own nick back.
const (
	nickPause     = 2 * time.Second
	nickMostPause = 30 * time.Second
)

func (s *session) nickname() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.nick
}

// botMode is the mode that marks us as a bot, "" if the network has none.
func (s *session) botMode() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if mode := s.support["BOT"]; len(mode) == 1 {
		return mode
	}
	return ""
}

// nickFreed hurries when the nick that we want was just given up.
func (s *session) nickFreed(nick string) {
	if !s.same(s.nick, s.door.cfg.Nick) && s.same(nick, s.door.cfg.Nick) {
		s.nickDue = time.Time{}
		s.poke()
	}
}

// regain tries to get our own nick when somebody else has it, and says when to
// look again. Services know us by our login, so they need no password.
func (s *session) regain() time.Time {
	s.mu.Lock()
	mine, now := s.same(s.nick, s.door.cfg.Nick), time.Now()
	due := s.nickDue
	if mine {
		s.nickTries = 0
	} else if !now.Before(due) {
		s.nickTries++
		due = now.Add(min(nickPause*time.Duration(s.nickTries), nickMostPause))
		s.nickDue = due
	} else {
		s.mu.Unlock()
		return due
	}
	// Services are asked by a message, so whoever only listens waits for the nick.
	authed, tries := s.authed && !s.door.cfg.listen, s.nickTries
	s.mu.Unlock()
	if mine {
		return now.Add(time.Hour)
	}
	want := s.door.cfg.Nick
	// One order at a time: the second could hit us, who have the nick by then.
	switch {
	case authed && tries <= 4 && tries%2 == 1:
		s.mention(room, line("PRIVMSG", "NickServ", "REGAIN "+want))
	case authed && tries <= 4:
		s.mention(room, line("PRIVMSG", "NickServ", "GHOST "+want))
	default:
		s.mention(room, "NICK "+want)
	}
	return due
}
