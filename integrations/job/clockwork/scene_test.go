package clockwork_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"
	_ "time/tzdata" // the zones are the same on every machine that tests

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"batsignal/incidents"
	"batsignal/integrations/job"
	"batsignal/integrations/job/clockwork"
	"batsignal/integrations/job/freeze"
	"batsignal/migrations/pg"
	"batsignal/migrations/pgtest"
	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/rota"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var (
	ctx   = context.Background()
	start = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC) // a Monday
	maria = oncall.Actor{Handle: "maria", Network: "libera", Room: "#ops", Account: "maria"}
)

// scene is schedules and the real engine, on a database of its own, at a time that is moved
// by hand.
type scene struct {
	testing.TB
	*clockwork.Service
	db      *pgxpool.Pool
	fridays freeze.Rules
	fails   bool // what runs does

	mu  sync.Mutex
	now time.Time
}

// Plan implements job.Kind.
func (s *scene) Plan(context.Context, job.Params) ([]string, error) { return nil, nil }

// Do implements job.Kind.
func (s *scene) Do(context.Context, *job.Run) (job.Result, error) {
	if s.fails {
		return job.Result{}, fault.New(fault.Unready, "The server is away.")
	}
	return job.Result{Said: "Done."}, nil
}

func newScene(t testing.TB, defs ...job.Definition) *scene {
	t.Helper()
	fridays, err := freeze.NewRules([]string{"friday"}, "Europe/Berlin")
	s := &scene{TB: t, db: pgtest.Fresh(t).Pool, now: start, fridays: fridays}
	s.must(err)
	s.Service = s.process(defs...)
	s.must(s.Sync(ctx, s.Jobs.Definitions))
	return s
}

// process is schedules and engine in one more process, with such a file of jobs.
func (s *scene) process(defs ...job.Definition) *clockwork.Service {
	log := slog.New(slog.DiscardHandler)
	queue, err := river.NewClient(riverpgxv5.New(s.db), &river.Config{Logger: log})
	s.must(err)
	rooms := []rota.Room{{Network: "libera", Room: "#ops"}}
	for i := range defs {
		defs[i].Type, defs[i].Kind, defs[i].Policy.Quiet = "test", s, true
	}
	return &clockwork.Service{DB: s.db, Queue: queue, Now: s.clock, Rooms: rooms, Log: log, Jobs: &job.Service{
		DB: s.db, Queue: queue, Now: s.clock, Log: log, Definitions: defs, Rooms: rooms, ScratchRoot: s.TempDir(), Me: "a",
		Incidents: &incidents.Service{DB: s.db, Queue: queue, Now: s.clock, Log: log},
		Frozen: func(ctx context.Context, db pg.DB, at time.Time) (string, time.Time, error) {
			return freeze.Frozen(ctx, db, s.fridays, at)
		},
	}}
}

func (s *scene) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *scene) at(text string) time.Time {
	s.Helper()
	t, err := time.Parse("2006-01-02 15:04", text)
	s.must(err)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = t
	return t
}

func (s *scene) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *scene) refused(err error, kind fault.Kind, part string) {
	s.Helper()
	if err == nil || fault.KindOf(err) != kind || !strings.Contains(fault.Say(err), part) {
		s.Errorf("want %v with %q, got %v", kind, part, err)
	}
}

// look looks, and returns which times of which job were asked for by that.
func (s *scene) look() (asked []string) {
	s.Helper()
	before := get[int64](s.TB, s.db, `select coalesce(max(id), 0) from job_run`)
	s.must(s.Look(ctx))
	rows, err := s.db.Query(ctx, `select job || ' ' || to_char(scheduled_for at time zone 'UTC', 'MM-DD HH24:MI') from job_run where id > $1 order by id`, before)
	s.must(err)
	asked, err = pgx.CollectRows(rows, pgx.RowTo[string])
	s.must(err)
	return asked
}

// looks looks at a time and wants exactly these times to be asked for.
func (s *scene) looks(at string, want ...string) {
	s.Helper()
	s.at(at)
	if got := s.look(); fmt.Sprint(got) != fmt.Sprint(want) {
		s.Errorf("at %s %q are asked for, want %q", at, got, want)
	}
}

// work does all runs that wait.
func (s *scene) work() {
	s.Helper()
	runs, err := s.Jobs.Recent(ctx, job.Query{States: []job.State{job.Queued}})
	s.must(err)
	for _, r := range runs {
		w := job.Work{Service: s.Jobs}
		if err := w.Work(ctx, &river.Job[job.WorkArgs]{Args: job.WorkArgs{Run: r.ID, Attempt: r.Attempt + 1}}); err != nil && !errors.As(err, new(*river.JobSnoozeError)) {
			s.Fatal(err)
		}
	}
}

// said takes what schedules said so far, without what the engine says of runs.
func (s *scene) said() []string {
	s.Helper()
	rows, err := s.db.Query(ctx, `select room || ' ' || text from notice where state = 'waiting' and text not like 'Run %' order by id`)
	s.must(err)
	said, err := pgx.CollectRows(rows, pgx.RowTo[string])
	s.must(err)
	_, err = s.db.Exec(ctx, `update notice set state = 'sent', done_at = $1`, s.clock())
	s.must(err)
	return said
}

// hears wants exactly these lines, by parts of them.
func (s *scene) hears(parts ...string) {
	s.Helper()
	said := s.said()
	if len(said) != len(parts) {
		s.Fatalf("%d lines were said, want %d: %q", len(said), len(parts), said)
	}
	for i, part := range parts {
		if !strings.Contains(said[i], part) {
			s.Errorf("said %q, want %q", said[i], part)
		}
	}
}

func (s *scene) row(name string) clockwork.Row {
	s.Helper()
	rows, err := s.List(ctx)
	s.must(err)
	for _, r := range rows {
		if r.Job == name {
			return r
		}
	}
	s.Fatalf("no schedule of %s", name)
	return clockwork.Row{}
}

func (s *scene) next(name string) string {
	s.Helper()
	if at := s.row(name).NextAt; at != nil {
		return at.UTC().Format("2006-01-02 15:04")
	}
	return ""
}

func by(rule string, missed job.Missed) *job.Schedule {
	return &job.Schedule{Rule: rule, Zone: "Europe/Berlin", Missed: missed}
}

func get[T any](t testing.TB, db pg.DB, sql string, args ...any) (v T) {
	t.Helper()
	if err := db.QueryRow(ctx, sql, args...).Scan(&v); err != nil {
		t.Fatal(err)
	}
	return v
}
