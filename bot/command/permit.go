package command

import (
	"math/bits"

	"batsignal/oncall/fault"
)

// permit checks what the caller must be allowed, and says which step is missing:
// prove the account, say who one is, or ask somebody who may.
func (s *Set) permit(e *entry, caller Caller) error {
	missing := e.needs &^ caller.Rights
	switch {
	case missing == 0:
		return nil
	case caller.Account == "":
		return fault.New(fault.Forbidden, "I only trust accounts that the network proves, since anybody can borrow a name: log in to services (on IRC), or ask as a full member (on Slack), then try again.")
	case caller.PersonID == 0 && missing != Proven:
		return fault.New(fault.Forbidden, "I do not know yet which person this account belongs to: use %s CODE if I know you on another network, or %s ROLE to join.",
			s.Typed("link"), s.Typed("roster join"))
	}
	return fault.New(fault.Forbidden, "You may not use %s: it is for %s. Ask one of them to do it, or an administrator for the right.",
		s.Typed(e.path), s.who(missing))
}

// elsewhere refuses a private command that was typed in a room. It must not show
// what was typed, and says so that the person does not rely on it any more.
func (s *Set) elsewhere(e *entry) error {
	return fault.New(fault.Forbidden, "Send %s to me in a private message, never in a room. I did nothing; treat what you typed here as seen by everybody.",
		s.Typed(e.path))
}

// WhoMay says in a few words who holds the strongest of these rights: "administrators".
func (s *Set) WhoMay(needs Right) string { return s.who(needs) }

// who says in a few words who holds the strongest of these rights.
func (s *Set) who(needs Right) string {
	if needs == Anyone {
		return "anybody"
	}
	strongest := Right(1) << (bits.Len8(uint8(needs)) - 1)
	if needs.Has(Known) && strongest == Proven {
		strongest = Known // whoever is known is proven as well
	}
	if who := s.opts.WhoMay[strongest]; who != "" {
		return who
	}
	switch strongest {
	case Known:
		return "people I know (linked, or on the roster)"
	case Proven:
		return "anybody with a proven account"
	case LetIn:
		return "people whom an administrator has let into a role"
	case Fire:
		return "people with the right to fire the " + s.opts.Emergency
	case Confirm:
		return "people with the right to confirm the " + s.opts.Emergency
	}
	return "administrators"
}
