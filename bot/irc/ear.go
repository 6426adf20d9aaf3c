package irc

import (
	"context"

	"batsignal/bot"
	"batsignal/oncall/switchboard"
)

// Ear hands on to the switchboard what was said in rooms, as the connection that only
// listens heard it. What is told of people who come and go, what somebody does, and
// history are left out: nobody is to be believed by these.
func Ear(hear func(switchboard.Heard)) func(context.Context, bot.Heard) {
	return func(_ context.Context, h bot.Heard) {
		if h.Change != bot.Said || h.Did || h.Replayed || h.Room == "" {
			return
		}
		hear(switchboard.Heard{At: h.At, Network: h.Network, Room: h.Room, Account: h.Account, Text: h.Text, ID: h.MessageID})
	}
}
