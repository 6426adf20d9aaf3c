package slack

import (
	"context"
	"fmt"
	"strings"

	"batsignal/incidents"
	"batsignal/oncall"
	"batsignal/oncall/paging"
	"batsignal/oncall/rota"
)

// home is what somebody sees when they open the app.
type home struct {
	Handle string // "" is a stranger
	Pages  []paging.Page
	Roles  []string // "coordination (yes)"
	Hours  string   // "07:00-23:00 Europe/Berlin"
	Zone   string
	Shifts []oncall.Shift // the next ones, by schedules
	Open   []incidents.Standing
	URL    string // of the overview on the web; "" has none
}

// handleOf is how the person of an account is called here; "" is a stranger.
func (d *Door) handleOf(ctx context.Context, account string) string {
	p, known, err := oncall.PersonByAccount(ctx, d.cfg.DB, d.cfg.Name, account)
	if err != nil || !known {
		return "" // then they are called as in Slack
	}
	return p.Handle
}

// homeOf reads what the person of an account is shown.
func (d *Door) homeOf(ctx context.Context, account string) (h home, err error) {
	if d.cfg.PublicURL != "" {
		h.URL = strings.TrimRight(d.cfg.PublicURL, "/") + "/"
	}
	o, err := d.cfg.Incidents.Overview(ctx, homeIncidents+1, 1)
	if err != nil {
		return h, err
	}
	h.Open = o.Open
	p, known, err := oncall.PersonByAccount(ctx, d.cfg.DB, d.cfg.Name, account)
	if err != nil || !known {
		return h, err
	}
	h.Handle, h.Zone = p.Handle, p.Zone
	h.Hours = fmt.Sprintf("%s-%s %s", oncall.Minutes(p.Wakes), oncall.Minutes(p.Sleeps), p.Zone)
	if h.Pages, err = paging.OpenFor(ctx, d.cfg.DB, p.ID); err != nil {
		return h, err
	}
	now := d.cfg.Incidents.Now()
	if h.Shifts, err = (rota.Calendar{}).Shifts(ctx, d.cfg.DB, p.ID, now, now.Add(homeAhead)); err != nil {
		return h, err
	}
	members, err := oncall.Members(ctx, d.cfg.DB)
	for _, m := range members {
		if m.Person.ID == p.ID {
			h.Roles = append(h.Roles, m.Role+" ("+m.Standing()+")")
		}
	}
	return h, err
}
