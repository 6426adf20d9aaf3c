package oncall

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall/audit"
	"batsignal/oncall/fault"
)

// mostMinimum is how many people a role can want at any time; the column has the same
// limit.
const mostMinimum = 50

const (
	sqlSetRole = `
		update role set minimum = @minimum, version = version + 1
		where name = @role and version = @based and retired_at is null returning version`
	sqlPlaces = `select person_id from membership where role = @role order by place, person_id for update`
	sqlPlace  = `
		update membership m set place = list.place
		from unnest(@people::bigint[]) with ordinality as list (person, place)
		where m.role = @role and m.person_id = list.person`
)

// SetRoster changes the order of a role's list, and how many who can be rung should be
// on or awake at any time. based is the version of the role that the change was made
// from; if somebody was quicker, it is a Conflict that says who. Members who are not in
// the order come after it, as they stood: they joined meanwhile. Who is in it and is no
// member any more is left out. That the actor may do so is checked by the caller.
func (d *Desk) SetRoster(ctx context.Context, a Actor, role string, based int, order []int64, minimum int) (r Role, err error) {
	if minimum < 0 || minimum > mostMinimum {
		return r, newFieldError("minimum", fault.Invalid, "The minimum is a number from 0 to %d.", mostMinimum)
	}
	err = pg.InTx(ctx, d.DB, func(tx pgx.Tx) error {
		if r, err = FindRole(ctx, tx, role); err != nil {
			return err
		}
		old := r
		if err := tx.QueryRow(ctx, sqlSetRole, pgx.NamedArgs{"role": r.Name, "based": based, "minimum": minimum}).Scan(&r.Version); noRow(err) {
			return errQuicker(ctx, tx, "role", r.Name, "The roster of "+r.Title)
		} else if err != nil {
			return err
		}
		r.Minimum = minimum
		rows, err := tx.Query(ctx, sqlPlaces, pgx.NamedArgs{"role": r.Name})
		if err != nil {
			return err
		}
		before, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		if err != nil {
			return err
		}
		after := reordered(before, order)
		if _, err := tx.Exec(ctx, sqlPlace, pgx.NamedArgs{"role": r.Name, "people": after}); err != nil {
			return err
		}
		return audit.Record(ctx, tx, d.Now(), a.By(), audit.Change{
			Kind: "role", Subject: r.Name, Says: rosterSays(before, after, old.Minimum, minimum),
			Before: rosterState{before, old.Minimum}, After: rosterState{after, minimum},
		})
	})
	return r, err
}

// rosterState is what the record of changes keeps of a role's list.
type rosterState struct {
	Order   []int64 `json:"order"`
	Minimum int     `json:"minimum"`
}

func rosterSays(before, after []int64, was, is int) string {
	switch moved := !slices.Equal(before, after); {
	case moved && was != is:
		return "changed the order of the list and the minimum"
	case was != is:
		return "changed the minimum"
	}
	return "changed the order of the list"
}

// reordered puts a list in an order: those whom the order names first, the others after
// them as they stood, each once.
func reordered(list, order []int64) []int64 {
	out := make([]int64, 0, len(list))
	for _, id := range append(slices.Clone(order), list...) {
		if slices.Contains(list, id) && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}
