package action_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"batsignal/incidents/action"
	"batsignal/migrations/pg"
	"batsignal/migrations/pgtest"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var (
	ctx = context.Background()
	// start is a Monday.
	start = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
)

// scene is a database with people, a clock, and the service on them.
type scene struct {
	testing.TB
	db *pgxpool.Pool
	*action.Service
	ids map[string]int64

	mu  sync.Mutex
	now time.Time
}

// newScene has maria in Berlin, bert in New York and aiko in Tokyo, each with an
// account on libera that is called like them; maria has one on acme, too.
func newScene(t testing.TB) *scene {
	t.Helper()
	s := &scene{TB: t, db: pgtest.Fresh(t).Pool, now: start, ids: map[string]int64{}}
	s.Service = s.process()
	for handle, zone := range map[string]string{"maria": "Europe/Berlin", "bert": "America/New_York", "aiko": "Asia/Tokyo"} {
		id, err := oncall.AddPerson(ctx, s.db, start, oncall.Person{Handle: handle, Zone: zone, Wakes: 7 * 60, Sleeps: 23 * 60})
		s.must(err)
		s.ids[handle] = id
		s.must(oncall.BindAccount(ctx, s.db, start, id, oncall.Account{Network: "libera", Name: handle}))
	}
	s.must(oncall.BindAccount(ctx, s.db, start, s.ids["maria"], oncall.Account{Network: "acme", Name: "m.lopez"}))
	return s
}

// process is one more bot on the same database.
func (s *scene) process() *action.Service {
	log := slog.New(slog.DiscardHandler)
	queue, err := river.NewClient(riverpgxv5.New(s.db), &river.Config{Logger: log})
	s.must(err)
	return &action.Service{DB: s.db, Queue: queue, Now: s.Clock, Log: log, Networks: []string{"libera", "acme"}, Base: "https://bat.example"}
}

func (s *scene) Clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *scene) at(t time.Time) {
	s.mu.Lock()
	s.now = t
	s.mu.Unlock()
}

func (s *scene) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// as is somebody who says something in #ops.
func (s *scene) as(handle string) oncall.Actor {
	zone := map[string]string{"maria": "Europe/Berlin", "bert": "America/New_York", "aiko": "Asia/Tokyo"}[handle]
	return oncall.Actor{PersonID: s.ids[handle], Handle: handle, Zone: zone, Network: "libera", Room: "#ops", Account: handle}
}

func (s *scene) add(handle, text string) action.Item {
	s.Helper()
	it, err := s.Add(ctx, s.as(handle), text)
	s.must(err)
	return it
}

// refused expects a refusal of a kind with exactly this sentence.
func (s *scene) refused(err error, kind fault.Kind, say string) {
	s.Helper()
	if fault.KindOf(err) != kind || fault.Say(err) != say {
		s.Errorf("got %v %q, want %v %q", fault.KindOf(err), fault.Say(err), kind, say)
	}
}

// heads are how actions stand, in order.
func (s *scene) heads(f action.Filter) (heads []string) {
	s.Helper()
	list, err := s.List(ctx, f)
	s.must(err)
	for _, it := range list {
		heads = append(heads, it.Head(s.Clock(), ""))
	}
	return heads
}

func (s *scene) history(id int64) (lines []string) {
	s.Helper()
	changes, err := s.History(ctx, id)
	s.must(err)
	for _, c := range changes {
		lines = append(lines, c.Who+": "+c.What)
	}
	return lines
}

// said takes what was announced so far.
func (s *scene) said() []string {
	s.Helper()
	rows, err := s.db.Query(ctx, `
		select network || ' ' || room || account || ': ' || text from notice where state = 'waiting' order by network, id`)
	s.must(err)
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	s.must(err)
	_, err = s.db.Exec(ctx, `update notice set state = 'sent', done_at = $1`, s.Clock())
	s.must(err)
	return list
}

func day(text string) time.Time {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err)
	}
	return t
}

func get[T any](t testing.TB, db pg.DB, sql string, args ...any) (v T) {
	t.Helper()
	if err := db.QueryRow(ctx, sql, args...).Scan(&v); err != nil {
		t.Fatal(err)
	}
	return v
}
