// Package console owns the terminal as a chat network: rooms, people and private
// messages without any server, for a first look, for scripted plays and for tests.
//
// Whoever types may speak as anybody, so it proves nothing to the outside world;
// everything behind it is the real thing. It does not keep what was said, only who
// spoke where, and topics.
package console

import (
	"cmp"
	"context"
	"strings"
	"sync"

	"batsignal/bot"
	"batsignal/bot/command"
)

// Line is one thing that the bot said or did on the network.
type Line struct {
	Network string // "" where there is only one
	Room    string // "" is private
	Account string // whom a private line is for, or whom an invitation concerns
	Act     string // "say", "open", "topic" or "invite"
	Text    string
}

// Door is the network. Show is called for each line, one at a time.
type Door struct {
	ID   string
	Show func(Line)
	// Listen is told of what is said in rooms, by people before the bot hears it, and by the
	// bot (ours); nil is nobody.
	Listen func(room, account, text string, ours bool)
	// People are those who are everywhere without having spoken; nil are none.
	People func(ctx context.Context) ([]string, error)

	mu    sync.Mutex
	heard chan bot.Heard
	once  sync.Once
	rooms rooms
}

var _ bot.Network = (*Door)(nil)

func (d *Door) lines() chan bot.Heard {
	d.once.Do(func() { d.heard = make(chan bot.Heard) })
	return d.heard
}

// Speak makes somebody say something; it returns when the line was dealt with or
// ctx ends. Run must be running.
func (d *Door) Speak(ctx context.Context, h bot.Heard) error {
	d.rooms.spoke(h.Room, h.Nick)
	d.listen(h.Room, h.Account, h.Text, false)
	select {
	case d.lines() <- h:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Name implements [bot.Network].
func (d *Door) Name() string { return d.ID }

// Run implements [bot.Network]: it hears what Speak says.
func (d *Door) Run(ctx context.Context, ear func(context.Context, bot.Heard)) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case h := <-d.lines():
			ear(ctx, h)
		}
	}
}

// Reply implements [bot.Network].
func (d *Door) Reply(_ context.Context, to bot.Heard, r command.Reply) error {
	for _, text := range command.PlainText(r) {
		if r.Private || to.Room == "" {
			d.show(Line{Account: cmp.Or(to.Account, to.Nick), Act: "say", Text: text})
		} else {
			d.show(Line{Room: to.Room, Act: "say", Text: text})
		}
	}
	return nil
}

// Say implements [bot.Network].
func (d *Door) Say(_ context.Context, room string, m bot.Message) error {
	d.show(Line{Room: room, Act: "say", Text: m.Text})
	return nil
}

// Direct implements [bot.Network]. In the terminal everybody is there.
func (d *Door) Direct(_ context.Context, account string, m bot.Message) error {
	d.show(Line{Account: account, Act: "say", Text: m.Text})
	return nil
}

// OpenRoom implements [bot.Network].
func (d *Door) OpenRoom(_ context.Context, room, topic string) (bot.Opened, error) {
	d.rooms.setTopic(room, topic)
	d.show(Line{Room: room, Act: "open", Text: topic})
	return bot.Opened{Room: room}, nil
}

// CloseRoom implements [bot.Network]: nobody is asked to leave a terminal.
func (d *Door) CloseRoom(context.Context, string) error { return nil }

// SetTopic implements [bot.Network].
func (d *Door) SetTopic(_ context.Context, room, topic string) error {
	d.rooms.setTopic(room, topic)
	d.show(Line{Room: room, Act: "topic", Text: topic})
	return nil
}

// Invite implements [bot.Network].
func (d *Door) Invite(_ context.Context, room, account string) error {
	d.show(Line{Room: room, Account: account, Act: "invite"})
	return nil
}

// Check implements [bot.Network].
func (d *Door) Check() error { return nil }

func (d *Door) listen(room, account, text string, ours bool) {
	if d.Listen != nil {
		d.Listen(room, account, text, ours)
	}
}

func (d *Door) show(l Line) {
	if l.Act == "say" {
		d.listen(l.Room, "", l.Text, true)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.Show != nil {
		d.Show(l)
	}
}

// String writes a line as a transcript shows it.
func (l Line) String() string {
	if l.Network != "" {
		network := l.Network
		l.Network = ""
		return network + " " + l.String()
	}
	switch {
	case l.Act == "open":
		return l.Room + " is made. Topic: " + l.Text
	case l.Act == "topic":
		return l.Room + " topic: " + l.Text
	case l.Act == "invite":
		return l.Room + " invites " + l.Account
	case l.Room == "":
		return "(to " + l.Account + ") " + l.Text
	}
	return l.Room + " <" + self + "> " + strings.TrimRight(l.Text, " ")
}
