package irc

import (
	"strings"
	"time"

	"github.com/lrstanley/girc"

	"batsignal/bot"
)

// stale is how old a line may be by the server's clock before it is history.
const stale = 60 * time.Second

// robots are the tags by which a line says that a program wrote it.
var robots = [...]string{"bot", "draft/bot", "inspircd.org/bot"}

// said turns a PRIVMSG into what was heard. Our own lines, those of other bots (unless we
// only listen), of servers, and CTCP but for ACTION are not heard; NOTICE never gets here.
func (s *session) said(ev *girc.Event) {
	if len(ev.Params) != 2 || ev.Source == nil || ev.Source.Host == "" || s.same(ev.Source.Name, s.nick) {
		return
	}
	text, did := strings.CutPrefix(ev.Params[1], "\x01ACTION ")
	if strings.HasPrefix(ev.Params[1], "\x01") && !did {
		return
	}
	if !s.door.cfg.listen && byRobot(ev) {
		return
	}
	text = clean(text) // and with it the mark at the end of an ACTION
	if strings.Trim(text, " ") == "" {
		return
	}
	h := s.heardOf(ev)
	h.Nick, h.Account, h.Text, h.Did = ev.Source.Name, s.accountOf(ev), text, did
	if target := ev.Params[0]; !s.same(target, s.nick) {
		if h.Room = s.roomOf(target); h.Room == "" {
			return
		}
		if s.door.cfg.listen && s.fold(target) != s.fold(h.Room) {
			return // to those alone who have a sign before their names: the room did not hear it
		}
		h.Op = s.people.runs(h.Room, h.Nick)
	} else if s.door.cfg.listen {
		return // nobody else heard it
	} else if h.Account != "" {
		s.rememberNick(h.Account, h.Nick)
	}
	s.hear(h)
}

// byRobot tells whether a line says that a program wrote it.
func byRobot(ev *girc.Event) bool {
	for _, tag := range robots {
		if _, ok := ev.Tags[tag]; ok {
			return true
		}
	}
	return false
}

// heardOf begins what is heard by a line of the server's.
func (s *session) heardOf(ev *girc.Event) bot.Heard {
	h := bot.Heard{At: s.door.now(), Network: s.door.cfg.Name, MessageID: ev.Tags["msgid"]}
	if at, old := s.history(ev, h.At); old {
		h.Replayed, h.At = true, at
	}
	return h
}

// rememberNick keeps where an account last wrote to us from, to ask about it when
// the account must be found. It proves nothing by itself.
func (s *session) rememberNick(account, nick string) {
	if len(s.lastNick) >= 10_000 {
		clear(s.lastNick)
	}
	s.lastNick[account] = nick
}

// accountOf is who wrote a line, as far as the server proves it: by the tag on
// that very line; where the server does not tag, by what it told of a person in
// our rooms, and keeps telling. Everybody else is nobody, and whoever only listens
// takes the tag alone.
func (s *session) accountOf(ev *girc.Event) string {
	if s.door.trusted() && s.caps["account-tag"] {
		return foldAccount(ev.Tags["account"])
	}
	return s.toldOf(ev.Source.Name)
}

// toldOf is who a nick is, as the server told, and keeps telling.
func (s *session) toldOf(nick string) string {
	if !s.door.cfg.listen && s.door.trusted() && s.caps["account-notify"] {
		return s.people.account(nick)
	}
	return ""
}

// roomOf names the room that a line was said in, "" if it is none of ours. A line
// to some of a room only, as "@#ops", was said in the room.
func (s *session) roomOf(target string) string {
	target = strings.TrimLeft(target, "~&@%+")
	if p := s.rooms[s.fold(target)]; p != nil {
		return p.name
	}
	// & is also what a room's name may start with.
	if p := s.rooms[s.fold("&"+target)]; p != nil {
		return p.name
	}
	return ""
}

// history tells whether a line was said long ago, and when.
func (s *session) history(ev *girc.Event, now time.Time) (time.Time, bool) {
	at := now
	_, dated := ev.Tags["time"]
	if dated {
		at = ev.Timestamp.UTC()
	}
	if ref, ok := ev.Tags["batch"]; ok && !s.batches[ref].live() {
		return at, true
	}
	return at, dated && now.Sub(at)-s.behind > stale
}

// noteClock compares the server's clock with ours, by lines that are surely new:
// a server whose clock is slow must not make every line history.
func (s *session) noteClock(ev *girc.Event) {
	if _, dated := ev.Tags["time"]; dated {
		s.behind = max(0, s.door.now().Sub(ev.Timestamp))
	}
}
