package tree

import (
	"context"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"batsignal/oncall"
	"batsignal/oncall/audit"
	"batsignal/oncall/policy"
)

// A role that is defined anew is a new version, for whoever looks at the old one.
const sqlTouchRole = `update role set version = version + 1 where name = @role`

// defineRoles adds, changes and retires roles themselves.
func (a *applying) defineRoles(ctx context.Context) error {
	if a.wanted.Roles == nil {
		return nil
	}
	before := map[string]Role{}
	for _, r := range a.before.Roles {
		before[r.Name] = r
	}
	roles := make([]oncall.Role, 0, len(a.wanted.Roles))
	defined := slices.Equal(roleNames(a.before), roleNames(a.wanted))
	for _, r := range a.wanted.Roles {
		b := before[r.Name]
		defined = defined && b.Title == r.Title && b.Leads == r.Leads && b.Patience == r.Patience && b.PatienceSev1 == r.PatienceSev1
		roles = append(roles, oncall.Role{Name: r.Name, Title: r.Title, Leads: r.Leads, Patience: r.Patience, PatienceSev1: r.PatienceSev1})
	}
	if defined {
		return nil
	}
	for _, r := range a.before.Roles {
		if !slices.Contains(roleNames(a.wanted), r.Name) {
			if err := a.retireRole(ctx, r); err != nil {
				return err
			}
		}
	}
	if err := oncall.SyncRoles(ctx, a.tx, a.now, roles); err != nil {
		return err
	}
	for i, r := range roles {
		b, there := before[r.Name]
		c := audit.Change{Kind: "role", Subject: r.Name, Says: "added the role " + r.Name, After: r}
		if there {
			old := oncall.Role{Name: b.Name, Title: b.Title, Leads: b.Leads, Patience: b.Patience, PatienceSev1: b.PatienceSev1}
			if old == r && i < len(a.before.Roles) && a.before.Roles[i].Name == r.Name {
				continue
			}
			c.Says, c.Before = "changed the role "+r.Name, old
		}
		if _, err := a.tx.Exec(ctx, sqlTouchRole, pgx.NamedArgs{"role": r.Name}); err != nil {
			return err
		}
		if err := a.record(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// retireRole lets go of what a role holds on to, so that it is free to go.
func (a *applying) retireRole(ctx context.Context, r Role) error {
	for _, severity := range slices.Sorted(maps.Keys(r.Policies)) {
		if err := policy.Assign(ctx, a.tx, a.now, a.by, policy.Use{Role: r.Name, Severity: severity}); err != nil {
			return at(0, err)
		}
	}
	if len(r.Prefers) > 0 {
		if _, err := a.skills.SetPreferences(ctx, a.by, r.Name, 0, nil); err != nil {
			return at(0, err)
		}
	}
	return a.record(ctx, audit.Change{Kind: "role", Subject: r.Name, Says: "retired the role " + r.Name, Before: r})
}

// changeRosters asks whoever is new, takes whoever is gone off, and puts the rest in
// order.
func (a *applying) changeRosters(ctx context.Context) error {
	for _, r := range a.wanted.Roles {
		members, err := oncall.MembersOf(ctx, a.tx, r.Name)
		if err != nil {
			return err
		}
		is := map[string]bool{}
		for _, m := range members {
			is[m.Person.Handle] = true
			if !slices.Contains(r.Members, m.Person.Handle) {
				if _, err := a.people.Leave(ctx, a.by, m.Person.Handle, r.Name); err != nil {
					return at(r.line, err)
				}
			}
		}
		for _, handle := range r.Members {
			if !is[handle] {
				if _, err := a.people.Add(ctx, a.by, handle, r.Name); err != nil {
					return at(r.line, err)
				}
			}
		}
		if err := a.order(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

func (a *applying) order(ctx context.Context, r Role) error {
	role, err := oncall.FindRole(ctx, a.tx, r.Name)
	if err != nil {
		return at(r.line, err)
	}
	members, err := oncall.MembersOf(ctx, a.tx, r.Name)
	if err != nil {
		return err
	}
	stands := make([]string, len(members))
	for i, m := range members {
		stands[i] = m.Person.Handle
	}
	if role.Minimum == r.Minimum && slices.Equal(stands, r.Members) {
		return nil
	}
	order := make([]int64, len(r.Members))
	for i, handle := range r.Members {
		order[i] = a.checker.people[handle].ID
	}
	_, err = a.people.SetRoster(ctx, a.by, r.Name, role.Version, order, r.Minimum)
	return at(r.line, err)
}

// changeUses has roles follow policies and prefer labels.
func (a *applying) changeUses(ctx context.Context) error {
	if a.wanted.Roles == nil {
		return nil
	}
	now, err := a.current(ctx)
	if err != nil {
		return err
	}
	for i, r := range a.wanted.Roles {
		old := now.Roles[i] // they are the same by now, in the same order
		for severity := range 5 {
			if r.Policies[severity] == old.Policies[severity] {
				continue
			}
			if err := policy.Assign(ctx, a.tx, a.now, a.by, policy.Use{Role: r.Name, Severity: severity, Policy: r.Policies[severity]}); err != nil {
				return at(r.line, err)
			}
		}
		if slices.EqualFunc(r.Prefers, old.Prefers, slices.Equal[[]string]) {
			continue
		}
		if _, err := a.skills.SetPreferences(ctx, a.by, r.Name, 0, r.Prefers); err != nil {
			return at(r.line, err)
		}
	}
	return nil
}
