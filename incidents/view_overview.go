package incidents

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
)

// Overview is what a first look should tell, all of it at one instant.
type Overview struct {
	Open     []Standing // oldest first
	MoreOpen []Incident // those that are open beyond the most asked for
	Waiting  []Waiting  // bat-signals that nobody has confirmed yet
	Resolved []Incident // newest first
	Uses     []Recorded // newest first
	Lately   int        // how often the bat-signal was asked for within the guard's period
}

// Standing is an open incident with who does what in it.
type Standing struct {
	Incident Incident
	Roles    []RoleState
	Baton    *Baton // nil: visibly nobody leads
}

// Waiting is a request for the bat-signal that waits for a second person.
type Waiting struct {
	What      string
	Severity  int
	By        string
	AskedAt   time.Time
	ExpiresAt time.Time
}

// Recorded is one line of the public record of uses.
type Recorded struct {
	ID         int64
	At         time.Time
	Act        string // asked, confirmed, refused, expired, false-alarm
	Who        string
	Network    string // "" where none was involved
	IncidentID *int64
	Text       string
}

const (
	sqlResolvedLately = sqlIncidentColumns + ` where i.status = 'resolved' order by i.resolved_at desc, i.id desc limit @most`
	sqlIncidentsTo    = sqlIncidentColumns + ` where i.id < @before order by i.id desc limit @most`
	sqlWaitingShown   = `
		select r.what, r.severity, p.handle as by, r.asked_at, r.expires_at
		from signal_request r join person p on p.id = r.asked_by
		where r.state = 'waiting' and r.expires_at > @now order by r.id`
	sqlRecord = `
		select id, at, act, who, network, incident_id, text from signal_use
		where id < @before order by id desc limit @most`
	sqlAskedSince = `select count(*) from signal_use where act = 'asked' and at > @since`
)

// newest is a number before which everything stands.
const newest = int64(1)<<62 - 1

// Overview reads what goes on, with at most so many incidents in full and so many
// lines of each list.
func (s *Service) Overview(ctx context.Context, full, lines int) (o Overview, err error) {
	now := s.Now()
	err = pg.Snapshot(ctx, s.DB, func(tx pgx.Tx) error {
		o = Overview{}
		open, err := someIncidents(ctx, tx, sqlOpenIncidents, nil)
		if err != nil {
			return err
		}
		for i, inc := range open {
			if i >= full {
				o.MoreOpen = open[i:]
				break
			}
			st := Standing{Incident: inc}
			if st.Roles, err = roleStates(ctx, tx, inc.ID); err != nil {
				return err
			}
			if st.Baton, _, err = leadOf(ctx, tx, inc.ID); err != nil {
				return err
			}
			o.Open = append(o.Open, st)
		}
		if o.Waiting, err = waitingShown(ctx, tx, now); err != nil {
			return err
		}
		if o.Resolved, err = someIncidents(ctx, tx, sqlResolvedLately, pgx.NamedArgs{"most": lines}); err != nil {
			return err
		}
		if o.Uses, err = record(ctx, tx, newest, lines); err != nil {
			return err
		}
		return tx.QueryRow(ctx, sqlAskedSince, pgx.NamedArgs{"since": now.Add(-s.Guard.Period)}).Scan(&o.Lately)
	})
	return o, err
}

// IncidentsBefore lists incidents with a smaller number, newest first; 0 begins at
// the newest.
func (s *Service) IncidentsBefore(ctx context.Context, before int64, most int) ([]Incident, error) {
	return someIncidents(ctx, s.DB, sqlIncidentsTo, pgx.NamedArgs{"before": orNewest(before), "most": most})
}

// Record lists the public record of uses before a line of it, newest first; 0
// begins at the newest.
func (s *Service) Record(ctx context.Context, before int64, most int) ([]Recorded, error) {
	return record(ctx, s.DB, orNewest(before), most)
}

func record(ctx context.Context, db pg.DB, before int64, most int) ([]Recorded, error) {
	rows, err := db.Query(ctx, sqlRecord, pgx.NamedArgs{"before": before, "most": most})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Recorded])
}

func waitingShown(ctx context.Context, db pg.DB, now time.Time) ([]Waiting, error) {
	rows, err := db.Query(ctx, sqlWaitingShown, pgx.NamedArgs{"now": now})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Waiting])
}

func orNewest(id int64) int64 {
	if id == 0 {
		return newest
	}
	return id
}
