package irc

import (
	"errors"
	"fmt"
	"strings"

	"batsignal/oncall/fault"
)

// Check says in a sentence what is wrong right now.
func (d *Door) Check() error {
	d.mu.Lock()
	s, since, trouble := d.live, d.since, d.trouble
	wanted := append([]string(nil), d.wanted...)
	d.mu.Unlock()
	if s == nil {
		e := fault.Wrap(fault.Unready, errors.Unwrap(trouble), "Not connected to %s since %s.", d.cfg.Server, since.UTC().Format("2006-01-02 15:04:05 UTC"))
		if trouble != nil {
			e.Say += " " + sayOf(trouble)
		}
		return e
	}
	return s.check(wanted)
}

// sayOf is the sentence for people in an error, or the error itself.
func sayOf(err error) string {
	if f := new(fault.Error); errors.As(err, &f) {
		return f.Say
	}
	text := err.Error()
	return strings.ToUpper(text[:1]) + text[1:] + "."
}

// check says what is wrong with a connection that is up.
func (s *session) check(wanted []string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	cfg := s.door.cfg
	if cfg.Account != "" && !s.authed {
		return fault.New(fault.Unready, "Connected to %s, but not identified as account %s.", cfg.Server, cfg.Account)
	}
	switch {
	case !s.door.trusted():
		return fault.New(fault.Unready, "Connected to %s without TLS, so nobody there can be identified.", cfg.Server)
	case !s.caps["account-tag"] && (cfg.listen || !s.caps["account-notify"]):
		return fault.New(fault.Unready, "Connected to %s, but it does not tell accounts, so nobody there can be identified.", cfg.Server)
	}
	var missing []string
	for _, room := range wanted {
		if p := s.rooms[s.fold(room)]; p == nil || !p.joined {
			why := "not joined yet"
			if p != nil && p.reason != "" {
				why = p.reason
			}
			missing = append(missing, fmt.Sprintf("%s (%s)", room, strings.TrimRight(why, ".")))
		}
	}
	if len(missing) > 0 {
		return fault.New(fault.Unready, "Connected to %s, but not in %s.", cfg.Server, strings.Join(missing, ", "))
	}
	return nil
}
