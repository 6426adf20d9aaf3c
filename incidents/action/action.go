// Package action owns what somebody has to do: whose it is, when it is due, and
// whether it is done. A meeting or an incident is where it comes from; it outlives
// both.
//
// It does not find owners in a text (package minutes does) and sends nothing: it
// leaves notices.
package action

import (
	"context"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
)

// State is how far it is.
type State string

// The states.
const (
	Open    State = "open"
	Done    State = "done"
	Dropped State = "dropped" // nobody will do it, and that is decided
)

// Owner is somebody whose action it is.
type Owner struct {
	Name   string // as the minutes name them
	Handle string // the person on the roster; "" is somebody unknown there
}

// Item is one action.
type Item struct {
	ID        int64
	Text      string
	State     State
	Due       time.Time // a day, at midnight UTC; zero is no date
	Owners    []Owner
	CreatedAt time.Time
	CreatedBy string    // nick or handle
	ClosedAt  time.Time // zero while it is open
	ChangedAt time.Time // when something last happened to it
	Meeting   int64     // 0 is none
	Number    int       // its number in the minutes of that meeting
	Incident  int64     // 0 is none
	Network   string
	Room      string
	Series    string // the name of the meeting, by which the next one finds it
	IssueURL  string // where it is tracked besides; "" is nowhere

	Restricted bool // what it says is for those of its meeting, not for everybody
}

// Ref is what people call it: A12.
func Ref(id int64) string { return "A" + strconv.FormatInt(id, 10) }

const (
	sqlPut = `
		insert into action_item (text, due, created_at, created_by, meeting_id, item, incident_id, network, room, series)
		values (@text, @due, @now, @by, @meeting, @item, @incident, @network, @room, @series)
		on conflict (meeting_id, item) do update set
			text = excluded.text, due = case when action_item.due_set then action_item.due else excluded.due end
		returning id, xmax = 0, owners_set`
	sqlDropOwners = `delete from action_owner where action_id = @id`
	sqlAddOwners  = `
		insert into action_owner (action_id, place, name, person_id)
		select @id, o.place, left(o.name, 200), p.id
		from unnest(@names::text[], @handles::text[]) with ordinality as o (name, handle, place)
		left join person p on p.handle = o.handle`
	sqlAddChange = `
		insert into action_change (action_id, at, who, what) values (@id, @now, @who, left(@what, 2400))`
	sqlWithdraw = `
		update action_item set state = 'dropped', closed_at = @now
		where meeting_id = @meeting and item = @item and state = 'open' returning id`
	sqlBlank = `update action_item set text = '(taken back)' where meeting_id = @meeting and item = @item`
	// What people dropped themselves stays so.
	sqlReturn = `
		update action_item a set state = 'open', closed_at = null
		where id = @id and state = 'dropped' and @withdrawn = (` + sqlLastClosed + `)`
)

// Put keeps an action, in the caller's transaction. One from the same item of the same
// meeting is changed to it: its words are those of the minutes now, and it is open again
// if it was not in them for a while. Whose it is, until when, and how far stays what
// people said since.
func Put(ctx context.Context, tx pgx.Tx, now time.Time, it Item) (id int64, err error) {
	var isNew, owned bool
	var number *int
	if it.Meeting != 0 {
		number = &it.Number
	}
	if err := tx.QueryRow(ctx, sqlPut, pgx.NamedArgs{
		"text": clip(it.Text), "due": pg.NullTime(it.Due), "now": now, "by": it.CreatedBy,
		"meeting": pg.NullID(it.Meeting), "item": number, "incident": pg.NullID(it.Incident),
		"network": it.Network, "room": it.Room, "series": it.Series,
	}).Scan(&id, &isNew, &owned); err != nil {
		return 0, err
	}
	if !owned {
		if err := setOwners(ctx, tx, id, it.Owners); err != nil {
			return 0, err
		}
	}
	back, err := tx.Exec(ctx, sqlReturn, pgx.NamedArgs{
		"id": id, "done": wasDone, "dropped": wasDropped, "withdrawn": wasWithdrawn,
	})
	if err != nil {
		return 0, err
	}
	// What minutes say may be taken back, and a history cannot: there it has no words.
	what := wasChanged
	switch {
	case isNew:
		what = "noted"
	case back.RowsAffected() > 0:
		what = wasReturned
	}
	if it.Meeting == 0 {
		what += ": " + it.Text
	}
	return id, record(ctx, tx, now, id, it.CreatedBy, what)
}

// Withdraw drops the action of an item that is in the minutes no more. If gone, who said
// it took it back, and its words go too.
func Withdraw(ctx context.Context, tx pgx.Tx, now time.Time, meeting int64, number int, who string, gone bool) error {
	if gone {
		if _, err := tx.Exec(ctx, sqlBlank, pgx.NamedArgs{"meeting": meeting, "item": number}); err != nil {
			return err
		}
	}
	rows, err := tx.Query(ctx, sqlWithdraw, pgx.NamedArgs{"meeting": meeting, "item": number, "now": now})
	if err != nil {
		return err
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	for _, id := range ids {
		if err := record(ctx, tx, now, id, who, wasWithdrawn); err != nil {
			return err
		}
	}
	return err
}

func setOwners(ctx context.Context, tx pgx.Tx, id int64, owners []Owner) error {
	if _, err := tx.Exec(ctx, sqlDropOwners, pgx.NamedArgs{"id": id}); err != nil {
		return err
	}
	names, handles := make([]string, len(owners)), make([]string, len(owners))
	for i, o := range owners {
		names[i], handles[i] = o.Name, o.Handle
	}
	_, err := tx.Exec(ctx, sqlAddOwners, pgx.NamedArgs{"id": id, "names": names, "handles": handles})
	return err
}

func record(ctx context.Context, tx pgx.Tx, now time.Time, id int64, who, what string) error {
	_, err := tx.Exec(ctx, sqlAddChange, pgx.NamedArgs{"id": id, "now": now, "who": who, "what": what})
	return err
}

// clip shortens a text to what its column holds.
func clip(text string) string { return oncall.Clip(text, 2000) }
