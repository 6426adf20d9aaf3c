package retrospective

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/incidents"
	"batsignal/migrations/pg"
	"batsignal/oncall/fault"
)

const (
	sqlEditionColumns = `
		select r.incident_id as incident, r.edition as number, r.at, coalesce(p.handle, '') as by, length(r.text) as letters, r.text
		from retrospective r left join person p on p.id = r.person_id`
	sqlNewest   = sqlEditionColumns + ` where r.incident_id = @incident order by r.edition desc limit 1`
	sqlEdition  = sqlEditionColumns + ` where r.incident_id = @incident and r.edition = @edition`
	sqlEditions = `
		select r.incident_id as incident, r.edition as number, r.at, coalesce(p.handle, '') as by, length(r.text) as letters, '' as text
		from retrospective r left join person p on p.id = r.person_id
		where r.incident_id = @incident order by r.edition desc`
	sqlAdd = `
		insert into retrospective (incident_id, edition, at, person_id, text) values (@incident, @edition, @now, @person, @text)`
	sqlLock   = `select status = 'resolved', resolved_at from incident where id = @incident for update`
	sqlOfRoom = `
		select incident_id from incident_room where network = @network and lower(room) = lower(@room) order by incident_id desc limit 1`
	sqlLastResolved = `
		select i.id from incident i where i.status = 'resolved' or exists (select from retrospective r where r.incident_id = i.id)
		order by i.resolved_at is null, i.resolved_at desc, i.id desc limit 1`
)

// Get returns an edition; 0 is the newest. It is NotFound if there is none.
func (s *Service) Get(ctx context.Context, incident int64, edition int) (Edition, error) {
	if edition == 0 {
		e, found, err := newest(ctx, s.DB, incident)
		if err == nil && !found {
			err = s.missing(ctx, incident)
		}
		return e, err
	}
	e, found, err := one(ctx, s.DB, sqlEdition, pgx.NamedArgs{"incident": incident, "edition": edition})
	if err == nil && !found {
		err = fault.New(fault.NotFound, "The retrospective of %s has no edition %d. %s lists those that there are.", incidents.Ref(incident), edition, Path(incident))
	}
	return e, err
}

// Editions lists the editions of a document without their texts, the newest first.
func (s *Service) Editions(ctx context.Context, incident int64) ([]Edition, error) {
	rows, err := s.DB.Query(ctx, sqlEditions, pgx.NamedArgs{"incident": incident})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Edition])
}

// Exists tells whether an incident has a retrospective.
func (s *Service) Exists(ctx context.Context, incident int64) (bool, error) {
	_, found, err := newest(ctx, s.DB, incident)
	return found, err
}

// Pick finds the incident whose retrospective somebody means: by its number, else the
// one of the room that they are in, else the one that ended last.
func (s *Service) Pick(ctx context.Context, network, room string, number int64) (incidents.Incident, error) {
	if number == 0 && room != "" {
		err := s.DB.QueryRow(ctx, sqlOfRoom, pgx.NamedArgs{"network": network, "room": room}).Scan(&number)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return incidents.Incident{}, err
		}
	}
	if number == 0 {
		err := s.DB.QueryRow(ctx, sqlLastResolved).Scan(&number)
		if errors.Is(err, pgx.ErrNoRows) {
			return incidents.Incident{}, fault.New(fault.NotFound, "No incident was resolved so far, so there is nothing to look back at. !incident list shows the last ones.")
		}
		if err != nil {
			return incidents.Incident{}, err
		}
	}
	return s.Incidents.Get(ctx, number)
}

// missing says why an incident has no retrospective, and what to do about it.
func (s *Service) missing(ctx context.Context, incident int64) error {
	inc, err := s.Incidents.Get(ctx, incident)
	switch {
	case err != nil:
		return err
	case inc.Open():
		return goesOn(incident)
	}
	return notYet(incident)
}

func notYet(incident int64) error {
	ref := incidents.Ref(incident)
	return fault.New(fault.NotFound, "%s has no retrospective yet. !retro edit %s drafts it.", ref, ref)
}

func goesOn(incident int64) error {
	return fault.New(fault.Conflict, "%s goes on. Its retrospective is drafted when it is resolved; until then, !incident note keeps what should not be forgotten.", incidents.Ref(incident))
}

func newest(ctx context.Context, db pg.DB, incident int64) (Edition, bool, error) {
	return one(ctx, db, sqlNewest, pgx.NamedArgs{"incident": incident})
}

func one(ctx context.Context, db pg.DB, sql string, args pgx.NamedArgs) (e Edition, found bool, err error) {
	rows, err := db.Query(ctx, sql, args)
	if err != nil {
		return e, false, err
	}
	e, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Edition])
	if errors.Is(err, pgx.ErrNoRows) {
		return e, false, nil
	}
	return e, err == nil, err
}

// lock takes the row of an incident, so that everything that changes one document
// happens one after the other. ended is when it was resolved, nil if it goes on.
func lock(ctx context.Context, tx pgx.Tx, incident int64) (ended *time.Time, err error) {
	var resolved bool
	err = tx.QueryRow(ctx, sqlLock, pgx.NamedArgs{"incident": incident}).Scan(&resolved, &ended)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, fault.New(fault.NotFound, "There is no %s. !incident list shows the last ones.", incidents.Ref(incident))
	}
	if err != nil || !resolved {
		return nil, err
	}
	return ended, nil
}

// add writes the next edition. The incident must be locked.
func add(ctx context.Context, tx pgx.Tx, now time.Time, incident int64, number int, person int64, text string) error {
	_, err := tx.Exec(ctx, sqlAdd, pgx.NamedArgs{
		"incident": incident, "edition": number, "now": now, "person": pg.NullID(person), "text": text,
	})
	return err
}
