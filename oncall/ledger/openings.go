package ledger

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall/unseal"
)

const sqlOpeningsOf = `
	select o.intent, o.record_id::text as record, o.kind, o.lane, o.incident_id as incident, o.role, o.opened_at as at,
		o.dialled, o.result, coalesce(l.body, '') as body, s.record_id is null as gone
	from sealed_opening o
	join ledger_leaf l on l.seq = o.intent
	left join sealed_contact s on s.record_id = o.record_id
	where o.owner_id = @person
	order by o.intent desc limit @most`

// Opening is one opening of a sealed address, for its owner.
type Opening struct {
	Intent   int64 // the leaf that announced it
	Record   string
	Kind     string // of contact: "sms"
	Lane     unseal.Lane
	Incident *int64 // nil: none, or one that is not kept any more
	Role     string
	At       time.Time
	Dialled  *int64 // the leaf that says what came of it; nil: nothing yet
	Result   string
	Gone     bool // the address was changed or deleted since
	Body     string
	Leaf     Leaf `db:"-"` // of Intent: who declared and who confirmed (By)
}

// OpeningsOf are the openings of a person's sealed addresses, the latest first, at most so
// many; codes that they asked for themselves (lane F) are among them.
func OpeningsOf(ctx context.Context, db pg.DB, person int64, most int) ([]Opening, error) {
	rows, err := db.Query(ctx, sqlOpeningsOf, pgx.NamedArgs{"person": person, "most": most})
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Opening])
	if err != nil {
		return nil, err
	}
	for i := range list {
		if list[i].Leaf, err = ParseLeaf(list[i].Body); err != nil {
			return nil, err
		}
	}
	return list, nil
}
