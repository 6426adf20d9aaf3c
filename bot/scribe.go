package bot

import (
	"context"
	"crypto/rand"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"batsignal/bot/command"
	"batsignal/incidents"
	"batsignal/incidents/meeting"
	"batsignal/incidents/minutes"
	"batsignal/migrations/pg"
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
)

// NewScribe makes a scribe; Run has it write.
func NewScribe(meetings *meeting.Service, log *slog.Logger) *Scribe {
	return &Scribe{Meetings: meetings, Log: log, run: rand.Text(), self: map[string]string{}, wake: make(chan struct{}, 1)}
}

// Hear takes what a network heard in a room. When it returns, a line that may be a
// command, and one that the network delivers again until it is taken, is a row; others
// are as soon as the lines before them are.
func (s *Scribe) Hear(ctx context.Context, n Network, h Heard) {
	if s == nil || h.Room == "" || h.Unseen || h.Replayed {
		return
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

func (s *Scribe) take(ctx context.Context, n Network, h Heard) *taken {
	t := &taken{from: n, line: h, done: make(chan struct{})}
	t.Room = incidents.Room{Network: h.Network, Room: h.Room}
	t.Event = eventOf(h)
	if h.Change == Said && !h.Did && s.Meetings.Begins(t.Room, h.Text) {
		t.Look = s.Look(ctx, n, h.Room)
	}
	s.add(t)
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

// Run writes until ctx ends, and then what is left.
func (s *Scribe) Run(ctx context.Context) error {
	for {
		select {
		case <-s.wake:
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), scribeBudget)
			s.writeAll(last)
			cancel()
			return nil
		}
		s.writeAll(ctx)
	}
}

// writeAll writes until nothing waits or ctx ends.
func (s *Scribe) writeAll(ctx context.Context) {
	for ctx.Err() == nil {
		s.mu.Lock()
		batch := slices.Clone(s.waiting[:min(len(s.waiting), scribeBatch)])
		s.mu.Unlock()
		if len(batch) == 0 {
			return
		}
		written, err := s.write(ctx, batch)
		if err != nil && ctx.Err() == nil {
			s.Log.Warn("what was said could not be written; I try again", "error", err)
			select {
			case <-time.After(scribePause):
			case <-ctx.Done():
			}
			continue
		}
		s.mu.Lock()
		s.waiting = s.waiting[written:]
		s.mu.Unlock()
	}
}

// write writes a batch. What the database refuses for what it is, not for how it goes,
// is found by writing one by one, and left out: it must not hold up the rest for ever.
func (s *Scribe) write(ctx context.Context, batch []*taken) (written int, err error) {
	answers, err := s.Meetings.Hear(ctx, heardOf(batch)...)
	if err != nil && pg.IsData(err) {
		if len(batch) > 1 {
			return s.write(ctx, batch[:1])
		}
		s.Log.Error("a line cannot be kept in the minutes", "network", batch[0].Room.Network, "room", batch[0].Room.Room, "error", err)
		err = nil
	}
	if err != nil {
		return 0, err
	}
	for _, t := range batch {
		close(t.done)
	}
	for _, a := range answers {
		s.answer(ctx, batch[a.Index], a)
	}
	return len(batch), nil
}

func heardOf(batch []*taken) []meeting.Heard {
	heard := make([]meeting.Heard, len(batch))
	for i, t := range batch {
		heard[i] = t.Heard
	}
	return heard
}

// answer tells somebody what is for them alone, or calls everybody in the room.
func (s *Scribe) answer(ctx context.Context, t *taken, a meeting.Answer) {
	if t.from == nil {
		return
	}
	var err error
	if a.Kind == minutes.CallNames {
		err = s.callNames(ctx, t, a.Text)
	} else {
		err = t.from.Reply(ctx, t.line, command.Reply{Private: true, Blocks: []command.Block{command.Line(a.Text)}})
	}
	if err != nil && ctx.Err() == nil {
		s.Log.Warn("an answer to a line of a meeting could not be sent", "network", t.Room.Network, "error", err)
	}
}

// callNames says a text with the name of everybody in the room, a few lines at most.
func (s *Scribe) callNames(ctx context.Context, t *taken, text string) error {
	const perLine, most = 30, 150
	room := s.Look(ctx, t.from, t.Room.Room)
	names := slices.DeleteFunc(slices.Clone(room.Names), func(name string) bool { return name == t.line.Nick || name == room.Self })
	if len(names) > most {
		names = names[:most]
	}
	for list := range slices.Chunk(names, perLine) {
		if err := t.from.Say(ctx, t.Room.Room, Message{Text: "Calling " + strings.Join(list, " ")}); err != nil {
			return err
		}
	}
	return t.from.Say(ctx, t.Room.Room, Message{Text: "Called by " + t.line.Nick + ": " + text})
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
