package meeting

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/oncall/fault"
)

// Shelved is a meeting as whoever looks after the bot sees it: restricted ones too.
type Shelved struct {
	ID         int64
	Network    string
	Room       string
	Title      string
	Path       string
	StartedAt  time.Time
	EndedAt    *time.Time // nil: it goes on
	Lines      int
	Restricted bool
	Imported   bool
}

const (
	sqlShelf = `
		select id, network, room, title, path, started_at, ended_at, lines, restricted, imported from meeting
		where (@room::text = '' or lower(room) in (lower(@room), '#' || lower(@room))) order by started_at desc, id desc limit @most`
	sqlNamed = `select id from meeting where path = @path order by ended_at is null, id limit 1`
)

// Shelf are the newest meetings of a room, or of all, the last started first.
func (s *Service) Shelf(ctx context.Context, room string, most int) ([]Shelved, error) {
	rows, err := s.DB.Query(ctx, sqlShelf, pgx.NamedArgs{"room": room, "most": most})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Shelved])
}

// Named is the meeting that somebody means by its number or by the path of its files.
func (s *Service) Named(ctx context.Context, ref string) (id int64, err error) {
	if id, err = strconv.ParseInt(ref, 10, 64); err == nil && id > 0 {
		return id, nil
	}
	err = s.DB.QueryRow(ctx, sqlNamed, pgx.NamedArgs{"path": ref}).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, fault.New(fault.NotFound, "There is no meeting %q. batsignal minutes list shows the numbers and the paths that there are.", ref)
	}
	return id, err
}
