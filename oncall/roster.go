package oncall

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
)

// Member is a person's place in one role's list.
type Member struct {
	Role       string
	Place      int
	Person     Person
	AgreedAt   *time.Time // nil: has not said yes
	ApprovedAt *time.Time // nil: no admin has let them in

	ConfirmedAt *time.Time // when they last said yes again; nil: never
	LapsedAt    *time.Time // when their yes became too old; nil: it stands
}

// Active tells whether this person may be paged for the role: they said yes, were let
// in, and their yes is not too old.
func (m Member) Active() bool { return m.AgreedAt != nil && m.ApprovedAt != nil && m.LapsedAt == nil }

// Standing says in words where the membership stands.
func (m Member) Standing() string {
	switch {
	case m.Active():
		return "yes"
	case m.AgreedAt == nil:
		return "asked, has not answered"
	case m.LapsedAt != nil:
		return "said yes more than a year ago; has to say it again"
	}
	return "said yes, waits for an admin"
}

// Order returns who should be asked for a role now, best first: those awake in
// their zone before those asleep, then by their place in the list. Only active
// members are in it. The result is a new slice.
func Order(members []Member, now time.Time) []Member {
	out := make([]Member, 0, len(members))
	for _, m := range members {
		if m.Active() {
			out = append(out, m)
		}
	}
	slices.SortStableFunc(out, func(a, b Member) int {
		if aw, bw := a.Person.Awake(now), b.Person.Awake(now); aw != bw {
			if aw {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.Place, b.Place)
	})
	return out
}

const (
	sqlMemberColumns = `
		select m.role, m.place, m.agreed_at, m.approved_at, m.confirmed_at, m.lapsed_at,
			p.id, p.handle, p.name, p.zone, p.wakes, p.sleeps, p.heard_at,
			p.works_from, p.works_until, p.works_days, p.region, p.languages, p.version
		from membership m
		join role r on r.name = m.role and r.retired_at is null
		join person p on p.id = m.person_id`
	sqlMembers       = sqlMemberColumns + ` order by r.place, m.place, p.handle`
	sqlMembersOfRole = sqlMemberColumns + ` where m.role = @role order by m.place, p.handle`
	sqlActiveRoles   = `
		select m.role from membership m join role r on r.name = m.role and r.retired_at is null
		where m.person_id = @person and m.agreed_at is not null and m.approved_at is not null and m.lapsed_at is null
		order by r.place`
)

// ActiveRoles lists the roles that a person may be paged for.
func ActiveRoles(ctx context.Context, db pg.DB, person int64) ([]string, error) {
	rows, err := db.Query(ctx, sqlActiveRoles, pgx.NamedArgs{"person": person})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// Members lists every membership of every role in use, in order.
func Members(ctx context.Context, db pg.DB) ([]Member, error) {
	rows, err := db.Query(ctx, sqlMembers)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanMember)
}

// MembersOf lists the memberships of one role, in order.
func MembersOf(ctx context.Context, db pg.DB, role string) ([]Member, error) {
	rows, err := db.Query(ctx, sqlMembersOfRole, pgx.NamedArgs{"role": role})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanMember)
}

func scanMember(row pgx.CollectableRow) (m Member, err error) {
	p := &m.Person
	err = row.Scan(&m.Role, &m.Place, &m.AgreedAt, &m.ApprovedAt, &m.ConfirmedAt, &m.LapsedAt,
		&p.ID, &p.Handle, &p.Name, &p.Zone, &p.Wakes, &p.Sleeps, &p.HeardAt,
		&p.WorksFrom, &p.WorksUntil, &p.WorksDays, &p.Region, &p.Languages, &p.Version)
	return m, err
}
