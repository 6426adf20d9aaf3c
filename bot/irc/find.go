package irc

import (
	"context"
	"time"

	"github.com/lrstanley/girc"

	"batsignal/bot"
)

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
