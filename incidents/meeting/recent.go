package meeting

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/incidents"
	"batsignal/incidents/minutes"
	"batsignal/migrations/pg"
	"batsignal/oncall"
)

const (
	sqlKeepRecent = `
		insert into room_line (network, room, at, event)
		select @network, @room, l.at, l.event from unnest(@at::timestamptz[], @event::jsonb[]) as l (at, event)`
	sqlRecent = `
		select event from room_line where network = @network and lower(room) = lower(@room) and at >= @since and at < @before
		order by id limit 2000`
	sqlForgetRecent = `delete from room_line where network = @network and room = @room and at < @before`
)

// keepRecent keeps what was said in a room without a meeting for as long as its policy
// says, in case one starts late; most rooms keep nothing.
func (s *Service) keepRecent(ctx context.Context, heard []Heard) error {
	at := heard[0].Room
	keep := s.Policy.For(at).Recent
	if keep <= 0 {
		return nil
	}
	var times []time.Time
	var list [][]byte
	for _, h := range heard {
		if !h.Event.Kind.IsLine() || minutes.Batsignal().OffRecord(h.Event.Text) {
			continue
		}
		b, err := json.Marshal(h.Event)
		if err != nil {
			return err
		}
		times, list = append(times, h.Event.At), append(list, b)
	}
	return pg.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, sqlKeepRecent, pgx.NamedArgs{"network": at.Network, "room": at.Room, "at": times, "event": list}); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, sqlForgetRecent, pgx.NamedArgs{"network": at.Network, "room": at.Room, "before": s.Now().Add(-keep)})
		return err
	})
}

// adopt takes what was said shortly before the meeting into it: as much as was asked
// for and the room keeps.
func (w *work) adopt(f minutes.Effect, place incidents.Room, index int) error {
	keep := w.Policy.For(place).Recent
	if keep <= 0 {
		w.answer(index, minutes.Private, "Nothing is kept here of what was said before a meeting; the configuration decides that for each room (minutes.rooms).")
		return nil
	}
	if f.Text != "" {
		asked, err := time.ParseDuration(f.Text + "m")
		if err != nil || asked <= 0 {
			w.answer(index, minutes.Private, "#adopt MINUTES takes in what was said so many minutes before the meeting began, up to "+keep.String()+".")
			return nil
		}
		keep = min(keep, asked)
	}
	rows, err := w.tx.Query(w.ctx, sqlRecent, pgx.NamedArgs{
		"network": place.Network, "room": place.Room, "since": w.row.StartedAt.Add(-keep), "before": w.row.StartedAt,
	})
	if err != nil {
		return err
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	if err != nil {
		return err
	}
	taken := 0
	for _, b := range list {
		var e minutes.Event
		if err := json.Unmarshal(b, &e); err != nil {
			return err
		}
		if e.ID == "" {
			e.ID = fmt.Sprintf("before-%d-%d", e.At.UnixNano(), taken)
		}
		known, err := w.known([]Heard{{Room: place, Event: e}})
		if err != nil {
			return err
		}
		if known[e.ID] || w.adopted[e.ID] {
			continue
		}
		if w.adopted == nil {
			w.adopted = map[string]bool{}
		}
		w.adopted[e.ID] = true
		e.Adopted, e.Who.Network = true, place.Network
		taken++
		if err := w.hear(e, place, -1); err != nil {
			return err
		}
	}
	w.say(place, "Taken into the minutes: "+oncall.Plural(taken, "line", "lines")+" from before the meeting.")
	return nil
}
