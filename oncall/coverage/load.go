package coverage

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/rota"
)

const sqlCoverageRoles = `
	select name, title, leads, minimum from role where retired_at is null order by place, name`

// Load reads what the coverage of every role in use follows from between two instants,
// in a handful of queries.
func Load(ctx context.Context, db pg.DB, from, until time.Time) ([]Input, error) {
	rows, err := db.Query(ctx, sqlCoverageRoles)
	if err != nil {
		return nil, err
	}
	roles, err := pgx.CollectRows(rows, pgx.RowToStructByName[Role])
	if err != nil {
		return nil, err
	}
	members, err := oncall.Members(ctx, db)
	if err != nil {
		return nil, err
	}
	book, err := rota.Load(ctx, db, from, until)
	if err != nil {
		return nil, err
	}
	people := make([]int64, len(members))
	for i, m := range members {
		people[i] = m.Person.ID
	}
	consents, err := oncall.ConsentsOf(ctx, db, people...)
	if err != nil {
		return nil, err
	}
	in := make([]Input, len(roles))
	place := make(map[string]int, len(roles))
	for i, r := range roles {
		in[i].Role, place[r.Name] = r, i
		for _, s := range book.OfRole(r.Name) {
			in[i].Schedules = append(in[i].Schedules, Scheduled{Name: s.Name, Shifts: book.Shifts(s, from, until)})
		}
	}
	for _, m := range members {
		if i, known := place[m.Role]; known {
			in[i].Members = append(in[i].Members, Member{
				Person: m.Person, Active: m.Active(), Absences: book.Absences(m.Person.ID), Terms: consents[m.Person.ID].Terms,
			})
		}
	}
	return in, nil
}

// Forecast is the coverage of every role in use from now on, for so long. It begins at
// the full minute.
func Forecast(ctx context.Context, db pg.DB, now time.Time, ahead time.Duration) ([]Report, error) {
	from := now.UTC().Truncate(time.Minute)
	in, err := Load(ctx, db, from, from.Add(ahead))
	if err != nil {
		return nil, err
	}
	return Look(in, from, from.Add(ahead)), nil
}
