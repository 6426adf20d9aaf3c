package oncall

import (
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
)

// A few columns only: of a large organisation all of them take longer to read than
// everything else about who is on.
const sqlActiveMembers = `
	select m.role, m.place, p.id, p.handle, p.zone, p.wakes, p.sleeps, p.heard_at
	from membership m
	join role r on r.name = m.role and r.retired_at is null
	join person p on p.id = m.person_id
	where m.agreed_at is not null and m.approved_at is not null and m.lapsed_at is null
	order by r.place, m.place, p.handle`

// QueueRoles is Roles among other questions that are asked in one round trip.
func QueueRoles(batch *pgx.Batch, into *[]Role) {
	batch.Queue(sqlRoles).Query(func(rows pgx.Rows) (err error) {
		*into, err = pgx.CollectRows(rows, pgx.RowToStructByName[Role])
		return err
	})
}

// QueueMembers is Members among other questions that are asked in one round trip.
func QueueMembers(batch *pgx.Batch, into *[]Member) {
	batch.Queue(sqlMembers).Query(func(rows pgx.Rows) (err error) {
		*into, err = pgx.CollectRows(rows, scanMember)
		return err
	})
}

// QueueActive is QueueMembers for those who may be paged, and of the people only what
// tells who they are and whether they are awake. That they said yes and were let in is
// known, and not when: AgreedAt and ApprovedAt are the zero time.
func QueueActive(batch *pgx.Batch, into *[]Member) {
	batch.Queue(sqlActiveMembers).Query(func(rows pgx.Rows) (err error) {
		*into, err = pg.Collect(rows, func(m *Member) []any {
			p := &m.Person
			return []any{&m.Role, &m.Place, &p.ID, &p.Handle, &p.Zone, &p.Wakes, &p.Sleeps, &p.HeardAt}
		})
		var untold time.Time
		for i := range *into {
			(*into)[i].AgreedAt, (*into)[i].ApprovedAt = &untold, &untold
		}
		return err
	})
}
