// Package minutes owns the meeting machine: what was said in a room goes in, one
// event at a time; minutes, replies and topics come out.
//
// It is pure. It reads no clock, no database and no network, so the live bot, a
// replay of a log and a resumed process come to the same minutes from the same
// events. Drawing the minutes is for package write below, reading logs for package
// chatlog, rows and rooms for package record.
package minutes

import "time"

// EventKind says what happened.
type EventKind uint8

// The kinds of events.
const (
	Said    EventKind = iota // Who said Text
	Did                      // Who did Text: "/me waves"
	Renamed                  // Who is called Text from now on
	Joined                   // Who came into the room
	Left                     // Who left the room or the network
	Edited                   // the line whose ID this is says Text now
	Deleted                  // the line whose ID this is was taken back by its author
	Erased                   // the same, on somebody's request, by the bot: it leaves no text
	Led                      // the incident's lead, and so its chair, is Who; nobody if empty
	Chaired                  // somebody who looks after the bot made Who a chair
	Ended                    // the bot ends the meeting by itself; Text says why, in a few words
)

var eventNames = [...]string{"said", "did", "renamed", "joined", "left", "edited", "deleted", "erased", "led", "chaired", "ended"}

// String is the word that rows and logs know the kind by.
func (k EventKind) String() string {
	if int(k) < len(eventNames) {
		return eventNames[k]
	}
	return "unknown"
}

// EventKindOf is the kind with that word.
func EventKindOf(word string) (EventKind, bool) {
	for k, name := range eventNames {
		if name == word {
			return EventKind(k), true
		}
	}
	return 0, false
}

// IsLine tells whether an event is a line of the log, which gets a number.
func (k EventKind) IsLine() bool { return k == Said || k == Did }

// IsChange tells whether an event changes a line that was said before.
func (k EventKind) IsChange() bool { return k == Edited || k == Deleted || k == Erased }

// Who is whoever an event is by.
type Who struct {
	Nick    string // what people see
	Account string // proven; "" is unproven
	Handle  string // the person on the roster whose account that is; "" is nobody
	Network string // "" in a meeting of one network
	Zone    string // where their clock is, as IANA names it; "" is UTC
}

// Event is one thing that happened in a room.
type Event struct {
	At   time.Time
	Kind EventKind
	Who  Who
	Text string
	// ID is the network's own id of the line; "" where it has none. Edits and deletions
	// name the line that they change by it.
	ID     string
	Link   string // a web address of the line; "" where a network has none
	Thread string // the id of the line under which it was said; "" is the room itself
	// Self marks what the bot itself said: it is logged and counted, never obeyed.
	Self bool
	// Adopted marks a line that was said before the meeting began and was taken into it:
	// what it notes is noted, nothing else of it is obeyed.
	Adopted bool
	// Blank marks a line whose words were erased where it is kept: Text is what Remains
	// leaves of it, and the meeting still comes to the same numbers.
	Blank bool
	// Op marks somebody who runs the room (a channel operator): where a dialect says
	// so, they may end what a chair forgot.
	Op bool
}

// EffectKind says what the machine wants done.
type EffectKind uint8

// The kinds of effects.
const (
	Reply     EffectKind = iota // say Text in the room
	Private                     // tell Text to Who alone
	Topic                       // make Text the room's topic
	Error                       // tell Who, in the room, that it cannot be: Text
	Save                        // write the files now
	Added                       // Item is new
	Changed                     // Item has another text or state
	Removed                     // Item is in the minutes no more
	Over                        // the meeting has ended
	Adopt                       // take in what was said shortly before the start
	CallNames                   // say Text together with the names of everybody in the room
)

// Effect is one thing that the machine wants done, in order.
type Effect struct {
	Kind EffectKind
	Text string
	Who  Who
	Item int // the item's ID
}
