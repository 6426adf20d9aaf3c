package command

import (
	"context"
	"fmt"
	"strings"

	"batsignal/oncall"
)

// inviteCommands are the subs of roster by which people come whom nobody knows yet.
func (s Services) inviteCommands() []*Command {
	return []*Command{{
		Name: "invite", Needs: Known | Admin, Summary: "Makes a code by which somebody whom I do not know yet can come onto the roster.",
		Example: `roster invite --note "met at the conference" package fixing, qa`,
		Params: []Param{
			{Name: "note", Kind: Option, Help: "whom it is for, in double quotes; admins see it"},
			{Name: "roles", Kind: Rest, Help: "which roles, with commas between them"},
		}, Run: s.rosterInvite,
	}, {
		// A code that was typed where others see it could be theirs by a moment.
		Name: "accept", Needs: Proven, Private: true, Summary: "Says yes to an invitation, in your own words.",
		Example: "roster accept QWERTYUP yes, ring me when openssl is on fire",
		Params:  []Param{{Name: "code", Help: "the code you were given"}, {Name: "words", Kind: Rest, Optional: true, Help: "your yes in your own words"}},
		Run:     s.rosterAccept,
	}, {
		Name: "invitations", Needs: Known | Admin, Summary: "Lists invitations and what became of them.", Example: "roster invitations", Run: s.rosterInvitations,
	}, {
		Name: "uninvite", Needs: Known | Admin, Summary: "Takes an invitation back.", Example: "roster uninvite 3",
		Params: []Param{{Name: "invitation", Kind: Number, Help: "its number in the list"}}, Run: s.rosterUninvite,
	}}
}

func (s Services) rosterInvite(ctx context.Context, c *Call) (Reply, error) {
	i, code, err := s.People.Invite(ctx, c.Actor(), strings.FieldsFunc(c.Text("roles"), func(r rune) bool { return r == ',' }), c.Text("note"))
	if err != nil {
		return Reply{}, err
	}
	return Reply{Private: true, Blocks: []Block{Line(fmt.Sprintf(
		"Invitation %d to %s. Pass the code on to one person; it works once, until %s. They log in on a network where I am and send me in private: %s",
		i.ID, oncall.JoinNames(i.Roles), i.ExpiresAt.UTC().Format("2006-01-02 15:04 UTC"), c.Typed("roster accept "+code+" yes, ring me")))}}, nil
}

func (s Services) rosterAccept(ctx context.Context, c *Call) (Reply, error) {
	members, err := s.People.Accept(ctx, c.Actor(), c.Text("code"), unquoted(c.Text("words")))
	if err != nil {
		return Reply{}, err
	}
	var roles []string
	for _, m := range members {
		roles = append(roles, m.Role)
	}
	p := members[0].Person
	return Reply{Private: true, Blocks: []Block{
		Line(fmt.Sprintf("Welcome, %s. You can be rung for %s now. To end it: %s", p.Handle, oncall.JoinNames(roles), c.Typed("leave"))),
		Line(fmt.Sprintf("I take it that you are awake %s. If not: %s and %s. When and how I may ring you: %s",
			p.Profile().Awake(c.Now), c.Typed("me set zone Europe/Berlin"), c.Typed("me set awake 07:00-23:00"), c.Typed("help roster agree"))),
	}}, nil
}

func (s Services) rosterInvitations(ctx context.Context, c *Call) (Reply, error) {
	list, err := s.People.Invitations(ctx)
	if err != nil {
		return Reply{}, err
	}
	if len(list) == 0 {
		return sentence("Nobody was invited in the last three months. To invite: " + c.Typed("roster invite <roles>")), nil
	}
	l := List{Title: "Invitations"}
	for _, i := range list {
		item := fmt.Sprintf("%d to %s: %s", i.ID, oncall.JoinNames(i.Roles), i.Standing(c.Now))
		if i.By != "" {
			item += ", by " + i.By
		}
		if i.Note != "" {
			item += " (" + i.Note + ")"
		}
		l.Items = append(l.Items, item)
	}
	return Reply{Blocks: []Block{l}, Private: true}, nil
}

func (s Services) rosterUninvite(ctx context.Context, c *Call) (Reply, error) {
	i, err := s.People.Revoke(ctx, c.Actor(), c.Number("invitation"))
	return sentence(fmt.Sprintf("Invitation %d to %s is taken back.", i.ID, oncall.JoinNames(i.Roles))), err
}
