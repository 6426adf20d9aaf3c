package irc

import (
	"errors"

	"github.com/lrstanley/girc"

	"batsignal/bot"
	"batsignal/oncall/fault"
)

// confirm sees whether a line from the server tells what became of one of ours.
// It runs with the session locked.
func (s *session) confirm(ev *girc.Event) {
	if label, ok := ev.Tags["label"]; ok {
		s.labelled(label, ev)
		return
	}
	if ref, ok := ev.Tags["batch"]; ok && s.batches[ref] != nil && s.batches[ref].ours != nil {
		s.batches[ref].ours.note(ev)
		return
	}
	if ev.Command == girc.PONG {
		s.passed(ev.Last())
		return
	}
	if len(s.fences) > 0 {
		// The server answers in order, so what it says before the PONG of the
		// oldest line is about that line.
		if o := s.fences[0]; o.see != nil {
			o.see(ev)
		} else if s.same(param(ev, 1), o.target) {
			o.note(ev)
		}
	}
}

func (s *session) labelled(label string, ev *girc.Event) {
	o := s.labels[label]
	if o == nil {
		return
	}
	if ref, ok := opening(ev); ok {
		s.batches[ref] = &batch{ours: o, label: label}
		return
	}
	delete(s.labels, label)
	o.note(ev)
	o.finish(o.refused)
}

// passed resolves the lines up to the PING that was answered.
func (s *session) passed(token string) {
	for i, o := range s.fences {
		if o.token == token {
			for _, o := range s.fences[:i+1] {
				o.finish(o.refused)
			}
			s.fences = append([]*outgoing(nil), s.fences[i+1:]...)
			return
		}
	}
	if token == s.aliveToken {
		s.alive()
	}
}

// note keeps the first thing that the server has against a message.
func (o *outgoing) note(ev *girc.Event) {
	if o.refused == nil && (refusal(ev.Command) || ev.Command == "FAIL") {
		o.refused = refused(ev)
	}
}

// refused turns a numeric into an error for people.
func refused(ev *girc.Event) error {
	if ev.Command == numNoSuchNick {
		return bot.ErrAbsent
	}
	return fault.Wrap(fault.Forbidden, errors.New(ev.Command+" "+param(ev, 1)), "The network refused it: %s", sentence(ev.Last()))
}
