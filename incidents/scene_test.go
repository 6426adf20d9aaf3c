package incidents_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"

	"batsignal/incidents"
	"batsignal/migrations/pg"
	"batsignal/migrations/pgtest"
	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/notice"
	"batsignal/oncall/paging"
)

var (
	ctx   = context.Background()
	start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
)

// The network of every scene, its home room, and the roles: whoever leads, and
// whoever fixes.
const (
	network = "net"
	home    = "#ops"
	lead    = "lead"
	fix     = "fix"

	urgent  = 90 * time.Second // patience at severity 1
	patient = 5 * time.Minute
)

// scene is the work without networks: the service and one pager on a database of
// its own, at a time that stands still until it is moved.
type scene struct {
	testing.TB
	db    *pgxpool.Pool
	svc   *incidents.Service
	desk  *oncall.Desk
	pager *incidents.Pager
	wire  *wire

	mu  sync.Mutex
	now time.Time
	ids map[string]int64
}

// wire is a route that remembers, in place of a network.
type wire struct {
	mu   sync.Mutex
	sent []paging.Message
	fail func(paging.Message) error // nil accepts everything
}

func (w *wire) Name() string { return network }

func (w *wire) Send(_ context.Context, m paging.Message) (paging.Handed, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fail != nil {
		if err := w.fail(m); err != nil {
			return paging.Handed{}, err
		}
	}
	w.sent = append(w.sent, m)
	return paging.Handed{Note: "taken"}, nil
}

// take returns who was paged since the last call, by name: within one instant no
// order is promised.
func (w *wire) take() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var who []string
	for _, m := range w.sent {
		who = append(who, m.Person)
	}
	w.sent = nil
	slices.Sort(who)
	return strings.Join(who, " ")
}

func twoRoles() []oncall.Role {
	return []oncall.Role{
		{Name: lead, Title: "the lead", Leads: true, PatienceSev1: urgent, Patience: patient},
		{Name: fix, Title: "fixing", PatienceSev1: urgent, Patience: patient},
	}
}

// newScene sets the stage: people as "ada:lead bea:lead,fix cem", each awake around
// the clock, with an account of their handle.
func newScene(t testing.TB, people string) *scene {
	t.Helper()
	return sceneOn(t, pgtest.Fresh(t).Pool, people)
}

func sceneOn(t testing.TB, db *pgxpool.Pool, people string) *scene {
	t.Helper()
	s := &scene{TB: t, db: db, wire: &wire{}, now: start, ids: map[string]int64{}}
	log := slog.New(slog.NewTextHandler(testLog{t}, &slog.HandlerOptions{Level: slog.LevelError}))
	queue, err := river.NewClient(riverpgxv5.New(db), &river.Config{Logger: log})
	s.must(err)
	s.svc = &incidents.Service{
		DB: db, Queue: queue, Now: s.Now, Log: log, Guard: incidents.DefaultGuard(), Baton: incidents.DefaultBaton(),
		Networks: []incidents.Network{{Name: network, Home: home, RoomName: "#inc-{id}-{slug}"}}, Routes: []paging.Traits{{Name: network, Chat: true}},
	}
	s.svc.Guard.PerPerson, s.svc.Guard.PerOrganisation = 1_000, 1_000
	s.desk = &oncall.Desk{DB: db, Now: s.Now, OpenDoor: true}
	s.pager = s.newPager("a")
	s.must(oncall.SyncRoles(ctx, db, start, twoRoles()))
	for _, one := range strings.Fields(people) {
		handle, roles, _ := strings.Cut(one, ":")
		s.person(handle, strings.FieldsFunc(roles, func(r rune) bool { return r == ',' })...)
	}
	return s
}

func (s *scene) newPager(name string) *incidents.Pager {
	return &incidents.Pager{
		Service: s.svc, Routes: map[string]paging.Route{network: s.wire}, Parallel: 8,
		Worker: paging.Worker{Me: name, Routes: []string{network}},
	}
}

func (s *scene) person(handle string, roles ...string) {
	s.Helper()
	id, err := oncall.AddPerson(ctx, s.db, s.Now(), oncall.Person{Handle: handle, Zone: "UTC"})
	s.must(err)
	s.ids[handle] = id
	s.must(oncall.BindAccount(ctx, s.db, s.Now(), id, oncall.Account{Network: network, Name: handle}))
	for _, role := range roles {
		_, err := s.desk.Join(ctx, s.as(handle), role, oncall.Hours{})
		s.must(err)
	}
}

// as is somebody in the home room.
func (s *scene) as(handle string) oncall.Actor {
	return oncall.Actor{PersonID: s.ids[handle], Handle: handle, Zone: "UTC", Network: network, Room: home, Account: handle}
}

func (s *scene) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *scene) setNow(t time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = t
}

func (s *scene) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// settle does everything that is due now, and tells when the next thing is.
func (s *scene) settle() (next time.Time) {
	s.Helper()
	for range 1000 {
		var err error
		next, err = s.pager.Step(ctx)
		s.must(err)
		if s.pager.Settle() {
			continue // what came back may have made something due
		}
		if next.IsZero() || next.After(s.Now()) {
			return next
		}
	}
	s.Fatal("something stays due and is never done")
	return next
}

// advance lets time pass; what is due on the way happens in its order.
func (s *scene) advance(d time.Duration) {
	s.Helper()
	until := s.Now().Add(d)
	for {
		next := s.settle()
		if next.IsZero() || next.After(until) {
			s.setNow(until)
			s.settle()
			return
		}
		s.setNow(next)
	}
}

// light lights the signal: the first asks, the second confirms.
func (s *scene) light(asker, confirmer string, sig incidents.Signal) incidents.Incident {
	s.Helper()
	asked, err := s.svc.Ask(ctx, s.as(asker), sig)
	s.must(err)
	opened, err := s.svc.Confirm(ctx, s.as(confirmer), asked.Code)
	s.must(err)
	return opened.Incident
}

func fire() incidents.Signal {
	return incidents.Signal{What: "openssl is on fire", Severity: 1, Separate: true}
}

func (s *scene) hears(handle string) {
	s.Helper()
	s.must(oncall.MarkHeard(ctx, s.db, s.Now(), s.ids[handle]))
}

// holder is the handle of whoever holds the baton, "" for nobody.
func (s *scene) holder(incident int64) string {
	s.Helper()
	b, held, err := s.svc.Lead(ctx, incident)
	s.must(err)
	if !held {
		return ""
	}
	return b.Handle
}

// filled tells who has each role: "lead=ada fix=".
func (s *scene) filled(incident int64) string {
	s.Helper()
	states, err := s.svc.RoleStates(ctx, incident)
	s.must(err)
	var parts []string
	for _, st := range states {
		var who []string
		for _, r := range st.Filled {
			who = append(who, r.Handle)
		}
		parts = append(parts, st.Role.Name+"="+strings.Join(who, ","))
	}
	return strings.Join(parts, " ")
}

// page is the newest page of somebody.
func (s *scene) page(handle string) int64 {
	s.Helper()
	return get[int64](s, s.db, `select max(id) from page where person_id = $1`, s.ids[handle])
}

func (s *scene) pageState(page int64) string {
	s.Helper()
	return get[string](s, s.db, `select state from page where id = $1`, page)
}

// timeline is every line of an incident, as "kind: text".
func (s *scene) timeline(incident int64) []string {
	s.Helper()
	entries, err := s.svc.Timeline(ctx, incident, 0)
	s.must(err)
	lines := make([]string, 0, len(entries))
	for _, e := range entries {
		lines = append(lines, e.Kind+": "+e.Text)
	}
	return lines
}

// said takes every announcement that waits, as "#room text" or "@account text".
func (s *scene) said() []string {
	s.Helper()
	waiting, err := notice.Next(ctx, s.db, s.Now(), network)
	s.must(err)
	var lines []string
	for _, n := range waiting {
		s.must(notice.Sent(ctx, s.db, s.Now(), n.ID))
		switch {
		case n.Kind != notice.Say:
		case n.Account != "":
			lines = append(lines, "@"+n.Account+" "+n.Text)
		default:
			lines = append(lines, n.Room+" "+n.Text)
		}
	}
	if len(waiting) > 0 {
		lines = append(lines, s.said()...)
	}
	return lines
}

// uses is the public record, oldest first, as "act who: text".
func (s *scene) uses() []string {
	s.Helper()
	list, err := s.svc.Uses(ctx, 1000)
	s.must(err)
	var lines []string
	for _, u := range slices.Backward(list) {
		lines = append(lines, u.Act+" "+u.Who+": "+u.Text)
	}
	return lines
}

func (s *scene) refused(err error, kind fault.Kind) {
	s.Helper()
	if err == nil || fault.KindOf(err) != kind {
		s.Errorf("want %v, got %v", kind, err)
	}
}

func get[T any](t testing.TB, db pg.DB, sql string, args ...any) (v T) {
	t.Helper()
	if err := db.QueryRow(ctx, sql, args...).Scan(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func one(lines []string, part string) bool { return countOf(lines, part) == 1 }

func countOf(lines []string, part string) (n int) {
	for _, l := range lines {
		if strings.Contains(l, part) {
			n++
		}
	}
	return n
}

func text(lines []string) string { return "\n" + strings.Join(lines, "\n") }

// together starts all of these at one moment and returns their errors.
func together(fns ...func() error) []error {
	errs := make([]error, len(fns))
	var gate, done sync.WaitGroup
	gate.Add(1)
	for i, fn := range fns {
		done.Go(func() {
			gate.Wait()
			errs[i] = fn()
		})
	}
	gate.Done()
	done.Wait()
	return errs
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

// testLog writes what is logged as an error to the test's own log.
type testLog struct{ t testing.TB }

func (l testLog) Write(b []byte) (int, error) {
	l.t.Log(strings.TrimSpace(string(b)))
	return len(b), nil
}

// brokenQueue is a queue that fails when asked to.
type brokenQueue struct {
	notice.Queue
	err error
}

var errBroken = errors.New("the queue is broken")

func (q brokenQueue) InsertManyTx(c context.Context, tx pgx.Tx, params []river.InsertManyParams) (_ []*rivertype.JobInsertResult, err error) {
	if q.err != nil {
		return nil, q.err
	}
	return q.Queue.InsertManyTx(c, tx, params)
}

// rowsOf counts the rows of every table that a change may touch.
func (s *scene) rowsOf() string {
	s.Helper()
	counts := map[string]int{}
	for _, table := range []string{
		"incident", "incident_room", "timeline_entry", "escalation", "page", "delivery", "attempt", "notice",
		"responder", "baton", "baton_move", "signal_use", "signal_request", "river_job",
	} {
		counts[table] = get[int](s, s.db, `select count(*) from `+table)
	}
	var parts []string
	for _, table := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("%s=%d", table, counts[table]))
	}
	return strings.Join(parts, " ")
}

// quietLog is for a test in which errors are the point.
func quietLog() *slog.Logger { return slog.New(slog.DiscardHandler) }
