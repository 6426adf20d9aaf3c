// Package meeting owns the meetings that go on: their rows, the rooms that they are
// in, and what each line does there. Every line is a row before it is obeyed, and what
// it causes (replies, topics, items, actions) is written in the same transaction, so a
// process may be killed at any line and the next one goes on.
//
// What a line means is for package minutes; what minutes look like, for minutes/write.
package meeting

import (
	"log/slog"
	"sync"
	"time"

	"batsignal/incidents"
	"batsignal/incidents/minutes"
	"batsignal/migrations/pg"
	"batsignal/oncall/notice"
)

// ChannelMeeting is where a committing transaction tells that meetings began or ended,
// or that files are to be written.
const ChannelMeeting = "batsignal_meeting"

// Service hears the rooms.
type Service struct {
	DB     pg.DB
	Queue  notice.Queue
	Now    func() time.Time
	Log    *slog.Logger
	Policy Policy
	// Incidents keeps the timelines that incidents' minutes are entries of.
	Incidents *incidents.Service

	mu    sync.Mutex
	live  map[int64]*live          // meetings as far as this process has read them
	rooms map[incidents.Room]int64 // the meeting of each room that has one
	reads int                      // how often that was forgotten
	at    time.Time                // when rooms was read
}

// Policy is what the configuration says of meetings.
type Policy struct {
	Dialect   string
	Length    time.Duration // after which anybody may end a meeting; zero is the dialect's
	Idle      time.Duration // of silence, after which it ends by itself; zero is the dialect's
	Pattern   string        // of file names, see minutes.Naming
	URLPrefix string        // before them in addresses
	Rooms     []RoomPolicy
}

// RoomPolicy is what differs in one room.
type RoomPolicy struct {
	Network string
	Room    string
	Dialect string        // "" is the common one
	Pattern string        // "" is the common one
	Recent  time.Duration // how much of what was said is kept for a meeting that starts late; zero is nothing
}

// For is the policy of a room.
func (p Policy) For(at incidents.Room) RoomPolicy {
	for _, one := range p.Rooms {
		if one.Network == at.Network && minutes.Fold(one.Room) == minutes.Fold(at.Room) {
			return one
		}
	}
	return RoomPolicy{Network: at.Network, Room: at.Room}
}

// Heard is one event in one room.
type Heard struct {
	Room  incidents.Room
	Event minutes.Event
	// Look is what the room looks like, for a line that starts a meeting.
	Look Look
}

// Look is a room as its network shows it.
type Look struct {
	Topic string
	Names []string // nil is unknown
	Self  string   // our own nick there
}

// Answer is what is to be done at once and for one line alone. It is not worth a row:
// if it is lost, nothing is.
type Answer struct {
	Index int // of the line in what was heard
	Kind  minutes.EffectKind
	Text  string
}
