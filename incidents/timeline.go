package incidents

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/oncall"
)

// Entry is one line of a timeline. Lines are only ever added.
type Entry struct {
	ID      int64
	At      time.Time
	Kind    string
	Who     string // handle; "" is the bot itself
	Network string // "" where no network was involved
	Room    string
	Text    string
}

const (
	// lines are those of timelines. What the minutes noted says what it says there now:
	// its author may have edited it, or wants it gone. What restricted minutes say is not
	// for everybody, and timelines are.
	lines = `
	select t.id, t.at, t.kind, coalesce(p.handle, t.account) as who, t.network, t.room,
		case
			when t.item is null then t.text
			when m.restricted then '(in restricted minutes)'
			when i.id is null then '(taken out of the minutes)'
			when i.gone then '(taken back)'
			else left(i.text, 2000)
		end as text
	from timeline_entry t left join person p on p.id = t.person_id
		left join meeting m on m.id = t.meeting_id
		left join meeting_item i on i.meeting_id = t.meeting_id and i.id = t.item`
	sqlTimeline = lines + ` where t.incident_id = @incident and t.id > @after order by t.id`
)

// Timeline lists what happened in an incident, oldest first, after a line that is
// known already (0 for all).
func (s *Service) Timeline(ctx context.Context, incident, after int64) ([]Entry, error) {
	rows, err := s.DB.Query(ctx, sqlTimeline, pgx.NamedArgs{"incident": incident, "after": after})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Entry])
}

// Noted is something that the minutes of an incident noted.
type Noted struct {
	Meeting int64
	Item    int // its number in those minutes
	Kind    string
	Text    string
}

// RecordIn adds what was noted to an incident's timeline in a transaction of somebody
// else's, who must hold a lock on the incident.
func (s *Service) RecordIn(ctx context.Context, tx pgx.Tx, now time.Time, incident int64, a oncall.Actor, n Noted) error {
	c := &change{Service: s, ctx: ctx, tx: tx, now: now}
	if err := c.add(incident, n, a); err != nil {
		return err
	}
	return c.flush()
}
