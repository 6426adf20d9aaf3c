package switchboard

import (
	"context"
	"strings"

	"batsignal/oncall/fault"
	"batsignal/oncall/unseal"
)

// hearConfirm takes a code that was said in a room.
func (a *Authority) hearConfirm(h Heard, args string, r reading) []unseal.Grant {
	said, ok := parseConfirmation(args)
	if !ok {
		return nil
	}
	c := a.state.find(said.code)
	p, known, err := a.people.byAccount(h.Network, h.Account)
	if !known && (c == nil || !c.open(r) || !c.in(h)) {
		return nil // chatter, and what is for other bots
	}
	var told took
	switch {
	case err != nil:
		told.err = err
	case !known:
		told.err = fault.New(fault.Forbidden, "That opens no sealed contact: the switchboard does not know the account %s on %s. An operator makes it known there: batsignal switchboard confirmer add",
			cut(unseal.Plain(h.Account), longestWho), h.Network)
	default:
		told = a.take(p, said, doorRoom, r, func(c *challenge) error {
			switch {
			case !c.in(h):
				return fault.New(fault.Conflict, "That request was made in another room. Give a new code there, where its text is.")
			case !c.Shown:
				return fault.New(fault.Conflict, "I have not heard the bot say here what that request opens, so nobody can know what they confirm. Ask anew, or use the page of the switchboard.")
			}
			return nil
		})
	}
	switch {
	case told.err == nil:
		return []unseal.Grant{told.grant}
	case told.loud || a.ear.mayRefuse(h, r):
		return []unseal.Grant{a.refusal(said.code, p.Handle, told.err)}
	}
	return nil
}

// Confirm takes a code that was given on the page of the switchboard, which shows what is
// confirmed ([Authority.Shown]) by itself. The grant may be one that waits for a second
// person.
func (a *Authority) Confirm(_ context.Context, code, handle, digits string) (unseal.Grant, error) {
	said := confirmation{code: strings.ToUpper(strings.TrimSpace(code)), digits: joined(digits)}
	if !validCode.MatchString(said.code) {
		return unseal.Grant{}, errNoChallenge
	}
	p, known, err := a.people.byHandle(handle)
	switch {
	case err != nil:
		return unseal.Grant{}, err
	case !known:
		return unseal.Grant{}, errNobody
	}
	a.mu.Lock()
	told := a.take(p, said, doorPage, a.reading(), func(*challenge) error { return nil })
	refusal := a.refusal(said.code, p.Handle, told.err)
	a.mu.Unlock()
	switch {
	case told.err == nil:
		a.o.Granted(told.grant)
	case told.loud:
		a.o.Granted(refusal)
	}
	return told.grant, told.err
}

// Prove takes a code for something else than a challenge: to be shown a sealed contact that
// custodians opened. purpose is what it is used up for.
func (a *Authority) Prove(_ context.Context, handle, digits, purpose string) error {
	p, known, err := a.people.byHandle(handle)
	switch {
	case err != nil:
		return err
	case !known:
		return errNobody
	}
	a.mu.Lock()
	told := a.prove(p, confirmation{digits: joined(digits)}, doorPage, a.reading(), cut(unseal.Plain(purpose), longestWho), nil)
	refusal := a.refusal("", p.Handle, told.err)
	a.mu.Unlock()
	if told.loud {
		a.o.Granted(refusal)
	}
	return told.err
}

var errNobody = fault.New(fault.Forbidden, "The switchboard knows nobody of that handle. An operator makes people known there: batsignal switchboard confirmer add")

// refusal is a refusal for people. Its sentence holds no code, since the bot says it in the
// room; Confirmed is whose code was refused, who is to know of it.
func (a *Authority) refusal(code, handle string, err error) unseal.Grant {
	g := unseal.Grant{Code: code, Confirmed: handle}
	if err != nil {
		g.Refused = fault.Say(err)
	}
	if c := a.state.find(code); c != nil {
		g.Incident, g.Declared = c.Incident, c.Declared
	}
	return g
}
