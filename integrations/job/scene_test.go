package job_test

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"batsignal/incidents"
	"batsignal/integrations/job"
	"batsignal/migrations/pg"
	"batsignal/migrations/pgtest"
	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/notice"
	"batsignal/oncall/rota"
)

var (
	ctx   = context.Background()
	start = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
)

const (
	network = "net"
	home    = "#ops"
)

// scene is the engine on a database of its own, at a time that stands still until it is moved.
type scene struct {
	testing.TB
	*job.Service
	db   *pgxpool.Pool
	kind *kind
	ids  map[string]int64

	mu  sync.Mutex
	now time.Time
}

func newScene(t testing.TB, defs ...job.Definition) *scene {
	t.Helper()
	return sceneOn(t, pgtest.Fresh(t).Pool, defs...)
}

func sceneOn(t testing.TB, db *pgxpool.Pool, defs ...job.Definition) *scene {
	t.Helper()
	s := &scene{TB: t, db: db, now: start, ids: map[string]int64{}, kind: newKind()}
	queue, err := river.NewClient(riverpgxv5.New(s.db), &river.Config{Logger: slog.New(slog.DiscardHandler)})
	s.must(err)
	s.Service = s.process("a", s.db)
	s.Queue, s.Incidents.Queue = queue, queue
	if len(defs) > 0 {
		s.Definitions = nil
	}
	for _, d := range defs {
		if d.Name == "" {
			d.Name = "work"
		}
		if d.Type == "" {
			d.Type = "test"
		}
		if d.Kind == nil {
			d.Kind = s.kind
		}
		s.Definitions = append(s.Definitions, d)
	}
	for _, handle := range []string{"ada", "bea", "cem", "dora"} {
		id, err := oncall.AddPerson(ctx, s.db, start, oncall.Person{Handle: handle, Zone: "UTC"})
		s.must(err)
		s.ids[handle] = id
		s.must(oncall.BindAccount(ctx, s.db, start, id, oncall.Account{Network: network, Name: handle}))
	}
	return s
}

// process is the engine in another process, on its own way to the database.
func (s *scene) process(me string, db pg.DB) *job.Service {
	p := &job.Service{
		DB: db, Now: s.clock, Me: me, Log: slog.New(slog.DiscardHandler), Rooms: []rota.Room{{Network: network, Room: home}},
		Definitions: []job.Definition{{Name: "work", Type: "test", Kind: s.kind}},
		Incidents:   &incidents.Service{DB: db, Now: s.clock, Log: slog.New(slog.DiscardHandler)},
		ScratchRoot: s.TempDir(),
		IsAdmin:     func(_ context.Context, a oncall.Actor) (bool, error) { return a.Handle == "dora", nil },
	}
	if s.Service != nil {
		p.Queue, p.Incidents.Queue, p.Definitions, p.ScratchRoot, p.Frozen, p.Finished = s.Queue, s.Queue, s.Definitions, s.ScratchRoot, s.Frozen, s.Finished
	}
	return p
}

func (s *scene) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *scene) later(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
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

func (s *scene) as(handle string) oncall.Actor {
	return oncall.Actor{PersonID: s.ids[handle], Handle: handle, Zone: "UTC", Network: network, Room: "#dev", Account: handle}
}

func (s *scene) ask(a job.Ask) job.Row {
	s.Helper()
	if a.Job == "" {
		a.Job = "work"
	}
	if a.By == (oncall.Actor{}) && a.ScheduledFor.IsZero() {
		a.By = s.as("ada")
	}
	r, err := s.Ask(ctx, a)
	s.must(err)
	return r
}

// work does the next try of a run, as a worker would.
func (s *scene) work(run int64) (rest time.Duration) {
	s.Helper()
	rest, err := s.WorkOnce(ctx, job.WorkArgs{Run: run, Attempt: s.row(run).Attempt + 1})
	s.must(err)
	return rest
}

func (s *scene) row(run int64) job.Row {
	s.Helper()
	r, err := s.Get(ctx, run)
	s.must(err)
	return r
}

// is wants a run to be in a state.
func (s *scene) is(run int64, want job.State) job.Row {
	s.Helper()
	r := s.row(run)
	if r.State != want {
		s.Fatalf("%s is %s, want %s; it said %q\n%s", r.Ref(), r.State, want, r.Said, s.log(run))
	}
	return r
}

func (s *scene) log(run int64) string {
	s.Helper()
	lines, err := s.Lines(ctx, run, 0)
	s.must(err)
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(l.Text + "\n")
	}
	return b.String()
}

// said takes what waits to be said, as "#room text" or "@account text".
func (s *scene) said() []string {
	s.Helper()
	var said []string
	for {
		waiting, err := notice.Next(ctx, s.db, s.clock(), network)
		s.must(err)
		if len(waiting) == 0 {
			return said
		}
		for _, n := range waiting {
			s.must(notice.Sent(ctx, s.db, s.clock(), n.ID))
			if n.Account != "" {
				said = append(said, "@"+n.Account+" "+n.Text)
			} else {
				said = append(said, n.Room+" "+n.Text)
			}
			if !strings.HasPrefix(n.Text, "Run ") {
				s.Errorf("a line begins with somebody else's text: %q", n.Text)
			}
		}
	}
}

func (s *scene) hears(parts ...string) {
	s.Helper()
	said := s.said()
	text := strings.Join(said, "\n")
	if len(said) != len(parts) {
		s.Errorf("said\n%s\nwant %d lines: %q", text, len(parts), parts)
		return
	}
	slices.Sort(said)
	for _, part := range parts {
		if !strings.Contains(text, part) {
			s.Errorf("%q is not said in\n%s", part, text)
		}
	}
}

func (s *scene) steps(run int64) string {
	s.Helper()
	steps, err := s.Steps(ctx, run)
	s.must(err)
	var words []string
	for _, one := range steps {
		words = append(words, one.Name+"="+string(one.State))
	}
	return strings.Join(words, " ")
}

func get[T any](t testing.TB, db pg.DB, sql string, args ...any) (v T) {
	t.Helper()
	if err := db.QueryRow(ctx, sql, args...).Scan(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// eventually waits for a condition, however slow the machine is.
func eventually(t testing.TB, what string, done func() bool) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for !done() {
		if time.Now().After(deadline) {
			t.Fatalf("never happened: %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// riverOn has River work runs until the test is over; stop ends it earlier.
func (s *scene) riverOn(service *job.Service) (stop func()) {
	s.Helper()
	workers := river.NewWorkers()
	river.AddWorker(workers, &job.Work{Service: service})
	client, err := river.NewClient(riverpgxv5.New(s.db), &river.Config{
		Logger: slog.New(slog.DiscardHandler), Workers: workers, SkipUnknownJobCheck: true, Queues: map[string]river.QueueConfig{job.Queue: {MaxWorkers: 8}},
		FetchCooldown: 2 * time.Millisecond, FetchPollInterval: 50 * time.Millisecond, ReindexerIndexNames: []string{},
	})
	s.must(err)
	s.must(client.Start(ctx))
	stop = sync.OnceFunc(func() {
		if err := client.StopAndCancel(ctx); err != nil {
			s.Error(err)
		}
	})
	s.Cleanup(stop)
	return stop
}
