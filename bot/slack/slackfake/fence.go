package slackfake

import (
	"context"
	"fmt"
)

// Changed is closed at the next change of the memory: something said, called,
// acknowledged, connected. Take it before you look, so that nothing is missed.
func (s *Server) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// Await waits until a condition holds, which is asked again after every change. It
// may use all methods of the server.
func (s *Server) Await(ctx context.Context, holds func() bool) error {
	for {
		changed := s.Changed()
		if holds() {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("slackfake: what was awaited did not happen: %w", ctx.Err())
		}
	}
}

// Settled waits until everything that was sent to the app so far, and since, was
// acknowledged or given up, and nothing waits to be sent again. What the app does
// after its acknowledgement is its own business: see [Server.Await].
func (s *Server) Settled(ctx context.Context) error {
	for {
		s.mu.Lock()
		left, changed := s.post.unready, s.changed
		s.mu.Unlock()
		if left == 0 {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("slackfake: %d deliveries are not acknowledged: %w", left, ctx.Err())
		}
	}
}
