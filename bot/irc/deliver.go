package irc

import (
	"context"
	"errors"
	"strconv"

	"github.com/lrstanley/girc"

	"batsignal/bot"
	"batsignal/bot/command"
)

// Reply draws r where the line came from; a private one goes to whoever said it.
func (d *Door) Reply(ctx context.Context, to bot.Heard, r command.Reply) error {
	s := d.online()
	if s == nil {
		return bot.ErrOffline
	}
	target := to.Room
	if r.Private || target == "" {
		if !s.stillThere(to) {
			return bot.ErrAbsent
		}
		target = to.Nick
	}
	return s.deliver(ctx, reply, target, command.PlainText(r)...)
}

// stillThere tells whether the nick still has the account that asked: the answer
// may be for that account alone, and nicks change hands.
func (s *session) stillThere(to bot.Heard) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.people.byNick[s.fold(to.Nick)]
	return to.Account == "" || m == nil || !m.known || m.account == to.Account
}

// Say sends an announcement to a room. It joins the room first if we are not in
// it, as after a restart: a room that was opened once must not fall silent.
func (d *Door) Say(ctx context.Context, room string, m bot.Message) error {
	if !validRoom(room) {
		return noRoom(room)
	}
	s := d.online()
	if s == nil {
		return bot.ErrOffline
	}
	if err := s.join(ctx, room); err != nil {
		return err
	}
	goes := chatter
	if m.Urgent {
		goes = urgent
	}
	return s.deliver(ctx, goes, room, m.Text)
}

// Direct sends a private message to every nick that is proven to be logged in as
// account, and fails with [bot.ErrAbsent] if there is none.
func (d *Door) Direct(ctx context.Context, account string, m bot.Message) error {
	s := d.online()
	if s == nil {
		return bot.ErrOffline
	}
	nicks, err := s.find(ctx, account)
	if err != nil {
		return err
	}
	// Several are several clients of one person; one that got it is enough.
	var failed []error
	for _, nick := range nicks {
		if err := s.deliver(ctx, page, nick, m.Text); err != nil {
			failed = append(failed, err)
		}
	}
	if len(failed) == len(nicks) {
		return errors.Join(failed...)
	}
	return nil
}

// deliver sends texts to a room or a nick and waits until the network has taken
// every line.
func (s *session) deliver(ctx context.Context, c class, target string, texts ...string) error {
	s.mu.Lock()
	space := s.space(girc.PRIVMSG, target)
	s.mu.Unlock()
	var lines []*outgoing
	for _, text := range texts {
		for _, part := range split(text, space) {
			lines = append(lines, &outgoing{class: c, target: target, line: line(girc.PRIVMSG, target, part)})
		}
	}
	return s.send(ctx, lines...)
}

// space is how many bytes of text fit into a line that the server passes on as
// ":nick!user@host COMMAND target :text". It runs with the session locked.
func (s *session) space(command, target string) int {
	number := func(key string, otherwise int) int {
		if n, err := strconv.Atoi(s.support[key]); err == nil && n > 0 && n < 200 {
			return n
		}
		return otherwise
	}
	// The host may be changed at any time, so the longest is reckoned with.
	user := max(number("USERLEN", 12), len(s.door.cfg.User)) + 1
	host := number("HOSTLEN", 64)
	const signs = len(":!@ ") + len("  :") + len("\r\n")
	return 512 - signs - len(s.nick) - user - host - len(command) - len(target)
}
