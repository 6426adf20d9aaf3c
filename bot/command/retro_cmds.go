package command

import (
	"context"
	"fmt"
	"strings"

	"batsignal/incidents"
	"batsignal/incidents/meeting"
	"batsignal/incidents/minutes"
	"batsignal/incidents/retrospective"
	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/notice"
)

func (s Services) retroCommands() []*Command {
	number := Param{Name: "incident", Kind: Number, Prefix: "INC", Optional: true, Help: "which incident; this room's or the last resolved one if not said"}
	return []*Command{{
		Name: "retro", Aliases: []string{"retrospective"}, Group: "Incident", Default: "show",
		Summary: "Shows and changes what is written about an incident when it is over.",
		Example: "retro show INC-7",
		Subs: []*Command{
			{
				Name: "show", Needs: Known, Summary: "Tells how the retrospective of an incident stands, and where it is.", Example: "retro show INC-7",
				Params: []Param{number}, Run: s.onRetro(s.retroShow),
			},
			{
				Name: "edit", Needs: Known, Summary: "Gives you, and nobody else, a link to edit the retrospective for a day.", Example: "retro edit INC-7",
				Params: []Param{number}, Run: s.onRetro(s.retroEdit),
			},
			{
				Name: "add", Needs: Known, Summary: "Adds a line to a section of the retrospective.", Example: "retro add INC-7 lucky the build farm was idle that night",
				Params: []Param{
					number,
					{Name: "section", Choices: retrospective.SectionWords(), Help: "where: what went well, what was bad, where we were lucky, what follows, or the summary"},
					{Name: "text", Kind: Rest, Help: "what to add"},
				}, Run: s.onRetro(s.retroAdd),
			},
			{
				Name: "meet", Needs: Known, Summary: "Starts a meeting about the retrospective in this room, with its sections and open actions as the agenda.", Example: "retro meet INC-7",
				Params: []Param{
					number,
					{Name: "where", Kind: Rest, Optional: true, Choices: []string{"here", "in this room"}, Help: "it is always the room in which you say it"},
				}, Run: s.onRetro(s.retroMeet),
			},
		},
	}}
}

// onRetro makes a verb of something done to the retrospective of one incident.
func (s Services) onRetro(do func(context.Context, *Call, incidents.Incident) (Reply, error)) func(context.Context, *Call) (Reply, error) {
	return func(ctx context.Context, c *Call) (Reply, error) {
		if s.Retro == nil {
			return Reply{}, fault.New(fault.Conflict, "This bot keeps no retrospectives.")
		}
		inc, err := s.Retro.Pick(ctx, c.Network, c.Room, c.Number("incident"))
		if err != nil {
			return Reply{}, err
		}
		return do(ctx, c, inc)
	}
}

func (s Services) retroShow(ctx context.Context, c *Call, inc incidents.Incident) (Reply, error) {
	e, err := s.Retro.Get(ctx, inc.ID, 0)
	if err != nil {
		return Reply{}, err
	}
	by := "drafted by the bot"
	if e.By != "" {
		by = "the last by " + e.By
	}
	r := sentence(fmt.Sprintf("The retrospective of %s (%s) has %s, %s at %s.",
		inc.Ref(), inc.Title, oncall.Plural(e.Number, "edition", "editions"), by, stamp(e.At, c)))
	if left := retrospective.Unwritten(e.Text); len(left) > 0 {
		r.Blocks = append(r.Blocks, Line("Still to be written: "+strings.Join(left, ", ")+"."))
	}
	if url := s.Retro.URL(inc.ID); url != "" {
		r.Blocks = append(r.Blocks, Link{Text: "It is here", URL: url}, Line(fmt.Sprintf("To change it: !retro edit %s sends you a link, !retro add %s bad TEXT adds a line from here.", inc.Ref(), inc.Ref())))
	} else {
		r.Blocks = append(r.Blocks, Line(fmt.Sprintf("To add a line: !retro add %s bad TEXT.", inc.Ref())))
	}
	r.Blocks = append(r.Blocks, Actions{
		notice.Action{Label: "Edit", Command: "retro edit " + inc.Ref()},
	})
	return r, nil
}

func (s Services) retroEdit(ctx context.Context, c *Call, inc incidents.Incident) (Reply, error) {
	link, until, err := s.Retro.EditLink(ctx, c.Actor(), inc.ID)
	if err != nil {
		return Reply{}, err
	}
	return Reply{Private: true, Blocks: []Block{
		Line(fmt.Sprintf("With this link you edit the retrospective of %s, as often as you like until %s. Whoever has it writes in your name, so keep it to yourself.", inc.Ref(), stamp(until, c))),
		Link{Text: "Edit", URL: link.Reveal()},
	}}, nil
}

func (s Services) retroAdd(ctx context.Context, c *Call, inc incidents.Incident) (Reply, error) {
	e, title, err := s.Retro.Add(ctx, c.Actor(), inc.ID, c.Text("section"), c.Text("text"))
	return sentence(fmt.Sprintf("Added to the retrospective of %s, under “%s”: edition %d.", inc.Ref(), title, e.Number)), err
}

func (s Services) retroMeet(ctx context.Context, c *Call, inc incidents.Incident) (Reply, error) {
	if c.Room == "" {
		return Reply{}, fault.New(fault.Invalid, "A meeting is held in a room: say it there.")
	}
	var look meeting.Look
	if s.Look != nil {
		look = s.Look(ctx, c.Network, c.Room)
	}
	at := incidents.Room{Network: c.Network, Room: c.Room}
	by := minutes.Who{Nick: c.Nick, Account: c.Account, Handle: c.Handle, Network: c.Network}
	if err := s.Retro.Meet(ctx, at, by, inc.ID, look); err != nil {
		return Reply{}, err
	}
	if url := s.Retro.URL(inc.ID); url != "" {
		return Reply{Blocks: []Block{Link{Text: "To be talked about", URL: url}}}, nil
	}
	return Reply{}, nil
}
