package paging

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
)

// Health is how a route fares.
type Health struct {
	Route     string
	ProvenAt  *time.Time // when a page was last shown to arrive by it
	Expected  *time.Time // since when a synthetic page goes by it each day; nil is never
	TriedAt   *time.Time
	FailedAt  *time.Time
	Failures  int // in a row, on the side of the provider
	DownUntil *time.Time
	Detail    string // of the last failure, in safe words
}

// UnprovenAfter is how long a proof of a route holds. The daily synthetic page renews it,
// with two hours to spare.
const UnprovenAfter = 26 * time.Hour

// Unproven tells whether a route should have shown that it works, and has not lately. Of one
// without a synthetic page nothing can be said: it is silent when nobody is paged.
func (h Health) Unproven(now time.Time) bool {
	return h.Expected != nil && now.Sub(h.Since()) >= UnprovenAfter
}

// Since is the instant since when nothing is known to have arrived by a route; zero where
// nothing is known at all.
func (h Health) Since() time.Time {
	var since time.Time
	if h.ProvenAt != nil {
		since = *h.ProvenAt
	}
	if h.Expected != nil && h.Expected.After(since) {
		since = *h.Expected // before that, nobody looked each day
	}
	return since
}

const (
	sqlHealth = `
		select route, proven_at, expected_at as expected, tried_at, failed_at, failures, down_until, detail from route_health order by route`
	// Where there is nothing to note, no row is locked: whoever answers would wait for
	// everybody else who does.
	sqlRouteProven = `
		insert into route_health as h (route, proven_at)
		select @route, @now where not exists (
			select from route_health k
			where k.route = @route and k.proven_at >= @now::timestamptz - interval '1 minute' and k.told_at is null)
		on conflict (route) do update set proven_at = greatest(h.proven_at, excluded.proven_at), told_at = null
		where h.proven_at is null or h.proven_at < @now::timestamptz - interval '1 minute' or h.told_at is not null`
	sqlRouteFailed = `
		insert into route_health as h (route, tried_at, failed_at, failures, down_until, detail)
		values (@route, @now, @now, 1, @until, @detail)
		on conflict (route) do update set tried_at = @now, failed_at = @now, failures = h.failures + 1,
			down_until = coalesce(@until, h.down_until), detail = @detail`
	sqlRouteExpected = `
		insert into route_health as h (route, expected_at) values (@route, @now)
		on conflict (route) do update set expected_at = @now where h.expected_at is null`
	sqlExpectOnly = `update route_health set expected_at = null where expected_at is not null and route <> all (@routes)`
	sqlRouteWorks = `
		insert into route_health as h (route, tried_at) values (@route, @now)
		on conflict (route) do update set tried_at = @now, failures = 0, down_until = null`
	sqlRouteWorksAgain = `
		update route_health set tried_at = @now, failures = 0, down_until = null where route = @route and failures > 0`
	sqlUntoldUnproven = `
		update route_health set told_at = @now
		where route = any (@routes) and told_at is null and expected_at is not null and greatest(proven_at, expected_at) <= @before returning route`
)

// HealthOf lists how each route fares that was ever used, by name.
func HealthOf(ctx context.Context, db pg.DB) ([]Health, error) {
	rows, err := db.Query(ctx, sqlHealth)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Health])
}

// RouteProven notes that a page was shown to arrive by a route. It is cheap when that
// was noted within the minute.
func RouteProven(ctx context.Context, db pg.DB, now time.Time, route string) error {
	_, err := db.Exec(ctx, sqlRouteProven, pgx.NamedArgs{"route": route, "now": now})
	return err
}

// RouteFailed notes that the provider of a route failed, and until when it is left alone;
// zero changes nothing of that.
func RouteFailed(ctx context.Context, db pg.DB, now, until time.Time, route, detail string) error {
	args := pgx.NamedArgs{"route": route, "now": now, "until": nil, "detail": clip(detail, 400)}
	if !until.IsZero() {
		args["until"] = until
	}
	_, err := db.Exec(ctx, sqlRouteFailed, args)
	return err
}

// RouteWorks notes that the provider of a route took something.
func RouteWorks(ctx context.Context, db pg.DB, now time.Time, route string) error {
	_, err := db.Exec(ctx, sqlRouteWorks, pgx.NamedArgs{"route": route, "now": now})
	return err
}

// RouteWorksAgain is RouteWorks for a route of which only the rows may know that it failed.
// It touches nothing where it did not.
func RouteWorksAgain(ctx context.Context, db pg.DB, now time.Time, route string) error {
	_, err := db.Exec(ctx, sqlRouteWorksAgain, pgx.NamedArgs{"route": route, "now": now})
	return err
}

// RouteExpected notes that a synthetic page goes by a route: from now on it should show
// that it works.
func RouteExpected(ctx context.Context, db pg.DB, now time.Time, route string) error {
	_, err := db.Exec(ctx, sqlRouteExpected, pgx.NamedArgs{"route": route, "now": now})
	return err
}

// ExpectOnly has routes show that they work that have a synthetic page, and no others.
func ExpectOnly(ctx context.Context, db pg.DB, routes []string) error {
	_, err := db.Exec(ctx, sqlExpectOnly, pgx.NamedArgs{"routes": routes})
	return err
}

// UntoldUnproven lists the routes that became unproven, each once until it is proven
// again.
func UntoldUnproven(ctx context.Context, db pg.DB, now time.Time, routes []string) ([]string, error) {
	rows, err := db.Query(ctx, sqlUntoldUnproven, pgx.NamedArgs{"routes": routes, "now": now, "before": now.Add(-UnprovenAfter)})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

const (
	// Their other ways are used at once by whoever was to be reached by a route.
	sqlStrandPromote = `
		update delivery d set due_at = @now
		from delivery stuck join page p on p.id = stuck.page_id
		where stuck.route = @route and stuck.state = 'queued' and p.state = 'open'
			and d.page_id = stuck.page_id and d.ring = stuck.ring and d.route <> @route
			and d.state = 'queued' and d.tries = 0 and d.due_at > @now`
	// Where everybody of the last ring has no other way, waiting for them is waste.
	sqlStrandHurry = `
		update escalation e set due_at = @now
		where e.state = 'hunting' and e.due_at > @now
			and exists (
				select from page p join delivery d on d.page_id = p.id
				where p.escalation_id = e.id and p.state = 'open' and d.route = @route and d.state = 'queued' and d.ring = p.round)
			and not exists (
				select from page p join delivery d on d.page_id = p.id
				where p.escalation_id = e.id and p.state = 'open' and d.ring = p.round and d.route <> @route
					and p.rung_at = (select max(o.rung_at) from page o where o.escalation_id = e.id)
					and d.state in ('queued', 'leased', 'submitted', 'accepted', 'delivered', 'acked'))`
)

// Strand is for a route that is given a rest: nobody waits for it who can be reached
// otherwise, and no hunt waits for somebody who cannot.
func Strand(ctx context.Context, tx pgx.Tx, now time.Time, route string) error {
	args := pgx.NamedArgs{"route": route, "now": now}
	if _, err := tx.Exec(ctx, sqlStrandPromote, args); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, sqlStrandHurry, args)
	return err
}
