package irc

import (
	"context"

	"batsignal/bot"
	"batsignal/oncall/switchboard"
)

// Ear is a connection that only listens: nothing is ever said by it, and what robots say in
// its rooms is heard too. An account is what the tag on the line says, or nobody.
type Ear struct{ door *Door }

// NewEar makes one; it does not connect yet. It fails as [New] does.
func NewEar(cfg Config) (*Ear, error) {
	if len(cfg.Rooms) == 0 {
		return nil, invalid(cfg, "A connection that only listens needs rooms to listen in.")
	}
	cfg.listen = true
	d, err := New(cfg)
	return &Ear{d}, err
}

// Run listens, and connects again, until ctx ends, and then returns nil.
func (e *Ear) Run(ctx context.Context, hear func(switchboard.Heard)) error {
	return e.door.Run(ctx, spoken(hear))
}

// Check says in a sentence what is wrong right now.
func (e *Ear) Check() error { return e.door.Check() }

// spoken hands on to the switchboard what was said in rooms. What is told of people who come
// and go, what somebody does, and history are left out: nobody is to be believed by these.
func spoken(hear func(switchboard.Heard)) func(context.Context, bot.Heard) {
	return func(_ context.Context, h bot.Heard) {
		if h.Change != bot.Said || h.Did || h.Replayed || h.Room == "" {
			return
		}
		hear(switchboard.Heard{At: h.At, Network: h.Network, Room: h.Room, Account: h.Account, Text: h.Text, ID: h.MessageID})
	}
}
