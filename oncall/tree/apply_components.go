package tree

import (
	"context"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"batsignal/oncall/audit"
	"batsignal/oncall/component"
)

const (
	sqlMakeComponent   = `insert into component (name, created_at) values (@name, @now) on conflict (name) do nothing`
	sqlForgetComponent = `
		delete from component c where c.name = @name and c.source is null
			and not exists (select from component_owner o where o.component_id = c.id)
			and not exists (select from component_alias a where a.component_id = c.id)`
)

// changeComponents changes what was said by hand. Names that go go first, since another
// component may get them.
func (a *applying) changeComponents(ctx context.Context) error {
	if a.wanted.Components == nil {
		return nil
	}
	was, is := map[string]Component{}, map[string]Component{}
	for _, x := range a.before.Components {
		was[x.Name] = x
	}
	for _, x := range a.wanted.Components {
		is[x.Name] = x
	}
	for _, old := range a.before.Components {
		if err := a.shedComponent(ctx, old, is[old.Name]); err != nil {
			return at(is[old.Name].line, err)
		}
	}
	for _, x := range a.wanted.Components {
		if _, there := was[x.Name]; !there {
			if err := a.makeComponent(ctx, x); err != nil {
				return at(x.line, err)
			}
		}
	}
	for _, x := range a.wanted.Components {
		if err := a.growComponent(ctx, was[x.Name], x); err != nil {
			return at(x.line, err)
		}
	}
	return nil
}

// shedComponent takes away what is said no more.
func (a *applying) shedComponent(ctx context.Context, old, x Component) error {
	for _, alias := range old.Aliases {
		if !slices.Contains(x.Aliases, alias) {
			if _, err := a.components.SetAlias(ctx, a.by, component.Change{Component: old.Name, Admin: true}, alias, true); err != nil {
				return err
			}
		}
	}
	ranks := x.ranks()
	for _, name := range slices.Sorted(maps.Keys(old.ranks())) {
		if ranks[name] == "" {
			if _, _, err := a.components.Remove(ctx, a.by, component.Change{Component: old.Name, Name: name, Admin: true}); err != nil {
				return err
			}
		}
	}
	if x.Name != "" {
		return nil
	}
	tag, err := a.tx.Exec(ctx, sqlForgetComponent, pgx.NamedArgs{"name": old.Name})
	if err != nil || tag.RowsAffected() == 0 { // a list knows it too
		return err
	}
	return a.record(ctx, audit.Change{Kind: "component", Subject: old.Name, Says: "removed the component " + old.Name, Before: old})
}

// growComponent adds what is new.
func (a *applying) growComponent(ctx context.Context, old, x Component) error {
	for _, alias := range x.Aliases {
		if !slices.Contains(old.Aliases, alias) {
			if _, err := a.components.SetAlias(ctx, a.by, component.Change{Component: x.Name, Admin: true}, alias, false); err != nil {
				return err
			}
		}
	}
	before, ranks := old.ranks(), x.ranks()
	for _, who := range slices.Sorted(maps.Keys(ranks)) {
		if before[who] != ranks[who] {
			if _, _, err := a.components.Add(ctx, a.by, component.Change{Component: x.Name, Name: who, Rank: ranks[who], Admin: true}); err != nil {
				return err
			}
		}
	}
	return nil
}

// makeComponent makes a component, unless a list has made it.
func (a *applying) makeComponent(ctx context.Context, x Component) error {
	name, err := component.NameOf(x.Name)
	if err != nil {
		return err
	}
	tag, err := a.tx.Exec(ctx, sqlMakeComponent, pgx.NamedArgs{"name": name, "now": a.now})
	if err != nil || tag.RowsAffected() == 0 {
		return err
	}
	return a.record(ctx, audit.Change{Kind: "component", Subject: name, Says: "added the component " + name})
}
