package oncall

import (
	"time"

	"github.com/jackc/pgx/v5"
)

// A few columns only: of a large organisation all of them take longer to read than
// everything else about who is on. The first tells how much room the answer to the second
// may need, so that thousands of rows are not moved again and again while they come.
const (
	sqlMemberships   = `select count(*) from membership`
	sqlActiveMembers = `
		select m.role, p.zone, p.id, p.handle, p.wakes, p.sleeps, p.heard_at
		from membership m
		join role r on r.name = m.role and r.retired_at is null
		join person p on p.id = m.person_id
		where m.agreed_at is not null and m.approved_at is not null and m.lapsed_at is null
		order by r.place, m.place, p.handle`
)

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
// known, and not when: AgreedAt and ApprovedAt are the zero time. Nor is their Place: they
// are in order.
func QueueActive(batch *pgx.Batch, into *[]Member) {
	var most int
	batch.Queue(sqlMemberships).QueryRow(func(row pgx.Row) error { return row.Scan(&most) })
	batch.Queue(sqlActiveMembers).Query(func(rows pgx.Rows) (err error) {
		*into, err = collectActive(rows, most)
		return err
	})
}

func collectActive(rows pgx.Rows, most int) ([]Member, error) {
	defer rows.Close()
	list := make([]Member, 0, most)
	words := map[string]string{} // roles and zones come again and again
	word := func(text []byte) string {
		if w, known := words[string(text)]; known {
			return w
		}
		w := string(text)
		words[w] = w
		return w
	}
	var untold time.Time
	var m Member
	p := &m.Person
	columns := []any{nil, nil, &p.ID, &p.Handle, &p.Wakes, &p.Sleeps, &p.HeardAt}
	for rows.Next() {
		m = Member{AgreedAt: &untold, ApprovedAt: &untold}
		if err := rows.Scan(columns...); err != nil {
			return nil, err
		}
		text := rows.RawValues()
		m.Role, p.Zone = word(text[0]), word(text[1])
		list = append(list, m)
	}
	return list, rows.Err()
}
