package component

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/audit"
	"batsignal/oncall/fault"
)

const (
	sqlInsertComponent = `
		insert into component (name, created_at) values (@name, @now) on conflict (name) do nothing`
	sqlUpsertOwner = `
		insert into component_owner (component_id, person_id, login, rank, since, by_name)
		values (@component, nullif(@person::bigint, 0), @login, @rank, @now, @by)
		on conflict (component_id, login, coalesce(source, ''), coalesce(person_id, 0)) do update set rank = excluded.rank, by_name = excluded.by_name
		where component_owner.rank <> excluded.rank`
	sqlRemoveOwner = `
		delete from component_owner where component_id = @component and source is null and (
			@person <> 0 and id in (select v.id from component_owner_person v where v.component_id = @component and v.person_id = @person)
			or login <> '' and login = @login)`
	sqlAcceptAnswers = `
		update component_answer set accepted_at = @now, accepted_by = @by
		where component = @component and accepted_at is null
			and (person_id = nullif(@person::bigint, 0) or login <> '' and login = @login)`
	sqlInsertAlias = `
		insert into component_alias (name, component_id) values (@name, @component)
		on conflict (name) do update set component_id = excluded.component_id
		where component_alias.component_id <> excluded.component_id`
	sqlDeleteAlias  = `delete from component_alias where component_id = @component and name = @name`
	sqlPeopleCalled = `
		select p.id, p.handle from person p where p.handle = @name
		union
		select p.id, p.handle from account a join person p on p.id = a.person_id
		where a.name = @name and not exists (select from person where handle = @name)
		limit 2`
)

// Whom is somebody that a name means: a person, or else only the name.
type Whom struct {
	Person int64
	Handle string
	Login  string
}

// Name is what to call them.
func (w Whom) Name() string { return cmp.Or(w.Handle, w.Login) }

// Call finds whom a name means: "me", a handle, or an account on any network if it is
// one person's everywhere. A name that means nobody is kept as it is.
func Call(ctx context.Context, db pg.DB, by oncall.Actor, name string) (Whom, error) {
	if len(name) > 1 && name[0] == '@' {
		name = name[1:]
	}
	login, problem := loginOf(name)
	if problem != "" {
		return Whom{}, fault.New(fault.Invalid, "Somebody is missing there: %s.", problem)
	}
	if login == "me" {
		if by.PersonID == 0 {
			return Whom{}, fault.New(fault.Forbidden, "I do not know you yet. !roster join ROLE makes you known, and !link CODE if I know you elsewhere.")
		}
		return Whom{Person: by.PersonID, Handle: by.Handle}, nil
	}
	rows, err := db.Query(ctx, sqlPeopleCalled, pgx.NamedArgs{"name": login})
	if err != nil {
		return Whom{}, err
	}
	called, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (w Whom, err error) {
		err = row.Scan(&w.Person, &w.Handle)
		return w, err
	})
	if err != nil || len(called) != 1 {
		return Whom{Login: login}, err
	}
	return called[0], nil
}

// Change says who is to be, or to be no more, an owner of what.
type Change struct {
	Component string
	Name      string // a handle, an account, "me"
	Rank      Rank   // "" is an owner
	New       bool   // the component may be a new one, however near its name is to that of another
	Admin     bool   // the caller is an admin; else they must own it
}

// Add makes somebody an owner, or changes their rank. A component that there is not is
// made, by admins only.
func (s *Service) Add(ctx context.Context, by oncall.Actor, ch Change) (c Component, w Whom, err error) {
	err = s.change(ctx, func(tx pgx.Tx, now time.Time) error {
		if c, err = s.mayChange(ctx, tx, now, by, ch); err != nil {
			return err
		}
		if w, err = Call(ctx, tx, by, ch.Name); err != nil {
			return err
		}
		return own(ctx, tx, now, by, c, w, cmp.Or(ch.Rank, Own))
	})
	return c, w, err
}

// own writes the entry of an owner, by hand.
func own(ctx context.Context, tx pgx.Tx, now time.Time, by oncall.Actor, c Component, w Whom, rank Rank) error {
	args := pgx.NamedArgs{
		"component": c.ID, "person": w.Person, "login": w.Login, "rank": rank, "now": now, "by": oncall.Clip(by.Who(), 200),
	}
	tag, err := tx.Exec(ctx, sqlUpsertOwner, args)
	if err != nil {
		return err
	}
	args["component"] = c.Name
	if _, err := tx.Exec(ctx, sqlAcceptAnswers, args); err != nil || tag.RowsAffected() == 0 {
		return err
	}
	return audit.Record(ctx, tx, now, by.By(), audit.Change{
		Kind: "component", Subject: c.Name, Concerns: concerns(w), After: map[string]string{"owner": w.Name(), "rank": string(rank)},
		Says: fmt.Sprintf("made %s %s", w.Name(), rankOf(rank, c.Name)),
	})
}

// rankOf writes a rank in a sentence.
func rankOf(r Rank, component string) string {
	switch r {
	case Own:
		return "an owner of " + component
	case CoOwn:
		return "a co-owner of " + component
	}
	return "somebody who knows " + component
}

// Remove ends what somebody was to a component, as far as somebody here said so. What a
// list says is a Conflict: it would say so again.
func (s *Service) Remove(ctx context.Context, by oncall.Actor, ch Change) (c Component, w Whom, err error) {
	err = s.change(ctx, func(tx pgx.Tx, now time.Time) error {
		if c, err = Find(ctx, tx, ch.Component); err != nil {
			return err
		}
		if w, err = Call(ctx, tx, by, ch.Name); err != nil {
			return err
		}
		if w.Person == 0 || w.Person != by.PersonID { // anybody may say that they are it no more
			if c, err = s.mayChange(ctx, tx, now, by, ch); err != nil {
				return err
			}
		}
		before, err := Owners(ctx, tx, c.ID)
		if err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, sqlRemoveOwner, pgx.NamedArgs{"component": c.ID, "person": w.Person, "login": w.Login})
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return whyNot(before, c, w)
		}
		return audit.Record(ctx, tx, now, by.By(), audit.Change{
			Kind: "component", Subject: c.Name, Concerns: concerns(w), Before: map[string]string{"owner": w.Name()},
			Says: fmt.Sprintf("removed %s from those who look after %s", w.Name(), c.Name),
		})
	})
	return c, w, err
}

// whyNot tells why there was nothing to remove.
func whyNot(owners []Owner, c Component, w Whom) error {
	for _, o := range owners {
		if w.Person != 0 && o.Person == w.Person || o.Person == 0 && o.Login == w.Login {
			return fault.New(fault.Conflict, "That %s looks after %s says %s. Change it there; here it would come back.", w.Name(), c.Name, o.Says())
		}
	}
	return fault.New(fault.NotFound, "%s does not look after %s. !owner %s lists who does.", w.Name(), c.Name, c.Name)
}

// SetAlias adds another name of a component, or takes it away.
func (s *Service) SetAlias(ctx context.Context, by oncall.Actor, ch Change, alias string, remove bool) (c Component, err error) {
	alias, err = NameOf(alias)
	if err != nil {
		return c, err
	}
	err = s.change(ctx, func(tx pgx.Tx, now time.Time) error {
		if c, err = Find(ctx, tx, ch.Component); err != nil {
			return err
		}
		if c, err = s.mayChange(ctx, tx, now, by, ch); err != nil {
			return err
		}
		other, taken, _, err := Lookup(ctx, tx, alias)
		if err != nil {
			return err
		}
		if !remove && taken && other.ID != c.ID && !ch.Admin {
			return fault.New(fault.Conflict, "%s means %s already. An admin can change that.", alias, other.Name)
		}
		if !remove && taken && other.Name == alias {
			return fault.New(fault.Conflict, "%s is the name of a component, which it would hide.", alias)
		}
		sql, says := sqlInsertAlias, fmt.Sprintf("made %s another name of %s", alias, c.Name)
		if remove {
			sql, says = sqlDeleteAlias, fmt.Sprintf("took the name %s from %s", alias, c.Name)
		}
		tag, err := tx.Exec(ctx, sql, pgx.NamedArgs{"name": alias, "component": c.ID})
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		return audit.Record(ctx, tx, now, by.By(), audit.Change{Kind: "component", Subject: c.Name, Says: says, After: alias})
	})
	return c, err
}

// mayChange finds the component of a change, for whoever may make it.
func (s *Service) mayChange(ctx context.Context, tx pgx.Tx, now time.Time, by oncall.Actor, ch Change) (Component, error) {
	c, found, near, err := Lookup(ctx, tx, ch.Component)
	if err != nil {
		return c, err
	}
	if !found {
		name := fold(ch.Component)
		switch {
		case !ch.Admin:
			return c, unknown(name, near)
		case len(near) > 0 && !ch.New:
			return c, fault.New(fault.NotFound, "I know no component called %s. Did you mean %s? If it is a new one: !owner add --new %s NAME", name, oncall.JoinOr(near), name)
		}
		return made(ctx, tx, now, name)
	}
	mine, err := owns(ctx, tx, c.ID, by.PersonID)
	if err == nil && !ch.Admin && !mine {
		err = fault.New(fault.Forbidden, "Only an admin or an owner of %s may change who looks after it. You may tell what you know: !owner tell %s NAME", c.Name, c.Name)
	}
	return c, err
}

// made makes a component by hand.
func made(ctx context.Context, tx pgx.Tx, now time.Time, name string) (Component, error) {
	if _, err := tx.Exec(ctx, sqlInsertComponent, pgx.NamedArgs{"name": name, "now": now}); err != nil {
		return Component{}, err
	}
	return Find(ctx, tx, name)
}

func concerns(w Whom) []int64 {
	if w.Person == 0 {
		return nil
	}
	return []int64{w.Person}
}

func (s *Service) change(ctx context.Context, do func(tx pgx.Tx, now time.Time) error) error {
	now := s.Now()
	return pg.InTx(ctx, s.DB, func(tx pgx.Tx) error { return do(tx, now) })
}
