package command

import (
	"context"
	"fmt"
	"strings"

	"batsignal/oncall/contact"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

// LinkFor makes a link, for one person alone, to a page of the switchboard's.
type LinkFor func(ctx context.Context, person int64, purpose contact.LinkPurpose) (secret.Text, error)

// SealCommand is what somebody types on their own machine to seal an address there. They
// need the keyring: of our pages, if people can reach those.
func SealCommand(publicURL string, person int64) string {
	keyring := "FILE"
	if publicURL != "" {
		keyring = strings.TrimRight(publicURL, "/") + "/keyring"
	}
	return fmt.Sprintf("batsignal contact seal --owner %d --kind voice --keyring %s", person, keyring)
}

func (s Services) contactSealCommands() []*Command {
	return []*Command{
		{
			Name: "seal", Summary: "Says how to give an address that only the switchboard opens, in an emergency that two people confirmed.",
			Example: "contact seal", Run: s.contactSeal,
		},
		{
			Name: "mine", Summary: "Gives you a link to your own sealed addresses: to see, change and delete them, and who opened them.",
			Example: "contact mine", Run: s.contactMine,
		},
	}
}

// contactSeal is refused in rooms before it runs (Private), as every contact command: whoever
// has the link is that person at the switchboard.
func (s Services) contactSeal(ctx context.Context, c *Call) (Reply, error) {
	if s.Switchboard == nil {
		return Reply{}, errNoSwitchboard()
	}
	link, err := s.Switchboard(ctx, c.PersonID, contact.LinkEnrol)
	if err != nil {
		return Reply{}, err
	}
	return Reply{Private: true, Blocks: []Block{
		Line("This link opens a form of the switchboard, for you alone, once and within 15 minutes. What you write there is sealed before it is stored, and I never see it."),
		Link{Text: "Seal an address", URL: link.Reveal()},
		Line("Or seal it on your own machine, so that nobody else sees it at all: " + SealCommand(s.PublicURL, c.PersonID)),
		Line("Then paste what it prints on your own page: " + c.Typed("login") + "."),
	}}, nil
}

func (s Services) contactMine(ctx context.Context, c *Call) (Reply, error) {
	if s.Switchboard == nil {
		return Reply{}, errNoSwitchboard()
	}
	link, err := s.Switchboard(ctx, c.PersonID, contact.LinkMine)
	if err != nil {
		return Reply{}, err
	}
	return Reply{Private: true, Blocks: []Block{
		Line("This link opens your own page at the switchboard, for you alone, once and within 15 minutes: your sealed addresses, and who had them opened."),
		Link{Text: "Your sealed addresses", URL: link.Reveal()},
	}}, nil
}

func errNoSwitchboard() error {
	return fault.New(fault.Unready, "There is no switchboard here, so nothing can be sealed. !contact add stores an address that I can read, and nobody else.")
}

// sealedItem says of a sealed contact what was agreed to, and how often it was opened.
func sealedItem(a contact.Agreed) string {
	return "; " + a.Says() + "; " + a.Counted()
}

// sealedFacts are what is known of somebody's sealed addresses, and what became of them.
func (s Services) sealedFacts(ctx context.Context, c *Call) (facts Facts, err error) {
	list, err := contact.Of(ctx, s.DB, c.PersonID)
	if err != nil {
		return nil, err
	}
	agreed, err := contact.AgreedOf(ctx, s.DB, c.PersonID)
	if err != nil {
		return nil, err
	}
	for _, one := range list {
		if one.Sealed {
			facts = append(facts, [2]string{"Sealed", contact.Noun(one.Kind) + sealedItem(agreed[one.ID])})
		}
	}
	return facts, nil
}
