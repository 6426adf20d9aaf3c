package irc

import (
	"context"

	"github.com/lrstanley/girc"

	"batsignal/bot"
	"batsignal/oncall/fault"
)

// joining is a JOIN on its way.
type joining struct {
	o       *outgoing
	refused error
	in      bool
}

// startJoin queues a JOIN; what is said in the room is queued behind it.
func (s *session) startJoin(name string) (*joining, error) {
	s.mu.Lock()
	s.place(name) // by our spelling, not by the server's
	s.mu.Unlock()
	j := &joining{}
	j.o = &outgoing{class: room, line: line("JOIN", name), done: make(chan error, 1)}
	j.o.see = func(ev *girc.Event) {
		switch {
		case ev.Command == girc.JOIN && ev.Source != nil && s.same(ev.Source.Name, s.nick) && s.same(param(ev, 0), name):
			j.in = true
		case refusal(ev.Command) && s.same(param(ev, 1), name):
			j.refused = refused(ev)
		}
	}
	return j, s.queue.push(j.o)
}

// wait returns when we are in the room, or with the reason why not.
func (s *session) wait(ctx context.Context, name string, j *joining) error {
	select {
	case err := <-j.o.done:
		if err != nil {
			return err
		}
	case <-ctx.Done():
		s.queue.giveUp(j.o)
		return ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.place(name)
	if j.in || p.joined {
		return nil
	}
	err := j.refused
	if err == nil {
		err = fault.New(fault.Forbidden, "The network did not let us in.")
	}
	p.reason = sayOf(err)
	p.later()
	return err
}

func (s *session) join(ctx context.Context, name string) error {
	s.mu.Lock()
	in := s.place(name).joined
	s.mu.Unlock()
	if in {
		return nil
	}
	j, err := s.startJoin(name)
	if err != nil {
		return err
	}
	return s.wait(ctx, name, j)
}

// OpenRoom makes sure that we are in the room, that it exists, and that it has
// this topic; "" leaves the topic as it is. From then on the room is joined again
// after a reconnect or a kick.
func (d *Door) OpenRoom(ctx context.Context, name, topic string) (bot.Opened, error) {
	opened := bot.Opened{Room: name}
	if !validRoom(name) {
		return opened, noRoom(name)
	}
	s := d.online()
	if s == nil {
		return opened, bot.ErrOffline
	}
	if err := s.join(ctx, name); err != nil {
		return opened, err
	}
	d.want(name)
	return opened, s.setTopic(ctx, name, topic)
}

// CloseRoom leaves a room, and does not come back to it by itself.
func (d *Door) CloseRoom(ctx context.Context, name string) error {
	d.unwant(name)
	s := d.online()
	if s == nil {
		return nil // nor is it joined when we are back
	}
	s.mu.Lock()
	in := s.place(name).joined
	s.mu.Unlock()
	if !in {
		return nil
	}
	return s.ask(ctx, room, line(girc.PART, name, "The incident is over."), func(*girc.Event) {})
}
