package irc

import (
	"context"

	"github.com/lrstanley/girc"

	"batsignal/bot"
	"batsignal/oncall/fault"
)

// Look tells how a room is, as the server keeps telling us. Like Say it joins the
// room first if we are not in it.
func (d *Door) Look(ctx context.Context, name string) (bot.RoomState, error) {
	if !validRoom(name) {
		return bot.RoomState{}, noRoom(name)
	}
	s := d.online()
	if s == nil {
		return bot.RoomState{}, bot.ErrOffline
	}
	if err := s.join(ctx, name); err != nil {
		return bot.RoomState{}, err
	}
	return s.lookAt(ctx, name)
}

func (s *session) lookAt(ctx context.Context, name string) (bot.RoomState, error) {
	s.mu.Lock()
	listed := s.place(name).listed
	s.mu.Unlock()
	if !listed {
		// We came in a moment ago. What the server says of it stands before the answer.
		if err := s.ask(ctx, room, line("NAMES", name), func(*girc.Event) {}); err != nil {
			return bot.RoomState{}, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.place(name)
	if !p.joined {
		return bot.RoomState{}, fault.New(fault.Unready, "I am not in %s just now.", p.name)
	}
	state := bot.RoomState{Topic: clean(p.topic), Self: s.nick}
	state.Names, state.Ops = s.people.here(name)
	return state, nil
}
