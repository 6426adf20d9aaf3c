package meeting

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/incidents"
	"batsignal/incidents/minutes"
	"batsignal/migrations/pg"
)

const (
	sqlKeepRecent = `
		insert into room_line (network, room, at, event)
		select @network, @room, l.at, l.event from unnest(@at::timestamptz[], @event::jsonb[]) as l (at, event)`
	sqlChangeRecent = `
		update room_line l set event = jsonb_set(l.event, '{Text}', to_jsonb(c.text))
		from unnest(@ids::text[], @texts::text[]) as c (id, text)
		where l.network = @network and lower(l.room) = lower(@room) and l.event ->> 'ID' = c.id`
	sqlDropRecent = `
		delete from room_line where network = @network and lower(room) = lower(@room) and event ->> 'ID' = any(@ids) and event ->> 'ID' <> all(@left)`
	sqlRecentParts = `
		select distinct event ->> 'ID' from room_line
		where network = @network and lower(room) = lower(@room) and event ->> 'ID' = any(@ids)`
	sqlRecentRooms  = `select distinct network, room from room_line`
	sqlForgetRecent = `
		delete from room_line l using unnest(@networks::text[], @rooms::text[], @before::timestamptz[]) as f (network, room, before)
		where l.network = f.network and l.room = f.room and l.at < f.before`
)

// keepRecent keeps what was said in a room without a meeting for as long as its policy
// says, in case one starts late; most rooms keep nothing.
func (s *Service) keepRecent(ctx context.Context, heard []Heard) error {
	if s.Policy.For(heard[0].Room).Recent <= 0 {
		return nil
	}
	return pg.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		for len(heard) > 0 {
			n := 0
			for n < len(heard) && !heard[n].Event.Kind.IsChange() {
				n++
			}
			if err := addRecent(ctx, tx, heard[:n]); err != nil {
				return err
			}
			if n < len(heard) {
				if err := changeRecent(ctx, tx, heard[n]); err != nil {
					return err
				}
				n++
			}
			heard = heard[n:]
		}
		return nil
	})
}

func addRecent(ctx context.Context, tx pgx.Tx, heard []Heard) error {
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
	if len(list) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, sqlKeepRecent, pgx.NamedArgs{"network": heard[0].Room.Network, "room": heard[0].Room.Room, "at": times, "event": list})
	return err
}

// changeRecent changes what is kept of a message that its author edited or took back.
func changeRecent(ctx context.Context, tx pgx.Tx, h Heard) error {
	if h.Event.ID == "" {
		return nil
	}
	args := pgx.NamedArgs{"network": h.Room.Network, "room": h.Room.Room, "ids": partIDs(h.Event.ID)}
	rows, err := tx.Query(ctx, sqlRecentParts, args)
	if err != nil {
		return err
	}
	kept, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(kept) == 0 {
		return err
	}
	left, texts := reworded(h.Event, len(kept) > 1)
	args["left"] = left
	if _, err := tx.Exec(ctx, sqlDropRecent, args); err != nil {
		return err
	}
	args["ids"], args["texts"] = left, texts
	_, err = tx.Exec(ctx, sqlChangeRecent, args)
	return err
}

// reworded are the lines that are left of a message after a change, by their numbers,
// and what each says now. Parted is a message that was kept line by line.
func reworded(e minutes.Event, parted bool) (ids, texts []string) {
	ids, texts = []string{}, []string{} // what is compared with nil is null
	if e.Kind != minutes.Edited {
		return ids, texts
	}
	lines := []string{e.Text}
	if parted {
		lines = Parts(e.Text)
	}
	for i, text := range lines {
		if !minutes.Batsignal().OffRecord(text) {
			ids, texts = append(ids, PartID(e.ID, i+1)), append(texts, text)
		}
	}
	return ids, texts
}

// partIDs are the numbers that the lines of a message may have.
func partIDs(id string) []string {
	ids := make([]string, mostParts)
	for i := range ids {
		ids[i] = PartID(id, i+1)
	}
	return ids
}

// ForgetRecent forgets what was said in rooms without a meeting when it is older than
// the policy of its room allows, at once where the policy allows nothing any more.
func (s *Service) ForgetRecent(ctx context.Context) error {
	rows, err := s.DB.Query(ctx, sqlRecentRooms)
	if err != nil {
		return err
	}
	kept, err := pgx.CollectRows(rows, pgx.RowToStructByPos[incidents.Room])
	if err != nil || len(kept) == 0 {
		return err
	}
	const ahead = 24 * time.Hour // of us, as far as a network's clock may be
	var networks, rooms []string
	var before []time.Time
	for _, at := range kept {
		keep := s.Policy.For(at).Recent
		if keep <= 0 {
			keep = -ahead
		}
		networks, rooms, before = append(networks, at.Network), append(rooms, at.Room), append(before, s.Now().Add(-keep))
	}
	_, err = s.DB.Exec(ctx, sqlForgetRecent, pgx.NamedArgs{"networks": networks, "rooms": rooms, "before": before})
	return err
}
