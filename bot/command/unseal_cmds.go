package command

import (
	"context"
	"strings"

	"batsignal/oncall/fault"
)

// unsealCommands has sealed addresses opened, or a sealed Vault: people say unseal of both.
// They are there only where there is one of them.
func (s Services) unsealCommands() []*Command {
	vaults := s.hasJobs("unseal-")
	switch {
	case s.Switchboard == nil && !vaults:
		return nil
	case !vaults:
		return []*Command{{
			Name: "unseal", Needs: Known | Fire,
			Summary: "Asks to open sealed addresses for an incident that goes on; somebody else confirms with a code.",
			Example: "unseal 7",
			Params:  []Param{{Name: "incident", Kind: Number, Prefix: "INC", Optional: true, Help: "which incident, if not this room's"}},
			Run:     s.unsealAddresses,
		}}
	}
	summary, help := "Has a sealed Vault unsealed: calls for the shares, and counts them.", "which Vault"
	if s.Switchboard != nil {
		summary = "Has a sealed Vault unsealed; with an incident, asks to open sealed addresses, which two people do."
		help = "a Vault, or an incident; in an incident's room that incident if nothing is said"
	}
	return []*Command{{
		Name: "unseal", Needs: Known | LetIn, Summary: summary, Example: "unseal main",
		Params: append(jobOptions(), Param{Name: "name", Kind: Words, Optional: true, Help: help}), Run: s.unseal,
	}}
}

// unseal finds out what is meant.
func (s Services) unseal(ctx context.Context, c *Call) (Reply, error) {
	name := strings.TrimSpace(c.Text("name"))
	digits, _, number := readNumber(name, "INC")
	if s.Switchboard == nil || name != "" && !number {
		return s.askShort(ctx, c, "unseal-", "Vault", "unseal")
	}
	if number {
		c.values["incident"] = digits
	} else if _, err := s.pick(ctx, c); err != nil {
		return s.askShort(ctx, c, "unseal-", "Vault", "unseal") // no incident is meant here
	}
	if !c.Rights.Has(Fire) {
		return Reply{}, fault.New(fault.Forbidden, "Only people who may ask for the emergency command may have addresses opened. For a Vault, say which: !unseal NAME.")
	}
	return s.unsealAddresses(ctx, c)
}

// unsealAddresses shows the switchboard's challenge, word for word: it takes no code for one
// whose line it did not hear in the room.
func (s Services) unsealAddresses(ctx context.Context, c *Call) (Reply, error) {
	inc, err := s.pick(ctx, c)
	if err != nil {
		return Reply{}, err
	}
	made, err := s.Incidents.Unseal(ctx, c.Actor(), inc.ID)
	if err != nil {
		return Reply{}, err
	}
	return Reply{Blocks: []Block{Verbatim(made.Line)}}, nil
}
