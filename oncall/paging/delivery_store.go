package paging

import (
	"context"
	"errors"
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
	CreatedAt    time.Time
	Ask          bool // an earlier sender died after it began: the provider may have it
	Code         string
	Digits       int
	Cause        string
	Slot         Slot
	Why          string
	Severity     int
}

// Key is the idempotency key of a delivery: the same for each of its tries.
func (d Delivery) Key() string { return PageKey(d.ID) }

// Outcome is how one try ended.
type Outcome string

// The outcomes. Unknown is a try whose sender died: the provider is asked where it can
// be, and else it is made again, since a second ring beats none.
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
			select d.id, p.state as page_state, d.state from delivery d join page p on p.id = d.page_id
			where d.state in ('leased', 'submitted') and (d.leased_until <= @now or d.leased_until > @absurd) and d.id <> all (@alive)
			for update of d skip locked for share of p skip locked
		), back as (
			update delivery d
			set state = case when lapsed.page_state = 'open' then 'queued' else 'cancelled' end,
				finished_at = case when lapsed.page_state = 'open' then null else @now::timestamptz end,
				ask = d.ask or lapsed.state = 'submitted', due_at = @now, leased_until = null, leased_by = ''
			from lapsed where d.id = lapsed.id returning d.id
		)
		update attempt a set outcome = 'unknown', finished_at = @now, detail = 'the sender went away'
		from back where a.delivery_id = back.id and a.outcome = 'open'`
	// Each route has hands of its own, so that a slow one takes none from the others.
	// Each delivery looks its page up by number. In a join the planner, whose
	// statistics are older than a mass page, goes through all open pages for each
	// delivery instead: of a thousand each, that is seconds.
	sqlLease = `
		with due as (
			select one.id from unnest(@routes::text[], @free::int[]) as hands (route, free) cross join lateral (
				select d.id from delivery d
				where d.state = 'queued' and d.route = hands.route and (d.due_at <= @now or d.due_at > @absurd::timestamptz + d.waits)
					and (select p.state from page p where p.id = d.page_id) = 'open'
				order by d.due_at, d.id limit hands.free for update skip locked
			) one
		), mine as (
			update delivery d set state = 'leased', leased_until = @until, leased_by = @me, tries = d.tries + 1
			from due where d.id = due.id
			returning d.id, d.page_id, d.route, d.account, d.contact_id, d.tries, d.ring, d.ask, d.created_at
		), tried as (
			insert into attempt (delivery_id, n, key, started_at)
			select id, tries, 'page-' || id || '-' || tries, @now from mine
		)
		select m.id, m.page_id, p.escalation_id, p.person_id, h.handle, m.route, m.account, m.contact_id,
			m.tries, m.ring, m.ask, m.created_at, p.code, p.digits, e.cause, e.slot, e.why, e.severity,
			p.rung_at > p.opened_at
				or exists (select from attempt a where a.delivery_id = m.id and a.outcome in ('unknown', 'temporary')) as repeat
		from mine m join page p on p.id = m.page_id
			join escalation e on e.id = p.escalation_id join person h on h.id = p.person_id
		order by m.id`
	sqlSubmit = `
		update delivery set state = 'submitted' where id = @id and state = 'leased' and leased_by = @me and tries = @try`
	sqlRenew = `
		update delivery set leased_until = @until
		where state in ('leased', 'submitted') and leased_by = @me and id = any (@ids)`
	sqlFinishAttempt = `
		update attempt set outcome = @outcome, finished_at = @now, detail = @detail
		where delivery_id = @id and n = @n and (outcome = 'open' or outcome = 'accepted' and @outcome = 'accepted')`
	// A page that was answered while its delivery was under way is not tried again. News
	// of the provider that came before its answer to us stand.
	sqlFinishDelivery = `
		update delivery d
		set ref = case when @ref = '' then d.ref else @ref end,
			state = case
				when d.state not in ('leased', 'submitted') then d.state
				when @state = 'queued' and p.state <> 'open' then 'cancelled'
				else @state end,
			leased_until = case when d.state in ('leased', 'submitted') then null else d.leased_until end,
			leased_by = '', ask = d.ask and @state = 'queued',
			due_at = case when d.state in ('leased', 'submitted') then @due_at else d.due_at end,
			finished_at = case when d.state in ('leased', 'submitted') then @finished_at else d.finished_at end
		from page p
		where p.id = d.page_id and d.id = @id and d.leased_by = @me and d.tries = @try
		returning d.state, p.state, d.ring`
	sqlRingAlive = `
		select exists (
			select from delivery d join page p on p.id = d.page_id
			where p.id = @page and d.ring = @ring and d.state in ('queued', 'leased', 'submitted', 'accepted', 'delivered', 'acked'))`
	// The next way of somebody is used at once when one of theirs has failed.
	sqlPromote = `
		update delivery set due_at = @now
		where page_id = @page and ring = @ring and state = 'queued' and due_at > @now and tries = 0`
	sqlNextDue = `
		select min(t) from (
			select min(d.due_at) from delivery d
			where d.state = 'queued' and d.route = any (@routes)
				and (select p.state from page p where p.id = d.page_id) = 'open'
			union all
			select min(leased_until) from delivery where state in ('leased', 'submitted') and id <> all (@alive)
			union all
			select min(due_at) from escalation where state = 'hunting'
		) as due (t)`
)

// Worker identifies one process among those that share the database, and what it
// can send.
type Worker struct {
	Me     string   // unique for each start of a process
	Routes []string // the routes it has
}

// Hands are how many more messages each route can take now, by its name.
type Hands map[string]int

// absurdAfter is longer than any lease and any rest between two tries. An instant
// further ahead, or further than the delay of its way, was written by a clock that was
// wrong, and counts as past: else a clock set back by an hour would hold pages back for
// an hour.
const absurdAfter = time.Minute

// Reclaim puts back what was leased and has lapsed: its sender died, or could not
// record how it went. What this worker is still sending, alive, it leaves.
func (w Worker) Reclaim(ctx context.Context, db pg.DB, now time.Time, alive []int64) error {
	_, err := db.Exec(ctx, sqlLapsed, pgx.NamedArgs{"now": now, "absurd": now.Add(absurdAfter), "alive": alive})
	return err
}

// Lease takes due deliveries for this worker until an instant, as many of each route as
// it has hands, each with an open attempt.
func (w Worker) Lease(ctx context.Context, db pg.DB, now, until time.Time, hands Hands) ([]Delivery, error) {
	routes, free := make([]string, 0, len(hands)), make([]int, 0, len(hands))
	for _, route := range w.Routes {
		if n := hands[route]; n > 0 {
			routes, free = append(routes, route), append(free, n)
		}
	}
	if len(routes) == 0 {
		return nil, nil
	}
	rows, err := db.Query(ctx, sqlLease, pgx.NamedArgs{
		"now": now, "absurd": now.Add(absurdAfter), "until": until, "me": w.Me, "routes": routes, "free": free,
	})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Delivery])
}

// Submit notes that a delivery goes to its provider now: should this process die, the
// provider is asked for it before it is sent again. mine is false when the lease was
// lost: somebody else sends it, and we must not.
func (w Worker) Submit(ctx context.Context, db pg.DB, d Delivery) (mine bool, err error) {
	tag, err := db.Exec(ctx, sqlSubmit, pgx.NamedArgs{"id": d.ID, "me": w.Me, "try": d.Tries})
	return err == nil && tag.RowsAffected() == 1, err
}

// Renew keeps leases alive while their sending takes long.
func (w Worker) Renew(ctx context.Context, db pg.DB, until time.Time, ids []int64) error {
	_, err := db.Exec(ctx, sqlRenew, pgx.NamedArgs{"until": until, "me": w.Me, "ids": ids})
	return err
}

// Try is how one try went.
type Try struct {
	Outcome Outcome
	Detail  string // safe to be stored and shown
	Ref     string // what the provider calls it
	Bad     string // why the address cannot work; "" if it may
	// Provider tells that the provider failed: the person's other ways are used at once.
	Provider bool
}

// Finished is what the end of a try did.
type Finished struct {
	Dead bool // it was the last way of the ring: the escalation was hurried
	Late bool // it was taken by the provider after its page was over: it has to be ended there
}

// Finish records how a try ended, and with it what becomes of the delivery: done,
// tried again later, or given up, and then the person's next way is used at once. When
// the last way of a ring is given up, the escalation is hurried: waiting for somebody who
// cannot hear is waste. Unless the try was accepted, the caller holds the lock of the
// cause, so that an answer, or the end of another way, does not cross it unseen.
func (w Worker) Finish(ctx context.Context, tx pgx.Tx, now time.Time, d Delivery, t Try) (f Finished, err error) {
	if _, err := tx.Exec(ctx, sqlFinishAttempt, pgx.NamedArgs{
		"id": d.ID, "n": d.Tries, "outcome": t.Outcome, "now": now, "detail": clip(t.Detail, 400),
	}); err != nil {
		return f, err
	}
	args := pgx.NamedArgs{"id": d.ID, "me": w.Me, "try": d.Tries, "due_at": now, "finished_at": now, "ref": clip(t.Ref, 200)}
	switch {
	case t.Outcome == Accepted:
		args["state"] = "accepted"
	case t.Outcome == Permanent || d.Tries >= MostTries:
		args["state"] = "failed"
	default:
		args["state"], args["due_at"], args["finished_at"] = "queued", now.Add(RetryAfter(d.Tries)), nil
	}
	var state string
	var page PageState
	err = tx.QueryRow(ctx, sqlFinishDelivery, args).Scan(&state, &page, &d.Ring) // rung again meanwhile, it is part of the new ring
	if errors.Is(err, pgx.ErrNoRows) {
		return f, nil // the lease was lost; whoever has it now says how it ends
	}
	if err != nil {
		return f, err
	}
	f.Late = t.Outcome == Accepted && page != PageOpen
	if state == "queued" && t.Provider {
		_, err = tx.Exec(ctx, sqlPromote, pgx.NamedArgs{"page": d.PageID, "ring": d.Ring, "now": now})
	}
	if state == "failed" {
		f.Dead, err = afterFailure(ctx, tx, now, d.PageID, d.Ring, d.EscalationID)
	}
	return f, err
}

// afterFailure uses the other ways of a ring at once. dead tells that there is none.
func afterFailure(ctx context.Context, tx pgx.Tx, now time.Time, page int64, ring int, escalation int64) (dead bool, err error) {
	args := pgx.NamedArgs{"page": page, "ring": ring, "now": now}
	if _, err := tx.Exec(ctx, sqlPromote, args); err != nil {
		return false, err
	}
	var alive bool
	if err := tx.QueryRow(ctx, sqlRingAlive, args).Scan(&alive); err != nil || alive {
		return false, err
	}
	return true, Hurry(ctx, tx, now, escalation)
}

func clip(text string, most int) string {
	if r := []rune(text); len(r) > most {
		return string(r[:most])
	}
	return text
}

// NextDue is the earliest instant at which there is something to do on these routes, or
// for any hunt, besides what this worker is sending, alive; zero when there is nothing.
func (w Worker) NextDue(ctx context.Context, db pg.DB, routes []string, alive []int64) (time.Time, error) {
	var t *time.Time
	err := db.QueryRow(ctx, sqlNextDue, pgx.NamedArgs{"routes": routes, "alive": alive}).Scan(&t)
	if err != nil || t == nil {
		return time.Time{}, err
	}
	return *t, nil
}
