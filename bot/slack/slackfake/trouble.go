package slackfake

import (
	"math/rand/v2"
	"time"
)

// holdTime is how long Shuffle keeps events that are too few for a window.
const holdTime = 25 * time.Millisecond

// trouble is what goes wrong with deliveries on purpose.
type trouble struct {
	copies        int
	loseAcks      int
	loseEventAcks int // after those
	refuse        bool
	mute          bool
	window        int
	random        *rand.Rand
	patience      time.Duration // holdTime, or what a test of ours wants
}

// Redeliver sends each event n times from now on, with the same event ID and a
// growing retry_attempt, as if acknowledgements had been lost; 1 ends that.
func (s *Server) Redeliver(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.post.trouble.copies = n
}

// loses tells, and counts, whether an acknowledgement is lost.
func (t *trouble) loses(d *delivery) bool {
	switch {
	case t.loseAcks > 0:
		t.loseAcks--
	case t.loseEventAcks > 0 && d.kind == kindEvent:
		t.loseEventAcks--
	default:
		return false
	}
	return true
}

// LoseAcks loses the next n acknowledgements: they do not count.
func (s *Server) LoseAcks(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.post.trouble.loseAcks = n
}

// LoseEventAcks loses the next n acknowledgements of events, which are delivered again;
// clicks and slash commands are not, and nobody would obey them.
func (s *Server) LoseEventAcks(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.post.trouble.loseEventAcks = n
}

// Shuffle delivers events out of order within a window, which is filled or 25 ms
// old; a window below 2 ends that.
func (s *Server) Shuffle(seed uint64, window int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.post.trouble.window = window
	s.post.trouble.random = rand.New(rand.NewPCG(seed, seed))
	s.nudge()
}

func (s *Server) hold(d *delivery) {
	if len(s.post.held) == 0 {
		s.post.heldTill = time.Now().Add(max(s.post.trouble.patience, holdTime))
	}
	s.post.held = append(s.post.held, d)
}

// release lets held events go when they are enough or old.
func (s *Server) release(now time.Time) {
	t := &s.post.trouble
	for len(s.post.held) > 0 && (len(s.post.held) >= t.window || !s.post.heldTill.After(now)) {
		n := min(len(s.post.held), max(t.window, 1))
		batch := s.post.held[:n]
		t.random.Shuffle(n, func(i, j int) { batch[i], batch[j] = batch[j], batch[i] })
		for _, d := range batch {
			s.enqueue(d)
		}
		s.post.held = s.post.held[n:]
	}
}

// Refresh asks all connections to reconnect, as Slack does every few hours, gives
// them nothing more, and closes them a second later if they did not leave.
func (s *Server) Refresh() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.post.sockets {
		if c.draining {
			continue
		}
		c.draining, c.drainEnd = true, time.Now().Add(drainTime)
		c.say(obj{"type": "disconnect", "reason": "refresh_requested", "debug_info": obj{"host": socketHost}})
	}
	s.nudge()
}

// Cut resets the TCP connections of all sockets; they get nothing more.
func (s *Server) Cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.post.sockets {
		c.draining, c.drainEnd = true, time.Now()
		c.cut()
	}
}

// Mute keeps the sockets open and says nothing on them, not even pings, as a line
// that died without telling. What is to be delivered waits.
func (s *Server) Mute(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.post.trouble.mute = on
	s.nudge()
}

func (s *Server) muted() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.post.trouble.mute
}

// RefuseConnections has apps.connections.open, and the sockets it handed out, answer 503.
func (s *Server) RefuseConnections(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.post.trouble.refuse = on
}

// Connections is how many sockets are open and take envelopes.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, c := range s.post.sockets {
		if !c.draining {
			n++
		}
	}
	return n
}

// Lost is how many deliveries were given up, because nobody acknowledged them.
func (s *Server) Lost() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.post.lost
}
