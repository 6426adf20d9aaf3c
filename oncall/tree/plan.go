package tree

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/audit"
	"batsignal/oncall/component"
	"batsignal/oncall/coverage"
	"batsignal/oncall/fault"
	"batsignal/oncall/rota"
	"batsignal/oncall/skill"
)

// Service compares a tree with what there is, and makes it so. Its fields are set once.
type Service struct {
	DB         pg.DB
	Now        func() time.Time
	People     *oncall.Desk
	Rota       *rota.Service
	Skills     *skill.Service
	Components *component.Service
	// RolesGiven says that the configuration names the roles: then a tree changes only
	// their minimum, what they prefer, their policies and their members.
	RolesGiven bool
}

// Plan is what applying a tree would do, or has done.
type Plan struct {
	// Fingerprint is of the state that the plan was made from. Apply refuses another.
	Fingerprint string    `json:"fingerprint"`
	Changes     []Change  `json:"changes"`
	Problems    []Problem `json:"problems,omitempty"` // why it cannot be applied
	Warnings    []string  `json:"warnings,omitempty"` // what can be, and is worth to know
	// GapsMade and GapsClosed are how the coverage of the next 14 days changes, as long
	// as nobody who is asked has said yes. Sentences in UTC.
	GapsMade   []string `json:"gaps_made,omitempty"`
	GapsClosed []string `json:"gaps_closed,omitempty"`
}

// Empty tells whether the tree is what there is.
func (p Plan) Empty() bool { return len(p.Changes) == 0 && len(p.Problems) == 0 }

// errTried ends a transaction that was never meant to last.
var errTried = errors.New("only tried")

// Export reads the whole tree.
func (s *Service) Export(ctx context.Context) (File, error) { return Export(ctx, s.DB) }

// Plan tells what applying a tree would do. It is tried and taken back, so that what it
// says is what happens; nobody is told anything.
func (s *Service) Plan(ctx context.Context, by oncall.Actor, f File) (p Plan, err error) {
	err = pg.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		p = Plan{}
		if err := s.do(ctx, tx, by, f, &p, s.quietly(tx)); err != nil {
			return err
		}
		return errTried
	})
	if errors.Is(err, errTried) {
		err = nil
	}
	return p, err
}

// Apply makes what there is the same as a tree, in one transaction. fingerprint is that
// of the plan that somebody has seen: if anything changed since, it is a Conflict and
// nothing is done; "" takes what there is. The result says what was done.
func (s *Service) Apply(ctx context.Context, by oncall.Actor, f File, fingerprint string) (p Plan, err error) {
	err = pg.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		p = Plan{}
		if _, err := tx.Exec(ctx, sqlOneAtATime); err != nil {
			return err
		}
		if fingerprint != "" {
			before, err := Export(ctx, tx)
			if err != nil {
				return err
			}
			if fingerprint != printOf(before, f) {
				return s.quicker(ctx, tx)
			}
		}
		if err := s.do(ctx, tx, by, f, &p, s.loudly(tx)); err != nil {
			return err
		}
		return wrong(p.Problems)
	})
	if err != nil {
		return Plan{}, err
	}
	return p, nil
}

// Whoever applies takes turns with others who do.
const sqlOneAtATime = `select pg_advisory_xact_lock(hashtext('batsignal: apply a tree'))`

// do applies a tree in a transaction of the caller's and fills in the plan. What is
// wrong with the tree is not an error, but a problem of the plan.
func (s *Service) do(ctx context.Context, tx pgx.Tx, by oncall.Actor, f File, p *Plan, a *applying) error {
	before, err := Export(ctx, tx)
	if err != nil {
		return err
	}
	p.Fingerprint = printOf(before, f)
	c, err := s.check(ctx, tx, by, before, f)
	if err != nil {
		return err
	}
	p.Problems, p.Changes = c.problems, diff(before, c.all, nil)
	if len(p.Problems) > 0 || len(p.Changes) == 0 {
		return nil
	}
	gaps, err := s.gaps(ctx, tx)
	if err != nil {
		return err
	}
	a.by, a.checker = by, c
	err = pg.InTx(ctx, tx, func(tx pgx.Tx) error { return a.all(ctx) })
	if found := Problems(err); found != nil {
		p.Problems = found
		return nil
	}
	if err != nil {
		return err
	}
	after, err := Export(ctx, tx)
	if err != nil {
		return err
	}
	if left := diff(after, overlay(after, c.wanted), nil); len(left) > 0 {
		return fmt.Errorf("apply a tree: %s %s is not as the file says: %v", left[0].Kind, left[0].Subject, left[0].Says)
	}
	active, err := activeMembers(ctx, tx)
	if err != nil {
		return err
	}
	p.Changes, p.Warnings = diff(before, after, active), a.warnings
	later, err := s.gaps(ctx, tx)
	p.GapsMade, p.GapsClosed = without(later, gaps), without(gaps, later)
	return err
}

// gaps are the gaps of the next days, in words.
func (s *Service) gaps(ctx context.Context, db pg.DB) (sentences []string, err error) {
	reports, err := coverage.Forecast(ctx, db, s.Now(), coverage.Ahead)
	for _, r := range reports {
		sentences = append(sentences, coverage.Sentences(r, "UTC")...)
	}
	return sentences, err
}

// without is what is in a and not in b.
func without(a, b []string) (left []string) {
	for _, x := range a {
		if !slices.Contains(b, x) {
			left = append(left, x)
		}
	}
	return left
}

func activeMembers(ctx context.Context, db pg.DB) (map[string]bool, error) {
	members, err := oncall.Members(ctx, db)
	active := map[string]bool{}
	for _, m := range members {
		active[m.Role+"/"+m.Person.Handle] = m.Active()
	}
	return active, err
}

// printOf is the fingerprint of a state. What people change about themselves, and the
// file does not speak of, is not in it.
func printOf(before, f File) string {
	if f.People == nil {
		before.People = nil
	}
	sum := sha256.Sum256(Encode(before))
	return hex.EncodeToString(sum[:16])
}

// quicker says who changed something since a plan was made.
func (s *Service) quicker(ctx context.Context, tx pgx.Tx) error {
	last, err := audit.List(ctx, tx, audit.Query{Most: 50})
	if err != nil {
		return err
	}
	const again = "Nothing was applied: look at a new plan."
	for _, e := range last {
		if slices.Contains([]string{"role", "roster", "schedule", "policy", "label", "skill", "component", "person"}, e.Kind) {
			who := e.Handle
			if who == "" {
				who = "somebody"
			}
			return fault.New(fault.Conflict, "Things changed since the plan was made: %s %s, %s (%s %s). %s",
				who, strings.TrimSuffix(e.Says, "."), ago(s.Now().Sub(e.At)), e.Kind, e.Subject, again)
		}
	}
	return fault.New(fault.Conflict, "Things changed since the plan was made. %s", again)
}

func ago(d time.Duration) string {
	switch {
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return oncall.Plural(int(d/time.Minute), "minute", "minutes") + " ago"
	case d < 48*time.Hour:
		return oncall.Plural(int(d/time.Hour), "hour", "hours") + " ago"
	}
	return oncall.Plural(int(d/(24*time.Hour)), "day", "days") + " ago"
}
