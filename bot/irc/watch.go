package irc

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"batsignal/oncall/fault"
)

var errSilent = fault.New(fault.Unready, "The server stopped answering.")

// watch asks the server whether it is there, and ends the connection if it does
// not answer: a cable that was pulled tells nothing by itself.
func (s *session) watch(ctx context.Context) error {
	tick := time.NewTicker(s.door.cfg.Silence)
	defer tick.Stop()
	for n := 1; ; n++ {
		answered := make(chan struct{})
		var once sync.Once
		s.mu.Lock()
		s.aliveToken = fmt.Sprintf("alive-%d", n)
		s.alive = func() { once.Do(func() { close(answered) }) }
		// What was sent with a label before this question and is not answered
		// when this is will never be.
		stale := make([]*outgoing, 0, len(s.labels))
		for _, o := range s.labels {
			stale = append(stale, o)
		}
		token, login := s.aliveToken, s.missesLogin()
		s.mu.Unlock()
		if login {
			s.mention(room, "CAP LS 302") // not every server tells by itself
		}
		asked := int64(time.Since(s.began))
		s.mention(urgent, line("PING", token))
		select {
		case <-tick.C:
			if s.heard.Load() < asked {
				return errSilent
			}
		case <-ctx.Done():
			return ctx.Err()
		}
		select {
		case <-answered:
			s.unanswered(stale)
		default:
		}
	}
}

var errUnconfirmed = errors.New("the network did not confirm it")

func (s *session) unanswered(stale []*outgoing) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range stale {
		if s.labels[o.token] == o {
			delete(s.labels, o.token)
			o.finish(errUnconfirmed)
		}
	}
}
