// Package bot owns chat: what was heard, who said it, which command it is, and
// how announcements reach a room.
//
// It does not speak any network's protocol (each door has its own package below)
// and decides nothing about incidents or people.
package bot

import (
	"context"
	"errors"
	"time"

	"batsignal/bot/command"
	"batsignal/oncall/notice"
)

// Heard is one line that a network delivered to us, what became of one, or that
// somebody came, went or took another name.
type Heard struct {
	At        time.Time
	Network   string
	Room      string // "" is a private line to the bot
	Nick      string // what people see; proves nothing
	Account   string // proven for this very line, folded to lower case; "" is unproven
	Text      string
	MessageID string // the network's own id; "" where it has none
	// Did is what people write as "/me waves": Text is what they do. It is told of
	// themselves and asks nothing of us, so it is never a command, whatever Text says.
	Did bool
	// Op tells that whoever it is by runs Room, as operators do on IRC. A network
	// without such a thing has none.
	Op bool
	// Replayed lines are history (a bouncer's or the server's playback): they are
	// shown and kept, never obeyed.
	Replayed bool

	// Shown is how people know the account where it is a mere number to them, as on
	// Slack; "" is the account itself.
	Shown string
	// Addressed lines are said to the bot itself (a button, a slash command, its
	// name before the words), so the prefix may be missing even in a room.
	Addressed bool
	// Unseen lines were seen by the bot alone though they came from a room.
	Unseen bool
	// Change tells whether this is a new line. Nothing else is ever obeyed or carried
	// to another network. MessageID is that of the line that an edit or a deletion
	// changes; of who comes and goes it is the network's own id of that.
	Change Change
	// Thread is the id of the line under which this one was said; "" is the room
	// itself, or a network without threads.
	Thread string
	// Permalink is a web address of the line; "" where a network has none.
	Permalink string
	// Unsure lines are by somebody whom the network cannot name just now: they are not
	// obeyed, and nobody is blamed for them.
	Unsure bool
	// Again lines are delivered again until they were heard: they are kept before the
	// door is told so.
	Again bool
	// Via is the door's own note of how to answer. Nobody else looks at it.
	Via any
}

// Change says what is told of a line, or of whoever it is by: Nick, with the Account
// that the network proves for this very news. Nothing is told of ourselves.
type Change uint8

// The changes.
const (
	Said    Change = iota // it is new
	Edited                // it has another text now, which is Text
	Deleted               // it was taken back; Text is empty
	Joined                // they came into Room; Text is empty
	Left                  // they left Room, were put out of it, or left the network; Text is empty
	Renamed               // they are called Text from now on; told once for each room that we share
)

// Message is what the bot says: one line, and what may be clicked under it.
type Message struct {
	Text    string
	Actions []notice.Action // a network without buttons leaves them out
	// Urgent lines overtake everything else that waits, and are not held back: there are few,
	// and somebody's phone does not ring before.
	Urgent bool
}

// ErrAbsent says that a person's account is not on the network right now.
var ErrAbsent = errors.New("this account is not on the network now")

// ErrOffline says that we are not connected to the network right now.
var ErrOffline = errors.New("not connected to the network now")

// ErrBusy says that the network lets nothing more pass there just now. It is no fault
// of what was to be sent.
var ErrBusy = errors.New("the network lets nothing more pass there now")

// Network is one chat network. All methods but Run may be called from any
// goroutine, before, while and after Run is connected; each returns when the
// network has confirmed (where it can), or with [ErrOffline], [ErrAbsent], the
// context's error, or the network's own refusal.
type Network interface {
	// Name is the configured name: "libera", "console".
	Name() string
	// Run connects, hears and reconnects until ctx ends. ear is called for one
	// line at a time, in order, and may block for as long as a command takes:
	// the door must go on reading meanwhile and keep the lines.
	Run(ctx context.Context, ear func(context.Context, Heard)) error
	// Reply draws r where the line came from; a private reply goes to its sender.
	Reply(ctx context.Context, to Heard, r command.Reply) error
	// Say sends an announcement to a room.
	Say(ctx context.Context, room string, m Message) error
	// Direct sends a private message to whoever is logged in as account. Pages go
	// this way, so it overtakes everything else that waits to be sent.
	Direct(ctx context.Context, account string, m Message) error
	// OpenRoom makes sure that we are in the room, that it exists, and that it
	// has this topic. Where the network does not let us have that room, it opens
	// another one in its place and tells which, and why in a few words.
	OpenRoom(ctx context.Context, room, topic string) (Opened, error)
	// CloseRoom leaves the room for good, and puts it away where a network can.
	CloseRoom(ctx context.Context, room string) error
	// SetTopic changes the topic of a room that we are in.
	SetTopic(ctx context.Context, room, topic string) error
	// Look tells how a room is now. Like Say it enters the room first if need be.
	Look(ctx context.Context, room string) (RoomState, error)
	// Invite asks whoever is logged in as account into the room.
	Invite(ctx context.Context, room, account string) error
	// Check says what is wrong right now, nil if the network is usable.
	Check() error
}

// Opened is the room that a network opened.
type Opened struct {
	Room string
	Why  string // why it is not the wanted one; "" if it is
}

// Summarizer is a network that shows how an incident stands in one message of its
// room, which it keeps up to date.
type Summarizer interface {
	// Summarize shows how things stand now; the newest call wins.
	Summarize(ctx context.Context, room string, s Summary) error
}
