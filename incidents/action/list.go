package action

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall/fault"
)

// Filter says which actions are meant. What is zero does not matter; the rest must all
// be so.
type Filter struct {
	State     State
	Person    int64 // one of its owners
	Network   string
	Room      string // where it was noted
	Incident  int64
	Series    string // the name of its meeting
	Meeting   int64
	DueBefore time.Time // due on a day before this one
	Limit     int       // how many at most; 0 is all
	// Restricted has those of restricted meetings among them, whose words are not for
	// everybody.
	Restricted bool
}

// Change is one thing that was done to an action.
type Change struct {
	At   time.Time
	Who  string // nick or handle; "" is the bot itself
	What string
}

const (
	sqlList = `
		select a.id, a.text, a.state, a.due, a.created_at, a.created_by, a.closed_at,
			coalesce((select max(c.at) from action_change c where c.action_id = a.id), a.created_at) as changed_at,
			coalesce(a.meeting_id, 0) as meeting, coalesce(a.item, 0) as number, coalesce(m.restricted, false) as restricted,
			coalesce(a.incident_id, 0) as incident, a.network, a.room, a.series, a.issue_url
		from action_item a left join meeting m on m.id = a.meeting_id
		where (@state = '' or a.state = @state)
			and (@person::bigint is null or exists (select from action_owner o where o.action_id = a.id and o.person_id = @person))
			and (@network = '' or a.network = @network)
			and (@room = '' or lower(a.room) = lower(@room))
			and (@incident::bigint is null or a.incident_id = @incident)
			and (@series = '' or a.series = @series)
			and (@meeting::bigint is null or a.meeting_id = @meeting)
			and (@due_before::date is null or a.due < @due_before)
			and (@ids::bigint[] is null or a.id = any (@ids))
			and (@restricted or not coalesce(m.restricted, false))
		order by a.state <> 'open', case when a.state = 'open' then a.due end nulls last, a.closed_at desc nulls first, a.id
		limit nullif(@limit, 0)`
	sqlOwners = `
		select o.action_id, o.name, coalesce(p.handle, '')
		from action_owner o left join person p on p.id = o.person_id
		where o.action_id = any (@ids) order by o.action_id, o.place`
	sqlHistory = `
		select at, who, what from action_change where action_id = @id order by id`
)

// itemRow is an action as its row has it.
type itemRow struct {
	ID        int64
	Text      string
	State     State
	Due       *time.Time
	CreatedAt time.Time
	CreatedBy string
	ClosedAt  *time.Time
	ChangedAt time.Time
	Meeting   int64
	Number    int
	Incident  int64
	Network   string
	Room      string
	Series    string
	IssueURL  string

	Restricted bool
}

func (r itemRow) item() Item {
	it := Item{
		ID: r.ID, Text: r.Text, State: r.State, CreatedAt: r.CreatedAt, CreatedBy: r.CreatedBy, ChangedAt: r.ChangedAt,
		Meeting: r.Meeting, Number: r.Number, Incident: r.Incident,
		Network: r.Network, Room: r.Room, Series: r.Series, IssueURL: r.IssueURL, Restricted: r.Restricted,
	}
	if r.Due != nil {
		it.Due = *r.Due
	}
	if r.ClosedAt != nil {
		it.ClosedAt = *r.ClosedAt
	}
	return it
}

// List returns the actions that a filter means: open ones first, by the day they are
// due, those without a day after the others; then closed ones, the last closed first.
func (s *Service) List(ctx context.Context, f Filter) ([]Item, error) {
	return list(ctx, s.DB, f)
}

// Get returns one action, of a restricted meeting too.
func (s *Service) Get(ctx context.Context, id int64) (Item, error) {
	return get(ctx, s.DB, id)
}

// History returns what was done to an action, the oldest first.
func (s *Service) History(ctx context.Context, id int64) ([]Change, error) {
	rows, err := s.DB.Query(ctx, sqlHistory, pgx.NamedArgs{"id": id})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Change])
}

func get(ctx context.Context, db pg.DB, id int64) (Item, error) {
	items, err := list(ctx, db, Filter{Restricted: true}, id)
	if err != nil {
		return Item{}, err
	}
	if len(items) == 0 {
		return Item{}, missing(id)
	}
	return items[0], nil
}

func missing(id int64) error {
	return fault.New(fault.NotFound, "There is no action %s. !actions lists those that there are.", Ref(id))
}

// list is List for those with these numbers; none given are all.
func list(ctx context.Context, db pg.DB, f Filter, ids ...int64) ([]Item, error) {
	rows, err := db.Query(ctx, sqlList, pgx.NamedArgs{
		"state": f.State, "person": pg.NullID(f.Person), "network": f.Network, "room": f.Room,
		"incident": pg.NullID(f.Incident), "series": f.Series, "meeting": pg.NullID(f.Meeting),
		"due_before": pg.NullTime(f.DueBefore), "ids": ids, "limit": f.Limit, "restricted": f.Restricted,
	})
	if err != nil {
		return nil, err
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[itemRow])
	if err != nil || len(found) == 0 {
		return nil, err
	}
	items := make([]Item, len(found))
	for i, r := range found {
		items[i] = r.item()
	}
	return items, fillOwners(ctx, db, items)
}

// fillOwners reads whose they are, all at once.
func fillOwners(ctx context.Context, db pg.DB, items []Item) error {
	ids, at := make([]int64, len(items)), make(map[int64]int, len(items))
	for i, it := range items {
		ids[i], at[it.ID] = it.ID, i
	}
	rows, err := db.Query(ctx, sqlOwners, pgx.NamedArgs{"ids": ids})
	if err != nil {
		return err
	}
	var id int64
	var o Owner
	_, err = pgx.ForEachRow(rows, []any{&id, &o.Name, &o.Handle}, func() error {
		it := &items[at[id]]
		it.Owners = append(it.Owners, o)
		return nil
	})
	return err
}
