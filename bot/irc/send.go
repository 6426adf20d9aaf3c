package irc

import (
	"context"
	"strconv"
	"time"

	"github.com/lrstanley/girc"

	"batsignal/bot"
)

// errEnded says that the connection ended before the network confirmed.
var errEnded = bot.ErrOffline

// write is the only goroutine that sends after the welcome: what goes next is
// decided when it may go, so a page overtakes whatever waits.
func (s *session) write(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		rest := s.rest(s.queue.peek(), time.Now())
		if rest == 0 {
			o := s.queue.pop()
			if o == nil {
				continue // given up just now
			}
			if err := s.put(o); err != nil {
				return err
			}
			if o.class != urgent {
				s.pace.ReserveN(time.Now(), min(price(o.line), s.pace.Burst()))
			}
			continue
		}
		timer.Reset(rest)
		select {
		case <-s.queue.filled:
		case <-timer.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// put sends one line, prepared so that we learn what became of it: by a label
// that the server repeats, else by a PING behind the line, which the server
// answers after it has dealt with the line.
func (s *session) put(o *outgoing) error {
	if s.door.cfg.listen && speaks(o.line) {
		o.finish(errListens)
		return nil
	}
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
