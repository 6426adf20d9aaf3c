package incidents

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/incidents/alert"
	"batsignal/oncall/paging"
)

// PageQuery says which pages are wanted.
type PageQuery struct {
	State  string // open, acked, declined, closed; "past" is all that are not open, "" is any
	Person string // handle; "" is anybody
	About  string // incident, alert, call; "" is any
	Before int64  // only smaller numbers; 0 begins at the newest
	Most   int
}

// PageLine is one page in a list. It has no code: who reads lists must not answer for
// others by what they show.
type PageLine struct {
	ID         int64
	Handle     string
	Cause      string
	Slot       paging.Slot
	Why        string
	Severity   int
	Helper     bool // rung as an admin
	State      paging.PageState
	Round      int
	OpenedAt   time.Time
	RungAt     time.Time
	AnsweredAt *time.Time
	Via        string
}

const sqlPageLines = `
	select p.id, h.handle, e.cause, e.slot, e.why, e.severity, p.helper, p.state, p.round, p.opened_at, p.rung_at,
		p.answered_at, p.answered_via as via
	from page p join escalation e on e.id = p.escalation_id join person h on h.id = p.person_id
	where (@before::bigint = 0 or p.id < @before)
		and (@state = '' or p.state = @state or @state = 'past' and p.state <> 'open')
		and (@person = '' or h.handle = @person)
		and (@about = '' or starts_with(e.cause, @about || ':'))
	order by p.id desc limit @most`

// Pages lists pages, the newest first.
func (s *Service) Pages(ctx context.Context, q PageQuery) ([]PageLine, error) {
	rows, err := s.DB.Query(ctx, sqlPageLines, pgx.NamedArgs{
		"before": q.Before, "state": q.State, "person": q.Person, "about": q.About, "most": q.Most,
	})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[PageLine])
}

// CauseOf says what a page is about: the number of an incident or of a group of alerts,
// or neither for a call that somebody made by hand.
func CauseOf(p paging.Page) (incident, alerts int64) { return causeOf(p.Cause) }

// About is [CauseOf].
func (p PageLine) About() (incident, alerts int64) { return causeOf(p.Cause) }

func causeOf(cause string) (incident, alerts int64) {
	if id, ok := incidentOf(cause); ok {
		return id, 0
	}
	alerts, _ = alert.GroupOf(cause)
	return 0, alerts
}
