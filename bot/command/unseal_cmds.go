package command

import "context"

// unsealCommands are there only where addresses can be sealed.
func (s Services) unsealCommands() []*Command {
	if s.Switchboard == nil {
		return nil
	}
	return []*Command{{
		Name: "unseal", Needs: Known | Fire,
		Summary: "Asks to open sealed addresses for an incident that goes on; somebody else confirms with a code.",
		Example: "unseal 7",
		Params:  []Param{{Name: "incident", Kind: Number, Prefix: "INC", Optional: true, Help: "which incident, if not this room's"}},
		Run:     s.unseal,
	}}
}

// unseal shows the switchboard's challenge, word for word: it takes no code for one whose
// line it did not hear in the room.
func (s Services) unseal(ctx context.Context, c *Call) (Reply, error) {
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
