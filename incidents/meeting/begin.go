package meeting

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"

	"batsignal/incidents"
	"batsignal/incidents/minutes"
	"batsignal/migrations/pg"
	"batsignal/oncall"
)

// begin starts a meeting at a line, with an agenda if it has one. It takes none if
// another meeting goes on there.
func (s *Service) begin(ctx context.Context, h Heard, agenda ...string) (taken int, answers []Answer, err error) {
	var l live
	var id int64
	err = pg.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		set, err := s.settle(ctx, tx, h)
		if err != nil {
			return err
		}
		set.Agenda = agenda
		id, answers = 0, nil
		// One that was heard before began a meeting that is over by now.
		known, err := (&work{ctx: ctx, tx: tx}).known([]Heard{h})
		if err != nil || known[h.Event.ID] {
			return err
		}
		w, err := s.start(ctx, tx, h, set, 0, &l)
		if err != nil {
			return err
		}
		id, answers = w.row.ID, w.answers
		return w.close()
	})
	if pg.IsUnique(err, "meeting_open_room") || pg.IsUnique(err, "meeting_event_once") {
		s.Refresh() // another process was quicker: the line belongs to its meeting
		return 0, nil, nil
	}
	if err != nil {
		return 0, nil, err
	}
	if id == 0 {
		return 1, nil, nil
	}
	s.putLive(id, l)
	s.Refresh()
	return 1, answers, nil
}

// start makes the rows of a new meeting with its first event.
func (s *Service) start(ctx context.Context, tx pgx.Tx, h Heard, set setting, incident int64, l *live) (*work, error) {
	*l = live{}
	w := &work{Service: s, ctx: ctx, tx: tx, now: s.Now(), l: l, news: true, heard: h.Event.At,
		row: row{Network: h.Room.Network, Room: h.Room.Room, Incident: pg.NullID(incident), StartedAt: h.Event.At}}
	proven, err := w.prove([]Heard{h})
	if err != nil {
		return nil, err
	}
	e := proven[0].Event
	e.At = e.At.UTC()
	machine, err := set.machine(h.Room)
	if err != nil {
		return nil, err
	}
	if machine.Dialect.Own {
		if set.Carried, err = carry(ctx, tx, h.Room, series(machine.Dialect, e.Text), incident); err != nil {
			return nil, err
		}
		machine.Carried = set.Carried
	}
	m, effects := minutes.Start(machine, e)
	w.m = m
	b, err := json.Marshal(set)
	if err != nil {
		return nil, err
	}
	if err := tx.QueryRow(ctx, sqlInsert, pgx.NamedArgs{
		"network": h.Room.Network, "room": h.Room.Room, "incident": pg.NullID(incident), "dialect": set.Dialect, "setting": b,
		"name": oncall.Clip(m.Name, 200), "title": oncall.Clip(m.Title(), 600), "path": oncall.Clip(m.Path(), 600), "now": e.At, "by": e.Who.Nick,
	}).Scan(&w.row.ID); err != nil {
		return nil, err
	}
	w.row.Name = m.Name
	if e.ID == "" {
		e.ID = fmt.Sprintf("meeting-%d-1", w.row.ID)
	}
	w.added = append(w.added, numbered{Event: e, n: 1, line: 1})
	return w, w.cause(effects, e, h.Room, 0)
}

// series is what a meeting will be called that starts with this line.
func series(d *minutes.Dialect, text string) string {
	if topic := d.StartText(text); topic != "" && d.IsStart(text) {
		return d.NameRule(topic)
	}
	return ""
}

// Start begins a meeting that somebody asked for by another way than a line in the
// room: with an agenda, say. It is a conflict if one goes on there.
func (s *Service) Start(ctx context.Context, at incidents.Room, by minutes.Who, topic string, agenda []string, look Look) error {
	h := Heard{Room: at, Look: look, Event: minutes.Event{At: s.Now(), Who: by, Text: minutes.StartWord + " " + topic}}
	taken, _, err := s.begin(ctx, h, agenda...)
	if err == nil && taken == 0 {
		return busy(at)
	}
	return err
}
