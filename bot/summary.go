package bot

import (
	"context"
	"time"

	"batsignal/bot/command"
	"batsignal/incidents"
)

// Summary is how an incident stands, for a network that shows it in one message.
type Summary struct {
	Incident incidents.Incident
	Lead     string // handle; "" is visibly nobody
	Since    time.Time
	Moving   *incidents.Move // the move of the baton that waits, if one does
	Roles    []incidents.RoleState
	Last     incidents.Entry // the last line of the timeline
	URL      string          // its page on the web; "" has none
	At       time.Time       // when it stood so
}

// summaryOf reads how an incident stands now.
func (o *Outbox) summaryOf(ctx context.Context, incident int64) (Summary, error) {
	v, err := o.Incidents.View(ctx, incident, 1)
	if err != nil {
		return Summary{}, err
	}
	s := Summary{Incident: v.Incident, Moving: v.Moving, Roles: v.Roles, At: o.Now()}
	if v.Baton != nil {
		s.Lead, s.Since = v.Baton.Handle, v.Baton.Since
	}
	if len(v.Timeline) > 0 {
		s.Last = v.Timeline[0]
	}
	if o.PublicURL != "" {
		s.URL = command.IncidentURL(o.PublicURL, incident)
	}
	return s, nil
}
