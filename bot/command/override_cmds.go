package command

import (
	"context"
	"fmt"
	"strings"

	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/rota"
	"batsignal/oncall/schedule"
	"batsignal/oncall/when"
)

func (s Services) overrideCommand() *Command {
	return &Command{
		Name: "override", Default: "put", Summary: "Decides for a while who is on by a schedule.", Example: "override weekly maria tomorrow 18:00 Berlin for 4h",
		Subs: []*Command{
			{
				Name: "put", Needs: Known, Summary: "Puts somebody on, instead of whoever would be; of others, admins only. Asks back first.",
				Example: "override weekly maria tomorrow 18:00 Berlin for 4h --instead jan",
				Params: []Param{
					{Name: "instead", Kind: Option, Help: "whom they replace; whoever is on if not said"},
					{Name: "also", Kind: Flag, Help: "they come in addition, and are asked first"},
					{Name: "nobody", Kind: Flag, Help: "they are taken off, and nobody comes instead"},
					{Name: "layer", Kind: Option, Help: "of which layer; all of them if not said"},
					{Name: "note", Kind: Option, Help: "why, in double quotes"},
					yesFlag,
					{Name: "schedule", Help: "which schedule"},
					{Name: "person", Help: "who comes, or me"},
					{Name: "time", Kind: Words, Help: "from when to when, as in sunday 03:00 to monday 09:00"},
				}, Run: s.overridePut,
			},
			{
				Name: "list", Summary: "Lists what was decided for now and later.", Example: "override list weekly",
				Params: []Param{{Name: "schedule", Optional: true, Help: "which schedule; all of them if not said"}}, Run: s.overrideList,
			},
			{
				Name: "remove", Needs: Known, Summary: "Takes a decision back; of others, admins only.", Example: "override remove O12",
				Params: []Param{{Name: "override", Kind: Number, Prefix: "O", Help: "which one"}}, Run: s.overrideRemove,
			},
		},
	}
}

func (s Services) overridePut(ctx context.Context, c *Call) (Reply, error) {
	admin := c.Rights.Has(Admin)
	sched, err := rota.ByName(ctx, s.DB, c.Text("schedule"))
	if err != nil {
		return Reply{}, err
	}
	who, err := s.personNamed(ctx, c, c.Text("person"))
	if err != nil {
		return Reply{}, err
	}
	st, err := span(c, c.Text("time"))
	if err != nil {
		return Reply{}, err
	}
	o := schedule.Override{Schedule: sched.ID, Layer: c.Text("layer"), From: st.From, Until: st.Until, Person: who.ID, Note: c.Text("note")}
	instead, err := s.replaced(ctx, c, sched, &o)
	if err != nil {
		return Reply{}, err
	}
	does := overrideWords(c, sched, o, who, instead) + ", " + st.Echo(o.From, o.Until, who.Zone)
	if !c.Given("yes") {
		if _, err := s.Rota.Trying().AddOverride(ctx, c.Actor(), admin, o); err != nil {
			return Reply{}, err
		}
		return s.confirmFirst(ctx, c, overrideLine(sched, o, who, instead), "With this, "+endSentence(does))
	}
	added, err := s.Rota.AddOverride(ctx, c.Actor(), admin, o)
	if err != nil {
		return Reply{}, err
	}
	return sentence(fmt.Sprintf("O%d: %s To take it back: %s", added.ID, endSentence(does), c.Typed(fmt.Sprintf("override remove O%d", added.ID)))), nil
}

// replaced works out whom an override replaces. If nobody is named it is whoever is on,
// where that is one person and the caller may decide about them.
func (s Services) replaced(ctx context.Context, c *Call, sched schedule.Schedule, o *schedule.Override) (instead oncall.Person, err error) {
	ways := 0
	for _, option := range []string{"instead", "also", "nobody"} {
		if c.Given(option) {
			ways++
		}
	}
	switch {
	case ways > 1:
		return instead, fault.New(fault.Invalid, "Only one of --instead, --also and --nobody can be. Example: %s", c.Typed("override weekly maria sunday --instead jan"))
	case c.Given("nobody"):
		o.Person, o.Instead = 0, o.Person
		return oncall.PersonByID(ctx, s.DB, o.Instead)
	case c.Given("instead"):
		if instead, err = s.personNamed(ctx, c, c.Text("instead")); err == nil {
			o.Instead = instead.ID
		}
		return instead, err
	case c.Given("also") || !c.Rights.Has(Admin):
		return instead, nil
	}
	on, err := s.onDuring(ctx, sched, *o)
	if err != nil || len(on) == 0 {
		return instead, err
	}
	if len(on) > 1 {
		var names []string
		for _, p := range on {
			names = append(names, p.Handle)
		}
		return instead, fault.New(fault.Invalid, "Several are on by %s then: %s. Say whom it is about with --instead %s, or --also if they come in addition.",
			sched.Name, oncall.JoinNames(names), names[0])
	}
	o.Instead = on[0].ID
	if o.Layer == "" && len(sched.Layers) > 0 {
		o.Layer = sched.Layers[0].Name
	}
	return on[0], nil
}

// onDuring lists who is on at the time of an override, by its layer or the first.
func (s Services) onDuring(ctx context.Context, sched schedule.Schedule, o schedule.Override) ([]oncall.Person, error) {
	b, err := rota.Load(ctx, s.DB, o.From, o.Until)
	if err != nil {
		return nil, err
	}
	layer := o.Layer
	if layer == "" && len(sched.Layers) > 0 {
		layer = sched.Layers[0].Name
	}
	var on []oncall.Person
	seen := map[int64]bool{o.Person: true}
	for _, sh := range b.Shifts(sched, o.From, o.Until) {
		if sh.Layer != layer || sh.Shadow || seen[sh.Person] {
			continue
		}
		seen[sh.Person] = true
		p, err := oncall.PersonByID(ctx, s.DB, sh.Person)
		if err != nil {
			return nil, err
		}
		on = append(on, p)
	}
	return on, nil
}

// overrideWords tells what an override does, without its time.
func overrideWords(c *Call, sched schedule.Schedule, o schedule.Override, who, instead oncall.Person) string {
	on := " on for " + sched.Name
	if o.Layer != "" && len(sched.Layers) > 1 {
		on += " (" + o.Layer + ")"
	}
	switch {
	case o.Person == 0:
		return "nobody is" + on + " instead of " + you(c, instead)
	case o.Instead == 0:
		return isOrAre(c, who) + on + " in addition to whoever is, and asked first"
	}
	return isOrAre(c, who) + on + " instead of " + you(c, instead)
}

// overrideLine writes the command with instants and without anything to be worked out.
func overrideLine(sched schedule.Schedule, o schedule.Override, who, instead oncall.Person) string {
	line := fmt.Sprintf("override put %s %s %s", sched.Name, who.Handle, exactly(o.From, o.Until))
	switch {
	case o.Person == 0:
		line += " --nobody"
	case o.Instead == 0:
		line += " --also"
	default:
		line += " --instead " + instead.Handle
	}
	return line + typedOption("layer", o.Layer) + typedOption("note", o.Note)
}

// endSentence ends a sentence once: the echo of a time may end in sentences of its own.
func endSentence(text string) string { return strings.TrimSuffix(text, ".") + "." }

func (s Services) overrideList(ctx context.Context, c *Call) (Reply, error) {
	b, err := rota.Load(ctx, s.DB, c.Now, c.Now.AddDate(2, 0, 0))
	if err != nil {
		return Reply{}, err
	}
	if c.Given("schedule") {
		sched, err := rota.ByName(ctx, s.DB, c.Text("schedule"))
		if err != nil {
			return Reply{}, err
		}
		b.Schedules = []schedule.Schedule{sched}
	}
	people, err := s.handles(ctx)
	if err != nil {
		return Reply{}, err
	}
	l := List{Title: "Decided for now and later"}
	for _, sched := range b.Schedules {
		for _, o := range b.Overrides(sched.ID) {
			item := fmt.Sprintf("O%d: %s, %s", o.ID, overrideWords(c, sched, o, people[o.Person], people[o.Instead]), when.EchoSpan(o.From, o.Until, c.Zone))
			if o.Cover != 0 {
				item += " (" + rota.Ref(o.Cover) + ")"
			}
			if o.Note != "" {
				item += ": " + o.Note
			}
			l.Items = append(l.Items, item)
		}
	}
	if len(l.Items) == 0 {
		return sentence("Nothing is decided: whoever is on is on by the rotation. " + c.Typed("help override put") + " tells how to change it for a while."), nil
	}
	return Reply{Blocks: []Block{l}}, nil
}

func (s Services) overrideRemove(ctx context.Context, c *Call) (Reply, error) {
	o, err := s.Rota.RemoveOverride(ctx, c.Actor(), c.Rights.Has(Admin), c.Number("override"))
	if err != nil {
		return Reply{}, err
	}
	sched, err := rota.ByID(ctx, s.DB, o.Schedule)
	if err != nil {
		return Reply{}, err
	}
	people, err := s.handles(ctx)
	return sentence(fmt.Sprintf("Taken back: %s, %s.", overrideWords(c, sched, o, people[o.Person], people[o.Instead]), when.EchoSpan(o.From, o.Until, c.Zone))), err
}
