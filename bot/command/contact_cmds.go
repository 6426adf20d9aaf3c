package command

import (
	"context"
	"fmt"
	"strings"
	"time"

	"batsignal/oncall"
	"batsignal/oncall/contact"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

func (s Services) contactCommand() *Command {
	kind := Param{Name: "kind", Choices: contact.Kinds(), Help: "which kind: " + strings.Join(contact.Kinds(), ", ")}
	return &Command{
		Name: "contact", Default: "list", Needs: Known, Private: true,
		Summary: "Keeps your private addresses, which nobody else sees.", Example: "contact list",
		Subs: append([]*Command{
			{Name: "list", Summary: "Tells which ways to reach you there are, and how each stands.", Example: "contact list", Run: s.contactList},
			{
				Name: "add", Summary: "Adds an address for pages, and sends a code there. No page goes there before the code came back.",
				Example: "contact add sms +44 20 7183 8750",
				Params:  []Param{kind, {Name: "address", Kind: Rest, Help: "the address, the number with its country, or the topic"}}, Run: s.contactAdd(""),
			},
			{
				Name: "mail", Summary: "Adds a mail address for pages.", Example: "contact mail name@example.org",
				Params: []Param{{Name: "address", Help: "your mail address"}}, Run: s.contactAdd("mail"),
			},
			{
				Name: "webhook", Summary: "Adds a web address that pages are posted to.", Example: "contact webhook https://example.org/hook",
				Params: []Param{{Name: "address", Help: "an https address"}}, Run: s.contactAdd("webhook"),
			},
			{
				Name: "prove", Summary: "Says a code back that came to an address of yours: it is yours, and works.", Example: "contact prove K7QXM",
				Params: []Param{{Name: "code", Help: "the five letters"}}, Run: s.contactProve,
			},
			{Name: "code", Summary: "Sends a new code to your addresses of a kind.", Example: "contact code sms", Params: []Param{kind}, Run: s.contactCode},
			{
				Name: "delay", Summary: "Says how long after a ring a way is used.", Example: "contact delay voice 2m",
				Params: []Param{kind, {Name: "time", Help: "up to an hour, as in 0s, 90s or 2m; usual is as everybody's"}}, Run: s.contactDelay,
			},
			{
				Name: "pause", Summary: "Stops pages by a way until you resume it.", Example: "contact pause voice",
				Params: []Param{kind}, Run: s.contactPause,
			},
			{Name: "resume", Summary: "Uses a way again that was paused.", Example: "contact resume voice", Params: []Param{kind}, Run: s.contactResume},
			{Name: "remove", Summary: "Deletes your addresses of a kind.", Example: "contact remove mail", Params: []Param{kind}, Run: s.contactRemove},
		}, s.contactSealCommands()...),
	}
}

// privately answers in a sentence that is for the caller alone.
func privately(text string) Reply {
	r := sentence(text)
	r.Private = true
	return r
}

func (s Services) contactList(ctx context.Context, c *Call) (Reply, error) {
	list, err := contact.Of(ctx, s.DB, c.PersonID)
	if err != nil {
		return Reply{}, err
	}
	accounts, err := oncall.AccountsOf(ctx, s.DB, c.PersonID)
	if err != nil {
		return Reply{}, err
	}
	agreed, err := contact.AgreedOf(ctx, s.DB, c.PersonID)
	if err != nil {
		return Reply{}, err
	}
	l := List{Title: "You are reached by"}
	for _, a := range accounts {
		l.Items = append(l.Items, "private message on "+a.Network)
	}
	for _, one := range list {
		item := one.Kind + ": " + standing(c, one)
		if one.Sealed {
			item = one.Kind + ", sealed: " + standing(c, one) + sealedItem(agreed[one.ID])
		}
		l.Items = append(l.Items, item)
	}
	return Reply{Blocks: []Block{l}, Private: true}, nil
}

// standing says how a contact stands, and what to type if it is not used.
func standing(c *Call, one contact.Contact) string {
	text := one.Standing()
	switch {
	case one.SuspendedAt != nil:
		return text + "; " + c.Typed("contact resume "+one.Kind) + " uses it again"
	case !one.Usable():
		return text + "; " + c.Typed("contact code "+one.Kind) + " sends a code there"
	}
	if one.TestedAt != nil {
		text += ", you answered there on " + one.TestedAt.UTC().Format("2006-01-02")
	}
	if one.Delay != nil {
		text += ", used " + oncall.Lasting(*one.Delay) + " after the ring"
	}
	return text
}

// contactAdd adds an address of a kind; "" is the kind that was typed.
func (s Services) contactAdd(kind string) func(context.Context, *Call) (Reply, error) {
	return func(ctx context.Context, c *Call) (Reply, error) {
		which := kind
		if which == "" {
			which = c.Text("kind")
		}
		say, _, err := s.Incidents.AddContact(ctx, c.Actor(), which, secret.New(c.Text("address")))
		return privately(say), err
	}
}

func (s Services) contactProve(ctx context.Context, c *Call) (Reply, error) {
	say, err := s.Incidents.ProveByCode(ctx, c.Actor(), c.Text("code"))
	return privately(say), err
}

// ofKind lists the caller's contacts of the kind that was typed; there is at least one.
func (s Services) ofKind(ctx context.Context, c *Call) ([]contact.Contact, error) {
	all, err := contact.Of(ctx, s.DB, c.PersonID)
	if err != nil {
		return nil, err
	}
	var list []contact.Contact
	for _, one := range all {
		if one.Kind == c.Text("kind") {
			list = append(list, one)
		}
	}
	if len(list) == 0 {
		if s.Switchboard != nil && contact.MustBeSealed(c.Text("kind")) {
			return nil, fault.New(fault.NotFound, "You gave no %s. To give one: !contact seal", contact.Noun(c.Text("kind")))
		}
		return nil, fault.New(fault.NotFound, "You gave no %s. To give one: !contact add %s %s", contact.Noun(c.Text("kind")), c.Text("kind"), contact.Example(c.Text("kind")))
	}
	return list, nil
}

func (s Services) contactCode(ctx context.Context, c *Call) (Reply, error) {
	list, err := s.ofKind(ctx, c)
	if err != nil {
		return Reply{}, err
	}
	say := ""
	for _, one := range list {
		if one.ProvenAt != nil && one.Fault == "" {
			continue
		}
		if say, err = s.Incidents.Prove(ctx, c.Actor(), one.ID, contact.PurposeProof); err != nil {
			return Reply{}, err
		}
	}
	if say == "" {
		return Reply{}, fault.New(fault.Conflict, "Your %s is proven already. To see whether it still works: !route test", contact.Noun(c.Text("kind")))
	}
	return privately(say), nil
}

func (s Services) contactDelay(ctx context.Context, c *Call) (Reply, error) {
	list, err := s.ofKind(ctx, c)
	if err != nil {
		return Reply{}, err
	}
	kind := contact.Noun(c.Text("kind"))
	var delay *time.Duration
	say := fmt.Sprintf("Your %s is used as everybody's.", kind)
	if !strings.EqualFold(c.Text("time"), "usual") {
		d, err := time.ParseDuration(strings.ToLower(c.Text("time")))
		if err != nil {
			return Reply{}, fault.New(fault.Invalid, "Write a time like 0s, 90s or 2m, up to an hour; or usual.")
		}
		d = d.Truncate(time.Second)
		delay, say = &d, fmt.Sprintf("Your %s is used %s after the ring.", kind, oncall.Lasting(d))
		if d == 0 {
			say = fmt.Sprintf("Your %s is used at once.", kind)
		}
	}
	for _, one := range list {
		if err := contact.SetDelay(ctx, s.DB, c.Now, one.ID, delay, contact.By(c.Actor().By())); err != nil {
			return Reply{}, err
		}
	}
	return privately(say), nil
}

func (s Services) contactPause(ctx context.Context, c *Call) (Reply, error) {
	list, err := s.ofKind(ctx, c)
	if err != nil {
		return Reply{}, err
	}
	for _, one := range list {
		if err := contact.Suspend(ctx, s.DB, c.Now, one.ID, contact.By(c.Actor().By())); err != nil {
			return Reply{}, err
		}
	}
	return privately(fmt.Sprintf("No page goes to your %s any more. %s uses it again.", contact.Noun(c.Text("kind")), c.Typed("contact resume "+c.Text("kind")))), nil
}

func (s Services) contactResume(ctx context.Context, c *Call) (Reply, error) {
	list, err := s.ofKind(ctx, c)
	if err != nil {
		return Reply{}, err
	}
	for _, one := range list {
		if err := contact.Resume(ctx, s.DB, c.Now, one.ID, contact.By(c.Actor().By())); err != nil {
			return Reply{}, err
		}
	}
	say := fmt.Sprintf("Your %s is not paused any more.", contact.Noun(c.Text("kind")))
	if c.Text("kind") == "sms" {
		say += " If you had written STOP to that number, write START there, too."
	}
	return privately(say), nil
}

func (s Services) contactRemove(ctx context.Context, c *Call) (Reply, error) {
	n, err := contact.Remove(ctx, s.DB, c.Now, c.PersonID, c.Text("kind"), contact.By(c.Actor().By()))
	if err == nil && n == 0 {
		err = fault.New(fault.NotFound, "You gave no %s.", contact.Noun(c.Text("kind")))
	}
	return privately("Your " + contact.Noun(c.Text("kind")) + " is deleted."), err
}
