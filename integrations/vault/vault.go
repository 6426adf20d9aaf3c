// Package vault owns what the bot does for a Vault or an OpenBao: it notices that a node is
// sealed and calls those who have the shares, takes their shares to it, sealed to a key that
// lives only as long as the run, and says how far it is; rekeys, root tokens and snapshots of
// raft storage likewise.
//
// It keeps no share and reads none but those handed in to a run, in memory, until the run
// ends. It speaks to nodes by package vaultapi and to people by rows. What a share looks like
// is oncall/share's business.
package vault

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"batsignal/integrations/vault/vaultapi"
	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

// Vault is one Vault of the installation: nodes on one store, which the same shares open.
type Vault struct {
	Name  string // as in the file of jobs: "main"
	Nodes []*vaultapi.Node
	// Tolerates is for how long everything else can do without it; 0 is not known.
	Tolerates time.Duration
	// Stamp is by what sessions are known for the bot's own.
	Stamp Stamp
	// Kept is what the configuration says of where its shares and backups are.
	Kept Kept
}

// node gives a node by its name. The error is fault.NotFound.
func (v *Vault) node(name string) (*vaultapi.Node, error) {
	var names []string
	for _, n := range v.Nodes {
		if n.Name == name {
			return n, nil
		}
		names = append(names, n.Name)
	}
	return nil, fault.New(fault.NotFound, "Vault %s has no node %s. It has %s.", v.Name, name, oncall.JoinNames(names))
}

// chosen are the nodes of a run: the one that it names, or all.
func (v *Vault) chosen(name string) ([]*vaultapi.Node, error) {
	if name == "" || name == "all" {
		return v.Nodes, nil
	}
	n, err := v.node(name)
	return []*vaultapi.Node{n}, err
}

// active gives the node that serves. The error is fault.Unready, and says how the others are.
func (v *Vault) active(ctx context.Context) (*vaultapi.Node, error) {
	var how []string
	for _, n := range v.Nodes {
		health, err := n.Health(ctx)
		if err != nil {
			how = append(how, err.Error())
			continue
		}
		if health == vaultapi.Active {
			return n, nil
		}
		how = append(how, n.Name+" is "+string(health))
	}
	return nil, fault.New(fault.Unready, "No node of Vault %s is active: %s. Unseal it first.", v.Name, oncall.JoinNames(how))
}

// label is how a node is called in a room.
func (v *Vault) label(n *vaultapi.Node) string { return "Vault " + v.Name + ", node " + n.Name }

// Parts are what the kinds of this package share. They are set once and not changed.
type Parts struct {
	DB pg.DB
	// Base is where the web pages are seen from: "https://bat.example.org"; "" has none.
	Base string
	Now  func() time.Time
	Log  *slog.Logger // hears alarms as well as the room; nil is nobody
	// Poll is how often the handed in shares are looked for; 0 is 100 ms.
	Poll time.Duration
	// Look is how often a node is asked how far it is while nothing else happens; 0 is 500 ms.
	Look time.Duration
	// Remind is how often people are told again that shares are missing; 0 is ten minutes.
	Remind time.Duration
	// Leave is how long a node may be silent until the next one is unsealed first; 0 is 30 s.
	Leave time.Duration
}

func orElse(d, other time.Duration) time.Duration {
	if d == 0 {
		return other
	}
	return d
}

// wait waits for a time, or until ctx is over, which is the error.
func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}

// silent tells whether a node did not answer, which says nothing about it.
func silent(err error) bool {
	var s vaultapi.Silence
	return errors.As(err, &s)
}

// took writes how long something took, to the second: "12 min 4 s".
func took(d time.Duration) string {
	d = d.Round(time.Second)
	h, m, s := int(d/time.Hour), int(d/time.Minute)%60, int(d/time.Second)%60
	var words []string
	if h > 0 {
		words = append(words, oncall.Plural(h, "h", "h"))
	}
	if m > 0 {
		words = append(words, oncall.Plural(m, "min", "min"))
	}
	if h == 0 && (s > 0 || m == 0) {
		words = append(words, oncall.Plural(s, "s", "s"))
	}
	if len(words) == 2 {
		return words[0] + " " + words[1]
	}
	return words[0]
}

// unique sorts names and drops what comes twice.
func unique(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}
