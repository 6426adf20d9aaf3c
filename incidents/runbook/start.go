package runbook

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/incidents"
	"batsignal/incidents/runbook/book"
	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

const (
	sqlIncidentOpen = `select status = 'open' from incident where id = @id`
	sqlSame         = `
		select id, started_words, step, steps from runbook_run
		where state = 'open' and name = @name and (
			@incident::bigint is not null and incident_id = @incident
			or @incident::bigint is null and incident_id is null and room <> '' and network = @network and lower(room) = lower(@room))`
	sqlStart = `
		insert into runbook_run (name, title, hash, book, jobs, incident_id, network, room, account, steps, started_at, started_by, started_words, moved_at)
		values (@name, @title, @hash, @book, @jobs, @incident, @network, @room, @account, @steps, @now, @person, @words, @now)
		returning id`
)

// Start begins to walk through a book: in an incident (0 is none) its rooms hear of it, else
// the room in which it is said.
func (s *Service) Start(ctx context.Context, by By, name string, incident int64) (Told, error) {
	b, err := s.Named(name)
	if err != nil {
		return Told{}, err
	}
	jobs := s.bindings(b)
	var told Told
	err = pg.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		if err := mayStart(ctx, tx, by.Actor, b, incident); err != nil {
			return err
		}
		var id int64
		if err := tx.QueryRow(ctx, sqlStart, pgx.NamedArgs{
			"name": b.Name, "title": b.Title, "hash": b.Hash(), "book": string(b.Text), "jobs": jobs, "incident": pg.NullID(incident),
			"network": by.Network, "room": by.Room, "account": by.Account, "steps": len(b.Steps),
			"now": s.Now(), "person": pg.NullID(by.PersonID), "words": oncall.Clip(by.Who(), 200),
		}).Scan(&id); err != nil {
			return err
		}
		w, err := s.open(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := w.add(by.Actor, book.Event{What: book.Started}); err != nil {
			return err
		}
		if err := w.happened(by.Actor, fmt.Sprintf("%s starts the runbook %s as %s: %s. It has %s.",
			by.Who(), b.Name, w.Ref(), b.Title, oncall.Plural(len(b.Steps), "step", "steps"))); err != nil {
			return err
		}
		told, err = w.flush()
		return err
	})
	if pg.IsUnique(err, "runbook_run_one_incident") || pg.IsUnique(err, "runbook_run_one_room") {
		// Somebody else started it at the same moment, and is there to be named now.
		if same := mayStart(ctx, s.DB, by.Actor, b, incident); same != nil {
			err = same
		}
	}
	return told, err
}

// mayStart refuses a second run of the same book at the same place.
func mayStart(ctx context.Context, db pg.DB, a oncall.Actor, b book.Book, incident int64) error {
	if incident != 0 {
		if _, err := db.Exec(ctx, sqlLockIncident, pgx.NamedArgs{"id": incident}); err != nil {
			return err
		}
		var open bool
		switch err := db.QueryRow(ctx, sqlIncidentOpen, pgx.NamedArgs{"id": incident}).Scan(&open); {
		case isNone(err):
			return fault.New(fault.NotFound, "There is no %s. !incident list shows the last ones.", incidents.Ref(incident))
		case err != nil:
			return err
		case !open:
			return fault.New(fault.Conflict, "%s is resolved. Start the runbook in another room, or !incident reopen %d.", incidents.Ref(incident), incident)
		}
	}
	var id int64
	var who string
	var step, steps int
	err := db.QueryRow(ctx, sqlSame, pgx.NamedArgs{"name": b.Name, "incident": pg.NullID(incident), "network": a.Network, "room": a.Room}).
		Scan(&id, &who, &step, &steps)
	if isNone(err) {
		return nil
	}
	if err != nil {
		return err
	}
	return fault.New(fault.Conflict, "%s started %s here already: it is %s, at step %d of %d. !runbook status %[3]s shows it.", who, b.Name, Ref(id), step, steps)
}

// clock writes a moment for a sentence.
func clock(t time.Time) string { return t.UTC().Format("15:04") + " UTC" }
