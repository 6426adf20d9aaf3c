package reach

import (
	"context"
	"time"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/contact"
)

// Load reads how ready everybody is, in five queries. networks are those that we are on,
// routes those that something here sends by.
func Load(ctx context.Context, db pg.DB, now time.Time, networks, routes []string) (Report, error) {
	rows := Rows{Networks: networks, Routes: routes}
	var err error
	if rows.Roles, err = oncall.Roles(ctx, db); err != nil {
		return Report{}, err
	}
	if rows.Members, err = oncall.Members(ctx, db); err != nil {
		return Report{}, err
	}
	var people []int64
	seen := map[int64]bool{}
	for _, m := range rows.Members {
		if m.Active() && !seen[m.Person.ID] {
			seen[m.Person.ID], people = true, append(people, m.Person.ID)
		}
	}
	if rows.Contacts, err = contact.Of(ctx, db, people...); err != nil {
		return Report{}, err
	}
	if rows.Accounts, err = oncall.AccountsOfMany(ctx, db, people); err != nil {
		return Report{}, err
	}
	if rows.Consents, err = oncall.ConsentsOf(ctx, db, people...); err != nil {
		return Report{}, err
	}
	return Judge(now, rows), nil
}
