package meeting

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/incidents"
	"batsignal/incidents/minutes"
	"batsignal/migrations/pg"
)

// setting is what a meeting's machine was told at its start, as a row keeps it: with
// the events it makes the same minutes at any time.
type setting struct {
	Dialect  string          `json:"dialect"`
	Length   time.Duration   `json:"length,omitempty"`
	Idle     time.Duration   `json:"idle,omitempty"`
	Topic    string          `json:"topic,omitempty"`
	Names    []string        `json:"names,omitempty"`
	Pattern  string          `json:"pattern,omitempty"`
	Prefix   string          `json:"prefix,omitempty"`
	Suffix   string          `json:"suffix,omitempty"`
	Roster   []minutes.Owner `json:"roster,omitempty"`
	Incident string          `json:"incident,omitempty"`
	Carried  []string        `json:"carried,omitempty"`
	Agenda   []string        `json:"agenda,omitempty"`
}

// machine is the setting as the machine takes it.
func (s setting) machine(at incidents.Room) (minutes.Setting, error) {
	d, ok := minutes.DialectNamed(s.Dialect)
	if !ok {
		return minutes.Setting{}, fmt.Errorf("the meeting is in the dialect %q, which this version does not know", s.Dialect)
	}
	if s.Length > 0 {
		d.AnyoneEndsAfter = s.Length
	}
	d.Idle = s.idle(d)
	return minutes.Setting{
		Dialect: d, Room: at.Room, Network: at.Network, RoomTopic: s.Topic, Names: s.Names,
		Files:  minutes.Naming{Pattern: s.Pattern, URLPrefix: s.Prefix, Suffix: s.Suffix},
		Roster: s.Roster, Incident: s.Incident, Carried: s.Carried, Agenda: s.Agenda,
	}, nil
}

// idle is the silence after which the meeting ends by itself; zero is never, as with
// the peers.
func (s setting) idle(d *minutes.Dialect) time.Duration {
	if !d.Own || s.Idle == 0 {
		return d.Idle
	}
	return s.Idle
}

const (
	sqlRoster = `
		select handle as name, handle from person
		union select a.name, p.handle from account a join person p on p.id = a.person_id where a.network = @network and a.name !~ '/'
		order by 1`
	sqlHandles = `
		select a.name, p.handle, p.zone from account a join person p on p.id = a.person_id
		where a.network = @network and a.name = any(@accounts)`
	sqlCarried = `
		select 'A' || a.id || ': ' || a.text || coalesce(' (' || (select string_agg(o.name, ', ' order by o.place) from action_owner o where o.action_id = a.id) || ')', '')
			|| coalesce(', due ' || a.due, '')
		from action_item a
		where a.state = 'open' and (a.incident_id = @incident
				or a.series = @series and a.series <> '' and a.network = @network and lower(a.room) = lower(@room))
			and not exists (select from meeting m where m.id = a.meeting_id and m.restricted)
		order by a.due nulls last, a.id limit 30`
)

// settle puts together what a new meeting is told.
func (s *Service) settle(ctx context.Context, db pg.DB, h Heard) (setting, error) {
	room := s.Policy.For(h.Room)
	set := setting{
		Dialect: cmp.Or(room.Dialect, s.Policy.Dialect), Length: s.Policy.Length, Idle: s.Policy.Idle,
		Topic: h.Look.Topic, Names: h.Look.Names,
		Pattern: cmp.Or(room.Pattern, s.Policy.Pattern), Prefix: s.Policy.URLPrefix,
	}
	if set.Dialect == "" {
		set.Dialect = minutes.Batsignal().Name
	}
	if d, ok := minutes.DialectNamed(set.Dialect); !ok || !d.Own {
		return set, nil
	}
	rows, err := db.Query(ctx, sqlRoster, pgx.NamedArgs{"network": h.Room.Network})
	if err != nil {
		return set, err
	}
	set.Roster, err = pgx.CollectRows(rows, pgx.RowToStructByName[minutes.Owner])
	return set, err
}

// carry looks for what the last meeting of this name in this room, or an incident, left
// to do. Anybody may call a meeting like one of another room, so the name alone is no
// reason to show them what that one noted.
func carry(ctx context.Context, db pg.DB, at incidents.Room, series string, incident int64) ([]string, error) {
	rows, err := db.Query(ctx, sqlCarried, pgx.NamedArgs{
		"network": at.Network, "room": at.Room, "series": series, "incident": pg.NullID(incident),
	})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}
