package slackfake

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// Invocation is one thing that somebody did to the app, and waits for its answer.
type Invocation struct {
	TriggerID   string // opens one modal within three seconds
	ResponseURL string // "" where there is none

	effect func(ack json.RawMessage) // what the answer does, under the server's lock
	done   chan struct{}
	ack    json.RawMessage
	took   time.Duration
	err    error
}

// Wait waits until the app acknowledged; the error says that it did not in time.
func (i *Invocation) Wait(ctx context.Context) error {
	select {
	case <-i.done:
		return i.err
	case <-ctx.Done():
		return fmt.Errorf("slackfake: not acknowledged yet: %w", ctx.Err())
	}
}

// Ack is what came with the acknowledgement: the payload, or over HTTP the body.
// It is nil before, and if nothing came.
func (i *Invocation) Ack() json.RawMessage {
	select {
	case <-i.done:
		return i.ack
	default:
		return nil
	}
}

// AckedIn is how long the app took to acknowledge; 0 before.
func (i *Invocation) AckedIn() time.Duration {
	select {
	case <-i.done:
		return i.took
	default:
		return 0
	}
}

// Errors are what the app had shown at the fields of a modal, by block ID.
func (i *Invocation) Errors() map[string]string {
	var answer struct {
		Action string            `json:"response_action"`
		Errors map[string]string `json:"errors"`
	}
	if json.Unmarshal(i.Ack(), &answer) != nil || answer.Action != "errors" {
		return nil
	}
	return answer.Errors
}

func (i *Invocation) finish(_ *Server, ack json.RawMessage, err error, took time.Duration) {
	i.ack, i.err, i.took = ack, err, took
	if err == nil && i.effect != nil {
		i.effect(ack)
	}
	close(i.done)
}

// trigger allows one modal.
type trigger struct {
	user string
	view string // the modal that it came from, which others may be pushed on
	at   time.Time
	used bool
}

const triggerLife = 3 * time.Second

func (s *Server) newTrigger(user, view string) string {
	id := fmt.Sprintf("%d.%d.%s", s.now().UnixMilli(), s.arrivals, uuid()[:8]+s.newID(""))
	s.triggers[id] = &trigger{user: user, view: view, at: s.now()}
	return id
}

// useTrigger takes a trigger once.
func (s *Server) useTrigger(id string) (*trigger, error) {
	t := s.triggers[id]
	switch {
	case t == nil:
		return nil, refuse("invalid_trigger_id")
	case t.used:
		return nil, refuse("exchanged_trigger_id")
	case s.now().Sub(t.at) > triggerLife:
		return nil, refuse("expired_trigger_id")
	}
	t.used = true
	return t, nil
}
