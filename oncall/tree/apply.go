package tree

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/oncall"
	"batsignal/oncall/audit"
	"batsignal/oncall/component"
	"batsignal/oncall/fault"
	"batsignal/oncall/policy"
	"batsignal/oncall/rota"
	"batsignal/oncall/skill"
)

// applying is one tree on its way into one transaction, by the services that own what
// it changes.
type applying struct {
	*checker
	tx         pgx.Tx
	now        time.Time
	by         oncall.Actor
	people     *oncall.Desk
	rota       *rota.Service
	skills     *skill.Service
	components *component.Service
	warnings   []string
}

// loudly tells whoever it concerns.
func (s *Service) loudly(tx pgx.Tx) *applying {
	desk, parts := *s.People, *s.Components
	desk.DB, parts.DB = tx, tx
	return &applying{tx: tx, now: s.Now(), people: &desk, rota: s.Rota.In(tx), skills: &skill.Service{DB: tx, Now: s.Now}, components: &parts}
}

// quietly tells nobody: it is only tried.
func (s *Service) quietly(tx pgx.Tx) *applying {
	a := s.loudly(tx)
	a.people.Queue, a.rota.Queue, a.components.Queue = nil, nil, nil
	return a
}

// all applies every section, in an order in which everything is there before something
// refers to it, and nothing refers to it before it goes.
func (a *applying) all(ctx context.Context) error {
	for _, step := range []func(context.Context) error{
		a.addLabels, a.changePeople, a.defineRoles, a.changeRosters, a.saveSchedules, a.savePolicies, a.changeUses,
		a.removePolicies, a.retireSchedules, a.removeLabels, a.changeComponents,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// at makes a refusal of another package a problem of a line.
func at(line int, err error) error {
	switch fault.KindOf(err) {
	case fault.Invalid, fault.NotFound, fault.Conflict, fault.Limited, fault.Forbidden:
		return wrong([]Problem{{Line: max(line, 0), Says: fault.Say(err)}})
	}
	return err
}

// current reads what is there by now.
func (a *applying) current(ctx context.Context) (File, error) { return Export(ctx, a.tx) }

func (a *applying) saveSchedules(ctx context.Context) error {
	if a.wanted.Schedules == nil {
		return nil
	}
	now, err := a.current(ctx) // whoever left a roster has left its schedules
	if err != nil {
		return err
	}
	stored, err := rota.Schedules(ctx, a.tx)
	if err != nil {
		return err
	}
	for _, x := range a.wanted.Schedules {
		if slices.ContainsFunc(now.Schedules, func(old Schedule) bool { return slices.Equal(lines(old.node()), lines(x.node())) }) {
			continue
		}
		s, err := x.Rules(a.ids)
		if err != nil {
			return at(x.line, err)
		}
		for _, old := range stored {
			if old.Name == s.Name {
				s.ID, s.Version = old.ID, old.Version
			}
		}
		_, warnings, err := a.rota.Save(ctx, a.by, s.Version, s)
		if err != nil {
			return at(x.line, err)
		}
		a.warnings = append(a.warnings, warnings...)
	}
	return nil
}

func (a *applying) retireSchedules(ctx context.Context) error {
	if a.wanted.Schedules == nil {
		return nil
	}
	stored, err := rota.Schedules(ctx, a.tx)
	if err != nil {
		return err
	}
	for _, old := range stored {
		if slices.Contains(scheduleNames(a.wanted), old.Name) {
			continue
		}
		if err := a.rota.Retire(ctx, a.by, old.Version, old.ID); err != nil {
			return at(0, err)
		}
	}
	return nil
}

func (a *applying) savePolicies(ctx context.Context) error {
	if a.wanted.Policies == nil {
		return nil
	}
	stored, err := policy.List(ctx, a.tx)
	if err != nil {
		return err
	}
	for _, x := range a.wanted.Policies {
		p, err := x.Rules()
		if err != nil {
			return at(x.line, err)
		}
		just := false
		for _, old := range stored {
			if old.Name == p.Name {
				p.Version, just = old.Version, slices.Equal(lines(policyOf(old).node()), lines(x.node()))
			}
		}
		if just {
			continue
		}
		if _, err := policy.Save(ctx, a.tx, a.now, a.by, p); err != nil {
			return at(x.line, err)
		}
	}
	return nil
}

func (a *applying) removePolicies(ctx context.Context) error {
	if a.wanted.Policies == nil {
		return nil
	}
	stored, err := policy.List(ctx, a.tx)
	if err != nil {
		return err
	}
	for _, old := range stored {
		if slices.Contains(policyNames(a.wanted), old.Name) {
			continue
		}
		if err := policy.Remove(ctx, a.tx, a.now, a.by, old.Name, old.Version); err != nil {
			return at(0, err)
		}
	}
	return nil
}

// Preferences may be there before their role and after it; such a one keeps no label.
const sqlForgetPreferences = `
	delete from role_preference p where not exists (select from role r where r.name = p.role and r.retired_at is null)`

func (a *applying) addLabels(ctx context.Context) error {
	for _, x := range a.wanted.Labels {
		if err := a.skills.SetLabel(ctx, a.by, skill.Label{Name: x.Name, Title: x.Title, Self: x.Self}); err != nil {
			return at(x.line, err)
		}
	}
	return nil
}

func (a *applying) removeLabels(ctx context.Context) error {
	if a.wanted.Labels == nil {
		return nil
	}
	labels, err := skill.Labels(ctx, a.tx)
	if err != nil {
		return err
	}
	for _, l := range labels {
		if slices.Contains(labelNames(a.wanted), l.Name) {
			continue
		}
		if _, err := a.tx.Exec(ctx, sqlForgetPreferences); err != nil {
			return err
		}
		if err := a.skills.RemoveLabel(ctx, a.by, l.Name); err != nil {
			return at(0, err)
		}
	}
	return nil
}

// record writes a change down that no other package makes.
func (a *applying) record(ctx context.Context, c audit.Change) error {
	return audit.Record(ctx, a.tx, a.now, a.by.By(), c)
}
