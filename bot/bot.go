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
)

// Heard is one line that a network delivered to us.
type Heard struct {
	At        time.Time
	Network   string
	Room      string // "" is a private line to the bot
	Nick      string // what people see; proves nothing
	Account   string // proven for this very line, folded to lower case; "" is unproven
	Text      string
	MessageID string // the network's own id; "" where it has none
	// Replayed lines are history (a bouncer's or the server's playback): they are
	// shown and kept, never obeyed.
	Replayed bool
}

// ErrAbsent says that a person's account is not on the network right now.
var ErrAbsent = errors.New("this account is not on the network now")

// ErrOffline says that we are not connected to the network right now.
var ErrOffline = errors.New("not connected to the network now")

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
	Say(ctx context.Context, room, text string) error
	// Direct sends a private message to whoever is logged in as account. Pages go
	// this way, so it overtakes everything else that waits to be sent.
	Direct(ctx context.Context, account, text string) error
	// OpenRoom makes sure that we are in the room, that it exists, and that it
	// has this topic.
	OpenRoom(ctx context.Context, room, topic string) error
	// SetTopic changes the topic of a room that we are in.
	SetTopic(ctx context.Context, room, topic string) error
	// Invite asks whoever is logged in as account into the room.
	Invite(ctx context.Context, room, account string) error
	// Check says what is wrong right now, nil if the network is usable.
	Check() error
}
