package command

import (
	"context"
	"fmt"
	"strings"

	"batsignal/oncall"
	"batsignal/oncall/contact"
	"batsignal/oncall/fault"
	"batsignal/oncall/ledger"
	"batsignal/oncall/unseal"
)

// What is shown of the ledger in chat at once; the page has all of it.
const (
	lastLeaves   = 5
	mostLeaves   = 20
	mostOpenings = 10
)

// escrowCommands are there only where addresses can be sealed.
func (s Services) escrowCommands() []*Command {
	if s.Switchboard == nil {
		return nil
	}
	return []*Command{{
		Name: "ledger", Group: "Sealed addresses", Default: "show",
		Summary: "Tells what was done with sealed addresses, and how to check it.",
		Example: "ledger show",
		Subs: []*Command{
			{Name: "show", Summary: "Tells how many openings there were, the latest head, and how to check them.", Example: "ledger show", Run: s.ledgerShow},
			{Name: "mine", Needs: Known, Private: true, Summary: "Lists who had your own sealed addresses opened, and when.", Example: "ledger mine", Run: s.ledgerMine},
			{
				Name: "last", Summary: "Shows the last entries in words.", Example: "ledger last 10",
				Params: []Param{{Name: "number", Kind: Number, Optional: true, Help: fmt.Sprintf("how many, %d if not said, at most %d", lastLeaves, mostLeaves)}},
				Run:    s.ledgerLast,
			},
		},
	}, {
		Name:    "custody",
		Summary: "Tells who keeps the shares that open everything together, and which keys there are.",
		Example: "custody", Run: s.custody,
	}, {
		Name:    "switchboard",
		Summary: "Tells how the switchboard is, which alone opens sealed addresses.",
		Example: "switchboard", Run: s.switchboard,
	}}
}

func (s Services) ledgerShow(ctx context.Context, c *Call) (Reply, error) {
	v, err := ledger.Overview(ctx, s.DB, 1)
	if err != nil {
		return Reply{}, err
	}
	if v.Head.Size == 0 {
		return s.withPath(sentence("The ledger is empty: nothing was ever sealed or opened."), "Ledger", "/ledger"), nil
	}
	lanes := fmt.Sprintf("%d to be dialled in an emergency, %d to be shown to somebody. Owners had a code sent, or looked at their own, %s.",
		v.Lanes[unseal.LaneDial], v.Lanes[unseal.LaneReveal], oncall.Times(v.Lanes[unseal.LaneOwner]))
	r := Reply{Blocks: []Block{
		Line(fmt.Sprintf("Others had sealed addresses opened %s since %s: %s", oncall.Times(v.Openings), stamp(v.Since, c), lanes)),
		Line(fmt.Sprintf("The latest head is: %s. Everybody who keeps a log of a room where I say one is a witness of all entries before it.", v.Head.Line())),
	}}
	if len(v.Anchors) > 0 {
		a := v.Anchors[0]
		r.Blocks = append(r.Blocks, Line(fmt.Sprintf("Last seen in a room: the head of %s, in %s on %s, %s.", oncall.Plural(a.Size, "entry", "entries"), a.Room, a.Network, stamp(a.At, c))))
	}
	r = s.withPath(r, "Ledger", "/ledger")
	r.Blocks = append(r.Blocks, Line("To check it on your own machine: batsignal ledger verify --help. Of your own addresses: "+c.Typed("ledger mine")+"."))
	return r, nil
}

func (s Services) ledgerMine(ctx context.Context, c *Call) (Reply, error) {
	list, err := ledger.OpeningsOf(ctx, s.DB, c.PersonID, mostOpenings)
	if err != nil {
		return Reply{}, err
	}
	others, all, err := ledger.CountOf(ctx, s.DB, c.PersonID)
	if err != nil {
		return Reply{}, err
	}
	r := Reply{Private: true}
	if all == 0 {
		r.Blocks = append(r.Blocks, Line("No sealed address of yours was ever opened."))
	} else {
		title := fmt.Sprintf("Others had sealed addresses of yours opened %s; you yourself, %s", oncall.Times(others), oncall.Times(all-others))
		if all > len(list) {
			title += fmt.Sprintf(". The last %d", len(list))
		}
		var items []string
		for _, o := range list {
			items = append(items, openingWords(o, c))
		}
		r.Blocks = append(r.Blocks, List{Title: title, Items: items})
	}
	r.Blocks = append(r.Blocks, Line("The switchboard signs a statement of it for you: "+c.Typed("contact mine")+". Everybody can check one, on my page or with batsignal ledger check-statement."))
	return s.withPath(r, "Ledger", "/ledger"), nil
}

// openingWords tells of one opening to whose address it was.
func openingWords(o ledger.Opening, c *Call) string {
	what := "was opened"
	switch o.Lane {
	case unseal.LaneDial:
		what = "was opened to be dialled"
	case unseal.LaneReveal:
		what = "was opened to be shown"
	case unseal.LaneOwner:
		what = "was opened for you"
	}
	said := fmt.Sprintf("%s: your %s %s", stamp(o.At, c), contact.Noun(o.Kind), what)
	if o.Leaf.Incident != "" {
		said += " for " + o.Leaf.Incident
	}
	if len(o.Leaf.By) > 0 {
		said += ", on the word of " + oncall.JoinNames(o.Leaf.By)
	}
	said += fmt.Sprintf("; lane %s, entry %d", o.Lane, o.Intent)
	switch {
	case o.Dialled != nil:
		return said + ", " + o.Result + fmt.Sprintf(" (entry %d)", *o.Dialled)
	case o.Lane != unseal.LaneOwner:
		return said + ", and nothing is known yet of what came of it"
	}
	return said
}

func (s Services) ledgerLast(ctx context.Context, c *Call) (Reply, error) {
	most := lastLeaves
	if c.Given("number") {
		if n := c.Number("number"); n >= 1 && n <= mostLeaves {
			most = int(n)
		} else {
			return Reply{}, fault.New(fault.Invalid, "I show 1 to %d entries at once: %s. The page of the ledger has all.", mostLeaves, c.Typed("ledger last 10"))
		}
	}
	leaves, err := ledger.Leaves(ctx, s.DB, ledger.End, most)
	if err != nil {
		return Reply{}, err
	}
	if len(leaves) == 0 {
		return sentence("The ledger is empty: nothing was ever sealed or opened."), nil
	}
	var items []string
	for _, l := range leaves {
		items = append(items, fmt.Sprintf("%d, %s: %s", l.Seq, stamp(l.At, c), l.Says()))
	}
	return s.withPath(Reply{Blocks: []Block{List{Title: "The last entries of the ledger, the latest first", Items: items}}}, "Ledger", "/ledger"), nil
}

// withPath adds the link to a page, where there are pages.
func (s Services) withPath(r Reply, name, path string) Reply {
	if s.PublicURL != "" {
		r.Blocks = append(r.Blocks, Link{Text: name, URL: strings.TrimRight(s.PublicURL, "/") + path})
	}
	return r
}
