package paging

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
)

// Way is one delivery as news of it, and answers to it, need to know it.
type Way struct {
	ID           int64
	PageID       int64
	EscalationID int64
	PersonID     int64
	ContactID    *int64
	Ring         int
	Route        string
	State        string
	Cause        string
}

const (
	sqlWay = `
		select d.id, d.page_id, p.escalation_id, p.person_id, d.contact_id, d.ring, d.route, d.state, e.cause
		from delivery d join page p on p.id = d.page_id join escalation e on e.id = p.escalation_id`
	sqlWayAny = sqlWay + ` where d.id = @id`
	// A provider speaks of its own messages only.
	sqlWayByID  = sqlWay + ` where d.id = @id and d.route = @route`
	sqlWayByRef = sqlWay + ` where d.ref = @ref and d.route = @route order by d.id desc limit 1`

	sqlAddEvent = `
		insert into provider_event (route, event, at, delivery_id, proof_id, what, effect)
		values (@route, @event, @now, @delivery, @proof, @what, @effect)
		on conflict (route, event) do nothing`
	sqlMisses = `
		select count(*) from (
			select from provider_event
			where route = @route and at > @since and what = 'reply' and effect = '' and delivery_id is null and proof_id is null limit @most
		) as e`
	// A state only goes forward, whatever order the news come in; of two that are numbered,
	// the one behind changes nothing. News of what waits to be asked for answer the question.
	sqlApplyNews = `
		update delivery d
		set state = @state, news_seq = greatest(news_seq, @seq), news_at = @now, leased_until = null,
			finished_at = coalesce(finished_at, @now::timestamptz), ref = case when ref = '' then @ref else ref end
		where id = @id and (@seq = 0 or @seq > news_seq) and (state = any (@from::text[]) or state = 'queued' and ask)`
	sqlAnsweredBy = `
		update delivery set state = 'acked', news_at = @now, leased_until = null, leased_by = ''
		where id = @id and state in ('leased', 'submitted', 'accepted', 'delivered', 'expired')`
	// Its sender may have died before it could record that the provider took it.
	sqlToldOfTry = `
		update attempt set outcome = 'accepted', finished_at = @now, detail = 'the provider told of it'
		where delivery_id = @id and outcome = 'open'`
	// A message that the provider took and never spoke of again did not arrive, as far as
	// anybody can know.
	sqlExpire = `
		update delivery set state = 'expired'
		where state = 'accepted' and route = any (@routes) and finished_at < @before returning route`
	sqlToEnd = `
		update delivery d set ended = true
		from page p
		where p.id = d.page_id and p.escalation_id = @escalation and p.state <> 'open' and not d.ended
			and d.route = any (@routes) and d.state <> 'queued'
			-- Of a try that failed nobody knows whether the provider has the message.
			and exists (select from attempt a where a.delivery_id = d.id and a.outcome <> 'permanent')
		returning d.id, d.route`
	sqlByCode = sqlPageColumns + ` where p.code = @code and p.opened_at > @after order by p.state <> 'open', p.id desc`
)

// WayOf finds the delivery of a key, or of what its provider calls it.
func WayOf(ctx context.Context, db pg.DB, key, route, ref string) (w Way, found bool, err error) {
	sql, args := sqlWayByRef, pgx.NamedArgs{"route": route, "ref": ref}
	if id, _, ok := ParseKey(key); ok && id != 0 {
		sql, args = sqlWayByID, pgx.NamedArgs{"id": id, "route": route}
	} else if ref == "" {
		return w, false, nil
	}
	return wayBy(ctx, db, sql, args)
}

// WayByID finds a delivery, on whatever route it is.
func WayByID(ctx context.Context, db pg.DB, id int64) (w Way, found bool, err error) {
	return wayBy(ctx, db, sqlWayAny, pgx.NamedArgs{"id": id})
}

func wayBy(ctx context.Context, db pg.DB, sql string, args pgx.NamedArgs) (w Way, found bool, err error) {
	rows, err := db.Query(ctx, sql, args)
	if err != nil {
		return w, false, err
	}
	w, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Way])
	if errors.Is(err, pgx.ErrNoRows) {
		return w, false, nil
	}
	return w, err == nil, err
}

// Event is something that came back from a route.
type Event struct {
	Route, Event    string
	Delivery, Proof int64 // what it belongs to; 0 is nothing
	What            string
	Effect          string // what it did, in a few words
}

// AddEvent keeps an event. fresh is false when it was here before: it must do nothing
// then, and the caller's transaction is where that is decided.
func AddEvent(ctx context.Context, tx pgx.Tx, now time.Time, e Event) (fresh bool, err error) {
	tag, err := tx.Exec(ctx, sqlAddEvent, pgx.NamedArgs{
		"route": e.Route, "event": clip(e.Event, 200), "now": now, "what": clip(e.What, 40), "effect": clip(e.Effect, 200),
		"delivery": pg.NullID(e.Delivery), "proof": pg.NullID(e.Proof),
	})
	return err == nil && tag.RowsAffected() == 1, err
}

// Applied is what a piece of news did.
type Applied struct {
	Changed bool
	Dead    bool // it was the last way of the ring: the escalation was hurried
}

// Apply has a delivery be where its provider says it is. The caller holds the lock of
// the cause and has kept the event.
func Apply(ctx context.Context, tx pgx.Tx, now time.Time, w Way, r Receipt) (a Applied, err error) {
	from := map[News][]string{
		NewsAccepted:  {"leased", "submitted"},
		NewsDelivered: {"leased", "submitted", "accepted", "expired"},
		NewsFailed:    {"leased", "submitted", "accepted", "expired"},
	}[r.News]
	tag, err := tx.Exec(ctx, sqlApplyNews, pgx.NamedArgs{
		"id": w.ID, "state": string(r.News), "seq": r.Seq, "now": now, "ref": clip(r.Ref, 200), "from": from,
	})
	if err != nil || tag.RowsAffected() == 0 {
		return a, err
	}
	a.Changed = true
	if _, err := tx.Exec(ctx, sqlToldOfTry, pgx.NamedArgs{"id": w.ID, "now": now}); err != nil {
		return a, err
	}
	if r.News == NewsFailed {
		a.Dead, err = afterFailure(ctx, tx, now, w.PageID, w.Ring, w.EscalationID)
	}
	return a, err
}

// AnsweredBy notes that a page was answered on one of its ways.
func AnsweredBy(ctx context.Context, tx pgx.Tx, now time.Time, delivery int64) error {
	args := pgx.NamedArgs{"id": delivery, "now": now}
	tag, err := tx.Exec(ctx, sqlAnsweredBy, args)
	if err != nil || tag.RowsAffected() == 0 {
		return err
	}
	_, err = tx.Exec(ctx, sqlToldOfTry, args)
	return err
}

// Expire gives up on what providers took longer than patience ago and never spoke of
// again, on routes whose providers do speak. It returns the routes, once for each.
func Expire(ctx context.Context, db pg.DB, now time.Time, routes []string, patience time.Duration) ([]string, error) {
	rows, err := db.Query(ctx, sqlExpire, pgx.NamedArgs{"routes": routes, "before": now.Add(-patience)})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// Ending is a delivery whose provider must hear that its page is over.
type Ending struct {
	ID    int64
	Route string
}

// ToEnd lists, once, the deliveries of pages that are over, among those of an escalation,
// on routes whose providers want to hear of it.
func ToEnd(ctx context.Context, tx pgx.Tx, escalation int64, routes []string) ([]Ending, error) {
	rows, err := tx.Query(ctx, sqlToEnd, pgx.NamedArgs{"escalation": escalation, "routes": routes})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Ending])
}

// ByCode finds the pages of a code, the open ones first, among those opened after an
// instant: codes are short, and come again.
func ByCode(ctx context.Context, db pg.DB, code string, after time.Time) ([]Page, error) {
	return pages(ctx, db, sqlByCode, pgx.NamedArgs{"code": code, "after": after})
}

const (
	sqlMoreQueued = `
		update delivery d set created_at = @now
		from page p join escalation e on e.id = p.escalation_id
		where p.id = d.page_id and e.cause = @cause and p.state = 'open' and d.state = 'queued'`
	sqlMore = `
		insert into delivery (page_id, ring, route, network, account, contact_id, due_at, created_at)
		select distinct p.id, p.round, d.route, d.network, d.account, d.contact_id, @now::timestamptz, @now::timestamptz
		from page p join escalation e on e.id = p.escalation_id join delivery d on d.page_id = p.id
		where e.cause = @cause and p.state = 'open' and d.route <> all (@loud)
			and d.state in ('leased', 'submitted', 'accepted', 'delivered', 'acked', 'expired')
			and not exists (
				select from delivery q where q.page_id = p.id and q.state = 'queued' and q.route = d.route
					and q.contact_id is not distinct from d.contact_id)`
)

// More sends one further message to everybody with an open page of a cause, by the ways
// that they were reached by: there is more to say about it. Ways that wake people, loud,
// are not used for that; what was not sent yet says it as well.
func More(ctx context.Context, tx pgx.Tx, now time.Time, cause string, loud []string) error {
	args := pgx.NamedArgs{"cause": cause, "now": now, "loud": loud}
	if _, err := tx.Exec(ctx, sqlMoreQueued, args); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, sqlMore, args)
	return err
}

const sqlKeysByRef = `
	select ref, 'page-' || id from delivery where route = @route and ref = any (@refs)
	union all
	select split_part(event, '/', 1), 'page-' || delivery_id from provider_event
	where route = @route and delivery_id is not null and event like any (select ref || '/%' from unnest(@refs::text[]) ref)
	union all
	select p.ref, 'proof-' || p.id from contact_proof p join contact c on c.id = p.contact_id
	where c.kind = @route and p.ref = any (@refs)`

// KeysByRef finds our keys of messages by what their provider calls them, among those of
// a route that are on record.
func KeysByRef(ctx context.Context, db pg.DB, route string, refs []string) (map[string]string, error) {
	rows, err := db.Query(ctx, sqlKeysByRef, pgx.NamedArgs{"route": route, "refs": refs})
	if err != nil {
		return nil, err
	}
	keys := map[string]string{}
	var ref, key string
	_, err = pgx.ForEachRow(rows, []any{&ref, &key}, func() error {
		keys[ref] = key
		return nil
	})
	return keys, err
}

// Misses counts, up to most, the answers on a route since an instant that belonged to
// nothing: no code, or one that is nobody's.
func Misses(ctx context.Context, db pg.DB, route string, since time.Time, most int) (n int, err error) {
	err = db.QueryRow(ctx, sqlMisses, pgx.NamedArgs{"route": route, "since": since, "most": most}).Scan(&n)
	return n, err
}

const sqlForgetEvents = `delete from provider_event where delivery_id is null and proof_id is null and what not like 'help %' and at < @before`

// ForgetEvents deletes what came back before an instant and belonged to nothing.
func ForgetEvents(ctx context.Context, db pg.DB, before time.Time) error {
	_, err := db.Exec(ctx, sqlForgetEvents, pgx.NamedArgs{"before": before})
	return err
}
