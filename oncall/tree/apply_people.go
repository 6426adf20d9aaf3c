package tree

import (
	"context"
	"slices"

	"batsignal/oncall"
)

// changePeople changes what is known of the people that the file names.
func (a *applying) changePeople(ctx context.Context) error {
	if a.wanted.People == nil {
		return nil
	}
	for i, x := range a.checker.all.People {
		if x.line == 0 { // the file does not name them
			continue
		}
		if err := a.changePerson(ctx, a.before.People[i], x); err != nil {
			return at(x.line, err)
		}
	}
	return nil
}

func (a *applying) changePerson(ctx context.Context, old, x Person) error {
	p := a.checker.people[x.Handle]
	f := p.Profile()
	f.Name, f.Zone, f.Languages, f.Region = x.Name, x.Zone, x.Languages, x.Region
	var err error
	if f.Wakes, f.Sleeps, err = oncall.ParseHours(x.Awake); err != nil {
		return err
	}
	if x.Work != old.Work {
		f.WorksFrom, f.WorksUntil = nil, nil
		if x.Work != "" {
			days, from, until, err := parseWork(x.Work)
			if err != nil {
				return err
			}
			f.WorksDays, f.WorksFrom, f.WorksUntil = days, &from, &until
		}
	}
	if x.Name != old.Name || x.Zone != old.Zone || x.Awake != old.Awake || x.Work != old.Work || x.Languages != old.Languages || x.Region != old.Region {
		if _, err := a.people.SetProfile(ctx, a.by, p.ID, p.Version, f); err != nil {
			return err
		}
	}
	for _, l := range x.Labels {
		if !slices.Contains(old.Labels, l) {
			if _, err := a.skills.Give(ctx, a.by, p.ID, l); err != nil {
				return err
			}
		}
	}
	for _, l := range old.Labels {
		if !slices.Contains(x.Labels, l) {
			if err := a.skills.Take(ctx, a.by, p.ID, l); err != nil {
				return err
			}
		}
	}
	return nil
}
