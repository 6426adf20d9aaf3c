package retrospective

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"batsignal/incidents"
	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/notice"
)

const (
	// A false alarm is drafted only if there is something in it: somebody got up for it,
	// or wrote something down.
	sqlDue = `
		select i.id from incident i
		where i.status = 'resolved' and case
			when exists (select from retrospective r where r.incident_id = i.id) then exists (
				select from timeline_entry t where t.incident_id = i.id and t.kind = 'reopened' and t.id > (
					select coalesce(max(d.id), 0) from timeline_entry d where d.incident_id = i.id and d.kind = 'retrospective'))
			else not i.false_alarm
				or exists (select from timeline_entry t where t.incident_id = i.id and t.kind in ('ack', 'note', 'action', 'decision', 'info'))
				or exists (select from action_item a where a.incident_id = i.id)
			end
		order by i.id`
	sqlForget = `delete from edit_token where expires_at < @before`
)

// announced is how long after its end an incident's rooms still hear that it was
// drafted; what is older is drafted without a word.
const announced = 24 * time.Hour

// DraftDue drafts what is to be drafted: the document of each incident that was resolved
// and has none, and what is to be said of one that was opened again and is over once
// more. It is called again and again, by any number of processes.
func (s *Service) DraftDue(ctx context.Context) error {
	if _, err := s.DB.Exec(ctx, sqlForget, pgx.NamedArgs{"before": s.Now()}); err != nil {
		return err
	}
	rows, err := s.DB.Query(ctx, sqlDue)
	if err != nil {
		return err
	}
	due, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	for _, id := range due {
		// One that cannot be drafted must not keep the others from it.
		if _, failed := s.Draft(ctx, id); failed != nil {
			err = errors.Join(err, fmt.Errorf("draft the retrospective of %s: %w", incidents.Ref(id), failed))
		}
	}
	return err
}

// Draft makes the first edition of the document of an incident that was resolved, or
// adds to it what came since if the incident was opened again. If there is nothing to
// draft it returns the newest edition.
func (s *Service) Draft(ctx context.Context, incident int64) (e Edition, err error) {
	for range draftTries {
		f, err := s.gather(ctx, incident)
		if err != nil {
			return e, err
		}
		err = pg.InTx(ctx, s.DB, func(tx pgx.Tx) (err error) {
			e, err = s.draftIn(ctx, tx, f)
			return err
		})
		if !errors.Is(err, errStale) {
			return e, err
		}
	}
	return e, fault.New(fault.Conflict, "%s is being changed just now. Please try again in a moment.", incidents.Ref(incident))
}

// draftTries is how often the facts are read anew because the incident has changed since.
const draftTries = 3

var errStale = errors.New("the incident has changed since the facts were read")

func (s *Service) draftIn(ctx context.Context, tx pgx.Tx, f facts) (Edition, error) {
	incident := f.Incident.ID
	ended, err := lock(ctx, tx, incident)
	if err != nil {
		return Edition{}, err
	}
	e, found, err := newest(ctx, tx, incident)
	fresh := f.Incident.ResolvedAt != nil && ended != nil && ended.Equal(*f.Incident.ResolvedAt)
	switch {
	case err != nil:
		return e, err
	case ended == nil && !found:
		return e, goesOn(incident)
	case !fresh && !found:
		return e, errStale
	case !fresh:
		return e, nil
	case !found:
		return s.keepDraft(ctx, tx, f, 1, drafted(f), "The retrospective is drafted.")
	}
	reopened := reopenedSince(f.Timeline)
	if reopened == nil {
		return e, nil
	}
	if drawn, err := drawn(ctx, tx, incident, reopened.ID); err != nil || drawn {
		return e, err
	}
	text := e.Text + addendum(f, reopened.At)
	if utf8.RuneCountInString(text) > Longest {
		return e, s.Incidents.RecordIn(ctx, tx, s.Now(), incident, oncall.Actor{}, incidents.Noted{Kind: "retrospective",
			Text: "The retrospective has no room for what came after the incident was opened again."})
	}
	return s.keepDraft(ctx, tx, f, e.Number+1, text, "What came after the incident was opened again is added to its retrospective.")
}

const sqlDrawn = `
	select exists (select from timeline_entry where incident_id = @incident and kind = 'retrospective' and id > @reopened)`

// drawn tells whether another process has drafted what came after a line already.
func drawn(ctx context.Context, tx pgx.Tx, incident, reopened int64) (drawn bool, err error) {
	err = tx.QueryRow(ctx, sqlDrawn, pgx.NamedArgs{"incident": incident, "reopened": reopened}).Scan(&drawn)
	return drawn, err
}

// reopenedSince is the first line that opened an incident again after it was drafted.
func reopenedSince(lines []incidents.Entry) (first *incidents.Entry) {
	for i, e := range slices.Backward(lines) {
		switch e.Kind {
		case "retrospective":
			return first
		case "reopened":
			first = &lines[i]
		}
	}
	return nil
}

// keepDraft writes what was drafted, and says so.
func (s *Service) keepDraft(ctx context.Context, tx pgx.Tx, f facts, number int, text, say string) (Edition, error) {
	now := s.Now()
	e := Edition{Incident: f.Incident.ID, Number: number, At: now, Letters: utf8.RuneCountInString(text), Text: text}
	if err := add(ctx, tx, now, e.Incident, number, 0, text); err != nil {
		return e, err
	}
	if err := s.Incidents.RecordIn(ctx, tx, now, e.Incident, oncall.Actor{}, incidents.Noted{Kind: "retrospective", Text: say}); err != nil {
		return e, err
	}
	if now.Sub(*f.Incident.ResolvedAt) > announced {
		return e, nil
	}
	return e, notice.Post(ctx, tx, s.Queue, now, s.announcements(f, say)...)
}

// announcements tell the rooms of an incident, or everybody where it has none.
func (s *Service) announcements(f facts, say string) (notices []notice.Notice) {
	id := f.Incident.ID
	ref := f.Incident.Ref()
	text := fmt.Sprintf("[%s] %s !retro add %s bad TEXT adds a line to it.", ref, say, ref)
	if url := s.URL(id); url != "" {
		text = fmt.Sprintf("[%s] %s !retro edit %s changes it: %s", ref, say, ref, url)
	}
	rooms := f.Rooms
	if len(rooms) == 0 {
		for _, n := range s.Incidents.Networks {
			if n.Home != "" {
				rooms = append(rooms, incidents.Room{Network: n.Name, Room: n.Home})
			}
		}
	}
	for _, r := range rooms {
		notices = append(notices, notice.Notice{
			Network: r.Network, Kind: notice.Say, Room: r.Room, Text: text, Incident: &id,
			Actions: []notice.Action{{Label: "Edit", Command: "retro edit " + ref}},
		})
	}
	return notices
}
