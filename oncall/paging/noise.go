package paging

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
)

// Noise is what one person was put through in one month. Everything of a page counts in
// the month in which the page began.
type Noise struct {
	Month    time.Time // its first instant, in UTC
	PersonID int64
	Handle   string
	Pages    int
	Acked    int
	Declined int
	Open     int // that wait for an answer still
	Rings    int // how often they were rung: once for each round of a page that left by some way
	Night    int // rings outside of their waking hours, as those are now
	Routes   []RouteNoise
	Cost     int // of what was handed over, in thousandths of the currency
}

// RouteNoise is how many messages went out by one route.
type RouteNoise struct {
	Route    string
	Messages int // that its provider took
	Cost     int // in thousandths of the currency
}

// Unanswered counts the pages that were over before they were answered: somebody else
// was quicker, or it was called off.
func (n Noise) Unanswered() int { return n.Pages - n.Acked - n.Declined - n.Open }

// By is the number of messages by one route.
func (n Noise) By(route string) int {
	for _, r := range n.Routes {
		if r.Route == route {
			return r.Messages
		}
	}
	return 0
}

// Add puts what another row tells to this one, which then is of several people.
func (n *Noise) Add(other Noise) {
	n.Pages += other.Pages
	n.Acked += other.Acked
	n.Declined += other.Declined
	n.Open += other.Open
	n.Rings += other.Rings
	n.Night += other.Night
	n.Cost += other.Cost
	for _, r := range other.Routes {
		n.add(r)
	}
}

func (n *Noise) add(r RouteNoise) {
	for i := range n.Routes {
		if n.Routes[i].Route == r.Route {
			n.Routes[i].Messages += r.Messages
			n.Routes[i].Cost += r.Cost
			return
		}
	}
	n.Routes = append(n.Routes, r)
}

// Money writes thousandths as people write money: "1.25", and "0.075" where hundredths
// would lose something.
func Money(thousandths int) string {
	if thousandths%10 == 0 {
		return fmt.Sprintf("%d.%02d", thousandths/1000, thousandths%1000/10)
	}
	return fmt.Sprintf("%d.%03d", thousandths/1000, thousandths%1000)
}

// NoiseQuery says of whom, and of when.
type NoiseQuery struct {
	From, Until time.Time // when the pages began: Until is not part of it
	Person      int64     // 0 is everybody
	Prices      []Traits  // what messages cost; routes that are not among them cost nothing
	// Awake tells whether an instant is within somebody's waking hours: hours are on the
	// clock on the wall, which the database does not read.
	Awake func(zone string, wakes, sleeps int, at time.Time) bool
}

// A message counts once its provider took it, whatever became of it: it made noise, or
// may have, and it is on the bill.
const sqlNoise = `
	with paged as (
		select p.id, p.person_id, p.state, date_trunc('month', p.opened_at at time zone 'utc') at time zone 'utc' as month
		from page p
		where p.opened_at >= @from and p.opened_at < @until and (@person::bigint = 0 or p.person_id = @person)
	), sent as materialized (
		select g.month, g.person_id, g.id as page_id, d.ring, d.route,
			coalesce((select min(a.finished_at) from attempt a where a.delivery_id = d.id and a.outcome = 'accepted'), d.finished_at, d.due_at) as at
		from paged g join delivery d on d.page_id = g.id
		where d.state in ('accepted', 'delivered', 'acked', 'expired')
			or exists (select from attempt a where a.delivery_id = d.id and a.outcome = 'accepted')
	), by_route as (
		select month, person_id, array_agg(route order by route) as routes, array_agg(n order by route) as messages
		from (select month, person_id, route, count(*)::int as n from sent group by month, person_id, route) counted
		group by month, person_id
	), rings as (
		select month, person_id, array_agg(at) as rung
		from (select month, person_id, min(at) as at from sent group by month, person_id, page_id, ring) first
		group by month, person_id
	), pages as (
		select month, person_id, count(*)::int as pages, count(*) filter (where state = 'acked')::int as acked,
			count(*) filter (where state = 'declined')::int as declined, count(*) filter (where state = 'open')::int as open
		from paged group by month, person_id
	)
	select n.month, n.person_id, h.handle, h.zone, h.wakes, h.sleeps, n.pages, n.acked, n.declined, n.open,
		coalesce(r.rung, '{}'), coalesce(b.routes, '{}'), coalesce(b.messages, '{}')
	from pages n join person h on h.id = n.person_id
		left join by_route b on b.month = n.month and b.person_id = n.person_id
		left join rings r on r.month = n.month and r.person_id = n.person_id
	order by n.month desc, h.handle`

// NoiseOf tells, by month and person, how often people were rung, and what it cost: the
// last month first, then by handle.
func NoiseOf(ctx context.Context, db pg.DB, q NoiseQuery) ([]Noise, error) {
	prices := map[string]int{}
	for _, t := range q.Prices {
		prices[t.Name] = t.Cost
	}
	rows, err := db.Query(ctx, sqlNoise, pgx.NamedArgs{"from": q.From, "until": q.Until, "person": q.Person})
	if err != nil {
		return nil, err
	}
	var list []Noise
	var n Noise
	var zone string
	var wakes, sleeps int
	var rung []time.Time
	var routes []string
	var messages []int
	_, err = pgx.ForEachRow(rows, []any{
		&n.Month, &n.PersonID, &n.Handle, &zone, &wakes, &sleeps, &n.Pages, &n.Acked, &n.Declined, &n.Open, &rung, &routes, &messages,
	}, func() error {
		one := n
		one.Month, one.Rings = n.Month.UTC(), len(rung)
		for _, at := range rung {
			if !q.Awake(zone, wakes, sleeps, at) {
				one.Night++
			}
		}
		for i, route := range routes {
			r := RouteNoise{Route: route, Messages: messages[i], Cost: messages[i] * prices[route]}
			one.Routes = append(one.Routes, r)
			one.Cost += r.Cost
		}
		list = append(list, one)
		return nil
	})
	return list, err
}
