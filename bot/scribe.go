package bot

import (
	"context"
	"crypto/rand"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"batsignal/incidents"
	"batsignal/incidents/meeting"
	"batsignal/incidents/minutes"
)

// Scribe takes down what is said in rooms, for their minutes.
//
// What is heard while rows are being written is written together next, so a busy room
// costs few transactions, and a line waits for no other than those before it.
type Scribe struct {
	Meetings *meeting.Service
	Log      *slog.Logger
	// Patient scribes keep every line before Hear returns: in a play, what comes next
	// must not overtake it.
	Patient bool

	run     string // tells this process's numbers from those of others
	mu      sync.Mutex
	count   int
	self    map[string]string // by network
	waiting []*taken
	wake    chan struct{}
	answers chan answered
}

// taken is one event that is to be written.
type taken struct {
	meeting.Heard
	from Network
	line Heard
	done chan struct{} // closed when it is a row, or never will be
}

const (
	// scribeBudget bounds how long a line that must be a row before it is obeyed holds
	// up its command: if the database is away, the command says so better.
	scribeBudget = 5 * time.Second
	// scribeMost bounds what waits while the database is away.
	scribeMost = 20_000
	// scribeBatch is how many events one write takes.
	scribeBatch = 500
	// scribePause is how long it rests after a write that failed.
	scribePause = 500 * time.Millisecond
	// scribeTries is how often a line is written anew that the database refuses without
	// saying that it is the line's fault.
	scribeTries = 20
	// answersMost bounds the answers that wait for slow networks; what is more is lost,
	// and nothing with it.
	answersMost = 200
	// answerBudget is how long a network may take for one of them.
	answerBudget = 15 * time.Second
)

// NewScribe makes a scribe; Run has it write.
func NewScribe(meetings *meeting.Service, log *slog.Logger) *Scribe {
	return &Scribe{Meetings: meetings, Log: log, run: rand.Text(), self: map[string]string{}, wake: make(chan struct{}, 1), answers: make(chan answered, answersMost)}
}

// Hear takes what a network heard in a room. When it returns, a line that may be a
// command, and one that the network delivers again until it is taken, is a row; others
// are as soon as the lines before them are.
func (s *Scribe) Hear(ctx context.Context, n Network, h Heard) {
	isChange := h.Change == Edited || h.Change == Deleted
	if s == nil || h.Room == "" || h.Unseen || h.Replayed && !isChange {
		return // that somebody takes something back is never too old
	}
	t := s.take(ctx, n, h)
	if !s.Patient && !h.Again && !strings.HasPrefix(strings.TrimSpace(h.Text), "#") {
		return
	}
	s.wait(ctx, t)
}

// Settle waits until everything that was heard before is a row.
func (s *Scribe) Settle(ctx context.Context) {
	if s == nil {
		return
	}
	s.mu.Lock()
	var last *taken
	if len(s.waiting) > 0 {
		last = s.waiting[len(s.waiting)-1]
	}
	s.mu.Unlock()
	if last != nil {
		s.wait(ctx, last)
	}
}

func (s *Scribe) wait(ctx context.Context, t *taken) {
	timer := time.NewTimer(scribeBudget)
	defer timer.Stop()
	select {
	case <-t.done:
	case <-timer.C:
	case <-ctx.Done():
	}
}

// take has what was heard written: a message with commands in it line by line. It
// returns the last of them.
func (s *Scribe) take(ctx context.Context, n Network, h Heard) (t *taken) {
	parts := []string{h.Text}
	if h.Change == Said && !h.Did {
		parts = meeting.Parts(h.Text)
	}
	for i, text := range parts {
		one := h
		one.Text, one.MessageID = text, meeting.PartID(h.MessageID, i+1)
		t = &taken{from: n, line: one, done: make(chan struct{})}
		t.Room = incidents.Room{Network: h.Network, Room: h.Room}
		t.Event = eventOf(one)
		if h.Change == Said && !h.Did && s.Meetings.Begins(t.Room, text) {
			if id, err := s.Meetings.In(ctx, t.Room); err == nil && id == 0 {
				t.Look = s.Look(ctx, n, h.Room)
			}
		}
		s.add(t)
	}
	return t
}

func (s *Scribe) add(t *taken) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.waiting) >= scribeMost {
		s.Log.Error("a line is lost to the minutes: the database has been away for too long", "network", t.Room.Network, "room", t.Room.Room)
		close(t.done)
		return
	}
	if s.count++; t.Event.ID == "" && t.Event.Kind.IsLine() {
		// A write whose outcome is unknown is repeated; by its number a line is once there.
		t.Event.ID = s.run + "-" + strconv.Itoa(s.count)
	}
	s.waiting = append(s.waiting, t)
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// lookBudget bounds how long a network may take to tell what a room looks like; a
// meeting starts without that as well.
const lookBudget = 2 * time.Second

// Look tells what a room looks like to a meeting that starts there.
func (s *Scribe) Look(ctx context.Context, n Network, room string) meeting.Look {
	ctx, cancel := context.WithTimeout(ctx, lookBudget)
	defer cancel()
	state, err := n.Look(ctx, room)
	if err != nil {
		s.Log.Warn("a meeting starts in a room that could not be looked at", "network", n.Name(), "room", room, "error", err)
	}
	return meeting.Look{Topic: state.Topic, Names: state.Names, Self: state.Self}
}

// Said takes down what the bot itself said in a room. id is the same each time that
// the same is told; "" makes one.
func (s *Scribe) Said(ctx context.Context, at time.Time, n Network, room, id, text string) {
	if s == nil || room == "" {
		return
	}
	network, self := n.Name(), s.selfOn(ctx, n, room)
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			t := &taken{done: make(chan struct{}), Heard: meeting.Heard{
				Room:  incidents.Room{Network: network, Room: room},
				Event: minutes.Event{At: at, Who: minutes.Who{Nick: self}, Text: line, ID: id, Self: true},
			}}
			if s.add(t); s.Patient {
				s.wait(ctx, t)
			}
			if id != "" {
				id += "+"
			}
		}
	}
}

// selfOn is what we are called on a network. It is asked for once: a bot whose name
// changes goes on in the minutes under the one that it began with.
func (s *Scribe) selfOn(ctx context.Context, n Network, room string) string {
	s.mu.Lock()
	self, known := s.self[n.Name()]
	s.mu.Unlock()
	if !known {
		if self = s.Look(ctx, n, room).Self; self == "" {
			return "batsignal"
		}
		s.mu.Lock()
		s.self[n.Name()] = self
		s.mu.Unlock()
	}
	return self
}

// eventOf is a line as minutes know it.
func eventOf(h Heard) minutes.Event {
	e := minutes.Event{
		At: h.At, Text: h.Text, ID: h.MessageID, Link: h.Permalink, Thread: h.Thread, Op: h.Op,
		Who: minutes.Who{Nick: h.Nick, Account: h.Account},
	}
	switch h.Change {
	case Edited:
		e.Kind = minutes.Edited
	case Deleted:
		e.Kind = minutes.Deleted
	case Joined:
		e.Kind = minutes.Joined
	case Left:
		e.Kind = minutes.Left
	case Renamed:
		e.Kind = minutes.Renamed
	default:
		if h.Did {
			e.Kind = minutes.Did
		}
	}
	return e
}
