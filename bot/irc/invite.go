package irc

import (
	"context"
	"errors"

	"github.com/lrstanley/girc"

	"batsignal/bot"
)

// Invite asks whoever is logged in as account into the room. Like Say it joins the
// room first: it may be gone since we were last in it.
func (d *Door) Invite(ctx context.Context, name, account string) error {
	s := d.online()
	if s == nil {
		return bot.ErrOffline
	}
	nicks, err := s.find(ctx, account)
	if err != nil {
		return err
	}
	if err := s.join(ctx, name); err != nil {
		return err
	}
	var failed []error
	for _, nick := range nicks {
		if err := s.invite(ctx, name, nick); err != nil {
			failed = append(failed, err)
		}
	}
	if len(failed) == len(nicks) {
		return errors.Join(failed...)
	}
	return nil
}

func (s *session) invite(ctx context.Context, name, nick string) error {
	s.mu.Lock()
	there := s.people.inRoom(name, nick)
	s.mu.Unlock()
	if there {
		return nil
	}
	var against error
	err := s.ask(ctx, room, line("INVITE", nick, name), func(ev *girc.Event) {
		if ev.Command == numOnChannel || !refusal(ev.Command) {
			return
		}
		if s.same(param(ev, 1), nick) || s.same(param(ev, 1), name) {
			against = refused(ev)
		}
	})
	return errors.Join(err, against)
}
