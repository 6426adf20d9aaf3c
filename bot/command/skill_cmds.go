package command

import (
	"context"
	"fmt"

	"batsignal/oncall"
	"batsignal/oncall/skill"
)

func (s Services) skillCommands() []*Command {
	label := Param{Name: "label", Kind: Rest, Help: "which one, as in security-expert"}
	person := Param{Name: "person", Help: "whose"}
	return []*Command{{
		Name: "skills", Aliases: []string{"skill"}, Default: "show",
		Summary: "Shows and changes what people are good at, and whom a role prefers by it.", Example: "skills maria",
		Subs: []*Command{
			{
				Name: "show", Summary: "Lists what somebody is good at; you if nobody is named.", Example: "skills maria",
				Params: []Param{{Name: "person", Optional: true, Help: "whose skills"}}, Run: s.skillsShow,
			},
			{Name: "list", Summary: "Lists what people can be good at, and what roles prefer.", Example: "skills list", Run: s.skillsList},
			{Name: "add", Needs: Known, Summary: "Says what you are good at.", Example: "skills add security-expert", Params: []Param{label}, Run: s.skillsAdd},
			{Name: "remove", Needs: Known, Summary: "Says that you are that no more.", Example: "skills remove security-expert", Params: []Param{label}, Run: s.skillsRemove},
			{
				Name: "give", Needs: Known | Admin, Summary: "Confirms what somebody is good at.", Example: "skills give maria security-expert",
				Params: []Param{person, label}, Run: s.skillsGive,
			},
			{
				Name: "take", Needs: Known | Admin, Summary: "Takes a label from somebody.", Example: "skills take maria security-expert",
				Params: []Param{person, label}, Run: s.skillsTake,
			},
			{
				Name: "define", Needs: Known | Admin, Summary: "Adds a label that people can have, or changes its title.", Example: "skills define kernel kernel developer",
				Params: []Param{
					{Name: "self", Kind: Flag, Help: "people's own word is enough, without an admin"},
					{Name: "label", Help: "its name: small letters, digits, hyphens"}, {Name: "title", Kind: Rest, Help: "how it is shown"},
				}, Run: s.skillsDefine,
			},
			{
				Name: "drop", Needs: Known | Admin, Summary: "Removes a label, from everybody who has it too.", Example: "skills drop kernel",
				Params: []Param{label}, Run: s.skillsDrop,
			},
			{
				Name: "prefer", Needs: Known | Admin, Summary: "Says whom a role asks first; owner is whoever owns what is broken.",
				Example: "skills prefer package-fixing owner + security-expert, owner, provenpackager",
				Params:  []Param{{Name: "role", Help: "which role"}, {Name: "order", Kind: Rest, Help: "labels with + between, the best first, with commas between; or none"}},
				Run:     s.skillsPrefer,
			},
		},
	}}
}

func (s Services) skillsShow(ctx context.Context, c *Call) (Reply, error) {
	p, err := s.personOrMe(ctx, c)
	if err != nil {
		return Reply{}, err
	}
	of, err := skill.Of(ctx, s.DB, p.ID)
	if err != nil {
		return Reply{}, err
	}
	held := of[p.ID]
	if len(held) == 0 {
		return sentence(fmt.Sprintf("I know of nothing that %s is good at. %s says it of oneself; %s tells what there is.",
			p.Handle, c.Typed("skills add LABEL"), c.Typed("skills list"))), nil
	}
	l := List{Title: p.Handle + " is"}
	for _, h := range held {
		l.Items = append(l.Items, fmt.Sprintf("%s, since %s, %s", h.Title, h.Since.UTC().Format("2006-01-02"), h.Standing()))
	}
	return Reply{Blocks: []Block{l}}, nil
}

func (s Services) skillsList(ctx context.Context, _ *Call) (Reply, error) {
	labels, err := skill.Labels(ctx, s.DB)
	if err != nil {
		return Reply{}, err
	}
	prefers, err := skill.AllPreferences(ctx, s.DB)
	if err != nil {
		return Reply{}, err
	}
	roles, err := oncall.Roles(ctx, s.DB)
	if err != nil {
		return Reply{}, err
	}
	people, order := List{Title: "People can be"}, List{Title: "Who is asked first"}
	for _, l := range labels {
		item := l.Name + ": " + l.Title
		if l.Self {
			item += ", by their own word"
		}
		people.Items = append(people.Items, item)
	}
	for _, r := range roles {
		if p := prefers[r.Name]; len(p) > 0 {
			order.Items = append(order.Items, r.Title+": "+skill.Order(p))
		}
	}
	r := Reply{Blocks: []Block{people}}
	if len(labels) == 0 {
		r = sentence("There are no labels yet.")
	}
	if len(order.Items) > 0 {
		r.Blocks = append(r.Blocks, order)
	}
	return r, nil
}

func (s Services) skillsAdd(ctx context.Context, c *Call) (Reply, error) {
	h, err := s.Skills.Say(ctx, c.Actor(), c.Text("label"))
	if err != nil {
		return Reply{}, err
	}
	switch {
	case h.ConfirmedAt != nil:
		return sentence(fmt.Sprintf("You are a %s already, confirmed by %s.", h.Title, h.ConfirmedBy)), nil
	case h.Self:
		return sentence(fmt.Sprintf("You are a %s now, by your own word.", h.Title)), nil
	}
	return sentence(fmt.Sprintf("Noted: you say that you are a %s. It counts as soon as an admin confirms it: %s",
		h.Title, c.Typed("skills give "+c.Handle+" "+h.Label))), nil
}

func (s Services) skillsRemove(ctx context.Context, c *Call) (Reply, error) {
	err := s.Skills.Take(ctx, c.Actor(), c.PersonID, c.Text("label"))
	return sentence(fmt.Sprintf("%s is not yours any more.", skill.NameOf(c.Text("label")))), err
}

func (s Services) skillsGive(ctx context.Context, c *Call) (Reply, error) {
	p, err := oncall.PersonByHandle(ctx, s.DB, c.Text("person"))
	if err != nil {
		return Reply{}, err
	}
	h, err := s.Skills.Give(ctx, c.Actor(), p.ID, c.Text("label"))
	return sentence(fmt.Sprintf("%s is a %s, %s.", p.Handle, h.Title, h.Standing())), err
}

func (s Services) skillsTake(ctx context.Context, c *Call) (Reply, error) {
	p, err := oncall.PersonByHandle(ctx, s.DB, c.Text("person"))
	if err != nil {
		return Reply{}, err
	}
	err = s.Skills.Take(ctx, c.Actor(), p.ID, c.Text("label"))
	return sentence(fmt.Sprintf("%s has the label %s no more.", p.Handle, skill.NameOf(c.Text("label")))), err
}

func (s Services) skillsDefine(ctx context.Context, c *Call) (Reply, error) {
	l := skill.Label{Name: c.Text("label"), Title: c.Text("title"), Self: c.Given("self")}
	err := s.Skills.SetLabel(ctx, c.Actor(), l)
	text := fmt.Sprintf("People can be a %s now: %s, which counts once an admin confirms it.", l.Title, c.Typed("skills add "+l.Name))
	if l.Self {
		text = fmt.Sprintf("People can be a %s now, by their own word: %s", l.Title, c.Typed("skills add "+l.Name))
	}
	return sentence(text), err
}

func (s Services) skillsDrop(ctx context.Context, c *Call) (Reply, error) {
	err := s.Skills.RemoveLabel(ctx, c.Actor(), c.Text("label"))
	return sentence(fmt.Sprintf("There is no label %s any more.", skill.NameOf(c.Text("label")))), err
}

func (s Services) skillsPrefer(ctx context.Context, c *Call) (Reply, error) {
	role, err := oncall.FindRole(ctx, s.DB, c.Text("role"))
	if err != nil {
		return Reply{}, err
	}
	order, err := skill.ParseOrder(c.Text("order"))
	if err != nil {
		return Reply{}, err
	}
	if _, err := s.Skills.SetPreferences(ctx, c.Actor(), role.Name, 0, order); err != nil {
		return Reply{}, err
	}
	if len(order) == 0 {
		return sentence(role.Title + " prefers nobody any more."), nil
	}
	return sentence(fmt.Sprintf("For %s, those are asked first: %s.", role.Title, skill.Order(order))), nil
}
