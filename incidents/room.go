package incidents

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/notice"
)

const (
	sqlBridgedRooms = `
		select r.incident_id, r.network, r.room from incident_room r join incident i on i.id = r.incident_id
		where i.resolved_at is null or i.resolved_at > @since order by r.incident_id, r.network`
	sqlRoomsOf  = `select network, room from incident_room where incident_id = @id order by network`
	sqlMoveRoom = `
		update incident_room set room = @to where network = @network and room = @from
			and incident_id = (select max(incident_id) from incident_room where network = @network and room = @from)
		returning incident_id`
	sqlDropRoom = `
		delete from incident_room where network = @network and room = @from
			and incident_id = (select max(incident_id) from incident_room where network = @network and room = @from)
		returning incident_id`
)

// Room is a room of an incident.
type Room struct {
	Network string
	Room    string
}

func roomsOf(ctx context.Context, db pg.DB, incident int64) ([]Room, error) {
	rows, err := db.Query(ctx, sqlRoomsOf, pgx.NamedArgs{"id": incident})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Room])
}

// RoomsFrom tells somebody on a network where to come to: the room there, or, if
// there is none, every other one with its network. It is "" without any room.
func RoomsFrom(rooms []Room, network string) string {
	var words []string
	for _, r := range rooms {
		if r.Network == network {
			return r.Room
		}
		words = append(words, r.Room+" on "+r.Network)
	}
	return oncall.JoinNames(words)
}

// Announces tells whether a room hears every announcement of an incident: it is
// one of its own rooms, or a home room.
func (s *Service) Announces(ctx context.Context, network, room string, incident int64) (bool, error) {
	if room == "" {
		return false, nil
	}
	for _, n := range s.Networks {
		if n.Name == network && strings.EqualFold(n.Home, room) {
			return true, nil
		}
	}
	rooms, err := roomsOf(ctx, s.DB, incident)
	return slices.ContainsFunc(rooms, func(r Room) bool {
		return r.Network == network && strings.EqualFold(r.Room, room)
	}), err
}

// talkAfter is how long people talk on in the rooms of an incident that has ended.
const talkAfter = 24 * time.Hour

// Bridges maps each room of an incident that is on several networks to its others.
func (s *Service) Bridges(ctx context.Context) (map[Room][]Room, error) {
	rows, err := s.DB.Query(ctx, sqlBridgedRooms, pgx.NamedArgs{"since": s.Now().Add(-talkAfter)})
	if err != nil {
		return nil, err
	}
	var id int64
	var room Room
	of := map[int64][]Room{}
	if _, err := pgx.ForEachRow(rows, []any{&id, &room.Network, &room.Room}, func() error {
		of[id] = append(of[id], room)
		return nil
	}); err != nil {
		return nil, err
	}
	bridges := map[Room][]Room{}
	for _, rooms := range of {
		for _, from := range rooms {
			for _, to := range rooms {
				if to.Network != from.Network {
					bridges[from] = append(bridges[from], to)
				}
			}
		}
	}
	return bridges, nil
}

// MoveRoom gives an incident the room that a network made for it, where it could not
// have the one that it was to have, and says so. What waits to be said goes there. In
// the home room everything is said anyway: then the incident has no room of its own.
func (s *Service) MoveRoom(ctx context.Context, network, from, to, why string) error {
	return s.change(ctx, func(c *change) error {
		sql, move := sqlMoveRoom, func() error { return notice.Move(c.ctx, c.tx, network, from, to) }
		if n := c.network(network); n != nil && strings.EqualFold(n.Home, to) {
			sql, move = sqlDropRoom, func() error { return notice.Drop(c.ctx, c.tx, c.now, network, from) }
		}
		var id int64
		err := c.tx.QueryRow(c.ctx, sql, pgx.NamedArgs{"network": network, "from": from, "to": to}).Scan(&id)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil // moved before
		}
		if err != nil {
			return err
		}
		if err := move(); err != nil {
			return err
		}
		text := fmt.Sprintf("On %s this incident is in %s, not in %s: %s", network, to, from, ended(why))
		if err := c.record(id, "room", oncall.Actor{}, text); err != nil {
			return err
		}
		return c.sayAll(id, text)
	})
}

// resummarize has the live summary of an incident renewed in each room that has one.
func (c *change) resummarize(incident int64) error {
	if !slices.ContainsFunc(c.Networks, func(n Network) bool { return n.Summaries }) {
		return nil
	}
	rooms, err := roomsOf(c.ctx, c.tx, incident)
	for _, r := range rooms {
		if n := c.network(r.Network); n != nil && n.Summaries {
			c.notices = append(c.notices, notice.Notice{Network: r.Network, Kind: notice.Summary, Room: r.Room, Incident: &incident})
		}
	}
	return err
}

// closeRooms has the rooms of an incident left, some time after it ended: people
// talk on for a while.
func (c *change) closeRooms(incident int64) error {
	rooms, err := roomsOf(c.ctx, c.tx, incident)
	for _, r := range rooms {
		if n := c.network(r.Network); n != nil && n.CloseAfter > 0 {
			c.notices = append(c.notices, notice.Notice{
				Network: r.Network, Kind: notice.Close, Room: r.Room, Incident: &incident, NotBefore: c.now.Add(n.CloseAfter),
			})
		}
	}
	return err
}

// reenter calls off that the rooms of an incident are closed; if they were already,
// they are entered again, which must come before anything is said there.
func (c *change) reenter(inc Incident) error {
	inTime, err := notice.DropCloses(c.ctx, c.tx, c.now, inc.ID)
	if err != nil || inTime || !slices.ContainsFunc(c.Networks, func(n Network) bool { return n.CloseAfter > 0 }) {
		return err
	}
	return c.enter(inc, notice.Open)
}

func (c *change) network(name string) *Network {
	for i := range c.Networks {
		if c.Networks[i].Name == name {
			return &c.Networks[i]
		}
	}
	return nil
}
