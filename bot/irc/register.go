package irc

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/lrstanley/girc"

	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

const (
	registerPatience = 60 * time.Second
	nickTries        = 9
)

// register gets us welcomed: girc speaks, and is gone when it returns. It fails
// when the login that was asked for did not happen, which girc itself lets pass.
func (s *session) register() error {
	if err := s.wire.SetReadDeadline(time.Now().Add(registerPatience)); err != nil {
		return err
	}
	between := newSeam(s.wire)
	client := s.registrar()
	ended := make(chan error, 1)
	go func() { ended <- client.DialerConnect(between) }()
	err := s.greet(between.feed)
	between.finish()
	<-ended
	if err != nil {
		return err
	}
	return s.wire.SetReadDeadline(time.Time{})
}

// registrar is girc, set up to register and nothing else: a new one for each
// connection, no pings, no switch to another port by STS, no panics.
func (s *session) registrar() *girc.Client {
	cfg := s.door.cfg
	var tries atomic.Int32
	conf := girc.Config{
		Server: s.door.host, Port: 6667, // not used: the seam is connected already
		Nick: cfg.Nick, User: cfg.User, Name: cfg.RealName,
		AllowFlood: true, DisableSTS: true, PingDelay: -1,
		SupportedCaps: map[string][]string{"echo-message": nil, "labeled-response": nil},
		RecoverFunc: func(_ *girc.Client, e *girc.HandlerError) {
			s.log.Error("girc could not handle a line of the server", "command", e.Event.Command, "panic", e.Panic)
		},
		HandleNickCollide: func(string) string {
			return alternateNick(cfg.Nick, int(tries.Add(1)), nickLength)
		},
	}
	switch {
	case cfg.Account == "":
	case !cfg.Password.Empty():
		conf.SASL = plainLogin{cfg.Account, cfg.Password}
	default:
		conf.SASL = &girc.SASLExternal{}
	}
	return girc.New(conf)
}

// nickLength is what every network allows; the real limit is told only later.
const nickLength = 16

// alternateNick is "batsignal-2" for the first try, cut to fit.
func alternateNick(nick string, try, length int) string {
	suffix := fmt.Sprintf("-%d", try+1)
	if len(nick)+len(suffix) > length && length > len(suffix) {
		nick = nick[:min(len(nick), length-len(suffix))]
	}
	return nick + suffix
}

// plainLogin is SASL PLAIN that reveals the password only while it is encoded.
type plainLogin struct {
	account  string
	password secret.Text
}

func (p plainLogin) Method() string { return "PLAIN" }

func (p plainLogin) Encode(params []string) string {
	return (&girc.SASLPlain{User: p.account, Pass: p.password.Reveal()}).Encode(params)
}

// mostHanded is how many lines girc is given before the welcome. Each makes it
// write one, and what does not fit into its queue of 25 at the end costs 30
// seconds: a server that talks nonsense must not hold us up.
const mostHanded = 22

// greet reads until the welcome. It hands girc only what registering needs.
func (s *session) greet(feed func(string)) error {
	collisions, handed := 0, 0
	hand := func(raw string) {
		handed++
		feed(raw)
	}
	for handed <= mostHanded {
		raw, err := s.wire.lines.next()
		if err != nil {
			return fault.Wrap(fault.Unready, err, "The server closed the connection before it welcomed us.")
		}
		ev := parse(raw)
		if ev == nil {
			continue
		}
		switch ev.Command {
		case girc.PING:
			if err := s.wire.put(line("PONG", ev.Last()) + "\r\n"); err != nil {
				return err
			}
		case girc.CAP:
			s.capability(ev)
			hand(raw)
		case girc.AUTHENTICATE:
			hand(raw)
		case girc.RPL_SASLSUCCESS, girc.ERR_SASLALREADY:
			s.authed = true
			hand(raw)
		case girc.RPL_NICKLOCKED, girc.ERR_SASLFAIL, girc.ERR_SASLTOOLONG, girc.ERR_SASLABORTED, girc.RPL_SASLMECHS:
			if err := s.loginRefused(ev); err != nil {
				return err
			}
		case girc.ERR_NICKNAMEINUSE, girc.ERR_NICKCOLLISION, girc.ERR_UNAVAILRESOURCE:
			if collisions++; collisions > nickTries {
				return fault.New(fault.Unready, "The nick %s and %d others like it are taken.", s.door.cfg.Nick, nickTries)
			}
			hand(raw)
		case girc.ERR_ERRONEUSNICKNAME:
			// Our nick is a good one, so services hold it, as they do for a while after
			// taking it from somebody. For us that is a nick in use.
			if collisions++; collisions > nickTries {
				return fault.New(fault.Unready, "The server refused us: %s", sentence(ev.Last()))
			}
			hand(strings.Replace(raw, " "+girc.ERR_ERRONEUSNICKNAME+" ", " "+girc.ERR_NICKNAMEINUSE+" ", 1))
		case girc.ERROR:
			return fault.New(fault.Unready, "The server refused us: %s", sentence(ev.Last()))
		case girc.ERR_PASSWDMISMATCH, girc.ERR_YOUREBANNEDCREEP, girc.ERR_NOPERMFORHOST:
			return fault.New(fault.Unready, "The server refused us: %s", sentence(ev.Last()))
		case numWelcome:
			if param(ev, 0) != "" {
				return s.welcomed(ev)
			}
		}
	}
	return fault.New(fault.Unready, "The server talks too much before it welcomes us.")
}

// loginRefused ends the registration, or goes on without the login where that is allowed.
func (s *session) loginRefused(ev *girc.Event) error {
	if s.door.cfg.OptionalSASL {
		s.unwanted = true
		s.log.Warn("the login was refused; going on without", "numeric", ev.Command)
		return s.wire.put("CAP END\r\n")
	}
	if ev.Command == girc.RPL_SASLMECHS {
		return fault.New(fault.Unready, "The server does not offer our way to log in to account %s; it offers %s.", s.door.cfg.Account, clean(param(ev, 1)))
	}
	return fault.New(fault.Unready, "The server refused the login to account %s: %s", s.door.cfg.Account, sentence(ev.Last()))
}

func (s *session) welcomed(ev *girc.Event) error {
	s.nick = param(ev, 0)
	s.noteClock(ev)
	if s.door.cfg.Account == "" || s.authed || s.door.cfg.OptionalSASL {
		return nil
	}
	return fault.New(fault.Unready, "The server did not offer a login, so account %s could not be proven. Its services may be down.", s.door.cfg.Account)
}

// capability notes which of the protocol's extensions are on.
func (s *session) capability(ev *girc.Event) {
	switch sub := strings.ToUpper(param(ev, 1)); sub {
	case girc.CAP_ACK:
		for name := range strings.FieldsSeq(ev.Last()) {
			if off, ok := strings.CutPrefix(name, "-"); ok {
				delete(s.caps, off)
			} else {
				s.caps[name] = true
			}
		}
	case girc.CAP_DEL:
		for name := range strings.FieldsSeq(ev.Last()) {
			delete(s.caps, name)
		}
	}
}

// sentence makes the server's words fit into ours.
func sentence(words string) string {
	words = strings.TrimSpace(clean(words))
	if words == "" {
		return "it gave no reason."
	}
	return strings.TrimRight(words, ".") + "."
}
