package command

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"batsignal/oncall"
	"batsignal/oncall/component"
	"batsignal/oncall/fault"
)

func (s Services) componentCommands() []*Command {
	which := Param{Name: "component", Help: "which component, as in openssl"}
	rank := Param{Name: "rank", Optional: true, Choices: []string{"owner", "co-owner", "knows"}, Help: "what they are to it; an owner if not said"}
	isNew := Param{Name: "new", Kind: Flag, Help: "it is a new component, however near its name is to that of another"}
	return []*Command{{
		Name: "owner", Aliases: []string{"owners", "maintainer"}, Group: "People", Default: "show",
		Summary: "Tells who looks after a component, and finds somebody who does.", Example: "owner openssl",
		Subs: []*Command{
			{
				Name: "show", Summary: "Lists who owns or knows a component, and who of them can be rung.", Example: "owner openssl",
				Params: []Param{{Name: "component", Kind: Rest, Help: which.Help}}, Run: s.ownerShow,
			},
			{
				Name: "of", Needs: Known, Summary: "Lists what somebody looks after; you if nobody is named.", Example: "owner of maria",
				Params: []Param{{Name: "person", Optional: true, Help: "whose components"}}, Run: s.ownerOf,
			},
			{
				Name: "ask", Needs: Known, Summary: "Asks everybody in the rooms for it who looks after a component.", Example: "owner ask openssl",
				Params: []Param{which}, Run: s.ownerAsk,
			},
			{
				Name: "tell", Needs: Proven, Summary: "Tells who looks after a component; whoever asked hears of it.", Example: "owner tell openssl maria knows",
				Params: []Param{isNew, which, {Name: "person", Help: "a handle, a name of an account, or me"}, rank}, Run: s.ownerTell,
			},
			{
				Name: "add", Needs: Known, Summary: "Makes somebody an owner; for admins and the owners of the component.", Example: "owner add openssl maria co-owner",
				Params: []Param{isNew, which, {Name: "person", Help: "a handle, a name of an account, or me"}, rank}, Run: s.ownerAdd,
			},
			{
				Name: "remove", Needs: Known, Summary: "Ends what somebody was to a component; for admins, its owners, and of oneself.", Example: "owner remove openssl maria",
				Params: []Param{which, {Name: "person", Help: "who is it no more"}}, Run: s.ownerRemove,
			},
			{
				Name: "alias", Needs: Known, Summary: "Gives a component another name; for admins and its owners.", Example: "owner alias openssl libssl",
				Params: []Param{{Name: "remove", Kind: Flag, Help: "takes the name away"}, which, {Name: "name", Help: "the other name"}}, Run: s.ownerAlias,
			},
		},
	}}
}

// changeOf is what a call says about somebody and a component.
func changeOf(c *Call) component.Change {
	return component.Change{
		Component: c.Text("component"), Name: c.Text("person"), Rank: component.Rank(c.Text("rank")),
		New: c.Given("new"), Admin: c.Rights.Has(Admin),
	}
}

func (s Services) ownerShow(ctx context.Context, c *Call) (Reply, error) {
	name, more, _ := strings.Cut(c.Text("component"), " ")
	if who, is := strings.CutPrefix(more, "is "); is {
		return Reply{}, fault.New(fault.Invalid, "To tell me that, say %s", c.Typed("owner tell "+name+" "+oncall.Clip(who, 40)))
	}
	found, known, near, err := component.Lookup(ctx, s.DB, c.Text("component"))
	if err != nil {
		return Reply{}, err
	}
	if !known {
		return s.unknownComponent(ctx, c, strings.ToLower(name), near)
	}
	owners, err := component.Owners(ctx, s.DB, found.ID)
	if err != nil {
		return Reply{}, err
	}
	list := List{Title: found.Name + " is looked after by"}
	if len(found.Aliases) > 0 {
		list.Title = fmt.Sprintf("%s, also called %s, is looked after by", found.Name, oncall.JoinNames(found.Aliases))
	}
	reachable := false
	for _, o := range owners {
		item, rung, err := s.ownerWords(ctx, c, o)
		if err != nil {
			return Reply{}, err
		}
		list.Items, reachable = append(list.Items, item), reachable || rung
	}
	r := Reply{Blocks: []Block{list}}
	if len(owners) == 0 {
		r = sentence(found.Name + " is known, and nobody who looks after it.")
	}
	if err := s.suggestions(ctx, &r, found.Name, owners); err != nil {
		return r, err
	}
	if !reachable {
		err = s.offerToAsk(ctx, c, &r, found.Name, len(owners))
	}
	return r, err
}

// ownerWords tells of one owner, and whether the bot may ring them.
func (s Services) ownerWords(ctx context.Context, c *Call, o component.Owner) (text string, rung bool, err error) {
	tail := fmt.Sprintf(": %s, says %s", o.Rank, o.Says())
	if o.Person == 0 {
		return o.Name() + tail + "; nobody I know, so I cannot ring them", false, nil
	}
	p, err := oncall.PersonByID(ctx, s.DB, o.Person)
	if err != nil {
		return "", false, err
	}
	roles, err := oncall.ActiveRoles(ctx, s.DB, o.Person)
	if err != nil {
		return "", false, err
	}
	text = withClock(p, c) + tail
	if len(roles) == 0 {
		return text + "; not on the roster", false, nil
	}
	return text + "; can be rung for " + oncall.JoinNames(roles), true, nil
}

// withClock writes somebody with their own time, as the roster does.
func withClock(p oncall.Person, c *Call) string {
	text := p.Handle + " " + c.Now.In(oncall.Location(p.Zone)).Format("15:04")
	if !p.Awake(c.Now) {
		text += " asleep"
	}
	return text
}

// suggestions adds what people told that nobody made an entry yet.
func (s Services) suggestions(ctx context.Context, r *Reply, name string, owners []component.Owner) error {
	answers, err := component.Answers(ctx, s.DB, name)
	list := List{Title: "Suggested"}
	for _, a := range answers {
		there := slices.ContainsFunc(owners, func(o component.Owner) bool {
			return a.Person != 0 && o.Person == a.Person || a.Person == 0 && o.Login == a.Login
		})
		if there || a.AcceptedBy != "" {
			continue
		}
		item := a.Says()
		if a.To != "" {
			item += " to " + a.To
		}
		list.Items = append(list.Items, item+" ("+a.At.UTC().Format("2006-01-02 15:04")+" UTC)")
	}
	if len(list.Items) > 0 {
		r.Blocks = append(r.Blocks, list)
	}
	return err
}

// offerToAsk says how one asks, or who did.
func (s Services) offerToAsk(ctx context.Context, c *Call, r *Reply, name string, owners int) error {
	last, asked, err := component.Asked(ctx, s.DB, name)
	if err != nil {
		return err
	}
	text := "Nobody of them can be rung."
	if owners == 0 {
		text = "There is nobody whom I could ring."
	}
	if asked {
		text += fmt.Sprintf(" %s asked everybody at %s UTC.", last.Asker, last.AskedAt.UTC().Format("2006-01-02 15:04"))
	} else {
		text += " To ask everybody: " + c.Typed("owner ask "+name)
	}
	r.Blocks = append(r.Blocks, Line(text))
	return nil
}

// unknownComponent answers about one that there is not, but of which somebody may have
// told.
func (s Services) unknownComponent(ctx context.Context, c *Call, name string, near []string) (Reply, error) {
	text := fmt.Sprintf("I know no component called %s.", quote(name))
	if len(near) > 0 {
		text += fmt.Sprintf(" Did you mean %s?", oneOf(near))
	}
	_, asked, err := component.Asked(ctx, s.DB, name)
	if err != nil {
		return Reply{}, err
	}
	if !asked {
		text += " To ask everybody: " + c.Typed("owner ask "+name)
	}
	r := sentence(text)
	if err := s.suggestions(ctx, &r, name, nil); err != nil {
		return r, err
	}
	r.Refused = len(r.Blocks) == 1
	if asked {
		err = s.offerToAsk(ctx, c, &r, name, 0)
	}
	return r, err
}

func (s Services) ownerOf(ctx context.Context, c *Call) (Reply, error) {
	const most = 40
	p, err := s.personOrMe(ctx, c)
	if err != nil {
		return Reply{}, err
	}
	owned, err := component.OwnedBy(ctx, s.DB, p.ID, most+1)
	if err != nil {
		return Reply{}, err
	}
	var names []string
	for _, o := range owned[:min(len(owned), most)] {
		name := o.Component
		if o.Rank != component.Own {
			name += " (" + string(o.Rank) + ")"
		}
		names = append(names, name)
	}
	if len(owned) > most {
		names = append(names, "more")
	}
	if len(names) == 0 {
		return sentence(p.Handle + " looks after nothing that I know of."), nil
	}
	return sentence(p.Handle + " looks after " + oncall.JoinNames(names) + "."), nil
}

// personOrMe is whom the parameter person names, or the caller.
func (s Services) personOrMe(ctx context.Context, c *Call) (oncall.Person, error) {
	if who := c.Text("person"); who != "" && !strings.EqualFold(who, "me") {
		return oncall.PersonByHandle(ctx, s.DB, who)
	}
	if c.PersonID == 0 {
		return oncall.Person{}, fault.New(fault.Invalid, "I do not know you yet, so name somebody: %s", c.Typed("roster show")+" lists who is here.")
	}
	return oncall.PersonByID(ctx, s.DB, c.PersonID)
}

func (s Services) ownerAsk(ctx context.Context, c *Call) (Reply, error) {
	q, err := s.Components.Ask(ctx, c.Actor(), c.Text("component"))
	if err != nil {
		return Reply{}, err
	}
	var rooms []string
	for _, r := range s.Components.Rooms {
		rooms = append(rooms, r.Name)
		if r.Network != c.Network {
			rooms[len(rooms)-1] += " on " + r.Network
		}
	}
	return sentence(fmt.Sprintf("I ask for the maintainer of %s in %s, and tell you in private what is answered. So far: %s",
		q.Component, oncall.JoinNames(rooms), c.Typed("owner "+q.Component))), nil
}

func (s Services) ownerTell(ctx context.Context, c *Call) (Reply, error) {
	told, err := s.Components.Tell(ctx, c.Actor(), changeOf(c))
	if err != nil {
		return Reply{}, err
	}
	who := told.Whom.Name()
	text := fmt.Sprintf("Thank you, I have noted that %s %s %s", who, rankOf(c).Verb(), told.Component)
	if told.Askers > 0 {
		text += ", and tell " + oncall.Plural(told.Askers, "person who asked", "people who asked")
	}
	text += "."
	if !told.Entered {
		entry := strings.TrimSpace("owner add " + told.Component + " " + who + " " + c.Text("rank"))
		text += " It is a suggestion, which an admin or an owner can make an entry: " + c.Typed(entry)
	}
	return sentence(text), nil
}

// rankOf is the rank that a call gives somebody.
func rankOf(c *Call) component.Rank {
	return cmp.Or(component.Rank(c.Text("rank")), component.Own)
}

func (s Services) ownerAdd(ctx context.Context, c *Call) (Reply, error) {
	of, who, err := s.Components.Add(ctx, c.Actor(), changeOf(c))
	if err != nil {
		return Reply{}, err
	}
	text := fmt.Sprintf("Noted: %s %s %s.", who.Name(), rankOf(c).Verb(), of.Name)
	if who.Person == 0 {
		text += " I know nobody by that name, so I cannot ring them."
	}
	return sentence(text), nil
}

func (s Services) ownerRemove(ctx context.Context, c *Call) (Reply, error) {
	of, who, err := s.Components.Remove(ctx, c.Actor(), changeOf(c))
	return sentence(fmt.Sprintf("%s does not look after %s any more.", who.Name(), of.Name)), err
}

func (s Services) ownerAlias(ctx context.Context, c *Call) (Reply, error) {
	remove := c.Given("remove")
	of, err := s.Components.SetAlias(ctx, c.Actor(), changeOf(c), c.Text("name"), remove)
	if remove {
		return sentence(fmt.Sprintf("%s does not mean %s any more.", c.Text("name"), of.Name)), err
	}
	return sentence(fmt.Sprintf("%s means %s now.", c.Text("name"), of.Name)), err
}
