package meeting

import (
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"batsignal/incidents/minutes"
)

// A message of several lines of which one is a command is as many lines of the log: a
// block of commands that somebody pastes must count whole. Its first line has the
// network's number, the others the same with their place behind it.

// mostParts bounds how many lines of a message are lines of their own.
const mostParts = 50

// PartID is the number of a message's line at a place, from 1.
func PartID(id string, place int) string {
	if place == 1 || id == "" {
		return id
	}
	return fmt.Sprintf("%s/%d", id, place)
}

// Parts are the lines of a message that are lines of the log: one, unless a command is
// among them.
func Parts(text string) []string {
	if !strings.Contains(text, "\n") {
		return []string{text}
	}
	var lines []string
	commands := false
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
			commands = commands || len(line) > 1 && line[0] == '#' && line[1] != '#' && line[1] != ' '
		}
	}
	if !commands || len(lines) > mostParts {
		return []string{text}
	}
	return lines
}

const sqlParts = `
	select message_id, meeting_id from meeting_event
	where network = @network and message_id = any(@ids) and message_id <> '' and kind in ('said', 'did')`

// parts are the changes of lines that the change of a message is, and the meeting that
// has them; 0 is none.
func (w *work) parts(h Heard) (changes []minutes.Event, meeting int64, err error) {
	ids := make([]string, mostParts)
	for i := range ids {
		ids[i] = PartID(h.Event.ID, i+1)
	}
	rows, err := w.tx.Query(w.ctx, sqlParts, pgx.QueryExecModeCacheDescribe, pgx.NamedArgs{"network": h.Room.Network, "ids": ids})
	if err != nil {
		return nil, 0, err
	}
	known := map[string]bool{}
	var id string
	if _, err := pgx.ForEachRow(rows, []any{&id, &meeting}, func() error { known[id] = true; return nil }); err != nil {
		return nil, 0, err
	}
	// Lines that were heard in this very transaction are no rows yet.
	for _, e := range w.added {
		if e.Kind.IsLine() && e.ID != "" {
			for _, id := range ids {
				if id == e.ID {
					known[id], meeting = true, w.row.ID
				}
			}
		}
	}
	if len(known) <= 1 {
		return []minutes.Event{h.Event}, meeting, nil
	}
	lines := Parts(h.Event.Text)
	for i, id := range ids {
		if !known[id] {
			continue
		}
		e := h.Event
		if e.ID = id; e.Kind == minutes.Edited {
			if e.Text = ""; i < len(lines) {
				e.Text = lines[i]
			} else {
				e.Kind = minutes.Deleted
			}
		}
		changes = append(changes, e)
	}
	return changes, meeting, nil
}

// change hears that a message was edited or taken back. It is false, and nothing is
// heard, if the message belongs to another meeting.
func (w *work) change(h Heard, index int) (here bool, err error) {
	changes, meeting, err := w.parts(h)
	if err != nil || meeting != 0 && meeting != w.row.ID {
		return false, err
	}
	for _, e := range changes {
		if err := w.hear(e, h.Room, index); err != nil {
			return true, err
		}
	}
	return true, nil
}
