package meeting

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/incidents"
	"batsignal/incidents/minutes"
	"batsignal/oncall/fault"
)

// selfName is what the bot is called where it does not speak in a room.
const selfName = "batsignal"

var _ incidents.Minutes = (*Service)(nil)

// Opened begins the minutes of an incident in its rooms, in the caller's transaction.
func (s *Service) Opened(ctx context.Context, tx pgx.Tx, now time.Time, inc incidents.Incident, rooms []incidents.Room) error {
	if len(rooms) == 0 {
		return nil
	}
	h := Heard{Room: rooms[0], Event: minutes.Event{At: now, Self: true, Who: minutes.Who{Nick: selfName}, Text: minutes.StartWord + " " + inc.Ref() + " " + inc.Title}}
	set, err := s.settle(ctx, tx, h)
	if err != nil {
		return err
	}
	set.Dialect, set.Incident = minutes.Batsignal().Name, inc.Ref()
	var l live
	w, err := s.start(ctx, tx, h, set, inc.ID, &l)
	if err != nil {
		return err
	}
	w.notices = nil // the incident's own announcements say all of this
	return w.close()
}

// Led makes the holder of the baton the chair; "" is nobody.
func (s *Service) Led(ctx context.Context, tx pgx.Tx, now time.Time, incident int64, handle string) error {
	_, err := s.note(ctx, tx, incident, minutes.Event{At: now, Kind: minutes.Led, Who: minutes.Who{Nick: handle, Handle: handle}})
	return err
}

// Resolved ends the minutes of an incident, and tells in a sentence what they hold and
// where they are; "" if there were none.
func (s *Service) Resolved(ctx context.Context, tx pgx.Tx, now time.Time, inc incidents.Incident) (string, error) {
	m, err := s.note(ctx, tx, inc.ID, minutes.Event{At: now, Kind: minutes.Ended, Text: inc.Ref() + " is resolved"})
	if err != nil || m == nil {
		return "", err
	}
	say := "Minutes: " + m.Tally() + "."
	if m.Files.URLPrefix != "" {
		say += " " + m.BaseURL() + ".html"
	}
	return say, nil
}

// note has the minutes of an incident hear what happened to it. There are none where an
// incident has no room of its own.
func (s *Service) note(ctx context.Context, tx pgx.Tx, incident int64, e minutes.Event) (*minutes.Meeting, error) {
	var id int64
	err := tx.QueryRow(ctx, sqlLiveOf, pgx.NamedArgs{"incident": incident}).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	// Whether the caller's transaction commits is not known here, so what is read of the
	// meeting is not kept.
	var l live
	w, err := s.open(ctx, tx, id, &l)
	if err != nil || w == nil {
		return nil, err
	}
	if err := w.hear(e, w.row.at(), -1); err != nil {
		return nil, err
	}
	w.notices = nil // the caller announces
	return w.m, w.close()
}

func busy(at incidents.Room) error {
	return fault.New(fault.Conflict, "A meeting goes on in %s. A chair ends it with #endmeeting.", at.Room)
}
