package meeting

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/incidents"
	"batsignal/incidents/minutes"
	"batsignal/oncall"
)

const (
	// The last ones, should there be too many.
	sqlRecent = `
		select event from (
			select id, event from room_line where network = @network and lower(room) = lower(@room) and at >= @since and at < @before
			order by id desc limit 2000) l
		order by id`
	sqlChangedSince = `
		select message_id, text, kind = 'edited' from meeting_event
		where meeting_id = @id and message_id <> '' and kind in ('edited', 'deleted', 'erased') order by n`
)

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
	list, err := w.before(place, keep)
	if err != nil {
		return err
	}
	known, err := w.known(list)
	if err != nil {
		return err
	}
	taken := 0
	for _, h := range list {
		e := h.Event
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

// before reads what was said in a room for so long before the meeting, as it stands: an
// author may have changed it during the meeting.
func (w *work) before(place incidents.Room, keep time.Duration) (list []Heard, err error) {
	rows, err := w.tx.Query(w.ctx, sqlRecent, pgx.NamedArgs{
		"network": place.Network, "room": place.Room, "since": w.row.StartedAt.Add(-keep), "before": w.row.StartedAt,
	})
	if err != nil {
		return nil, err
	}
	kept, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	if err != nil {
		return nil, err
	}
	for i, b := range kept {
		h := Heard{Room: place}
		if err := json.Unmarshal(b, &h.Event); err != nil {
			return nil, err
		}
		if h.Event.ID == "" {
			h.Event.ID = fmt.Sprintf("before-%d-%d", h.Event.At.UnixNano(), i)
		}
		list = append(list, h)
	}
	changes, err := w.changes()
	for _, e := range changes {
		list = changed(list, e)
	}
	return list, err
}

// changes are those of lines that the meeting did not have, too: it was told of them.
func (w *work) changes() ([]minutes.Event, error) {
	if err := w.flush(); err != nil {
		return nil, err
	}
	rows, err := w.tx.Query(w.ctx, sqlChangedSince, pgx.NamedArgs{"id": w.row.ID})
	if err != nil {
		return nil, err
	}
	var list []minutes.Event
	var id, text string
	var edited bool
	_, err = pgx.ForEachRow(rows, []any{&id, &text, &edited}, func() error {
		e := minutes.Event{Kind: minutes.Deleted, ID: id, Text: text}
		if edited {
			e.Kind = minutes.Edited
		}
		list = append(list, e)
		return nil
	})
	return list, err
}

// changed are lines after a change of one message.
func changed(list []Heard, e minutes.Event) []Heard {
	if !slices.ContainsFunc(list, func(h Heard) bool { return strings.HasPrefix(h.Event.ID, e.ID) }) {
		return list
	}
	all := partIDs(e.ID)
	parted := slices.ContainsFunc(list, func(h Heard) bool { return slices.Contains(all[1:], h.Event.ID) })
	ids, texts := reworded(e, parted)
	left := list[:0]
	for _, h := range list {
		if slices.Contains(all, h.Event.ID) {
			i := slices.Index(ids, h.Event.ID)
			if i < 0 {
				continue
			}
			h.Event.Text = texts[i]
		}
		left = append(left, h)
	}
	return left
}
