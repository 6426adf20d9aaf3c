package incidents

import (
	"context"
	"fmt"
	"strings"
	"time"

	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
)

// RouteNow is one route and how it fares.
type RouteNow struct {
	paging.Traits
	Health paging.Health // zero but for the name where it was never used
}

// RoutesNow lists every route that is configured, here or in another process, in the
// order of their names.
func (s *Service) RoutesNow(ctx context.Context) ([]RouteNow, error) {
	health, err := paging.HealthOf(ctx, s.DB)
	if err != nil {
		return nil, err
	}
	var list []RouteNow
	for _, t := range s.Routes {
		one := RouteNow{Traits: t, Health: paging.Health{Route: t.Name}}
		for _, h := range health {
			if h.Route == t.Name {
				one.Health = h
			}
		}
		list = append(list, one)
	}
	return list, nil
}

// RouteFares is an error while a route is left alone, since its provider failed.
func (s *Service) RouteFares(ctx context.Context, route string) error {
	list, err := s.RoutesNow(ctx)
	if err != nil {
		return err
	}
	for _, r := range list {
		if r.Name == route && r.Resting(s.Now()) {
			return fault.New(fault.Unready, "%s.", oncall.UpperFirst(r.State(s.Now())))
		}
	}
	return nil
}

// Resting tells whether a route is left alone, since its provider failed.
func (r RouteNow) Resting(now time.Time) bool {
	return r.Health.DownUntil != nil && r.Health.DownUntil.After(now)
}

// State says how a route fares, for people: "works: proven 3 hours ago".
func (r RouteNow) State(now time.Time) string {
	h := r.Health
	why := ""
	if h.Detail != "" {
		why = ": " + h.Detail
	}
	switch {
	case r.Resting(now):
		return fmt.Sprintf("fails, and is tried again in %s%s", roughly(h.DownUntil.Sub(now)), why)
	case h.Failures > 0:
		return "failed just now" + why
	case h.Unproven(now):
		return fmt.Sprintf("unproven: nothing is known to have arrived for %s, so it is tried last", roughly(now.Sub(h.Since())))
	case h.ProvenAt != nil:
		return fmt.Sprintf("works: something arrived %s ago", roughly(now.Sub(*h.ProvenAt)))
	case h.TriedAt != nil:
		return "used, and nothing is known to have arrived yet"
	}
	return "not used yet"
}

// Is says what sort of route it is: "wakes people, used 2 minutes after the ring".
func (r RouteNow) Is() string {
	parts := []string{"at once"}
	if r.Delay > 0 {
		parts[0] = oncall.Lasting(r.Delay) + " after the ring"
	}
	if r.Loud {
		parts = append(parts, "wakes people")
	}
	if r.Chat {
		parts = append(parts, "by private message")
	}
	if r.Receipts {
		parts = append(parts, "tells what arrived")
	}
	if r.Ends {
		parts = append(parts, "is told when a page is over")
	}
	return strings.Join(parts, ", ")
}

// Limits says how many pages may go to one address.
func (r RouteNow) Limits() string {
	var parts []string
	if r.PerQuarterHour > 0 {
		parts = append(parts, fmt.Sprintf("%d in 15 minutes", r.PerQuarterHour))
	}
	if r.PerHour > 0 {
		parts = append(parts, fmt.Sprintf("%d in an hour", r.PerHour))
	}
	if len(parts) == 0 {
		return "no limit"
	}
	return "at most " + oncall.JoinNames(parts) + " to one address, except at severity 1"
}

// Price says what one page costs, in the currency of the configuration.
func (r RouteNow) Price() string {
	if r.Cost <= 0 {
		return "costs nothing"
	}
	return fmt.Sprintf("costs %d.%03d a page", r.Cost/1000, r.Cost%1000)
}

// QuietHours says what every route does in somebody's quiet hours.
const QuietHours = "No route rings anybody in their quiet hours, more often than they agreed to, or by a way that they did not agree to. Severity 1 rings in quiet hours only whoever agreed to that."

// roughly writes how long something took or takes, in its largest unit.
func roughly(d time.Duration) string {
	for _, unit := range []time.Duration{24 * time.Hour, time.Hour, time.Minute} {
		if d >= 2*unit {
			return span(d.Truncate(unit))
		}
	}
	return span(max(d, time.Second).Truncate(time.Second))
}
