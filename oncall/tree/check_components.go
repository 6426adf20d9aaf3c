package tree

import (
	"context"
	"slices"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/component"
	"batsignal/oncall/fault"
)

// nameOwners writes handles for accounts that are one person's.
func (c *checker) nameOwners(ctx context.Context, db pg.DB, by oncall.Actor) error {
	for i := range c.wanted.Components {
		x := &c.wanted.Components[i]
		for _, list := range []*[]string{&x.Owners, &x.CoOwners, &x.Knows} {
			*list = slices.Clone(*list)
			for j, name := range *list {
				if _, handle := c.people[name]; handle {
					continue
				}
				if name == "me" {
					c.add(x.line, "In a file nobody is me: write the handle of whoever looks after %s.", x.Name)
					continue
				}
				w, err := component.Call(ctx, db, by, name)
				switch {
				case fault.KindOf(err) == fault.Invalid:
					c.add(x.line, "%s", fault.Say(err))
				case err != nil:
					return err
				default:
					(*list)[j] = w.Name()
				}
			}
		}
	}
	c.wanted = c.wanted.tidy()
	return nil
}

// components refuses an entry that says nothing of a component which a list knows: it
// would be nowhere when the tree is written again.
func (c *checker) components(ctx context.Context, db pg.DB) error {
	there := namesOf(c.before.Components, func(x Component) string { return x.Name })
	means := map[string]string{}
	for _, x := range c.wanted.Components {
		means[x.Name] = x.Name
	}
	for _, x := range c.wanted.Components {
		for _, alias := range x.Aliases {
			if other := means[alias]; other != "" {
				c.add(x.line, "%s cannot be another name of %s, since it means %s already.", alias, x.Name, other)
			}
			means[alias] = x.Name
		}
	}
	for _, x := range c.wanted.Components {
		if slices.Contains(there, x.Name) || len(x.Aliases) > 0 || len(x.ranks()) > 0 {
			continue
		}
		_, found, _, err := component.Lookup(ctx, db, x.Name)
		switch {
		case fault.KindOf(err) == fault.Invalid && err != nil:
			c.add(x.line, "%s", fault.Say(err))
		case err != nil:
			return err
		case found:
			c.add(x.line, "The component %s comes from a list, or is another name of one, and the file says nothing more of it: leave it out.", x.Name)
		}
	}
	return nil
}
