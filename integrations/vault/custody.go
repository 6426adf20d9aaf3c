package vault

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/custody/quorum"
)

// Custody is who could open a vault together, and what must be lost until nobody can.
type Custody struct {
	Vault     string
	Threshold int // how many shares open it
	Holders   []Holder
	Kept
}

// Kept is what is known of places of shares and backups, beside what people registered.
type Kept struct {
	// Readers are who else can read a place, by its name: five shares in one repository that
	// one admin reads are one share.
	Readers map[string][]string
	// Backups are the places that keep backups of the vault's storage.
	Backups []string
}

// stale is how long ago a share may have been proven right.
const stale = 365 * 24 * time.Hour

const sqlThreshold = `select coalesce(max(threshold), 0) from vault_node where vault = @vault and threshold > 0`

// CustodyOf says how a vault is kept, in sentences, by what its nodes said last.
func CustodyOf(ctx context.Context, db pg.DB, v *Vault) ([]string, error) {
	c := Custody{Vault: v.Name, Kept: v.Kept}
	var err error
	if c.Holders, err = Holders(ctx, db, v.Name); err != nil {
		return nil, err
	}
	if err := db.QueryRow(ctx, sqlThreshold, pgx.NamedArgs{"vault": v.Name}).Scan(&c.Threshold); err != nil {
		return nil, err
	}
	return c.Sentences(), nil
}

// place is where a holder has the share.
func (h Holder) place() string {
	if h.Place != "" {
		return h.Place
	}
	return h.Handle + "'s own place"
}

// share names a share for people.
func (h Holder) share() string {
	if h.Number == nil {
		return "a share of " + h.Handle
	}
	return fmt.Sprintf("share %d (%s)", *h.Number, h.Handle)
}

// Sentences say it, the worst first. They hold nothing secret.
func (c Custody) Sentences() []string {
	if len(c.Holders) == 0 {
		return []string{fmt.Sprintf("Nobody has registered a share of Vault %s yet: who could open it is not known.", c.Vault)}
	}
	if c.Threshold == 0 {
		return []string{fmt.Sprintf("%s of Vault %s registered; how many open it is not known until a node answers.", oncall.Plural(len(c.Holders), "share", "shares"), c.Vault+oneOr(len(c.Holders), " is", " are"))}
	}
	var say []string
	if missing := c.Threshold - len(c.Holders); missing > 0 {
		say = append(say, fmt.Sprintf("Only %d of the shares of Vault %s are registered, and %d are needed.", len(c.Holders), c.Vault, c.Threshold))
	} else {
		say = append(say, fmt.Sprintf("%d of %d needed; %s.", c.Threshold, len(c.Holders), c.worstLoss()))
		if r, err := c.plan().Reckon(); err == nil {
			say = append(say, r.Sentences()...)
		}
	}
	return append(append(say, c.together()...), c.unproven()...)
}

// worstLoss says what is left when the place with most shares is lost.
func (c Custody) worstLoss() string {
	count := map[string]int{}
	var worst string
	for _, h := range c.Holders {
		p := h.place()
		count[p]++
		if worst == "" || count[p] > count[worst] {
			worst = p
		}
	}
	left := len(c.Holders) - count[worst]
	text := fmt.Sprintf("if %s is lost, %s", worst, oncall.Plural(left, "remains", "remain"))
	if left < c.Threshold {
		text += ", and nobody can open it any more"
	}
	return text
}

// plan is who can read what, to be reckoned with.
func (c Custody) plan() quorum.Plan {
	var p quorum.Plan
	need := quorum.Need{K: c.Threshold}
	for i, h := range c.Holders {
		at := h.place()
		p.AddPlace(at, h.Handle)
		p.AddPlace(at, c.Readers[at]...)
		name := fmt.Sprintf("share-%d", i+1)
		p.Items = append(p.Items, quorum.Item{Name: name, Places: []string{at}})
		need.Of = append(need.Of, name)
	}
	p.Ways = []quorum.Way{{Name: "unseal " + c.Vault, Needs: []quorum.Need{need}}}
	return p
}

// together says which places keep shares beside what the shares open.
func (c Custody) together() (say []string) {
	for _, place := range c.Backups {
		n := 0
		for _, h := range c.Holders {
			if h.place() == place {
				n++
			}
		}
		switch {
		case n >= c.Threshold:
			say = append(say, fmt.Sprintf("%s keeps backups of the storage of Vault %s, and enough shares to open them: whoever reads it has everything. Move the shares away.", oncall.UpperFirst(place), c.Vault))
		case n > 0:
			say = append(say, fmt.Sprintf("%s keeps backups of the storage of Vault %s, and %s of it. Move %s away.", oncall.UpperFirst(place), c.Vault, oncall.Plural(n, "share", "shares"), oneOr(n, "it", "them")))
		}
		say = append(say, c.readers(place)...)
	}
	return say
}

// readers says which shares those have at hand who can read a place with backups, beside what
// lies there itself.
func (c Custody) readers(place string) []string {
	var who []string
	n := 0
	for _, h := range c.Holders {
		if h.place() == place {
			continue
		}
		for _, one := range append([]string{h.Handle}, c.Readers[h.place()]...) {
			if slices.Contains(c.Readers[place], one) {
				n++
				who = append(who, one)
				break
			}
		}
	}
	if n == 0 {
		return nil
	}
	enough := ""
	if n >= c.Threshold {
		enough = ": enough to open them, with nobody else"
	}
	return []string{fmt.Sprintf("%s can read %s, which keeps backups of the storage of Vault %s, and at hand %s of %d needed%s.",
		oncall.UpperFirst(oncall.JoinNames(unique(who))), place, c.Vault, oneOr(n, "is 1 share", fmt.Sprintf("are %d shares", n)), c.Threshold, enough)}
}

func oneOr(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// unproven names the shares that Vault never found right.
func (c Custody) unproven() []string {
	var names []string
	for _, h := range c.Holders {
		if h.DrilledAt == nil {
			names = append(names, h.share())
		}
	}
	if len(names) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("Never proven right: %s. An unsealing or a drill does it.", oncall.JoinNames(names))}
}

// Stale names the shares that were proven right a year ago or never, for a reminder.
func (c Custody) Stale(now time.Time) (names []string) {
	for _, h := range c.Holders {
		if h.DrilledAt == nil || now.Sub(*h.DrilledAt) > stale {
			names = append(names, h.share())
		}
	}
	slices.Sort(names)
	return names
}
