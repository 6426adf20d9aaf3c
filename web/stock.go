package web

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"
)

// stockBudget is how long the database has to answer a scrape.
const stockBudget = 5 * time.Second

const (
	sqlStock = `
		select
			(select count(*) from incident where status = 'open') as incidents,
			(select count(*) from incident i cross join role r
				where i.status = 'open' and r.retired_at is null and not exists (
					select from responder x where x.incident_id = i.id and x.role = r.name and x.left_at is null)) as roles,
			(select count(*) from page where state = 'open') as pages,
			(select count(*) from notice where state = 'waiting') as notices,
			(select coalesce(extract(epoch from @now - min(due_at)), 0)::float8
				from delivery where state = 'queued' and due_at <= @now) as waits`
	// Each is answered by an index of what is live.
	sqlStockRings = `
		select
			(select count(*) from escalation where state = 'hunting') as hunts,
			(select coalesce(extract(epoch from @now - min(p.opened_at)), 0)::float8
				from escalation e join page p on p.escalation_id = e.id where e.state = 'hunting' and p.state = 'open') as unanswered,
			(select coalesce(sum(triggered), 0) from alert_group where state <> 'resolved') as triggered,
			(select coalesce(sum(acknowledged), 0) from alert_group where state <> 'resolved') as acknowledged`
	sqlStockTotals = `
		select 'delivery' as what, route as one, state as other, count(*) as n from delivery group by route, state
		union all
		select 'attempt', d.route, a.outcome, count(*)
		from attempt a join delivery d on d.id = a.delivery_id
		where a.outcome <> 'open' group by d.route, a.outcome`
)

// stock counts what is in the database, at the moment that somebody asks.
type stock struct {
	*site
	up, incidents, roles, pages, notices, waits, deliveries, attempts *prometheus.Desc
	byRoute, down, unproven, hunts, unanswered, alerts                *prometheus.Desc
}

func newStock(s *site) *stock {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("batsignal_"+name, help, labels, nil)
	}
	return &stock{
		site:       s,
		up:         desc("database_up", "1 if the database answered this scrape."),
		incidents:  desc("incidents_open", "Incidents that go on."),
		roles:      desc("roles_empty", "Roles of open incidents that nobody has."),
		pages:      desc("pages_open", "Pages that wait for an answer."),
		notices:    desc("notices_waiting", "Announcements that are not sent yet."),
		waits:      desc("delivery_oldest_due_seconds", "How long the oldest delivery that is due has waited; 0 if none is."),
		deliveries: desc("deliveries", "Deliveries of pages, by state.", "state"),
		attempts:   desc("attempts_total", "Tries to deliver a page that have ended, by route and outcome.", "route", "outcome"),
		byRoute:    desc("route_deliveries", "Deliveries of pages, by route and state.", "route", "state"),
		down:       desc("route_down", "1 if a route is left alone now, since its provider failed.", "route"),
		unproven:   desc("route_unproven", "1 if nothing is known to have arrived by a route for 26 hours, so that it is used last.", "route"),
		hunts:      desc("hunts_open", "Searches for somebody to fill a role or to answer a call that go on."),
		unanswered: desc("page_oldest_unanswered_seconds", "How long the oldest page waits for an answer, of those for which somebody is looked for; 0 if none does."),
		alerts:     desc("alerts_open", "Alerts that are not over, by state.", "state"),
	}
}

// Describe implements prometheus.Collector.
func (c *stock) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		c.up, c.incidents, c.roles, c.pages, c.notices, c.waits, c.deliveries, c.attempts,
		c.byRoute, c.down, c.unproven, c.hunts, c.unanswered, c.alerts,
	} {
		out <- d
	}
}

// Collect implements prometheus.Collector. Without the database it says so by one
// figure; the others are left out, since an old number would look like a new one.
func (c *stock) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), stockBudget)
	defer cancel()
	found, err := c.count(ctx)
	if err != nil {
		c.Log.Warn("the figures could not be read", "error", err)
		found = []prometheus.Metric{gauge(c.up, 0)}
	}
	for _, m := range found {
		out <- m
	}
}

func (c *stock) count(ctx context.Context) ([]prometheus.Metric, error) {
	var incidents, roles, pages, notices int64
	var waits float64
	if err := c.DB.QueryRow(ctx, sqlStock, pgx.NamedArgs{"now": c.Now()}).
		Scan(&incidents, &roles, &pages, &notices, &waits); err != nil {
		return nil, err
	}
	found := []prometheus.Metric{
		gauge(c.up, 1), gauge(c.incidents, float64(incidents)), gauge(c.roles, float64(roles)),
		gauge(c.pages, float64(pages)), gauge(c.notices, float64(notices)), gauge(c.waits, waits),
	}
	ways, err := c.rings(ctx)
	if err != nil {
		return nil, err
	}
	found = append(found, ways...)
	rows, err := c.DB.Query(ctx, sqlStockTotals)
	if err != nil {
		return nil, err
	}
	var what, one, other string
	var n int64
	states := map[string]int64{
		"queued": 0, "leased": 0, "submitted": 0, "accepted": 0, "delivered": 0, "acked": 0, "failed": 0, "expired": 0, "cancelled": 0,
	}
	if _, err := pgx.ForEachRow(rows, []any{&what, &one, &other, &n}, func() error {
		if what == "delivery" {
			states[other] += n
			found = append(found, gauge(c.byRoute, float64(n), one, other))
			return nil
		}
		found = append(found, prometheus.MustNewConstMetric(c.attempts, prometheus.CounterValue, float64(n), one, other))
		return nil
	}); err != nil {
		return nil, err
	}
	for state, n := range states {
		found = append(found, gauge(c.deliveries, float64(n), state))
	}
	return found, nil
}

// rings counts who is looked for, and tells how the routes fare that are configured.
func (c *stock) rings(ctx context.Context) ([]prometheus.Metric, error) {
	now := c.Now()
	var hunts, triggered, acknowledged int64
	var unanswered float64
	if err := c.DB.QueryRow(ctx, sqlStockRings, pgx.NamedArgs{"now": now}).Scan(&hunts, &unanswered, &triggered, &acknowledged); err != nil {
		return nil, err
	}
	found := []prometheus.Metric{
		gauge(c.hunts, float64(hunts)), gauge(c.unanswered, unanswered),
		gauge(c.alerts, float64(triggered), "triggered"), gauge(c.alerts, float64(acknowledged), "acknowledged"),
	}
	routes, err := c.Incidents.RoutesNow(ctx)
	if err != nil {
		return nil, err
	}
	for _, r := range routes {
		found = append(found, gauge(c.down, oneIf(r.Resting(now)), r.Name), gauge(c.unproven, oneIf(r.Health.Unproven(now)), r.Name))
	}
	return found, nil
}

func oneIf(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

func gauge(d *prometheus.Desc, value float64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
}
