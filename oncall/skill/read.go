package skill

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/spelling"
)

const (
	sqlLabels = `select name, title, self from label order by name`
	sqlHeld   = `
		select l.person_id, l.label, b.title, l.since, coalesce(w.handle, ''), l.by_person is not distinct from l.person_id,
			l.confirmed_at, l.confirmed_by, b.self
		from person_label l
		join label b on b.name = l.label
		left join person w on w.id = l.by_person
		where l.person_id = any (@people) order by l.person_id, l.label`
	sqlPreference  = `select labels from role_preference where role = @role order by place`
	sqlPreferences = `select role, labels from role_preference order by role, place`
	sqlRoleVersion = `select version from role where name = @role and retired_at is null`
)

// Labels lists what people can be good at, by name.
func Labels(ctx context.Context, db pg.DB) ([]Label, error) {
	rows, err := db.Query(ctx, sqlLabels)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Label])
}

// Find finds a label by how somebody typed its name or title. What is nearly one is
// offered in the error.
func Find(ctx context.Context, db pg.DB, typed string) (Label, error) {
	labels, err := Labels(ctx, db)
	if err != nil {
		return Label{}, err
	}
	name, near := NameOf(typed), ""
	if name == Owner || name == maintainer {
		return Label{}, fault.New(fault.Invalid, "Nobody is given %s: it is true of whoever owns what is broken. !owner add says who owns a component.", name)
	}
	for _, l := range labels {
		if l.Name == name || NameOf(l.Title) == name {
			return l, nil
		}
		if spelling.Distance(l.Name, name) <= 2 {
			near = l.Name
		}
	}
	if near != "" {
		return Label{}, fault.New(fault.NotFound, "There is no label %q. Did you mean %s?", oncall.Clip(name, 32), near)
	}
	return Label{}, fault.New(fault.NotFound, "There is no label %q. There are: %s.", oncall.Clip(name, 32), names(labels))
}

func names(labels []Label) string {
	list := make([]string, 0, len(labels))
	for _, l := range labels {
		list = append(list, l.Name)
	}
	if len(list) == 0 {
		return "none yet"
	}
	return oncall.JoinNames(list)
}

// Of tells which labels people have, by person, in one query; somebody without is not
// in it.
func Of(ctx context.Context, db pg.DB, people ...int64) (map[int64][]Held, error) {
	rows, err := db.Query(ctx, sqlHeld, pgx.NamedArgs{"people": people})
	if err != nil {
		return nil, err
	}
	of := map[int64][]Held{}
	var person int64
	var h Held
	_, err = pgx.ForEachRow(rows, []any{&person, &h.Label, &h.Title, &h.Since, &h.By, &h.Own, &h.ConfirmedAt, &h.ConfirmedBy, &h.Self}, func() error {
		of[person] = append(of[person], h)
		h = Held{}
		return nil
	})
	return of, err
}

// Preferences is the order of a role, the best combination first, and the version of
// the role that it belongs to. A role that prefers nothing has none.
func Preferences(ctx context.Context, db pg.DB, role string) (prefers [][]string, version int, err error) {
	err = db.QueryRow(ctx, sqlRoleVersion, pgx.NamedArgs{"role": role}).Scan(&version)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, 0, fault.New(fault.NotFound, "There is no role %q. !roster show lists them.", role)
	}
	if err != nil {
		return nil, 0, err
	}
	rows, err := db.Query(ctx, sqlPreference, pgx.NamedArgs{"role": role})
	if err != nil {
		return nil, 0, err
	}
	prefers, err = pgx.CollectRows(rows, pgx.RowTo[[]string])
	return prefers, version, err
}

// AllPreferences is the order of every role that has one, in one query.
func AllPreferences(ctx context.Context, db pg.DB) (map[string][][]string, error) {
	rows, err := db.Query(ctx, sqlPreferences)
	if err != nil {
		return nil, err
	}
	of := map[string][][]string{}
	var role string
	var labels []string
	_, err = pgx.ForEachRow(rows, []any{&role, &labels}, func() error {
		of[role] = append(of[role], labels)
		labels = nil
		return nil
	})
	return of, err
}
