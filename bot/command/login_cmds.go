package command

import (
	"context"
	"fmt"

	"batsignal/oncall"
	"batsignal/oncall/fault"
)

func (s Services) loginCommands() []*Command {
	return []*Command{{
		Name: "login", Default: "link", Private: true,
		Summary: "Signs you in on the web, or out everywhere.", Example: "login",
		Subs: []*Command{
			{
				Name: "link", Needs: Known, Summary: "Gives you, and nobody else, a link that signs you in on the web, once and within ten minutes.",
				Example: "login", Run: s.login,
			},
			{
				Name: "revoke", Needs: Known, Summary: "Ends all your sessions on the web.",
				Example: "login revoke", Run: s.loginRevoke,
			},
		},
	}}
}

// login is refused in rooms before it runs (Private), so that whoever has the habit of
// asking there never gets a link where others see it.
func (s Services) login(ctx context.Context, c *Call) (Reply, error) {
	if s.Access == nil {
		return Reply{}, fault.New(fault.Conflict, "This bot has no web pages to sign in on.")
	}
	link, until, err := s.Access.LoginLink(ctx, c.Actor())
	if err != nil {
		return Reply{}, err
	}
	return Reply{Private: true, Blocks: []Block{
		Line(fmt.Sprintf("This link signs you in on the web, once, until %s. Whoever opens it is you there, so give it to nobody.", oncall.Clock(until, c.Zone))),
		Link{Text: "Sign in", URL: link.Reveal()},
	}}, nil
}

func (s Services) loginRevoke(ctx context.Context, c *Call) (Reply, error) {
	if s.Access == nil {
		return Reply{}, fault.New(fault.Conflict, "This bot has no web pages to sign in on.")
	}
	ended, err := s.Access.SignOutEverywhere(ctx, c.Actor())
	text := "You are signed out on the web everywhere: " + oncall.Plural(ended, "session has", "sessions have") + " ended. Links that you did not use are useless now."
	if ended == 0 {
		text = "You were not signed in on the web. Links that you did not use are useless now."
	}
	return Reply{Private: true, Blocks: []Block{Line(text)}}, err
}
