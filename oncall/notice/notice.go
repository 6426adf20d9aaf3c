// Package notice owns announcements: what must be said in a room or to a person,
// and what a room needs done to it (made, topic, invitation), as rows.
//
// A row is written in the transaction of the change that it tells of, together
// with the job that wakes whoever drains it, so nothing is announced that did not
// happen and nothing that happened stays unsaid. It does not send: bot does. A
// page is not a notice; pages have their own rows in oncall/paging.
package notice

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"batsignal/migrations/pg"
)

// Kind says what is to be done.
type Kind string

// The kinds.
const (
	Say    Kind = "say"    // Text in Room, or to Account
	Open   Kind = "open"   // make Room, with Text as its topic
	Topic  Kind = "topic"  // change the topic of Room to Text
	Invite Kind = "invite" // ask Account into Room
	// Summary has the live summary of the incident in Room renewed, where a network
	// shows one. It carries no text: what is shown is how things stand by then.
	Summary Kind = "summary"
	Close   Kind = "close" // leave Room for good, or put it away
)

// Action is a command that people may click where a network has buttons; the text
// beside it must say the same in words, for networks without.
type Action struct {
	Label   string `json:"label"`   // what the button says: one to three words
	Command string `json:"command"` // what one would type, without prefix: "ack P5"
	// Says is what it does, in a sentence, for whoever is asked whether they are sure.
	Says string `json:"says,omitempty"`
	// Grave marks what rings people or ends something: it is drawn so that nobody
	// clicks it by the way.
	Grave bool `json:"grave,omitempty"`
}

// Notice is one thing to be said or done on one network.
type Notice struct {
	ID       int64
	Network  string
	Kind     Kind
	Room     string
	Account  string
	Text     string
	Actions  []Action
	Incident *int64 `db:"incident_id"`
	Tries    int

	// Origin is the network and number of a line that this one repeats elsewhere;
	// a second notice of the same origin is dropped. "" is not a repetition.
	Origin string `db:"-"`
	// NotBefore is when it may be done at the earliest; zero is at once.
	NotBefore time.Time `db:"-"`
}

// Aside tells whether a notice is a private line that belongs to no incident: whose shift
// comes up, whose yes is a year old. Anything else that is said comes before it.
func (n Notice) Aside() bool { return n.Kind == Say && n.Account != "" && n.Incident == nil }

// Queue inserts durable jobs in the caller's transaction; a River client is one.
type Queue interface {
	InsertTx(ctx context.Context, tx pgx.Tx, args river.JobArgs, opts *river.InsertOpts) (*rivertype.JobInsertResult, error)
	InsertManyTx(ctx context.Context, tx pgx.Tx, params []river.InsertManyParams) ([]*rivertype.JobInsertResult, error)
}

// DrainArgs is the job that wakes the process that is on a network.
type DrainArgs struct {
	Network string `json:"network"`
}

// Kind names the job for River.
func (DrainArgs) Kind() string { return "drain_notices" }

// QueueName is the queue of one network's announcements: each process works only
// the queues of the networks that it is on.
func QueueName(network string) string { return "notice_" + network }

const (
	sqlInsertNotice = `
		insert into notice (network, kind, room, account, text, actions, incident_id, origin, not_before, created_at)
		values (@network, @kind, @room, @account, @text, @actions, @incident_id, nullif(@origin, ''), @not_before, @now)
		on conflict (network, origin) where origin is not null do nothing`
	sqlNextNotices = `
		select id, network, kind, room, account, text, actions, incident_id, tries
		from (
			select *, row_number() over (partition by room, account, kind = 'invite', origin is not null order by id) as place
			from notice where network = @network and state = 'waiting' and (not_before is null or not_before <= @now)
		) waiting
		where place <= 20
		order by kind = 'invite', origin is not null, kind = 'summary', account <> '' and incident_id is null, id limit 100`
	sqlNoticeDone = `
		update notice set state = @state, tries = tries + 1, done_at = @now, detail = @detail
		where id = @id and state = 'waiting'`
	sqlLastSummary = `
		select coalesce(max(id), 0) from notice
		where network = @network and room = @room and kind = 'summary' and state = 'waiting'`
	sqlSummariesDone = `
		update notice set state = 'sent', tries = tries + 1, done_at = @now
		where network = @network and room = @room and kind = 'summary' and state = 'waiting' and id <= @last`
	sqlMoveNotices = `
		update notice set room = @to where network = @network and room = @from and state = 'waiting'`
	sqlDropNotices = `
		update notice set state = 'failed', done_at = @now, detail = 'the room was not made' where network = @network and room = @room and state = 'waiting'`
	sqlForgetCarried = `
		delete from notice where origin is not null and state <> 'waiting' and done_at < @before`
	sqlDropCloses = `
		update notice set state = 'failed', done_at = @now, detail = 'the incident was opened again'
		where incident_id = @incident and kind = 'close' and state = 'waiting'`
	sqlNoticeTried = `
		update notice set tries = tries + 1, detail = @detail where id = @id and state = 'waiting'`
)

// Post writes notices and wakes their drains, in the caller's transaction.
func Post(ctx context.Context, tx pgx.Tx, q Queue, now time.Time, notices ...Notice) error {
	type drain struct {
		network string
		at      time.Time
	}
	var jobs []river.InsertManyParams
	seen := map[drain]bool{}
	batch := &pgx.Batch{}
	for _, n := range notices {
		batch.Queue(sqlInsertNotice, pgx.NamedArgs{
			"network": n.Network, "kind": n.Kind, "room": n.Room, "account": n.Account,
			"text": n.Text, "actions": orNone(n.Actions), "incident_id": n.Incident,
			"origin": n.Origin, "not_before": pg.NullTime(n.NotBefore), "now": now,
		})
		if d := (drain{n.Network, n.NotBefore}); !seen[d] {
			seen[d] = true
			jobs = append(jobs, river.InsertManyParams{
				Args:       DrainArgs{Network: n.Network},
				InsertOpts: &river.InsertOpts{Queue: QueueName(n.Network), ScheduledAt: n.NotBefore},
			})
		}
	}
	if len(jobs) == 0 {
		return nil
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return err
	}
	_, err := q.InsertManyTx(ctx, tx, jobs)
	return err
}

// orNone keeps a list without actions from becoming null.
func orNone(actions []Action) []Action {
	if actions == nil {
		return []Action{}
	}
	return actions
}

// Next returns notices that wait on a network, oldest first: up to 100, and no more
// than 20 for one place, so that one which is stuck hides no other. Private lines that
// belong to no incident ([Notice.Aside]) come after everything else that is said: they
// may be one each to hundreds of people. Then come summaries, since one does for all that
// came before it; then talk that is carried over, which may be a flood; and last the
// invitations: a thousand of them must not come before anything else.
func Next(ctx context.Context, db pg.DB, now time.Time, network string) ([]Notice, error) {
	rows, err := db.Query(ctx, sqlNextNotices, pgx.NamedArgs{"network": network, "now": now})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Notice])
}

// LastSummary is the newest summary that waits for a room. Whoever shows how things
// stand after asking for it has done this one and all before it.
func LastSummary(ctx context.Context, db pg.DB, network, room string) (id int64, err error) {
	err = db.QueryRow(ctx, sqlLastSummary, pgx.NamedArgs{"network": network, "room": room}).Scan(&id)
	return id, err
}

// SummariesDone marks the summaries of a room as shown, up to the given one.
func SummariesDone(ctx context.Context, db pg.DB, now time.Time, network, room string, last int64) error {
	_, err := db.Exec(ctx, sqlSummariesDone, pgx.NamedArgs{"network": network, "room": room, "last": last, "now": now})
	return err
}

// Move has what waits for a room go to another one, which takes its place.
func Move(ctx context.Context, db pg.DB, network, from, to string) error {
	_, err := db.Exec(ctx, sqlMoveNotices, pgx.NamedArgs{"network": network, "from": from, "to": to})
	return err
}

// Drop gives up what waits for a room that there is not.
func Drop(ctx context.Context, db pg.DB, now time.Time, network, room string) error {
	_, err := db.Exec(ctx, sqlDropNotices, pgx.NamedArgs{"network": network, "room": room, "now": now})
	return err
}

// ForgetCarried deletes what was carried over from other networks and said before an
// instant: it is what people said, and is kept where they said it.
func ForgetCarried(ctx context.Context, db pg.DB, before time.Time) error {
	_, err := db.Exec(ctx, sqlForgetCarried, pgx.NamedArgs{"before": before})
	return err
}

// DropCloses calls off that the rooms of an incident are closed, and tells whether
// that was still to come.
func DropCloses(ctx context.Context, db pg.DB, now time.Time, incident int64) (dropped bool, err error) {
	tag, err := db.Exec(ctx, sqlDropCloses, pgx.NamedArgs{"incident": incident, "now": now})
	return tag.RowsAffected() > 0, err
}

// Sent marks a notice as delivered.
func Sent(ctx context.Context, db pg.DB, now time.Time, id int64) error {
	return done(ctx, db, now, id, "sent", "")
}

// Failed gives a notice up, with the reason.
func Failed(ctx context.Context, db pg.DB, now time.Time, id int64, why string) error {
	return done(ctx, db, now, id, "failed", why)
}

// Tried counts a try after which the notice still waits.
func Tried(ctx context.Context, db pg.DB, id int64, why string) error {
	_, err := db.Exec(ctx, sqlNoticeTried, pgx.NamedArgs{"id": id, "detail": clip(why)})
	return err
}

func done(ctx context.Context, db pg.DB, now time.Time, id int64, state, detail string) error {
	_, err := db.Exec(ctx, sqlNoticeDone, pgx.NamedArgs{"id": id, "state": state, "now": now, "detail": clip(detail)})
	return err
}

// clip keeps a reason inside its column.
func clip(s string) string {
	const limit = 400
	if r := []rune(s); len(r) > limit {
		return string(r[:limit])
	}
	return s
}

// Wake inserts a drain without a notice, for a process that comes to a network
// where something may wait.
func Wake(ctx context.Context, tx pgx.Tx, q Queue, network string) error {
	_, err := q.InsertTx(ctx, tx, DrainArgs{Network: network}, &river.InsertOpts{Queue: QueueName(network)})
	return err
}
