package paging

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
)

const (
	sqlRung = `
		select person_id, round, state from page where escalation_id = @escalation`
	sqlBusy = `
		select distinct p.person_id from page p join escalation e on e.id = p.escalation_id
		where e.cause = @cause and e.id <> @escalation and p.state = 'open'`
	// A try that failed begins anew with the new ring. What was not used yet, because its
	// delay is not over, or is under way, goes on as part of it: else somebody rung again and
	// again would never come to the way that wakes them.
	sqlTakeOver = `
		update delivery d set
			ring = case when d.tries = 0 or d.state <> 'queued' then @round else d.ring end,
			state = case when d.tries = 0 or d.state <> 'queued' then d.state else 'cancelled' end,
			finished_at = case when d.tries = 0 or d.state <> 'queued' then d.finished_at else @now end
		from page p
		where p.id = d.page_id and p.escalation_id = @escalation and p.person_id = any (@people)
			and p.state = 'open' and d.state in ('queued', 'leased', 'submitted')`
	// One statement for the pages and their deliveries: a thousand people are rung
	// in one round trip. The first way of everybody is used at once; the others as much
	// later as their delays differ. A way that should have shown that it works, and has not,
	// comes half a minute after the last of the others. Below severity 1 a way over the limit
	// of its route is not used, and that is seen. Sealed addresses are ways only in an incident
	// for which two people had them opened, and then at once: what they are kept for has come.
	sqlRing = `
		with rung as (
			insert into page (escalation_id, person_id, round, helper, opened_at, rung_at)
			select @escalation, person, @round, helper, @now, @now
			from unnest(@people::bigint[], @helpers::bool[]) with ordinality as list (person, helper, place) order by place
			on conflict (escalation_id, person_id) do update
				set round = excluded.round, rung_at = excluded.rung_at where page.state = 'open'
			returning id, person_id
		), agreed as (
			select r.id, r.person_id, coalesce(t.routes, '{}') as kinds
			from rung r left join lateral (
				select c.routes from consent c where c.person_id = r.person_id order by c.version desc limit 1
			) t on true
		), unsealed as (
			select exists (select from escalation e join incident i on e.cause = 'incident:' || i.id
				where e.id = @escalation and i.status = 'open' and i.severity = 1 and i.unsealed_until > @now) as yes
		), traits as (
			select t.*, coalesce(h.expected_at is not null and greatest(h.proven_at, h.expected_at) <= @now::timestamptz - interval '26 hours', false) as doubt
			from unnest(@routes::text[], @delays::interval[], @quarter::int[], @hour::int[]) as t (route, delay, quarter, hour)
				left join route_health h on h.route = t.route
		), ways as (
			select r.id, t.route, a.network, a.name as account, null::bigint as contact, t.delay, t.doubt, false as over
			from agreed r join account a on a.person_id = r.person_id join traits t on t.route = a.network
			where r.kinds = '{}' or 'chat' = any (r.kinds)
			union all
			select r.id, t.route, '', '', c.id, coalesce(c.delay, case when c.sealed then interval '0' else t.delay end), t.doubt,
				@severity > 1 and (
					t.quarter > 0 and t.quarter <= (select count(*) from delivery d
						where d.contact_id = c.id and d.created_at > @now::timestamptz - interval '15 minutes' and d.state <> 'cancelled')
					or t.hour > 0 and t.hour <= (select count(*) from delivery d
						where d.contact_id = c.id and d.created_at > @now::timestamptz - interval '1 hour' and d.state <> 'cancelled'))
			from agreed r join contact c on c.person_id = r.person_id join traits t on t.route = c.kind
			where c.proven_at is not null and c.suspended_at is null and c.fault = ''
				and (r.kinds = '{}' or c.kind = any (r.kinds)) and (not c.sealed or (select yes from unsealed))
		), going as (
			select d.page_id, d.route, d.contact_id from rung r join delivery d on d.page_id = r.id
			where d.state in ('queued', 'leased', 'submitted')
		), sent as (
			insert into delivery (page_id, ring, route, network, account, contact_id, state, waits, due_at, created_at, finished_at)
			select id, @round, route, network, account, contact, case when over then 'failed' else 'queued' end, later, @now + later, @now, case when over then @now::timestamptz end
			from (
				select *, used - min(used) over (partition by id, over) as later from (
					select *, greatest(delay, case when doubt then
						max(delay) filter (where not doubt) over (partition by id, over) + interval '30 seconds' end) as used
					from ways w
					where not exists (select from going g where g.page_id = w.id and g.route = w.route and g.contact_id is not distinct from w.contact)
				) doubted
			) timed
			returning page_id, state
		)
		select r.id, r.person_id, count(s.page_id) filter (where s.state = 'queued')
			+ (select count(*) from going g where g.page_id = r.id) as ways
		from rung r left join sent s on s.page_id = r.id group by r.id, r.person_id order by r.id`
	sqlPageColumns = `
		select p.id, p.escalation_id, p.person_id, h.handle, e.cause, e.slot, e.why, e.severity,
			p.code, p.digits, p.helper, p.state, p.opened_at, p.rung_at, p.answered_at
		from page p join escalation e on e.id = p.escalation_id join person h on h.id = p.person_id`
	sqlPage      = sqlPageColumns + ` where p.id = @id`
	sqlOpenPages = sqlPageColumns + ` where p.person_id = @person
		and p.state = 'open' order by e.state <> 'hunting', p.id`
	sqlOpenOf     = sqlPageColumns + ` where p.escalation_id = @escalation and p.state = 'open' order by p.id`
	sqlPagesFor   = sqlPageColumns + ` where e.cause = @cause order by p.id`
	sqlAnswerPage = `
		update page set state = @state, answered_at = @now, answered_via = @via
		where id = @id and state = 'open'`
	sqlClosePages = `
		update page set state = 'closed' where escalation_id = @escalation and state = 'open'`
	sqlWithdraw = `
		with hunted as (
			select p.id as page, e.id as hunt,
				p.rung_at = (select max(o.rung_at) from page o where o.escalation_id = e.id) as awaited
			from page p join escalation e on e.id = p.escalation_id
			where (e.slot = @slot or @slot = '') and e.state = 'hunting' and p.person_id = @person and p.state = 'open'
		), hurried as (
			update escalation e set due_at = @now from hunted h where e.id = h.hunt and h.awaited and e.due_at > @now
		)
		update delivery d set state = 'cancelled', finished_at = @now
		from hunted h where d.page_id = h.page and d.state = 'queued'`
	sqlCancelDeliveries = `
		update delivery d set state = 'cancelled', finished_at = @now
		from page p where p.id = d.page_id and p.state <> 'open' and d.state = 'queued'
			and p.escalation_id = @escalation`
)

// Rung is one person who was rung by a step.
type Rung struct {
	PageID   int64 `db:"id"`
	PersonID int64
	Ways     int // how many deliveries are on their way; 0: there is no way to reach them
}

// Memory is what the pages so far say about one person in an escalation.
type Memory struct {
	Round int
	State PageState
}

// Remember returns what was done so far in an escalation, by person, and who has
// an open page for another slot of the same cause.
func Remember(ctx context.Context, tx pgx.Tx, e Escalation) (map[int64]Memory, map[int64]bool, error) {
	rung, busy := map[int64]Memory{}, map[int64]bool{}
	rows, err := tx.Query(ctx, sqlRung, pgx.NamedArgs{"escalation": e.ID})
	if err != nil {
		return nil, nil, err
	}
	var person int64
	var m Memory
	if _, err := pgx.ForEachRow(rows, []any{&person, &m.Round, &m.State}, func() error {
		rung[person] = m
		return nil
	}); err != nil {
		return nil, nil, err
	}
	if rows, err = tx.Query(ctx, sqlBusy, pgx.NamedArgs{"cause": e.Cause, "escalation": e.ID}); err != nil {
		return nil, nil, err
	}
	_, err = pgx.ForEachRow(rows, []any{&person}, func() error {
		busy[person] = true
		return nil
	})
	return rung, busy, err
}

// Ring makes pages for the people of a step, with one delivery for each way by
// which a person can be reached among the routes in use, and agreed to be. Somebody rung before
// keeps their page, and what of the earlier ring was not used yet goes on as part of this one.
func Ring(ctx context.Context, tx pgx.Tx, now time.Time, routes []Traits, e Escalation, s Step) ([]Rung, error) {
	people, helpers := make([]int64, len(s.Ring)), make([]bool, len(s.Ring))
	for i, c := range s.Ring {
		people[i], helpers[i] = c.PersonID, c.Helper
	}
	args := pgx.NamedArgs{
		"escalation": e.ID, "people": people, "helpers": helpers, "round": s.Round, "severity": e.Severity, "now": now,
	}
	if _, err := tx.Exec(ctx, sqlTakeOver, args); err != nil {
		return nil, err
	}
	names, delays := make([]string, len(routes)), make([]time.Duration, len(routes))
	quarter, hour := make([]int, len(routes)), make([]int, len(routes))
	for i, t := range routes {
		names[i], delays[i], quarter[i], hour[i] = t.Name, t.Delay, t.PerQuarterHour, t.PerHour
	}
	args["routes"], args["delays"], args["quarter"], args["hour"] = names, delays, quarter, hour
	rows, err := tx.Query(ctx, sqlRing, args)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Rung])
}

// Get finds a page by its number. found is false when there is none.
func Get(ctx context.Context, db pg.DB, id int64) (p Page, found bool, err error) {
	rows, err := db.Query(ctx, sqlPage, pgx.NamedArgs{"id": id})
	if err != nil {
		return p, false, err
	}
	p, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Page])
	if errors.Is(err, pgx.ErrNoRows) {
		return p, false, nil
	}
	return p, err == nil, err
}

// OpenFor lists a person's open pages, oldest first, and last those that nobody is
// hunted for any more: an answer without a number must not go to last week's page.
func OpenFor(ctx context.Context, db pg.DB, person int64) ([]Page, error) {
	return pages(ctx, db, sqlOpenPages, pgx.NamedArgs{"person": person})
}

// OpenOf lists the open pages of an escalation, oldest first.
func OpenOf(ctx context.Context, db pg.DB, escalation int64) ([]Page, error) {
	return pages(ctx, db, sqlOpenOf, pgx.NamedArgs{"escalation": escalation})
}

// Of lists every page of a cause, oldest first.
func Of(ctx context.Context, db pg.DB, cause string) ([]Page, error) {
	return pages(ctx, db, sqlPagesFor, pgx.NamedArgs{"cause": cause})
}

// Answer acknowledges or declines a page. changed is false when it was not open
// any more: an answer counts once.
func Answer(ctx context.Context, tx pgx.Tx, now time.Time, p Page, state PageState, via string) (changed bool, err error) {
	tag, err := tx.Exec(ctx, sqlAnswerPage, pgx.NamedArgs{"id": p.ID, "state": state, "now": now, "via": via})
	if err != nil || tag.RowsAffected() == 0 {
		return false, err
	}
	return true, cancelDeliveries(ctx, tx, now, p.EscalationID)
}

// Close closes what pages of an escalation are still open and returns them, so
// that those people can be told that they may sleep on.
func Close(ctx context.Context, tx pgx.Tx, now time.Time, escalation int64) ([]Page, error) {
	open, err := OpenOf(ctx, tx, escalation)
	if err != nil {
		return nil, err
	}
	if _, err := tx.Exec(ctx, sqlClosePages, pgx.NamedArgs{"escalation": escalation}); err != nil {
		return nil, err
	}
	return open, cancelDeliveries(ctx, tx, now, escalation)
}

// Withdraw is for somebody who has left a role: what still waits to be sent to them
// for it is dropped, and a hunt that waits for their answer goes on. Their page
// stays open, should they wish to answer it.
func Withdraw(ctx context.Context, tx pgx.Tx, now time.Time, role string, person int64) error {
	if _, err := tx.Exec(ctx, sqlWithdraw, pgx.NamedArgs{"slot": RoleSlot(role), "person": person, "now": now}); err != nil {
		return err
	}
	return NotifyDue(ctx, tx)
}

// WithdrawAll is [Withdraw] for somebody who may be rung for nothing any more, whatever
// they are rung for: by name, or for a role whose policy named them or their schedule.
func WithdrawAll(ctx context.Context, tx pgx.Tx, now time.Time, person int64) error {
	if _, err := tx.Exec(ctx, sqlWithdraw, pgx.NamedArgs{"slot": Slot(""), "person": person, "now": now}); err != nil {
		return err
	}
	return NotifyDue(ctx, tx)
}

func cancelDeliveries(ctx context.Context, tx pgx.Tx, now time.Time, escalation int64) error {
	_, err := tx.Exec(ctx, sqlCancelDeliveries, pgx.NamedArgs{"escalation": escalation, "now": now})
	return err
}

func pages(ctx context.Context, db pg.DB, sql string, args pgx.NamedArgs) ([]Page, error) {
	rows, err := db.Query(ctx, sql, args)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Page])
}
