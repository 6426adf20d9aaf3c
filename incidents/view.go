package incidents

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall/fault"
)

// View is an incident as it is shown, all of it at one instant. There is no
// address in it, and no account of anybody who is known by a handle.
type View struct {
	Incident Incident
	Roles    []RoleState
	Baton    *Baton // nil: visibly nobody leads
	Moving   *Move  // the move of the baton that waits, if one does
	Rooms    []Room
	Pages    []PageStory // in the order in which they were made
	Timeline []Entry     // oldest first
	Earlier  int         // how many lines before these were left out
}

// Move is a pass or a claim of the baton that waits for somebody.
type Move struct {
	Kind       string // "pass": To must accept; "claim": From keeps it by being heard
	FromHandle string
	ToHandle   string
	DueAt      time.Time
}

const (
	sqlMoving = `
		select m.kind, f.handle as from_handle, t.handle as to_handle, m.due_at
		from baton_move m join person f on f.id = m.from_person join person t on t.id = m.to_person
		where m.incident_id = @incident and m.state = 'open'`
	sqlTimelineCount = `select count(*) from timeline_entry where incident_id = @incident`
	sqlTimelineEnd   = lines + ` where t.incident_id = @incident order by t.id desc limit @most`
)

// View reads an incident with the last lines of its timeline, at most so many; 0
// is all of them.
func (s *Service) View(ctx context.Context, incident int64, most int) (v View, err error) {
	err = pg.Snapshot(ctx, s.DB, func(tx pgx.Tx) error {
		v = View{}
		if v.Incident, err = getIncident(ctx, tx, incident); err != nil {
			return err
		}
		if v.Roles, err = roleStates(ctx, tx, incident); err != nil {
			return err
		}
		if v.Baton, v.Moving, err = leadOf(ctx, tx, incident); err != nil {
			return err
		}
		if v.Rooms, err = roomsOf(ctx, tx, incident); err != nil {
			return err
		}
		if v.Pages, err = pageStories(ctx, tx, cause(incident)); err != nil {
			return err
		}
		v.Timeline, v.Earlier, err = timelineEnd(ctx, tx, incident, most)
		return err
	})
	return v, err
}

func leadOf(ctx context.Context, db pg.DB, incident int64) (*Baton, *Move, error) {
	b, held, err := batonOf(ctx, db, incident)
	if err != nil || !held {
		return nil, nil, err
	}
	rows, err := db.Query(ctx, sqlMoving, pgx.NamedArgs{"incident": incident})
	if err != nil {
		return nil, nil, err
	}
	m, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Move])
	if errors.Is(err, pgx.ErrNoRows) {
		return &b, nil, nil
	}
	return &b, &m, err
}

func timelineEnd(ctx context.Context, db pg.DB, incident int64, most int) (lines []Entry, earlier int, err error) {
	var total int
	if err := db.QueryRow(ctx, sqlTimelineCount, pgx.NamedArgs{"incident": incident}).Scan(&total); err != nil {
		return nil, 0, err
	}
	if most == 0 {
		most = total
	}
	rows, err := db.Query(ctx, sqlTimelineEnd, pgx.NamedArgs{"incident": incident, "most": most})
	if err != nil {
		return nil, 0, err
	}
	if lines, err = pgx.CollectRows(rows, pgx.RowToStructByName[Entry]); err != nil {
		return nil, 0, err
	}
	slices.Reverse(lines)
	return lines, total - len(lines), nil
}

// Exists tells whether there is an incident of that number; NotFound if not.
func (s *Service) Exists(ctx context.Context, incident int64) error {
	var found bool
	if err := s.DB.QueryRow(ctx, sqlExists, pgx.NamedArgs{"id": incident}).Scan(&found); err != nil {
		return err
	}
	if !found {
		return fault.New(fault.NotFound, "There is no %s. !incident list shows the last ones.", Ref(incident))
	}
	return nil
}

const sqlExists = `select exists (select from incident where id = @id)`
