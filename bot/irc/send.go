package irc

import (
	"context"
	"errors"
	"strconv"

	"github.com/lrstanley/girc"

	"batsignal/bot"
	"batsignal/oncall/fault"
)

// errEnded says that the connection ended before the network confirmed.
var errEnded = bot.ErrOffline

// write is the only goroutine that sends after the welcome: what goes next is
// decided when it may go, so a page overtakes whatever waits.
func (s *session) write(ctx context.Context) error {
	for {
		if o := s.queue.pop(urgent); o != nil {
			if err := s.put(o); err != nil {
				return err
			}
			continue
		}
		if s.queue.empty() {
			select {
			case <-s.queue.filled:
				continue
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		if err := s.pace.Wait(ctx); err != nil {
			return err
		}
		if o := s.queue.pop(classes - 1); o != nil {
			if err := s.put(o); err != nil {
				return err
			}
		}
	}
}

// put sends one line, prepared so that we learn what became of it: by a label
// that the server repeats, else by a PING behind the line, which the server
// answers after it has dealt with the line.
func (s *session) put(o *outgoing) error {
	s.mu.Lock()
	text := o.line + "\r\n"
	switch {
	case o.quiet:
	case o.see == nil && s.caps["labeled-response"] && s.caps["message-tags"] && s.caps["batch"]:
		o.token = s.nextToken()
		s.labels[o.token] = o
		text = "@label=" + o.token + " " + text
	default:
		o.token = s.nextToken()
		s.fences = append(s.fences, o)
		text += line("PING", o.token) + "\r\n"
	}
	s.mu.Unlock()
	return s.wire.put(text)
}

func (s *session) nextToken() string {
	s.tokens++
	return "b" + strconv.FormatUint(s.tokens, 36)
}

// send queues lines that belong together and waits until the network has
// confirmed them all, or refused one.
func (s *session) send(ctx context.Context, lines ...*outgoing) error {
	if len(lines) == 0 {
		return nil
	}
	for _, o := range lines {
		o.done = make(chan error, 1)
	}
	if err := s.queue.push(lines...); err != nil {
		return err
	}
	for i, o := range lines {
		select {
		case err := <-o.done:
			if err != nil {
				s.queue.giveUp(lines[i+1:]...)
				return err
			}
		case <-ctx.Done():
			s.queue.giveUp(lines[i:]...)
			return ctx.Err()
		}
	}
	return nil
}

// ask sends a question or an order and shows see what the server answers.
func (s *session) ask(ctx context.Context, c class, text string, see func(*girc.Event)) error {
	return s.send(ctx, &outgoing{class: c, line: text, see: see})
}

// mention sends a line whose fate does not matter.
func (s *session) mention(c class, text string) {
	_ = s.queue.push(&outgoing{class: c, line: text, quiet: true, done: make(chan error, 1)})
}

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
