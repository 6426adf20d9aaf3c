package retrospective

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/oncall/contact"
	"batsignal/oncall/paging"
	"batsignal/oncall/unseal"
)

// Whose address it was is not told: the ledger does not tell either, and their owners know.
const sqlOpenedFor = `
	select intent, kind, lane, role, opened_at, result from sealed_opening
	where incident_id = @incident and lane in ('B', 'D') order by intent`

// opened is one time that a sealed address was opened for the incident.
type opened struct {
	Intent   int64 // its entry in the ledger
	Kind     string
	Lane     unseal.Lane
	Role     string // the slot of the hunt
	OpenedAt time.Time
	Result   string // "" is not known
}

func (s *Service) openedFor(ctx context.Context, incident int64) ([]opened, error) {
	rows, err := s.DB.Query(ctx, sqlOpenedFor, pgx.NamedArgs{"incident": incident})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[opened])
}

// sealed lists what was opened, in the order of the ledger.
func sealed(f facts) string {
	l := list{room: roomList}
	for _, o := range f.Opened {
		what, whom, came := "to be dialled", "", "what came of it is not known"
		if o.Lane == unseal.LaneReveal {
			what = "to be shown to one person"
		}
		if role, ok := paging.Slot(o.Role).Role(); ok {
			whom = " for " + quote(role)
		}
		if o.Result != "" {
			came = quote(o.Result)
		}
		l.line("- %s a %s%s, %s: %s (entry %d of the ledger)", clock(o.OpenedAt, f.Incident.OpenedAt), contact.Noun(o.Kind), whom, what, came, o.Intent)
	}
	return l.end("None.")
}
