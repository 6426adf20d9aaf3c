package command

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"batsignal/integrations/vault"
	"batsignal/migrations/pg"
	"batsignal/oncall"
)

// shownRotations is how many are listed in chat; the page of vaults has all.
const shownRotations = 15

// rotationCommand is about secrets that somebody said where others hear them.
func (s Services) rotationCommand() *Command {
	return &Command{
		Name: "rotation", Needs: Known, Default: "list", Summary: "Shows which secrets were said in chat, and must be made anew.", Example: "rotation list",
		Subs: []*Command{
			{Name: "list", Summary: "Lists the secrets that must be made anew, the oldest first.", Example: "rotation list", Run: s.rotationList},
			{
				Name: "done", Needs: Known | LetIn, Summary: "Says that a secret was made anew, or that it was none.", Example: "rotation done 3",
				Params: []Param{{Name: "rotation", Kind: Number, Help: "which one, as in the list"}}, Run: s.rotationDone,
			},
		},
	}
}

func (s Services) rotationList(ctx context.Context, c *Call) (Reply, error) {
	all, err := vault.Rotations(ctx, s.DB, false)
	if err != nil {
		return Reply{}, err
	}
	if len(all) == 0 {
		return sentence("No secret waits to be made anew."), nil
	}
	var l List
	for _, r := range all[:min(len(all), shownRotations)] {
		l.Items = append(l.Items, fmt.Sprintf("%d, of %s: %s", r.ID, stamp(r.At, c), r))
	}
	r := Reply{Blocks: []Block{l}}
	if more := len(all) - len(l.Items); more > 0 {
		r.Blocks = append(r.Blocks, Line("And "+oncall.Plural(more, "more", "more")+"."))
	}
	return r, nil
}

func (s Services) rotationDone(ctx context.Context, c *Call) (Reply, error) {
	err := pg.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		return vault.RotationDone(ctx, tx, c.Now, c.Actor(), c.Number("rotation"))
	})
	if err != nil {
		return Reply{}, err
	}
	return sentence(fmt.Sprintf("Rotation %d is done.", c.Number("rotation"))), nil
}
