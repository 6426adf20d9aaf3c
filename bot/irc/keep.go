package irc

import (
	"context"
	"errors"
	"time"

	"github.com/lrstanley/girc"

	"batsignal/bot"
)

// keep brings us into our rooms after the welcome, and from then on back into
// them, back to our nick, and up to date about who is in them.
func (s *session) keep(ctx context.Context) error {
	select {
	case <-s.greeted:
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := s.settle(ctx); err != nil {
		return err
	}
	for {
		next, err := s.chores(ctx)
		if err != nil {
			return err
		}
		timer := time.NewTimer(time.Until(next))
		select {
		case <-s.wake:
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
		timer.Stop()
	}
}

// settle joins all rooms at once, opens the door for callers (whose lines queue
// behind the joins), and looks at who is there.
func (s *session) settle(ctx context.Context) error {
	defer close(s.settled)
	if mode := s.botMode(); mode != "" {
		s.mention(room, "MODE "+s.nickname()+" +"+mode)
	}
	rooms := s.door.wantedRooms()
	joins := make([]*joining, len(rooms))
	for i, name := range rooms {
		var err error
		if joins[i], err = s.startJoin(name); err != nil {
			return err
		}
	}
	s.door.setLive(s, nil)
	for i, name := range rooms {
		if err := s.wait(ctx, name, joins[i]); fatal(ctx, err) {
			return err
		}
	}
	_, err := s.chores(ctx)
	return err
}

// fatal tells whether an error is about the connection, not about one room.
func fatal(ctx context.Context, err error) bool {
	return ctx.Err() != nil || errors.Is(err, bot.ErrOffline)
}

// chores does what is due and says when the next is.
func (s *session) chores(ctx context.Context) (time.Time, error) {
	next := time.Now().Add(time.Hour)
	for _, name := range s.door.wantedRooms() {
		s.mu.Lock()
		p := *s.place(name)
		s.mu.Unlock()
		if !p.joined && !time.Now().Before(p.due) {
			if err := s.join(ctx, name); fatal(ctx, err) {
				return next, err
			}
			s.mu.Lock()
			p = *s.place(name)
			s.mu.Unlock()
		}
		if !p.joined && p.due.Before(next) {
			next = p.due
		}
	}
	if err := s.look(ctx); err != nil {
		return next, err
	}
	if due := s.regain(); due.Before(next) {
		next = due
	}
	return next, nil
}

// look asks who is in the rooms where somebody is not known yet.
func (s *session) look(ctx context.Context) error {
	s.mu.Lock()
	var rooms []string
	_, can := s.support["WHOX"]
	for _, p := range s.rooms {
		if p.joined && p.stale {
			p.stale = false
			rooms = append(rooms, p.name)
		}
	}
	s.mu.Unlock()
	if !can {
		return nil // then only those who join from now on are known
	}
	for _, name := range rooms {
		answers := func(*girc.Event) {} // taken in by whoReply, as they come
		if err := s.ask(ctx, room, "WHO "+name+" %tcna,"+whoToken, answers); err != nil {
			return err
		}
	}
	return nil
}
