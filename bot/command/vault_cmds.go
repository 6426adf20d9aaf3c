package command

import (
	"context"
	"fmt"
	"strings"
	"time"

	"batsignal/integrations/vault"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

// vaultCommands tell how the Vaults are; what is done to one is a job.
func (s Services) vaultCommands() []*Command {
	if len(s.Vaults) == 0 {
		return nil
	}
	return []*Command{{
		Name: "vault", Aliases: []string{"vaults"}, Default: "status", Needs: Known,
		Summary: "Tells how the Vaults are.", Example: "vault status",
		Subs: []*Command{{
			Name: "status", Summary: "Tells whether a Vault serves, how long it was sealed this year, and who can open it.", Example: "vault status",
			Params: []Param{{Name: "name", Optional: true, Help: "which Vault, if not all"}}, Run: s.vaultStatus,
		}},
	}}
}

func (s Services) vaultStatus(ctx context.Context, c *Call) (Reply, error) {
	var r Reply
	var names []string
	for _, v := range s.Vaults {
		names = append(names, v.Name)
		if name := c.Text("name"); name != "" && !strings.EqualFold(name, v.Name) {
			continue
		}
		blocks, err := s.oneVault(ctx, c, v)
		if err != nil {
			return Reply{}, err
		}
		r.Blocks = append(r.Blocks, blocks...)
	}
	if len(r.Blocks) == 0 {
		return Reply{}, fault.New(fault.NotFound, "There is no Vault %s. There %s.", quote(c.Text("name")), thereAre(names))
	}
	return s.withPath(r, "Vaults", "/vaults"), nil
}

// oneVault tells how one is, what is most urgent first.
func (s Services) oneVault(ctx context.Context, c *Call, v *vault.Vault) ([]Block, error) {
	year := time.Date(c.Now.UTC().Year(), 1, 1, 0, 0, 0, 0, time.UTC)
	down, err := vault.Measured(ctx, s.DB, v.Name, year, c.Now)
	if err != nil {
		return nil, err
	}
	nodes, err := vault.Nodes(ctx, s.DB, v.Name)
	if err != nil {
		return nil, err
	}
	custody, err := vault.CustodyOf(ctx, s.DB, v)
	if err != nil {
		return nil, err
	}
	sessions, err := vault.Sessions(ctx, s.DB, s.Vaults)
	if err != nil {
		return nil, err
	}
	serves := v.Serves(down[0].Since, c.Now)
	if len(nodes) == 0 { // then nobody knows
		serves = fmt.Sprintf("No node of Vault %s was asked yet how it is.", v.Name)
	}
	blocks := []Block{Line(serves)}
	for _, open := range sessions {
		if open.Vault == v.Name {
			blocks = append(blocks, Line(fmt.Sprintf("Run %d waits for shares: %d of %d are in. %s says how to hand one in.", open.Run, open.Progress, open.Threshold, c.Typed(fmt.Sprintf("job logs %d", open.Run)))))
		}
	}
	var how []string
	for _, n := range nodes {
		how = append(how, nodeWords(n, c))
	}
	if len(how) > 0 {
		blocks = append(blocks, List{Items: how})
	}
	blocks = append(blocks, Line("This year: "+down[0].String()))
	return append(blocks, Line("Shares: "+oncall.UpperFirst(strings.Join(custody, " ")))), nil
}

// nodeWords tell how a node was when it was last asked.
func nodeWords(n vault.NodeState, c *Call) string {
	state := map[vault.NodeWord]string{
		vault.NodeOpen: "unsealed", vault.NodeSealed: "sealed", vault.NodeEmpty: "not initialized", vault.NodeUnreachable: "does not answer",
	}[n.State]
	text := fmt.Sprintf("%s: %s since %s", n.Node, state, stamp(n.Since, c))
	if n.State == vault.NodeSealed && n.Progress > 0 {
		text += fmt.Sprintf(", %d of %d shares are in", n.Progress, n.Threshold)
	}
	if n.Version != "" {
		text += ", version " + n.Version
	}
	return text
}
