package component

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
)

// Owner is somebody who owns or knows a component. Whoever is named twice, by hand and
// by a list, is one owner, with the nearer rank.
type Owner struct {
	Person  int64  // 0 is somebody whom we do not know
	Handle  string // "" if Person is 0
	Login   string // what a list calls them; "" if only somebody here named them
	Rank    Rank
	Sources []string // the lists that say so, "" being somebody here
	Since   time.Time
	By      string // who said so, if somebody here did
}

// Name is what to call them.
func (o Owner) Name() string { return cmp.Or(o.Handle, o.Login) }

// Says tells who says so: "maria", "the list fedora".
func (o Owner) Says() string {
	var who []string
	for _, s := range o.Sources {
		if s != "" {
			who = append(who, "the list "+s)
		} else if o.By != "" {
			who = append(who, o.By)
		}
	}
	return strings.Join(who, " and ")
}

const (
	sqlOwners = `
		select coalesce(o.person_id, 0), coalesce(p.handle, ''), o.login, o.rank, coalesce(o.source, ''), o.since, o.by_name
		from component_owner_person o left join person p on p.id = o.person_id
		where o.component_id = @component order by o.since, o.id`
	sqlOwning = `
		select distinct person_id from component_owner_person
		where component_id = any (@components) and rank <> 'knows' and person_id is not null`
	// Joined the other way round: what one person owns, without looking at all the rest.
	sqlOwnedBy = `
		select c.name, min(case o.rank when 'owner' then 1 when 'co-owner' then 2 else 3 end)
		from component_owner o join component c on c.id = o.component_id
		where o.person_id = @person
			or o.login = (select handle from person where id = @person)
			or o.login in (
				select a.name from account a where a.person_id = @person
				and not exists (select from account b where b.name = a.name and b.person_id <> @person)
				and not exists (select from person h where h.handle = a.name and h.id <> @person))
		group by c.name order by c.name limit @most`
)

// Owners lists who owns or knows a component: owners first, those whom we do not know
// last in their rank.
func Owners(ctx context.Context, db pg.DB, component int64) ([]Owner, error) {
	rows, err := db.Query(ctx, sqlOwners, pgx.NamedArgs{"component": component})
	if err != nil {
		return nil, err
	}
	var all []Owner
	var o Owner
	var source string
	_, err = pgx.ForEachRow(rows, []any{&o.Person, &o.Handle, &o.Login, &o.Rank, &source, &o.Since, &o.By}, func() error {
		o.Sources = []string{source}
		i := slices.IndexFunc(all, func(a Owner) bool { return a.Person == o.Person && (o.Person != 0 || a.Login == o.Login) })
		if i < 0 {
			all = append(all, o)
		} else {
			all[i] = join(all[i], o)
		}
		return nil
	})
	slices.SortStableFunc(all, func(a, b Owner) int {
		return cmp.Or(cmp.Compare(slices.Index(ranks, a.Rank), slices.Index(ranks, b.Rank)), known(b)-known(a))
	})
	return all, err
}

func known(o Owner) int { return int(min(o.Person, 1)) }

// join makes one owner of two entries about the same person; a is the older one.
func join(a, b Owner) Owner {
	a.Rank = better(a.Rank, b.Rank)
	a.Login, a.By = cmp.Or(a.Login, b.Login), cmp.Or(a.By, b.By)
	for _, s := range b.Sources {
		if !slices.Contains(a.Sources, s) {
			a.Sources = append(a.Sources, s)
		}
	}
	return a
}

// Owning is everybody who owns one of these components, co-owners too; those who only
// know one are not in it.
func Owning(ctx context.Context, db pg.DB, components []Component) (map[int64]bool, error) {
	people := map[int64]bool{}
	if len(components) == 0 {
		return people, nil
	}
	ids := make([]int64, 0, len(components))
	for _, c := range components {
		ids = append(ids, c.ID)
	}
	rows, err := db.Query(ctx, sqlOwning, pgx.NamedArgs{"components": ids})
	if err != nil {
		return nil, err
	}
	var person int64
	_, err = pgx.ForEachRow(rows, []any{&person}, func() error { people[person] = true; return nil })
	return people, err
}

// Owned is a component that somebody owns or knows.
type Owned struct {
	Component string
	Rank      Rank
}

// OwnedBy lists what a person owns or knows, by name, at most so many.
func OwnedBy(ctx context.Context, db pg.DB, person int64, most int) ([]Owned, error) {
	rows, err := db.Query(ctx, sqlOwnedBy, pgx.NamedArgs{"person": person, "most": most})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (o Owned, err error) {
		var place int
		err = row.Scan(&o.Component, &place)
		if err == nil {
			o.Rank = ranks[place-1]
		}
		return o, err
	})
}

// owns tells whether a person is an owner of a component.
func owns(ctx context.Context, db pg.DB, component, person int64) (bool, error) {
	of, err := Owning(ctx, db, []Component{{ID: component}})
	return person != 0 && of[person], err
}
