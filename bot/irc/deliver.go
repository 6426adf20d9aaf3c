package irc

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/lrstanley/girc"

	"batsignal/bot"
	"batsignal/bot/command"
	"batsignal/oncall/fault"
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
func (d *Door) Say(ctx context.Context, room, text string) error {
	if !validRoom(room) {
		return fault.New(fault.Invalid, "%q cannot be a room on IRC. Rooms look like #ops.", clean(room))
	}
	s := d.online()
	if s == nil {
		return bot.ErrOffline
	}
	if err := s.join(ctx, room); err != nil {
		return err
	}
	return s.deliver(ctx, chatter, room, text)
}

// Direct sends a private message to every nick that is proven to be logged in as
// account, and fails with [bot.ErrAbsent] if there is none.
func (d *Door) Direct(ctx context.Context, account, text string) error {
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
		if err := s.deliver(ctx, page, nick, text); err != nil {
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

// settlePatience is how long a page waits for the look into the rooms.
const settlePatience = 10 * time.Second

// find returns the nicks that are proven to be logged in as account right now.
func (s *session) find(ctx context.Context, account string) ([]string, error) {
	account = foldAccount(account)
	if account == "" || !s.door.trusted() {
		return nil, bot.ErrAbsent
	}
	if nicks := s.seen(account); len(nicks) > 0 {
		return nicks, nil
	}
	s.mu.Lock()
	candidates := []string{account}
	if nick := s.lastNick[account]; nick != "" && !s.same(nick, account) {
		candidates = append([]string{nick}, account)
	}
	s.mu.Unlock()
	for _, nick := range candidates {
		if !girc.IsValidNick(nick) {
			continue
		}
		nick, is, err := s.whois(ctx, nick)
		if err != nil {
			return nil, err
		}
		if is == account {
			return []string{nick}, nil
		}
	}
	// Right after connecting we have not looked into the rooms yet.
	soon := time.NewTimer(settlePatience)
	defer soon.Stop()
	select {
	case <-s.settled:
	case <-soon.C:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if nicks := s.seen(account); len(nicks) > 0 {
		return nicks, nil
	}
	return nil, bot.ErrAbsent
}

// seen are the nicks of an account in our rooms. Without account-notify the
// server would not tell when somebody logs out, so what it told once is no proof.
func (s *session) seen(account string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.caps["account-notify"] {
		return nil
	}
	return s.people.nicks(account)
}

// whois asks the server which account a nick is logged in to, "" is none.
func (s *session) whois(ctx context.Context, nick string) (exact, account string, err error) {
	exact = nick
	err = s.ask(ctx, page, "WHOIS "+nick, func(ev *girc.Event) {
		if ev.Command == numWhoisAccount && s.same(param(ev, 1), nick) {
			exact, account = param(ev, 1), foldAccount(param(ev, 2))
		}
	})
	return exact, account, err
}
