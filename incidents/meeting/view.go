package meeting

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/oncall/fault"
)

// Summary is a meeting as lists show it. Of a restricted meeting there is one only for a
// [Reader] who may read it; for the others it does not exist.
type Summary struct {
	ID        int64
	Network   string
	Room      string
	Incident  int64 // 0 is none
	Dialect   string
	Name      string // the series; "" is none
	Title     string
	Path      string // of its files, without an extension
	StartedAt time.Time
	StartedBy string
	EndedAt   *time.Time // nil: it goes on
	HeardAt   time.Time  // the last that was said in it, or changed of it
	WrittenAt *time.Time // when its files were last written, if they were
	Lines     int
	Events    int
	Decisions int
	Actions   int

	Restricted bool // not for everybody
}

// GoesOn tells whether the meeting has not ended.
func (m Summary) GoesOn() bool { return m.EndedAt == nil }

// summary is what every statement that reads summaries begins with.
const summary = `
	select m.id, m.network, m.room, coalesce(m.incident_id, 0) as incident, m.dialect, m.name, m.title, m.path,
		m.started_at, m.started_by, m.ended_at, m.heard_at, m.written_at, m.lines, m.events, m.restricted,
		(select count(*) from meeting_item i where i.meeting_id = m.id and not i.gone and i.kind in ('AGREED', 'ACCEPTED', 'REJECTED', 'VOTE', 'INCONCLUSIVE')) as decisions,
		(select count(*) from meeting_item i where i.meeting_id = m.id and not i.gone and i.kind = 'ACTION') as actions
	from meeting m where ` + mayRead

const (
	sqlSummary = summary + ` and m.id = @id`
	// Who ended or was written first has the path; of those that go on, the first.
	sqlAtPath = summary + ` and m.path = @path order by m.ended_at is null and m.written_at is null, m.id limit 1`
	sqlFresh  = `select m.events, m.ended_at is null as goes_on, m.restricted from meeting m where m.id = @id and ` + mayRead
)

// Summary reads one meeting; NotFound if there is none, or none for this reader.
func (s *Service) Summary(ctx context.Context, by Reader, id int64) (Summary, error) {
	m, err := s.summary(ctx, sqlSummary, pgx.NamedArgs{"id": id, "restricted": by.Restricted})
	if errors.Is(err, pgx.ErrNoRows) {
		return m, missing(id)
	}
	return m, err
}

// AtPath finds the meeting whose files are called so; found is false if none is that
// this reader may read.
func (s *Service) AtPath(ctx context.Context, by Reader, path string) (m Summary, found bool, err error) {
	m, err = s.summary(ctx, sqlAtPath, pgx.NamedArgs{"path": path, "restricted": by.Restricted})
	if errors.Is(err, pgx.ErrNoRows) {
		return m, false, nil
	}
	return m, err == nil, err
}

func (s *Service) summary(ctx context.Context, sql string, args pgx.NamedArgs) (Summary, error) {
	rows, err := s.DB.Query(ctx, sql, args)
	if err != nil {
		return Summary{}, err
	}
	return pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Summary])
}

// Progress is how far a meeting is: by it a page knows that it is out of date.
type Progress struct {
	Events     int
	GoesOn     bool
	Restricted bool
}

// Progress reads how far a meeting is; NotFound if there is none, or none for this
// reader.
func (s *Service) Progress(ctx context.Context, by Reader, id int64) (Progress, error) {
	rows, err := s.DB.Query(ctx, sqlFresh, pgx.NamedArgs{"id": id, "restricted": by.Restricted})
	if err != nil {
		return Progress{}, err
	}
	p, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Progress])
	if errors.Is(err, pgx.ErrNoRows) {
		err = missing(id)
	}
	return p, err
}

func missing(id int64) error {
	return fault.New(fault.NotFound, "There is no meeting %d.", id)
}
