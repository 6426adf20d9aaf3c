package slackfake

import (
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"time"
)

// Kinds of envelopes.
const (
	kindEvent       = "events_api"
	kindSlash       = "slash_commands"
	kindInteractive = "interactive"
)

// errUnacked is what people see as "did not respond" in Slack.
var errUnacked = errors.New("slackfake: the app did not acknowledge in time")

var errClosed = errors.New("slackfake: closed")

// delivery is one thing that the app must acknowledge.
type delivery struct {
	kind       string
	payload    json.RawMessage
	form       url.Values // of a slash command over HTTP
	invocation *Invocation
	attempt    int // how often it was sent before
	reason     string
	due        time.Time // not before
	deadline   time.Time // of the acknowledgement
	sent       time.Time
	waiting    bool // in the queue
	done       bool
	envelopes  []string
}

// flight is one sending of a delivery.
type flight struct {
	*delivery
	try int
}

// office is what waits and what is under way.
type office struct {
	queue    []*delivery
	flying   []flight             // sent and perhaps acknowledged, by deadline
	open     map[string]*delivery // by envelope, sent and not acknowledged
	unready  int                  // deliveries that are not done
	lost     int
	held     []*delivery // by Shuffle
	heldTill time.Time
	trouble  trouble
	sockets  []*socket
	turn     int // of the sockets
	tickets  map[string]time.Time
	http     *httpRoute
}

func (s *Server) enqueueEvent(payload json.RawMessage) {
	for i := range max(1, s.post.trouble.copies) {
		d := &delivery{kind: kindEvent, payload: payload, attempt: i}
		if i > 0 {
			d.reason = "timeout"
		}
		s.post.unready++
		if s.post.trouble.window > 1 {
			s.hold(d)
		} else {
			s.enqueue(d)
		}
	}
	s.nudge()
}

func (s *Server) enqueue(d *delivery) {
	d.waiting = true
	s.post.queue = append(s.post.queue, d)
	s.nudge()
}

func (s *Server) enqueueInvocation(d *delivery) {
	s.post.unready++
	if s.closed {
		s.finish(d, nil, errClosed)
		return
	}
	s.enqueue(d)
}

// deliver hands out what waits, until the server is closed.
func (s *Server) deliver() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		timer.Reset(s.step(time.Now()))
		select {
		case <-s.ctx.Done():
			return
		case <-s.wake:
		case <-timer.C:
		}
	}
}

// step does what is due and tells when to look again.
func (s *Server) step(now time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := now.Add(time.Hour)
	soon := func(t time.Time) {
		if t.Before(next) {
			next = t
		}
	}
	if len(s.post.held) > 0 {
		if s.release(now); len(s.post.held) > 0 {
			soon(s.post.heldTill)
		}
	}
	for len(s.post.flying) > 0 {
		d := s.post.flying[0]
		flies := !d.done && !d.waiting && d.try == d.attempt
		if flies && d.deadline.After(now) {
			soon(d.deadline)
			break
		}
		s.post.flying = s.post.flying[1:]
		if flies {
			s.unacked(d.delivery, "timeout")
		}
	}
	rest := s.post.queue[:0]
	for _, d := range s.post.queue {
		if d.due.After(now) {
			soon(d.due)
		}
		if d.due.After(now) || !s.send(d, now) {
			rest = append(rest, d)
			continue
		}
		d.waiting = false
	}
	clear(s.post.queue[len(rest):])
	s.post.queue = rest
	if len(s.post.flying) > 0 {
		soon(s.post.flying[0].deadline)
	}
	s.closeDrained(now, soon)
	return max(time.Until(next), 0)
}

// send begins to deliver, if there is a way now.
func (s *Server) send(d *delivery, now time.Time) bool {
	if s.post.http != nil {
		return s.sendHTTP(d, now)
	}
	to := s.nextSocket()
	if to == nil {
		return false
	}
	id := uuid()
	d.envelopes = append(d.envelopes, id)
	s.post.open[id] = d
	d.sent, d.deadline = now, now.Add(s.opts.AckTimeout)
	s.post.flying = append(s.post.flying, flight{d, d.attempt})
	to.envelope(id, d)
	return true
}

// acked takes an acknowledgement, on whatever socket it comes.
func (s *Server) acked(envelope string, payload json.RawMessage) {
	d := s.post.open[envelope]
	if d == nil {
		s.opts.Log("slackfake: an acknowledgement of %q, which is unknown or late", envelope)
		return
	}
	if s.post.trouble.loses(d) {
		s.touch()
		return
	}
	s.finish(d, payload, nil)
}

// unacked tries an event again, or gives up.
func (s *Server) unacked(d *delivery, reason string) {
	if d.kind != kindEvent || d.attempt >= len(s.opts.Retries) {
		s.post.lost++
		s.opts.Log("slackfake: given up: %s %s", reason, d.payload)
		s.finish(d, nil, errUnacked)
		return
	}
	d.due = time.Now().Add(s.opts.Retries[d.attempt])
	d.attempt++
	d.reason = reason
	s.enqueue(d)
}

func (s *Server) finish(d *delivery, payload json.RawMessage, err error) {
	if d.done {
		return
	}
	d.done = true
	for _, id := range d.envelopes {
		delete(s.post.open, id)
	}
	if d.waiting { // acknowledged late
		s.post.queue = slices.DeleteFunc(s.post.queue, func(o *delivery) bool { return o == d })
	}
	s.post.unready--
	if d.invocation != nil {
		d.invocation.finish(s, payload, err, time.Since(d.sent))
	}
	s.touch()
}

// endOpen ends what nobody will acknowledge any more.
func (s *Server) endOpen() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range slices.Concat(s.post.queue, s.post.held) {
		s.finish(d, nil, errClosed)
	}
	for _, d := range s.post.flying {
		s.finish(d.delivery, nil, errClosed)
	}
}
