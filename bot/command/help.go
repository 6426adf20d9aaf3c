package command

import (
	"context"
	"strings"
)

// HelpCommand is "help": the list on one screen of a phone, or one command in
// full. NewSet adds it unless the commands bring their own.
func (s *Set) HelpCommand() *Command {
	return &Command{
		Name:    "help",
		Summary: "Lists the commands, or explains one.",
		Params:  []Param{{Name: "command", Kind: Rest, Optional: true, Help: "which one to explain"}},
		Example: "help help",
		Run: func(_ context.Context, c *Call) (Reply, error) {
			if c.Given("command") {
				return s.explain(c.Text("command"))
			}
			return s.list(), nil
		},
	}
}

// list is every verb under its heading, one short line a heading. In a busy
// room it would push an incident off the screen, so it is for the caller only.
func (s *Set) list() Reply {
	var groups Facts
	for _, e := range s.top {
		name := s.renamed(e.Name)
		last := len(groups) - 1
		if last < 0 || groups[last][0] != e.heading() {
			groups = append(groups, [2]string{e.heading(), name})
			continue
		}
		groups[last][1] += ", " + name
	}
	return Reply{Private: true, Blocks: []Block{
		Line("Commands begin with " + s.prefix + " in a room; here in private they need not."),
		groups,
		Line("For one of them in full: " + s.Typed("help "+s.renamed(s.top[0].Name))),
	}}
}

func (e *entry) heading() string {
	if e.group == "" {
		return "Commands"
	}
	return e.group
}

// explain is one command, or a family with what belongs to it.
func (s *Set) explain(path string) (Reply, error) {
	path = strings.TrimPrefix(Clean(path), s.prefix)
	if path == "" {
		return s.list(), nil
	}
	e := s.lookup(path)
	if e == nil {
		var err error
		if e, _, err = s.resolve(path, maxLine); err != nil {
			return Reply{}, err
		}
	}
	if len(e.subs) > 0 {
		return s.explainFamily(e), nil
	}
	facts := Facts{{"Usage", s.usage(e)}}
	for _, p := range e.Params {
		if about := p.about(); about != "" {
			facts = append(facts, [2]string{p.form(), about})
		}
	}
	facts = append(facts, [2]string{"Example", s.Typed(e.example(s))}, [2]string{"Who may", s.who(e.needs)})
	if e.private {
		facts = append(facts, [2]string{"Where", "in a private message only"})
	}
	if also := s.otherNames(e); len(also) > 0 {
		facts = append(facts, [2]string{"Also", strings.Join(also, ", ")})
	}
	return Reply{Blocks: []Block{Line(e.Summary), facts}}, nil
}

func (s *Set) explainFamily(e *entry) Reply {
	var facts Facts
	for _, sub := range e.subs {
		facts = append(facts, [2]string{sub.shown, sub.Summary})
	}
	blocks := []Block{Line(e.Summary), facts}
	if e.def != nil {
		blocks = append(blocks, Line("Alone, "+s.Typed(e.path)+" means "+s.Typed(e.def.path)+"."))
	}
	return Reply{Blocks: append(blocks, Line("For one of them in full: "+s.Typed("help "+e.subs[0].shown)))}
}

// usage is a command with its parameters: !baton pass [--now] <person>.
func (s *Set) usage(e *entry) string {
	parts := []string{s.Typed(e.path)}
	for _, p := range e.Params {
		if p.Kind == Flag || p.Kind == Option {
			parts = append(parts, "["+p.form()+"]")
		}
	}
	for _, p := range e.Params {
		switch {
		case p.Kind == Flag || p.Kind == Option:
		case p.Optional:
			parts = append(parts, "["+p.Name+"]")
		default:
			parts = append(parts, "<"+p.Name+">")
		}
	}
	return strings.Join(parts, " ")
}

// form is how one writes a parameter: person, --all, --sev 1|2|3.
func (p Param) form() string {
	switch {
	case p.Kind == Flag:
		return "--" + p.Name
	case p.Kind == Option && len(p.Choices) > 0:
		return "--" + p.Name + " " + strings.Join(p.Choices, "|")
	case p.Kind == Option:
		return "--" + p.Name + " " + strings.ToUpper(p.Name)
	}
	return p.Name
}

// about is what to know of a parameter, "" if its name says it all.
func (p Param) about() string {
	if len(p.Choices) == 0 || p.Kind == Option {
		return p.Help
	}
	if p.Help == "" {
		return oneOf(p.Choices)
	}
	return p.Help + ": " + oneOf(p.Choices)
}

// otherNames are the aliases of a command, as one types them.
func (s *Set) otherNames(e *entry) []string {
	var names []string
	family, _, isSub := strings.Cut(e.path, " ")
	for _, a := range e.Aliases {
		if isSub {
			a = family + " " + a
		}
		names = append(names, s.Typed(a))
	}
	for _, a := range s.ownAliases(e) {
		names = append(names, s.prefix+a)
	}
	return names
}
