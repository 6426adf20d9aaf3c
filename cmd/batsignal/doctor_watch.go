package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"batsignal/incidents"
	"batsignal/integrations/heartbeat"
	"batsignal/migrations/pg/leader"
	"batsignal/oncall"
	"batsignal/oncall/paging"
	"batsignal/oncall/selfwatch"
)

// leader says who is on the networks and rings people, and what that one found of itself.
func (d *doctor) leader(ctx context.Context) {
	if d.db == nil {
		return
	}
	now := time.Now()
	s, err := leader.Look(ctx, d.db.Pool)
	switch {
	case err != nil:
		d.tell("leader", err, "")
		return
	case !s.Alive(now):
		d.note("leader", selfwatch.Leads(s, now)+". That is right if no bot runs now.")
	default:
		d.tell("leader: "+selfwatch.Leads(s, now), nil, "")
	}
	d.selfChecks(ctx, s.Alive(now), now)
}

// selfChecks repeats what the bot that leads found of itself, and whether its heartbeat
// leaves. None is sent from here: it would say that a dead bot lives.
func (d *doctor) selfChecks(ctx context.Context, alive bool, now time.Time) {
	if d.c.Watch.HeartbeatURL.Empty() {
		d.note("heartbeat", "not configured, so nobody outside misses the bot when its machine is gone. See watch.heartbeat_url_file.")
	} else if _, err := heartbeat.New(d.c.Watch.HeartbeatURL); err != nil {
		d.tell("heartbeat", err, "See watch.heartbeat_url_file.")
	}
	results, err := selfwatch.Results(ctx, d.db.Pool)
	if err != nil {
		d.tell("checks of itself", err, "")
		return
	}
	results = slices.DeleteFunc(results, func(r selfwatch.Result) bool { return r.Stale(now) })
	for _, r := range results {
		switch {
		case !r.OK:
			d.tell(r.Name+", as the running bot finds", fmt.Errorf("%s, since %s", r.Detail, minuteOf(r.Since)), "")
		case r.Name == selfwatch.Heartbeat:
			d.tell("heartbeat", nil, "")
		}
	}
	if d.c.Watch.HeartbeatURL.Empty() || slices.ContainsFunc(results, func(r selfwatch.Result) bool { return r.Name == selfwatch.Heartbeat }) {
		return
	}
	if alive {
		d.note("heartbeat", "none was sent lately; a bot sends its first in its second minute")
	} else {
		d.note("heartbeat", "none is sent while no bot runs")
	}
}

// minuteOf writes an instant for the operator.
func minuteOf(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") + " UTC" }

// arrivals tells by which routes pages arrive, as far as that is known, and who could not
// be reached by two of them.
func (d *doctor) arrivals(ctx context.Context) {
	if d.db == nil {
		return
	}
	s, now := d.ways, time.Now()
	s.DB = d.db.Pool
	for _, id := range d.c.networkIDs() {
		s.Networks = append(s.Networks, incidents.Network{Name: id})
		s.Routes = append(s.Routes, paging.Traits{Name: id, Chat: true})
	}
	routes, err := s.RoutesNow(ctx)
	if err != nil {
		d.tell("pages", err, "")
		return
	}
	var never []string
	for _, r := range routes {
		switch {
		case r.Resting(now), r.Health.Failures > 0:
			d.tell("pages by "+r.Name, errors.New(r.State(now)), "")
		case r.Health.Unproven(now):
			d.note("pages by "+r.Name, r.State(now)+". In chat: !route test")
		case r.Health.ProvenAt == nil && !r.Chat:
			never = append(never, r.Name)
		}
	}
	if len(never) > 0 {
		d.note("pages", "nothing is known to have arrived yet by "+oncall.JoinNames(never)+". In chat: !route test")
	}
	report, err := s.Readiness(ctx)
	switch all := len(report.People); {
	case err != nil:
		d.tell("people", err, "")
	case report.Ready < all:
		d.note("people", fmt.Sprintf("%d of %d can be reached by two ways that are known to work. In chat: !ready says who cannot, and what they type", report.Ready, all))
	case all > 0:
		d.tell("people", nil, "")
	}
}
