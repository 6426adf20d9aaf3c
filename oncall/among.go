package oncall

import (
	"context"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
)

const (
	sqlMembersAmong = sqlMemberColumns + `
		where m.role = any (@roles) or p.handle = any (@handles) order by r.place, m.place, p.handle`
	sqlPeopleAmong = sqlPersonColumns + ` where p.id = any (@people) order by p.handle`
)

// MembersAmong lists the memberships of some roles, and every membership of some
// people, by handle; in order.
func MembersAmong(ctx context.Context, db pg.DB, roles, handles []string) ([]Member, error) {
	if roles == nil {
		roles = []string{}
	}
	if handles == nil {
		handles = []string{}
	}
	rows, err := db.Query(ctx, sqlMembersAmong, pgx.NamedArgs{"roles": roles, "handles": handles})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanMember)
}

// PeopleAmong lists some people, by handle.
func PeopleAmong(ctx context.Context, db pg.DB, people []int64) ([]Person, error) {
	rows, err := db.Query(ctx, sqlPeopleAmong, pgx.NamedArgs{"people": people})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Person])
}
