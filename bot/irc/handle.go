package irc

import (
	"strings"

	"github.com/lrstanley/girc"

	"batsignal/oncall/fault"
)

// handle takes in one line after the welcome. It runs with the session locked and
// never waits. An error ends the connection.
func (s *session) handle(ev *girc.Event) error {
	s.confirm(ev)
	switch ev.Command {
	case girc.PRIVMSG:
		s.said(ev)
	case girc.PING:
		s.mention(urgent, line("PONG", ev.Last()))
	case girc.PONG:
		s.noteClock(ev)
	case "BATCH":
		s.batched(ev)
	case girc.JOIN:
		s.joined(ev)
	case girc.PART:
		s.parted(ev)
	case girc.KICK:
		s.kicked(ev)
	case girc.QUIT:
		s.quitted(ev)
	case girc.NICK:
		s.renamed(ev)
	case girc.MODE:
		s.modes(ev)
	case numNames:
		s.names(ev)
	case numEndOfNames:
		s.endOfNames(ev)
	case "ACCOUNT":
		if ev.Source != nil {
			s.people.told(ev.Source.Name, param(ev, 0))
		}
	case numWhox:
		s.whoReply(ev)
	case girc.TOPIC, numTopic, numNoTopic:
		s.noteTopic(ev)
	case numISupport:
		s.supports(ev)
	case numEndOfMOTD, numNoMOTD:
		s.endOfWelcome()
	case girc.CAP:
		return s.capabilityChanged(ev)
	case numLoggedIn:
		s.authed = true
	case numLoggedOut:
		return s.loggedOut()
	case girc.ERROR:
		return fault.New(fault.Unready, "The server closed the connection: %s", sentence(ev.Last()))
	}
	return nil
}

func (s *session) endOfWelcome() {
	select {
	case <-s.greeted:
	default:
		close(s.greeted)
	}
}

// supports notes what the server says that it can.
func (s *session) supports(ev *girc.Event) {
	if len(ev.Params) < 3 {
		return
	}
	for _, word := range ev.Params[1 : len(ev.Params)-1] {
		key, value, _ := strings.Cut(word, "=")
		if len(s.support) < 500 {
			s.support[key] = value
		}
	}
}

// capabilityChanged follows the server's changes of mind. When a login becomes
// possible that was not, we come again and log in: half an identity helps nobody.
func (s *session) capabilityChanged(ev *girc.Event) error {
	s.capability(ev)
	sub := strings.ToUpper(param(ev, 1))
	if sub != girc.CAP_NEW && sub != girc.CAP_LS || !s.missesLogin() {
		return nil
	}
	for name := range strings.FieldsSeq(ev.Last()) {
		if name == "sasl" || strings.HasPrefix(name, "sasl=") {
			return fault.New(fault.Unready, "The server offers the login again, so we reconnect to use it.")
		}
	}
	return nil
}

// missesLogin tells whether we are here without our login because the server did
// not offer one. A login that it refused would be refused again.
func (s *session) missesLogin() bool {
	return s.door.cfg.Account != "" && !s.authed && !s.unwanted
}

func (s *session) loggedOut() error {
	s.authed = false
	if s.door.cfg.Account == "" || s.door.cfg.OptionalSASL {
		return nil
	}
	return fault.New(fault.Unready, "The network logged us out of account %s.", s.door.cfg.Account)
}

// whoToken marks the answers to our own questions who is in a room.
const whoToken = "152"

// whoReply is "354 us token room nick account".
func (s *session) whoReply(ev *girc.Event) {
	if len(ev.Params) != 5 || ev.Params[1] != whoToken || s.same(ev.Params[3], s.nick) {
		return
	}
	if p := s.rooms[s.fold(ev.Params[2])]; p != nil && p.joined {
		s.people.joined(ev.Params[2], ev.Params[3], "", false, s.door.now())
		s.people.told(ev.Params[3], ev.Params[4])
	}
}

// poke wakes the keeper.
func (s *session) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}
