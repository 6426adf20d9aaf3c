package command

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
)

func (s Services) personCommands() []*Command {
	return []*Command{s.meCommand(), {
		Name: "whoami", Summary: "Tells whom I take you for, and what you may do.", Example: "whoami", Run: s.whoami,
	}, {
		Name: "link", Needs: Proven, Private: true,
		Summary: "Binds this account to a person known on another network, by a code.", Example: "link",
		Params: []Param{{Name: "code", Optional: true, Help: "the code you got on the other network; without one you get a code"}},
		Run:    s.link,
	}, s.contactCommand()}
}

func (s Services) whoami(ctx context.Context, c *Call) (Reply, error) {
	if c.Account == "" && c.PersonID == 0 {
		return sentence("I see the name " + c.Nick + ", which proves nothing. Log in to services (on IRC) or use a full member's account (on Slack), then ask again."), nil
	}
	if c.PersonID == 0 {
		return sentence(fmt.Sprintf("You are logged in as %s on %s, and nobody I know. %s makes you known; %s binds this account to a person known elsewhere.",
			cmp.Or(c.Shown, c.Account), c.Network, c.Typed("roster join <role>"), c.Typed("link <code>"))), nil
	}
	p, err := oncall.PersonByHandle(ctx, s.DB, c.Handle)
	if err != nil {
		return Reply{}, err
	}
	roles, err := s.rolesWords(ctx, p.ID)
	if err != nil {
		return Reply{}, err
	}
	open, err := paging.OpenFor(ctx, s.DB, p.ID)
	if err != nil {
		return Reply{}, err
	}
	facts := Facts{
		{"You are", p.Handle},
		{"Hours", fmt.Sprintf("%s-%s %s", oncall.Minutes(p.Wakes), oncall.Minutes(p.Sleeps), p.Zone)},
		{"Rung for", roles},
		{"You may", oncall.JoinNames(c.rightsWords())},
	}
	for _, page := range open {
		facts = append(facts, [2]string{"Open page", fmt.Sprintf("P%d: %s", page.ID, page.Why)})
	}
	return Reply{Blocks: []Block{facts}}, nil
}

// rolesWords tells the roles that somebody is rung for, and how each stands.
func (s Services) rolesWords(ctx context.Context, person int64) (string, error) {
	members, err := oncall.Members(ctx, s.DB)
	var roles []string
	for _, m := range members {
		if m.Person.ID == person {
			roles = append(roles, m.Role+" ("+m.Standing()+")")
		}
	}
	if len(roles) == 0 {
		return "no role", err
	}
	return oncall.JoinNames(roles), err
}

func (c Caller) rightsWords() []string {
	words := []string{"answer pages"}
	for _, r := range []struct {
		right Right
		word  string
	}{{Fire, "ask for the bat-signal"}, {Confirm, "confirm one"}, {Admin, "look after the roster"}} {
		if c.Rights.Has(r.right) {
			words = append(words, r.word)
		}
	}
	return words
}

func (s Services) link(ctx context.Context, c *Call) (Reply, error) {
	if code := c.Text("code"); code != "" {
		p, err := s.People.Link(ctx, c.Actor(), strings.ToUpper(code))
		r := sentence(fmt.Sprintf("This account is bound to %s now.", p.Handle))
		r.Private = true
		return r, err
	}
	if c.PersonID == 0 {
		return Reply{}, fault.New(fault.Invalid, "I do not know you here yet. Get a code where I do, then type !link <code> here.")
	}
	code, until, err := s.People.LinkCode(ctx, c.PersonID)
	r := sentence(fmt.Sprintf("On the other network, log in and send me in private: %s. It works once, until %s.",
		c.Typed("link "+code), oncall.Clock(until, c.Zone)))
	r.Private = true
	return r, err
}
