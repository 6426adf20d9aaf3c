package paging

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
)

// Delivery is one page on one way, leased to this process to be sent.
type Delivery struct {
	ID           int64
	PageID       int64
	EscalationID int64
	PersonID     int64
	Handle       string
	Route        string
	Account      string
	ContactID    *int64
	Tries        int // this one included
	Ring         int
	Repeat       bool // the person was rung before, or an earlier try may have arrived
	Cause        string
	Slot         Slot
	Why          string
	Severity     int
}

// Key is the idempotency key of a delivery: the same for each of its tries.
func (d Delivery) Key() string { return PageKey(d.ID) }

// Outcome is how one try ended.
type Outcome string

// The outcomes. Unknown is a try whose sender died: it is made again, since a
// second ring beats none.
const (
	Accepted  Outcome = "accepted"
	Temporary Outcome = "temporary"
	Permanent Outcome = "permanent"
	Unknown   Outcome = "unknown"
)

const (
	// The page is locked as well: an answer that comes at this moment must find the
	// delivery back in the queue, to cancel it there.
	sqlLapsed = `
		with lapsed as (
			select d.id, p.state as page_state from delivery d join page p on p.id = d.page_id
			where d.state = 'leased' and (d.leased_until <= @now or d.leased_until > @absurd) and d.id <> all (@alive)
			for update of d skip locked for share of p skip locked
		), back as (
			update delivery d
			set state = case when lapsed.page_state = 'open' then 'queued' else 'cancelled' end,
				finished_at = case when lapsed.page_state = 'open' then null else @now::timestamptz end,
				due_at = @now, leased_until = null, leased_by = ''
			from lapsed where d.id = lapsed.id returning d.id
		)
		update attempt a set outcome = 'unknown', finished_at = @now, detail = 'the sender went away'
		from back where a.delivery_id = back.id and a.outcome = 'open'`
	// Each delivery looks its page up by number. In a join the planner, whose
	// statistics are older than a mass page, goes through all open pages for each
	// delivery instead: of a thousand each, that is seconds.
	sqlLease = `
		with due as (
			select d.id from delivery d
			where d.state = 'queued' and (d.due_at <= @now or d.due_at > @absurd) and d.route = any (@routes)
				and (select p.state from page p where p.id = d.page_id) = 'open'
			order by d.due_at, d.id limit @most for update skip locked
		), mine as (
			update delivery d set state = 'leased', leased_until = @until, leased_by = @me, tries = d.tries + 1
			from due where d.id = due.id
			returning d.id, d.page_id, d.route, d.account, d.contact_id, d.tries, d.ring
		), tried as (
			insert into attempt (delivery_id, n, key, started_at)
			select id, tries, 'page-' || id || '-' || tries, @now from mine
		)
		select m.id, m.page_id, p.escalation_id, p.person_id, h.handle, m.route, m.account, m.contact_id,
			m.tries, m.ring, e.cause, e.slot, e.why, e.severity,
			p.rung_at > p.opened_at
				or exists (select from attempt a where a.delivery_id = m.id and a.outcome in ('unknown', 'temporary')) as repeat
		from mine m join page p on p.id = m.page_id
			join escalation e on e.id = p.escalation_id join person h on h.id = p.person_id
		order by m.id`
	sqlRenew = `
		update delivery set leased_until = @until
		where state = 'leased' and leased_by = @me and id = any (@ids)`
	sqlFinishAttempt = `
		update attempt set outcome = @outcome, finished_at = @now, detail = @detail
		where delivery_id = @id and n = @n and outcome = 'open'`
	// A page that was answered while its delivery was under way is not tried again.
	sqlFinishDelivery = `
		update delivery d
		set state = case when @state = 'queued' and p.state <> 'open' then 'cancelled' else @state end,
			leased_until = null, leased_by = '', due_at = @due_at, finished_at = @finished_at
		from page p
		where p.id = d.page_id and d.id = @id and d.state = 'leased' and d.leased_by = @me`
	sqlRingAlive = `
		select exists (
			select from delivery d join page p on p.id = d.page_id
			where p.id = @page and d.ring = @ring and d.state in ('queued', 'leased', 'accepted'))`
	sqlNextDue = `
		select min(t) from (
			select min(d.due_at) from delivery d
			where d.state = 'queued' and d.route = any (@routes)
				and (select p.state from page p where p.id = d.page_id) = 'open'
			union all
			select min(leased_until) from delivery where state = 'leased' and id <> all (@alive)
			union all
			select min(due_at) from escalation where state = 'hunting'
		) as due (t)`
	sqlInsertAckToken = `insert into ack_token (hash, page_id, created_at) values (@hash, @page, @now)`
	sqlPeekAckToken   = sqlPageColumns + `
		join ack_token t on t.page_id = p.id where t.hash = @hash and t.used_at is null`
	sqlUseAckToken = `
		update ack_token set used_at = @now where hash = @hash and used_at is null returning page_id`
)

// Worker identifies one process among those that share the database, and what it
// can send.
type Worker struct {
	Me     string   // unique for each start of a process
	Routes []string // the routes it has
}

// absurdAfter is longer than any lease and any rest between two tries. An instant
// further ahead was written by a clock that was wrong, and counts as past: else a
// clock set back by an hour would hold pages back for an hour.
const absurdAfter = time.Minute

// Reclaim puts back what was leased and has lapsed: its sender died, or could not
// record how it went. What this worker is still sending, alive, it leaves.
func (w Worker) Reclaim(ctx context.Context, db pg.DB, now time.Time, alive []int64) error {
	_, err := db.Exec(ctx, sqlLapsed, pgx.NamedArgs{"now": now, "absurd": now.Add(absurdAfter), "alive": alive})
	return err
}

// Lease takes up to most due deliveries for this worker until an instant, each
// with an open attempt.
func (w Worker) Lease(ctx context.Context, db pg.DB, now, until time.Time, most int) ([]Delivery, error) {
	rows, err := db.Query(ctx, sqlLease, pgx.NamedArgs{
		"now": now, "absurd": now.Add(absurdAfter), "until": until, "me": w.Me, "routes": w.Routes, "most": most,
	})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Delivery])
}

// Renew keeps leases alive while their sending takes long.
func (w Worker) Renew(ctx context.Context, db pg.DB, until time.Time, ids []int64) error {
	_, err := db.Exec(ctx, sqlRenew, pgx.NamedArgs{"until": until, "me": w.Me, "ids": ids})
	return err
}

// Finish records how a try ended, and with it what becomes of the delivery: done,
// tried again later, or given up. When the last way of a ring is given up, the
// escalation is hurried: waiting for somebody who cannot hear is waste. dead tells
// that this happened. Unless the try was accepted, the caller holds the lock of the
// cause, so that an answer, or the end of another way, does not cross it unseen.
func (w Worker) Finish(ctx context.Context, tx pgx.Tx, now time.Time, d Delivery, o Outcome, detail string) (dead bool, err error) {
	if r := []rune(detail); len(r) > 400 {
		detail = string(r[:400])
	}
	if _, err := tx.Exec(ctx, sqlFinishAttempt, pgx.NamedArgs{
		"id": d.ID, "n": d.Tries, "outcome": o, "now": now, "detail": detail,
	}); err != nil {
		return false, err
	}
	args := pgx.NamedArgs{"id": d.ID, "me": w.Me, "due_at": now, "finished_at": now}
	switch {
	case o == Accepted:
		args["state"] = "accepted"
	case o == Permanent || d.Tries >= MostTries:
		args["state"] = "failed"
	default:
		args["state"], args["due_at"], args["finished_at"] = "queued", now.Add(RetryAfter(d.Tries)), nil
	}
	if _, err := tx.Exec(ctx, sqlFinishDelivery, args); err != nil {
		return false, err
	}
	if args["state"] != "failed" {
		return false, nil
	}
	var alive bool
	if err := tx.QueryRow(ctx, sqlRingAlive, pgx.NamedArgs{"page": d.PageID, "ring": d.Ring}).Scan(&alive); err != nil || alive {
		return false, err
	}
	return true, Hurry(ctx, tx, now, d.EscalationID)
}

// NextDue is the earliest instant at which this worker has something to do besides
// what it is sending, alive; zero when there is nothing at all.
func (w Worker) NextDue(ctx context.Context, db pg.DB, alive []int64) (time.Time, error) {
	var t *time.Time
	err := db.QueryRow(ctx, sqlNextDue, pgx.NamedArgs{"routes": w.Routes, "alive": alive}).Scan(&t)
	if err != nil || t == nil {
		return time.Time{}, err
	}
	return *t, nil
}
