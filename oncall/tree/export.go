package tree

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/component"
	"batsignal/oncall/policy"
	"batsignal/oncall/rota"
	"batsignal/oncall/schedule"
	"batsignal/oncall/skill"
)

// What a list says is not in the tree: it is read again and again. A component that
// only lists know is not in it either.
const sqlHandComponents = `
	select c.name, array(select a.name from component_alias a where a.component_id = c.id order by a.name) as aliases,
		array(
			select coalesce(p.handle, o.login) || ' ' || min(case o.rank when 'owner' then 1 when 'co-owner' then 2 else 3 end)
			from component_owner_person o left join person p on p.id = o.person_id
			where o.component_id = c.id and o.source is null
			group by coalesce(p.handle, o.login) order by 1
		) as owners
	from component c
	where exists (select from component_alias a where a.component_id = c.id)
		or exists (select from component_owner o where o.component_id = c.id and o.source is null)
		or (c.source is null and not exists (select from component_owner o where o.component_id = c.id))
	order by c.name`

// Export reads the whole tree, with every section. Whoever needs it of one instant
// gives a transaction that repeats reads.
func Export(ctx context.Context, db pg.DB) (File, error) {
	f := File{Roles: []Role{}, Schedules: []Schedule{}, Policies: []Policy{}, Labels: []Label{}, Components: []Component{}, People: []Person{}}
	people, err := oncall.People(ctx, db)
	if err != nil {
		return f, err
	}
	handles := make(map[int64]string, len(people))
	for _, p := range people {
		handles[p.ID] = p.Handle
	}
	for _, fill := range []func() error{
		func() error { return f.exportRoles(ctx, db) },
		func() error { return f.exportSchedules(ctx, db, handles) },
		func() error { return f.exportPolicies(ctx, db) },
		func() error { return f.exportSkills(ctx, db, people) },
		func() error { return f.exportComponents(ctx, db) },
	} {
		if err := fill(); err != nil {
			return f, err
		}
	}
	return f.tidy(), nil
}

func (f *File) exportRoles(ctx context.Context, db pg.DB) error {
	roles, err := oncall.Roles(ctx, db)
	if err != nil {
		return err
	}
	members, err := oncall.Members(ctx, db)
	if err != nil {
		return err
	}
	prefers, err := skill.AllPreferences(ctx, db)
	if err != nil {
		return err
	}
	uses, err := policy.Uses(ctx, db)
	if err != nil {
		return err
	}
	at := map[string]int{}
	for i, r := range roles {
		at[r.Name] = i
		f.Roles = append(f.Roles, Role{Name: r.Name, Title: r.Title, Leads: r.Leads, Patience: r.Patience,
			PatienceSev1: r.PatienceSev1, Minimum: r.Minimum, Prefers: prefers[r.Name]})
	}
	for _, m := range members {
		if i, inUse := at[m.Role]; inUse {
			f.Roles[i].Members = append(f.Roles[i].Members, m.Person.Handle)
		}
	}
	for _, u := range uses {
		if i, inUse := at[u.Role]; inUse {
			if f.Roles[i].Policies == nil {
				f.Roles[i].Policies = map[int]string{}
			}
			f.Roles[i].Policies[u.Severity] = u.Policy
		}
	}
	return nil
}

func (f *File) exportSchedules(ctx context.Context, db pg.DB, handles map[int64]string) error {
	schedules, err := rota.Schedules(ctx, db)
	for _, s := range schedules {
		f.Schedules = append(f.Schedules, scheduleOf(s, handles))
	}
	return err
}

// scheduleOf writes a schedule in words.
func scheduleOf(s schedule.Schedule, handles map[int64]string) Schedule {
	x := Schedule{Name: s.Name, Title: s.Title, Role: s.Role, Zone: s.Zone}
	for _, l := range s.Layers {
		out := Layer{Name: l.Name, Zone: l.Zone, Starts: l.Starts.String(), Ends: l.Ends.String(),
			Every: writeEvery(l.Unit, l.Turns), Shadow: l.Shadow}
		for _, m := range l.Members {
			out.Members = append(out.Members, handles[m])
		}
		for _, w := range l.Windows {
			out.Only = append(out.Only, writeOnly(w))
		}
		x.Layers = append(x.Layers, out)
	}
	return x
}

func (f *File) exportPolicies(ctx context.Context, db pg.DB) error {
	policies, err := policy.List(ctx, db)
	for _, p := range policies {
		f.Policies = append(f.Policies, policyOf(p))
	}
	return err
}

// policyOf writes a policy in words.
func policyOf(p policy.Policy) Policy {
	x := Policy{Name: p.Name, Title: p.Title, Repeats: p.Repeats}
	if p.Needs > 1 {
		x.Needs = p.Needs
	}
	for _, s := range p.Steps {
		out := Step{Wait: s.Wait, All: s.All}
		for _, t := range s.Targets {
			out.Notify = append(out.Notify, string(t.Kind)+" "+t.Name)
		}
		x.Steps = append(x.Steps, out)
	}
	return x
}

func (f *File) exportSkills(ctx context.Context, db pg.DB, people []oncall.Person) error {
	labels, err := skill.Labels(ctx, db)
	if err != nil {
		return err
	}
	for _, l := range labels {
		f.Labels = append(f.Labels, Label{Name: l.Name, Title: l.Title, Self: l.Self})
	}
	ids := make([]int64, len(people))
	for i, p := range people {
		ids[i] = p.ID
	}
	held, err := skill.Of(ctx, db, ids...)
	for _, p := range people {
		f.People = append(f.People, personOf(p, held[p.ID]))
	}
	return err
}

// personOf writes what is known of somebody in words.
func personOf(p oncall.Person, held []skill.Held) Person {
	x := Person{Handle: p.Handle, Name: p.Name, Zone: p.Zone, Awake: oncall.Minutes(p.Wakes) + "-" + oncall.Minutes(p.Sleeps),
		Languages: p.Languages, Region: p.Region}
	if p.WorksFrom != nil && p.WorksUntil != nil {
		x.Work = oncall.WriteDays(p.WorksDays) + " " + oncall.Minutes(*p.WorksFrom) + "-" + oncall.Minutes(*p.WorksUntil)
	}
	for _, h := range held {
		if h.Counts() {
			x.Labels = append(x.Labels, h.Label)
		}
	}
	return x
}

func (f *File) exportComponents(ctx context.Context, db pg.DB) error {
	rows, err := db.Query(ctx, sqlHandComponents)
	if err != nil {
		return err
	}
	f.Components, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (x Component, err error) {
		var owners []string
		if err = row.Scan(&x.Name, &x.Aliases, &owners); err != nil {
			return x, err
		}
		for _, o := range owners {
			at := strings.LastIndexByte(o, ' ')
			switch name := o[:at]; o[at+1:] {
			case "1":
				x.Owners = append(x.Owners, name)
			case "2":
				x.CoOwners = append(x.CoOwners, name)
			default:
				x.Knows = append(x.Knows, name)
			}
		}
		if len(x.Aliases) == 0 {
			x.Aliases = nil
		}
		return x, nil
	})
	if f.Components == nil {
		f.Components = []Component{}
	}
	return err
}

// rank finds what somebody is to a component; "" is nothing.
func (x Component) ranks() map[string]component.Rank {
	of := map[string]component.Rank{}
	for rank, list := range map[component.Rank][]string{component.Own: x.Owners, component.CoOwn: x.CoOwners, component.Knows: x.Knows} {
		for _, name := range list {
			of[name] = rank
		}
	}
	return of
}
