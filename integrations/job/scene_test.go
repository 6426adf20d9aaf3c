package job_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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

// kind is work that keeps a world: what its steps leave is there until it is taken back.
type kind struct {
	mu     sync.Mutex
	world  map[string]int // what is there, by name, and how often it was made
	undone []string
	now    int // how many are doing something
	most   int
	begun  int

	do   func(ctx context.Context, r *job.Run) (job.Result, error) // nil: three steps
	fail map[string]error                                          // taking these back fails
	plan func() ([]string, error)

	undoing func() // is called as something is taken back
}

func newKind() *kind { return &kind{world: map[string]int{}, fail: map[string]error{}} }

var errBroken = errors.New("it is broken")

func (k *kind) Plan(context.Context, job.Params) ([]string, error) {
	if k.plan != nil {
		return k.plan()
	}
	return []string{"It would make a disk.", "It would make a server."}, nil
}

func (k *kind) Do(ctx context.Context, r *job.Run) (job.Result, error) {
	k.mu.Lock()
	k.begun++
	k.now++
	k.most = max(k.most, k.now)
	k.mu.Unlock()
	defer func() {
		k.mu.Lock()
		k.now--
		k.mu.Unlock()
	}()
	if k.do != nil {
		return k.do(ctx, r)
	}
	return k.three(ctx, r)
}

// three makes three things.
func (k *kind) three(ctx context.Context, r *job.Run) (job.Result, error) {
	r.Doing(ctx, "making things")
	for i, name := range []string{"disk", "server", "mount"} {
		if err := k.step(ctx, r, name, nil); err != nil {
			return job.Result{}, err
		}
		r.Progress(int64(i+1), 3, "things")
		r.Logf(ctx, "made %s", name)
	}
	if err := r.Say(ctx, "3/3"); err != nil {
		return job.Result{}, err
	}
	return job.Result{
		Said: "Three things were made.", Evidence: [][2]string{{"things", "3"}},
		Artifacts: []job.Artifact{{Name: "a.tar", Place: "here", Key: "k", Size: 7, SHA256: strings.Repeat("ab", 32)}},
	}, nil
}

// step makes a thing that must be taken back, and then does more.
func (k *kind) step(ctx context.Context, r *job.Run, name string, more func(context.Context) error) error {
	return r.Step(ctx, name, "drop", map[string]string{"thing": fmt.Sprintf("%d/%s", r.ID, name)}, func(ctx context.Context) error {
		k.mu.Lock()
		k.world[fmt.Sprintf("%d/%s", r.ID, name)]++
		k.mu.Unlock()
		if more != nil {
			return more(ctx)
		}
		return nil
	})
}

func (k *kind) Undo(_ context.Context, s job.Step) error {
	var memo struct{ Thing string }
	if err := json.Unmarshal(s.Memo, &memo); err != nil {
		return err
	}
	if k.undoing != nil {
		k.undoing()
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.fail[s.Name]; err != nil {
		return err
	}
	delete(k.world, memo.Thing)
	k.undone = append(k.undone, s.Name)
	return nil
}

// left is what is there.
func (k *kind) left() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	var names []string
	for name := range k.world {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

func (k *kind) take() (undone string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	undone = strings.Join(k.undone, " ")
	k.undone = nil
	return undone
}

func (k *kind) setFail(step string, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.fail[step] = err
}

// waiting is work that tells that it began, and goes on until it is told to stop or may end.
func waiting() (do func(context.Context, *job.Run) (job.Result, error), began chan int64, end chan struct{}) {
	began, end = make(chan int64, 100), make(chan struct{})
	return func(ctx context.Context, r *job.Run) (job.Result, error) {
		began <- r.ID
		select {
		case <-ctx.Done():
			return job.Result{}, context.Cause(ctx)
		case <-end:
			return job.Result{}, nil
		}
	}, began, end
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
