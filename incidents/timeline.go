package incidents

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
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

const sqlTimeline = `
	select t.id, t.at, t.kind, coalesce(p.handle, t.account) as who, t.network, t.room, t.text
	from timeline_entry t left join person p on p.id = t.person_id
	where t.incident_id = @incident and t.id > @after order by t.id`

// Timeline lists what happened in an incident, oldest first, after a line that is
// known already (0 for all).
func (s *Service) Timeline(ctx context.Context, incident, after int64) ([]Entry, error) {
	rows, err := s.DB.Query(ctx, sqlTimeline, pgx.NamedArgs{"incident": incident, "after": after})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Entry])
}
