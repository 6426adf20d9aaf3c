package meeting_test

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"batsignal/incidents"
	"batsignal/incidents/meeting"
	"batsignal/incidents/minutes"
	"batsignal/migrations/pg"
	"batsignal/migrations/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var (
	ctx   = context.Background()
	start = time.Date(2026, 11, 28, 20, 0, 0, 0, time.UTC)
	ops   = incidents.Room{Network: "libera", Room: "#ops"}
)

// scene is a database, a clock, and the service on them.
type scene struct {
	testing.TB
	db *pgxpool.Pool
	*meeting.Service

	mu  sync.Mutex
	now time.Time
}

func newScene(t testing.TB) *scene {
	t.Helper()
	s := &scene{TB: t, db: pgtest.Fresh(t).Pool, now: start}
	s.Service = s.process()
	return s
}

// process is one more bot on the same database.
func (s *scene) process() *meeting.Service {
	log := slog.New(slog.DiscardHandler)
	queue, err := river.NewClient(riverpgxv5.New(s.db), &river.Config{Logger: log})
	s.must(err)
	inc := &incidents.Service{DB: s.db, Queue: queue, Now: s.Clock, Log: log, Guard: incidents.DefaultGuard(), Baton: incidents.DefaultBaton()}
	service := &meeting.Service{DB: s.db, Queue: queue, Now: s.Clock, Log: log, Incidents: inc}
	inc.Minutes = service
	return service
}

// Clock is the time that the scene has got to.
func (s *scene) Clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *scene) advance(d time.Duration) {
	s.mu.Lock()
	s.now = s.now.Add(d)
	s.mu.Unlock()
}

func (s *scene) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// says has somebody say something in a room, and returns what only they are told.
func (s *scene) says(at incidents.Room, nick, text string) (told []string) {
	s.Helper()
	return s.hears(meeting.Heard{Room: at, Look: meeting.Look{Topic: "old topic", Self: "batsignal"},
		Event: minutes.Event{At: s.Clock(), Who: minutes.Who{Nick: nick}, Text: text}})
}

func (s *scene) hears(h meeting.Heard) (told []string) {
	s.Helper()
	answers, err := s.Hear(ctx, h)
	s.must(err)
	for _, a := range answers {
		told = append(told, a.Text)
	}
	return told
}

// said takes what was announced so far.
func (s *scene) said() []string {
	s.Helper()
	rows, err := s.db.Query(ctx, `
		select kind || ' ' || room || ' ' || text from notice where state = 'waiting' order by id`)
	s.must(err)
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	s.must(err)
	_, err = s.db.Exec(ctx, `update notice set state = 'sent', done_at = $1`, s.Clock())
	s.must(err)
	return list
}

func (s *scene) meetingIDs() []int64 {
	s.Helper()
	rows, err := s.db.Query(ctx, `select id from meeting order by id`)
	s.must(err)
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	s.must(err)
	return ids
}

func get[T any](t testing.TB, db pg.DB, sql string, args ...any) (v T) {
	t.Helper()
	if err := db.QueryRow(ctx, sql, args...).Scan(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func has(list []string, want string) bool { return slices.Contains(list, want) }
