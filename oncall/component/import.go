package component

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/oncall"
	"batsignal/oncall/audit"
	"batsignal/oncall/fault"
)

// Import is a list that replaces what the same source said before.
type Import struct {
	Source string // "fedora"
	Place  string // where it was read, for people to see; "" keeps what is there
	List   []Listed
	Shrink bool // it may name less than half of what the source named before
}

// Summary is what an import did.
type Summary struct {
	Source     string
	Components int
	Owners     int      // entries of an owner, in the list
	Added      int      // of these
	Changed    int      // of these: another rank
	Removed    int      // entries that were there and are not in the list
	Unmatched  []string // names that mean nobody here, in order
}

// Unchanged is how many entries were there before.
func (s Summary) Unchanged() int { return s.Owners - s.Added - s.Changed }

// Says tells it in a sentence.
func (s Summary) Says() string {
	text := fmt.Sprintf("%s with %s: %d added, %d changed, %d removed, %d as before.",
		oncall.Plural(s.Components, "component", "components"), oncall.Plural(s.Owners, "owner", "owners"), s.Added, s.Changed, s.Removed, s.Unchanged())
	if n := len(s.Unmatched); n > 0 {
		const shown = 10
		names := s.Unmatched
		if n > shown {
			names = append(slices.Clone(names[:shown]), oncall.Plural(n-shown, "more", "more"))
		}
		text += fmt.Sprintf(" %s: %s.", oncall.Plural(n, "name means nobody here", "names mean nobody here"), oncall.JoinNames(names))
	}
	return text
}

const (
	sqlMakeSource = `insert into component_source (name) values (@source) on conflict (name) do nothing`
	sqlLockSource = `select name from component_source where name = @source for update`
	sqlOfSource   = `
		select o.id, c.name, o.login, o.rank
		from component_owner o join component c on c.id = o.component_id where o.source = @source`
	sqlNewComponents = `
		insert into component (name, source, created_at)
		select name, @source, @now from unnest(@names::text[]) as name
		on conflict (name) do nothing`
	sqlImportOwners = `
		insert into component_owner (component_id, login, rank, source, since)
		select c.id, n.login, n.rank, @source, @now
		from unnest(@components::text[], @logins::text[], @ranks::text[]) as n (component, login, rank)
		join component c on c.name = n.component`
	sqlImportRanks = `
		update component_owner o set rank = n.rank
		from unnest(@ids::bigint[], @ranks::text[]) as n (id, rank) where o.id = n.id`
	sqlImportGone      = `delete from component_owner where id = any (@ids)`
	sqlUnownedOfSource = `
		select c.id, c.name from component c
		where c.source = @source and not exists (select from component_owner o where o.component_id = c.id)
			and not exists (select from component_alias a where a.component_id = c.id)`
	sqlDeleteComponents = `delete from component where id = any (@ids)`
	sqlSourceLoaded     = `
		update component_source set place = coalesce(nullif(@place, ''), place), tried_at = @now, loaded_at = @now, trouble = '',
			components = @components, owners = @owners, due_at = coalesce(@now::timestamptz + every, due_at)
		where name = @source`
	// The rule of the view component_owner_person, asked once for each name and not for
	// each of its components.
	sqlUnmatched = `
		select l.login from (select distinct login from component_owner where source = @source) l
		where not exists (select from person where handle = l.login)
			and (select count(distinct person_id) from account where name = l.login) <> 1
		order by l.login`
	sqlForgetSource = `delete from component_source where name = @source`
)

var validSource = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)

// fewest is from how many entries on a list is not believed that shrank to less than half.
const fewest = 50

// Import makes what a source says the same as a list, in one transaction. The same list
// again changes nothing. Components that only the source knew, and that it names no more,
// are forgotten.
func (s *Service) Import(ctx context.Context, by oncall.Actor, in Import) (sum Summary, err error) {
	if !validSource.MatchString(in.Source) {
		return sum, fault.New(fault.Invalid, "%q cannot be the name of a list: small letters, digits, dot, hyphen and underscore.", clip(in.Source))
	}
	if len(in.List) == 0 {
		return sum, fault.New(fault.Invalid, "The list names no component, so I leave %s as it is.", in.Source)
	}
	err = s.change(ctx, func(tx pgx.Tx, now time.Time) error {
		sum, err = replace(ctx, tx, now, by, in)
		return err
	})
	return sum, err
}

func replace(ctx context.Context, tx pgx.Tx, now time.Time, by oncall.Actor, in Import) (Summary, error) {
	sum := Summary{Source: in.Source, Components: len(in.List)}
	args := pgx.NamedArgs{"source": in.Source, "now": now}
	for _, sql := range []string{sqlMakeSource, sqlLockSource} {
		if _, err := tx.Exec(ctx, sql, args); err != nil {
			return sum, err
		}
	}
	d, err := compare(ctx, tx, in)
	if err != nil {
		return sum, err
	}
	sum.Owners, sum.Added, sum.Changed, sum.Removed = d.owners, len(d.logins), len(d.changed), len(d.gone)
	if before := d.owners - sum.Added + sum.Removed; !in.Shrink && before >= fewest && d.owners < before/2 {
		return sum, fault.New(fault.Conflict, "The list has %d owners, and what %s said before has %d. If that is right, import it with --shrink; nothing was changed.",
			d.owners, in.Source, before)
	}
	made, gone, err := d.write(ctx, tx, now, in)
	if err != nil {
		return sum, err
	}
	if sum.Unmatched, err = column[string](ctx, tx, sqlUnmatched, args); err != nil {
		return sum, err
	}
	if _, err := tx.Exec(ctx, sqlSourceLoaded, pgx.NamedArgs{
		"source": in.Source, "place": oncall.Clip(in.Place, 500), "now": now, "components": sum.Components, "owners": sum.Owners,
	}); err != nil {
		return sum, err
	}
	if sum.Added+sum.Changed+sum.Removed == 0 && made+gone == 0 {
		return sum, nil
	}
	return sum, audit.Record(ctx, tx, now, by.By(), audit.Change{
		Kind: "component", Subject: "list " + in.Source, Says: "imported the list " + in.Source + ": " + sum.Says(),
	})
}

// difference is what has to be done for a source to say what a list says.
type difference struct {
	names                     []string // of all components
	owners                    int      // entries of the list
	components, logins, ranks []string // of the new ones
	changed                   []int64
	changedTo                 []string
	gone                      []int64
}

// entry is one owner of one component.
type entry struct{ component, login string }

// compare reads what a source says. The work is done here and not in SQL because most
// of 25,000 components are the same as yesterday, and nothing is written for those.
func compare(ctx context.Context, tx pgx.Tx, in Import) (d difference, err error) {
	type had struct {
		id   int64
		rank Rank
	}
	before := map[entry]had{}
	rows, err := tx.Query(ctx, sqlOfSource, pgx.NamedArgs{"source": in.Source})
	if err != nil {
		return d, err
	}
	var e entry
	var h had
	if _, err = pgx.ForEachRow(rows, []any{&h.id, &e.component, &e.login, &h.rank}, func() error { before[e] = h; return nil }); err != nil {
		return d, err
	}
	for _, c := range in.List {
		d.names = append(d.names, c.Name)
		for _, o := range c.Owners {
			d.owners++
			e := entry{c.Name, o.Login}
			old, there := before[e]
			delete(before, e)
			switch {
			case !there:
				d.components, d.logins, d.ranks = append(d.components, c.Name), append(d.logins, o.Login), append(d.ranks, string(o.Rank))
			case old.rank != o.Rank:
				d.changed, d.changedTo = append(d.changed, old.id), append(d.changedTo, string(o.Rank))
			}
		}
	}
	for _, old := range before {
		d.gone = append(d.gone, old.id)
	}
	return d, nil
}

// write does it, and tells how many components are new and how many are no more.
func (d difference) write(ctx context.Context, tx pgx.Tx, now time.Time, in Import) (made, gone int, err error) {
	tag, err := tx.Exec(ctx, sqlNewComponents, pgx.NamedArgs{"names": d.names, "source": in.Source, "now": now})
	if err != nil {
		return 0, 0, err
	}
	made = int(tag.RowsAffected())
	if len(d.logins) > 0 {
		if _, err := tx.Exec(ctx, sqlImportOwners, pgx.NamedArgs{
			"components": d.components, "logins": d.logins, "ranks": d.ranks, "source": in.Source, "now": now,
		}); err != nil {
			return 0, 0, err
		}
	}
	if len(d.changed) > 0 {
		if _, err := tx.Exec(ctx, sqlImportRanks, pgx.NamedArgs{"ids": d.changed, "ranks": d.changedTo}); err != nil {
			return 0, 0, err
		}
	}
	if len(d.gone) > 0 {
		if _, err := tx.Exec(ctx, sqlImportGone, pgx.NamedArgs{"ids": d.gone}); err != nil {
			return 0, 0, err
		}
	}
	gone, err = d.forget(ctx, tx, in.Source)
	return made, gone, err
}

// forget deletes the components of a source that it names no more, and nobody owns.
func (d difference) forget(ctx context.Context, tx pgx.Tx, source string) (int, error) {
	listed := make(map[string]bool, len(d.names))
	for _, name := range d.names {
		listed[name] = true
	}
	rows, err := tx.Query(ctx, sqlUnownedOfSource, pgx.NamedArgs{"source": source})
	if err != nil {
		return 0, err
	}
	var ids []int64
	var id int64
	var name string
	if _, err := pgx.ForEachRow(rows, []any{&id, &name}, func() error {
		if !listed[name] {
			ids = append(ids, id)
		}
		return nil
	}); err != nil || len(ids) == 0 {
		return 0, err
	}
	tag, err := tx.Exec(ctx, sqlDeleteComponents, pgx.NamedArgs{"ids": ids})
	return int(tag.RowsAffected()), err
}

// Forget removes a source with everything that it alone says.
func (s *Service) Forget(ctx context.Context, by oncall.Actor, source string) error {
	return s.change(ctx, func(tx pgx.Tx, now time.Time) error {
		d, err := compare(ctx, tx, Import{Source: source})
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, sqlImportGone, pgx.NamedArgs{"ids": d.gone}); err != nil {
			return err
		}
		if _, err := d.forget(ctx, tx, source); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, sqlForgetSource, pgx.NamedArgs{"source": source})
		if err == nil && tag.RowsAffected() == 0 {
			err = fault.New(fault.NotFound, "There is no list called %s.", clip(source))
		}
		if err != nil {
			return err
		}
		return audit.Record(ctx, tx, now, by.By(), audit.Change{
			Kind: "component", Subject: "list " + source, Says: fmt.Sprintf("removed the list %s and its %s", source, oncall.Plural(len(d.gone), "owner", "owners")),
		})
	})
}

func column[T any](ctx context.Context, tx pgx.Tx, sql string, args pgx.NamedArgs) ([]T, error) {
	rows, err := tx.Query(ctx, sql, args)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[T])
}
