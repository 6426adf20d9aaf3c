package incidents

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/switchboard/dial"
)

const (
	sqlIncidentColumns = `
		select i.id, i.title, i.slug, i.severity, i.status, i.everyone,
			coalesce(p.handle, '') as opened_by, i.opened_at, i.resolved_at, i.false_alarm
		from incident i left join person p on p.id = i.opened_by`
	sqlIncident       = sqlIncidentColumns + ` where i.id = @id`
	sqlOpenIncidents  = sqlIncidentColumns + ` where i.status = 'open' order by i.id`
	sqlLastIncidents  = sqlIncidentColumns + ` order by i.id desc limit @most`
	sqlIncidentOfRoom = sqlIncidentColumns + `
		join incident_room r on r.incident_id = i.id
		where r.network = @network and r.room = @room order by i.status = 'open' desc, i.id desc limit 1`
	sqlLockIncident   = `select id from incident where id = @id for update`
	sqlInsertIncident = `
		insert into incident (title, slug, severity, everyone, opened_by, opened_at)
		values (@title, @slug, @severity, @everyone, @by, @now) returning id`
	sqlInsertRoom = `
		insert into incident_room (incident_id, network, room) values (@id, @network, @room)`
	sqlSetSeverity = `update incident set severity = @severity where id = @id`
	sqlSetTitle    = `update incident set title = @title where id = @id`
	sqlResolve     = `
		update incident set status = 'resolved', resolved_by = @by, resolved_at = @now, false_alarm = @false_alarm
		where id = @id and status = 'open'`
	sqlReopen = `
		update incident set status = 'open', resolved_by = null, resolved_at = null, false_alarm = false
		where id = @id and status = 'resolved'`
)

// Get finds an incident by number.
func (s *Service) Get(ctx context.Context, id int64) (Incident, error) {
	return getIncident(ctx, s.DB, id)
}

// OpenIncidents lists those that still go on, oldest first.
func (s *Service) OpenIncidents(ctx context.Context) ([]Incident, error) {
	return someIncidents(ctx, s.DB, sqlOpenIncidents, nil)
}

// LastIncidents lists the newest incidents, newest first.
func (s *Service) LastIncidents(ctx context.Context, most int) ([]Incident, error) {
	return someIncidents(ctx, s.DB, sqlLastIncidents, pgx.NamedArgs{"most": most})
}

// Pick finds the incident that somebody means: by number if they gave one, else
// the one of the room they are in, else the only open one.
func (s *Service) Pick(ctx context.Context, a oncall.Actor, number int64) (Incident, error) {
	if number != 0 {
		return getIncident(ctx, s.DB, number)
	}
	if a.Room != "" {
		here, err := someIncidents(ctx, s.DB, sqlIncidentOfRoom, pgx.NamedArgs{"network": a.Network, "room": a.Room})
		if err != nil || len(here) > 0 {
			return first(here), err
		}
	}
	open, err := s.OpenIncidents(ctx)
	switch {
	case err != nil:
		return Incident{}, err
	case len(open) == 0:
		return Incident{}, fault.New(fault.NotFound, "No incident is open. !incident list shows the last ones.")
	case len(open) > 1:
		return Incident{}, fault.New(fault.Invalid, "%s are open. Say which one by adding --inc, as in --inc %d, or ask in its room.",
			oncall.Plural(len(open), "incident", "incidents"), open[0].ID)
	}
	return open[0], nil
}

// lock takes the row of an incident, so that everything that changes one incident
// happens one after the other, and returns its state of now.
func (c *change) lock(id int64) (Incident, error) {
	if c.Switchboard != nil {
		// Before the row: whoever opens a sealed address has this lock first, too. So what is
		// filled when this commits has nothing more opened for it.
		if err := dial.HoldIncident(c.ctx, c.tx, id); err != nil {
			return Incident{}, err
		}
	}
	if _, err := c.tx.Exec(c.ctx, sqlLockIncident, pgx.NamedArgs{"id": id}); err != nil {
		return Incident{}, err
	}
	return getIncident(c.ctx, c.tx, id)
}

// lockOpen is lock for what only makes sense while the incident goes on.
func (c *change) lockOpen(id int64) (Incident, error) {
	inc, err := c.lock(id)
	if err == nil && !inc.Open() {
		err = fault.New(fault.Conflict, "%s is resolved. !incident reopen %d opens it again.", inc.Ref(), inc.ID)
	}
	return inc, err
}

func getIncident(ctx context.Context, db pg.DB, id int64) (Incident, error) {
	rows, err := db.Query(ctx, sqlIncident, pgx.NamedArgs{"id": id})
	if err != nil {
		return Incident{}, err
	}
	inc, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Incident])
	if errors.Is(err, pgx.ErrNoRows) {
		return inc, fault.New(fault.NotFound, "There is no %s. !incident list shows the last ones.", Ref(id))
	}
	return inc, err
}

func someIncidents(ctx context.Context, db pg.DB, sql string, args pgx.NamedArgs) ([]Incident, error) {
	var all []any
	if args != nil {
		all = append(all, args)
	}
	rows, err := db.Query(ctx, sql, all...)
	if err != nil {
		return nil, fmt.Errorf("list incidents: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Incident])
}

func first(list []Incident) Incident {
	if len(list) == 0 {
		return Incident{}
	}
	return list[0]
}
