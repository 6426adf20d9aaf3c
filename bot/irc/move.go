package irc

import (
	"github.com/lrstanley/girc"

	"batsignal/bot"
)

// moved tells the ear that somebody else came into rooms of ours, left them, or is
// called otherwise there. Whom the server never showed there does not do so.
func (s *session) moved(ev *girc.Event, change bot.Change, nick, account, text string, rooms ...string) {
	if s.same(nick, s.nick) {
		return
	}
	h := s.heardOf(ev)
	h.Change, h.Nick, h.Account, h.Text = change, nick, account, text
	for _, room := range rooms {
		if p := s.rooms[s.fold(room)]; p != nil && p.joined && s.people.inRoom(room, nick) {
			h.Room, h.Op = p.name, s.people.runs(room, nick)
			s.hear(h)
		}
	}
}

func (s *session) joined(ev *girc.Event) {
	name := param(ev, 0)
	if ev.Source == nil || ev.Source.Name == "" || name == "" {
		return
	}
	nick := ev.Source.Name
	if s.same(nick, s.nick) {
		s.entered(name)
		return
	}
	p := s.rooms[s.fold(name)]
	if p == nil {
		return // a server may tell of rooms that we are not in; nothing follows there
	}
	told := s.caps["extended-join"] && len(ev.Params) >= 2
	if s.people.joined(name, nick, param(ev, 1), told, s.door.now()) {
		p.stale = true
		s.poke()
	}
	s.moved(ev, bot.Joined, nick, s.accountOf(ev), "", name)
}

func (s *session) parted(ev *girc.Event) {
	if ev.Source != nil {
		s.left(ev, ev.Source.Name, s.accountOf(ev), "we were made to leave")
	}
}

// kicked is "KICK room nick": the line is proven for who kicked, not for who left.
func (s *session) kicked(ev *girc.Event) {
	by := "the server"
	if ev.Source != nil {
		by = ev.Source.Name
	}
	nick := param(ev, 1)
	s.left(ev, nick, s.toldOf(nick), "kicked out by "+by)
}

func (s *session) left(ev *girc.Event, nick, account, why string) {
	room := param(ev, 0)
	if s.same(nick, s.nick) {
		s.putOut(room, why)
		return
	}
	s.moved(ev, bot.Left, nick, account, "", room)
	s.people.left(room, nick)
}

func (s *session) quitted(ev *girc.Event) {
	if ev.Source == nil {
		return
	}
	nick := ev.Source.Name
	s.moved(ev, bot.Left, nick, s.accountOf(ev), "", s.people.roomsOf(nick)...)
	s.people.quit(nick, ev.Last(), s.door.now())
	s.nickFreed(nick)
}

func (s *session) renamed(ev *girc.Event) {
	to := param(ev, 0)
	if ev.Source == nil || to == "" {
		return
	}
	from := ev.Source.Name
	if shown := clean(to); shown != "" {
		s.moved(ev, bot.Renamed, from, s.accountOf(ev), shown, s.people.roomsOf(from)...)
	}
	s.people.renamed(from, to)
	if s.same(from, s.nick) {
		s.nick = to
		s.log.Info("known by another nick", "nick", to)
		return
	}
	s.nickFreed(from)
}
