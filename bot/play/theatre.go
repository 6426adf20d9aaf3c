package play

import (
	"context"
	"sync"

	"batsignal/bot"
	"batsignal/bot/console"
)

// Theatre is a chat network on which a play is given: a door to it, and people who
// use it. The stage speaks and listens by turns, never both at once.
type Theatre interface {
	// Network is the door; the stage runs it. Its name is the theatre's.
	Network() bot.Network
	// Account is what somebody's account is called there, as the door proves it.
	Account(handle string) string
	// Speak makes somebody say a line as people do there, who goes to the room first
	// if need be. It returns when the network has taken the line. audible tells
	// whether the bot is in that room: then its ear must get the line.
	Speak(ctx context.Context, s Spoken) (audible bool, err error)
	// Heard waits until everything that the bot has sent so far has arrived, and takes
	// it: one line for each thing that people were shown since the last call. Lines of
	// one place are in the order in which people saw them; what was said in one piece
	// is one line. Account is a handle, also where a borrowed name was answered.
	Heard(ctx context.Context) ([]console.Line, error)
}

// Spoken is a line that somebody says.
type Spoken struct {
	Network  string // "" is the stage's first
	Who      string // a handle
	Borrowed bool   // it is only the name: nothing proves who it is
	Room     string // "" is to the bot alone
	Text     string
	Did      bool // it is "/me Text"
}

// Terminal is the theatre without a network. What people say is heard on the
// goroutine of whoever makes them say it, so nothing runs in the background.
type Terminal struct {
	door *console.Door
	ear  func(context.Context, bot.Heard)

	mu   sync.Mutex
	seen []console.Line
}

// NewTerminal makes a terminal; the name is its network's.
func NewTerminal(name string) *Terminal {
	t := &Terminal{}
	t.door = &console.Door{ID: name, Show: func(l console.Line) {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.seen = append(t.seen, l)
	}}
	return t
}

// Network implements [Theatre].
func (t *Terminal) Network() bot.Network { return t.door }

// Account implements [Theatre]: accounts are handles.
func (t *Terminal) Account(handle string) string { return handle }

// Speak implements [Theatre]. The bot is everywhere in a terminal.
func (t *Terminal) Speak(ctx context.Context, s Spoken) (audible bool, err error) {
	h := bot.Heard{Network: t.door.ID, Room: s.Room, Nick: s.Who, Text: s.Text, Did: s.Did}
	if !s.Borrowed {
		h.Account = t.Account(s.Who)
	}
	t.door.Note(s.Room, s.Who)
	t.ear(ctx, h)
	return true, nil
}

// Heard implements [Theatre].
func (t *Terminal) Heard(context.Context) ([]console.Line, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	seen := t.seen
	t.seen = nil
	return seen, nil
}
