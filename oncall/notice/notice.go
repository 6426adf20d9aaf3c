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
)

// Notice is one thing to be said or done on one network.
type Notice struct {
	ID       int64
	Network  string
	Kind     Kind
	Room     string
	Account  string
	Text     string
	Incident *int64 `db:"incident_id"`
	Tries    int
}

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
		insert into notice (network, kind, room, account, text, incident_id, created_at)
		values (@network, @kind, @room, @account, @text, @incident_id, @now)`
	sqlNextNotices = `
		select id, network, kind, room, account, text, incident_id, tries
		from notice where network = @network and state = 'waiting' order by kind = 'invite', id limit 50`
	sqlNoticeDone = `
		update notice set state = @state, tries = tries + 1, done_at = @now, detail = @detail
		where id = @id and state = 'waiting'`
	sqlNoticeTried = `
		update notice set tries = tries + 1, detail = @detail where id = @id and state = 'waiting'`
)

// Post writes notices and wakes their drains, in the caller's transaction.
func Post(ctx context.Context, tx pgx.Tx, q Queue, now time.Time, notices ...Notice) error {
	var networks []string
	seen := map[string]bool{}
	batch := &pgx.Batch{}
	for _, n := range notices {
		batch.Queue(sqlInsertNotice, pgx.NamedArgs{
			"network": n.Network, "kind": n.Kind, "room": n.Room, "account": n.Account,
			"text": n.Text, "incident_id": n.Incident, "now": now,
		})
		if !seen[n.Network] {
			seen[n.Network] = true
			networks = append(networks, n.Network)
		}
	}
	if len(networks) == 0 {
		return nil
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return err
	}
	jobs := make([]river.InsertManyParams, 0, len(networks))
	for _, name := range networks {
		jobs = append(jobs, river.InsertManyParams{
			Args:       DrainArgs{Network: name},
			InsertOpts: &river.InsertOpts{Queue: QueueName(name)},
		})
	}
	_, err := q.InsertManyTx(ctx, tx, jobs)
	return err
}

// Next returns up to 50 notices that wait on a network, oldest first, and last the
// invitations: a thousand of them must not come before what is to be said.
func Next(ctx context.Context, db pg.DB, network string) ([]Notice, error) {
	rows, err := db.Query(ctx, sqlNextNotices, pgx.NamedArgs{"network": network})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Notice])
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
