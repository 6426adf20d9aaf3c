package console

import (
	"context"
	"maps"
	"slices"
	"sync"

	"batsignal/bot"
)

// self is what the bot is called here.
const self = "batsignal"

// rooms keeps what can be told of rooms. The zero value is an empty one.
type rooms struct {
	mu     sync.Mutex
	byName map[string]*place
}

// place is one room.
type place struct {
	topic  string
	spoken map[string]bool // nicks
}

// at finds a room, or makes it. It runs with the rooms locked.
func (r *rooms) at(room string) *place {
	if r.byName[room] == nil {
		if r.byName == nil {
			r.byName = map[string]*place{}
		}
		r.byName[room] = &place{spoken: map[string]bool{}}
	}
	return r.byName[room]
}

func (r *rooms) setTopic(room, topic string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at(room).topic = topic
}

func (r *rooms) spoke(room, nick string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at(room).spoken[nick] = true
}

// Note notes that somebody spoke in a room, for whoever does not let them [Door.Speak].
func (d *Door) Note(room, nick string) { d.rooms.spoke(room, nick) }

// Look implements [bot.Network]: there are those who spoke in the room, those who are
// everywhere, and the bot. Nobody runs it.
func (d *Door) Look(ctx context.Context, room string) (bot.RoomState, error) {
	var everywhere []string
	if d.People != nil {
		var err error
		if everywhere, err = d.People(ctx); err != nil {
			return bot.RoomState{}, err
		}
	}
	d.rooms.mu.Lock()
	defer d.rooms.mu.Unlock()
	p := d.rooms.at(room)
	names := slices.Concat([]string{self}, everywhere, slices.Collect(maps.Keys(p.spoken)))
	slices.Sort(names)
	return bot.RoomState{Topic: p.topic, Names: slices.Compact(names), Self: self}, nil
}
