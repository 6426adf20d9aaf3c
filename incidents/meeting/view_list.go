package meeting

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/incidents"
	"batsignal/migrations/pg"
)

// Filter says which meetings are meant. What is zero does not matter; the rest must
// all be so.
type Filter struct {
	Room     incidents.Room // in upper or lower case; without its "#" too
	Name     string
	From, To time.Time // started at or after From and before To
	Incident int64
	State    Standing
	Before   int64 // only what started before this meeting
	Most     int
	For      Reader // zero is the world
}

// Standing is how far a meeting is.
type Standing uint8

// The standings.
const (
	Any Standing = iota
	GoingOn
	Ended
)

const (
	which = `
		and (@network = '' or m.network = @network)
		and (@room = '' or lower(m.room) in (lower(@room), '#' || lower(@room)))
		and (@name = '' or m.name = @name)
		and (@from::timestamptz is null or m.started_at >= @from) and (@to::timestamptz is null or m.started_at < @to)
		and (@incident::bigint is null or m.incident_id = @incident)
		and (@state = 0 or @state = 1 and m.ended_at is null or @state = 2 and m.ended_at is not null)
		and (@before::bigint is null or (m.started_at, m.id) < (select b.started_at, b.id from meeting b where b.id = @before))`
	sqlMeetings = summary + which + `
		order by m.started_at desc, m.id desc limit @most`
	sqlLastEnded = summary + which + `
		order by m.ended_at desc, m.id desc limit @most`
	sqlRooms = `
		select m.network, m.room, count(*) as meetings, max(m.started_at) as last from meeting m
		where ` + mayRead + ` group by m.network, m.room order by max(m.started_at) desc limit @most`
	sqlNames = `
		select m.name, count(*) as meetings, max(m.started_at) as last from meeting m
		where ` + mayRead + ` and m.name <> '' and m.incident_id is null group by m.name order by max(m.started_at) desc limit @most`
	sqlMonths = `
		select date_trunc('month', m.started_at at time zone 'utc') at time zone 'utc' as month, count(*) as meetings from meeting m
		where ` + mayRead + ` group by 1 order by 1 desc limit @most`
	sqlRestricted = `select id from meeting where restricted and id = any(@ids)`
)

// Meetings are those that a filter means, the last started first.
func (s *Service) Meetings(ctx context.Context, f Filter) ([]Summary, error) {
	return s.summaries(ctx, sqlMeetings, f)
}

// LastEnded are the same, but of those that have ended, the last ended first.
func (s *Service) LastEnded(ctx context.Context, f Filter) ([]Summary, error) {
	f.State = Ended
	return s.summaries(ctx, sqlLastEnded, f)
}

// Every plan is made for the values at hand: which index serves depends on what is
// asked for.
func (s *Service) summaries(ctx context.Context, sql string, f Filter) ([]Summary, error) {
	rows, err := s.DB.Query(ctx, sql, pgx.QueryExecModeCacheDescribe, pgx.NamedArgs{
		"network": f.Room.Network, "room": f.Room.Room, "name": f.Name, "from": pg.NullTime(f.From), "to": pg.NullTime(f.To),
		"incident": pg.NullID(f.Incident), "state": int(f.State), "before": pg.NullID(f.Before), "most": f.Most,
		"restricted": f.For.Restricted,
	})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Summary])
}

// RoomShelf is a room that has minutes.
type RoomShelf struct {
	Network  string
	Room     string
	Meetings int
	Last     time.Time
}

// NameShelf is a series of meetings of one name.
type NameShelf struct {
	Name     string
	Meetings int
	Last     time.Time
}

// MonthShelf is a month of UTC in which meetings began.
type MonthShelf struct {
	Month    time.Time
	Meetings int
}

// Rooms are those that have minutes for this reader, the last used first.
func (s *Service) Rooms(ctx context.Context, by Reader, most int) ([]RoomShelf, error) {
	return shelves[RoomShelf](ctx, s.DB, sqlRooms, by, most)
}

// Names are the series that there are, the last used first. Those of incidents are
// found by their incident.
func (s *Service) Names(ctx context.Context, by Reader, most int) ([]NameShelf, error) {
	return shelves[NameShelf](ctx, s.DB, sqlNames, by, most)
}

// Months are those that have minutes, the last first.
func (s *Service) Months(ctx context.Context, by Reader, most int) ([]MonthShelf, error) {
	return shelves[MonthShelf](ctx, s.DB, sqlMonths, by, most)
}

func shelves[T any](ctx context.Context, db pg.DB, sql string, by Reader, most int) ([]T, error) {
	rows, err := db.Query(ctx, sql, pgx.NamedArgs{"most": most, "restricted": by.Restricted})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[T])
}

// Restricted tells which of these meetings are not for everybody, so that what came of
// them is not shown elsewhere either.
func (s *Service) Restricted(ctx context.Context, ids []int64) (map[int64]bool, error) {
	rows, err := s.DB.Query(ctx, sqlRestricted, pgx.NamedArgs{"ids": ids})
	if err != nil {
		return nil, err
	}
	hidden := map[int64]bool{}
	var id int64
	_, err = pgx.ForEachRow(rows, []any{&id}, func() error { hidden[id] = true; return nil })
	return hidden, err
}
