package rota_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"batsignal/migrations/pg"
	"batsignal/migrations/pgtest"
	"batsignal/oncall"
	"batsignal/oncall/civil"
	"batsignal/oncall/fault"
	"batsignal/oncall/rota"
	"batsignal/oncall/schedule"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var (
	ctx  = context.Background()
	noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC) // a Monday
)

const day = 24 * time.Hour

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// refused wants an error of a kind whose sentence says some words.
func refused(t testing.TB, err error, kind fault.Kind, words ...string) {
	t.Helper()
	if err == nil || fault.KindOf(err) != kind {
		t.Fatalf("want %v, got %v", kind, err)
	}
	for _, w := range words {
		if !strings.Contains(fault.Say(err), w) {
			t.Errorf("%q does not say %q", fault.Say(err), w)
		}
	}
}

func get[T any](t testing.TB, db pg.DB, sql string, args ...any) (v T) {
	t.Helper()
	must(t, db.QueryRow(ctx, sql, args...).Scan(&v))
	return v
}

// jobs is a queue that only counts.
type jobs struct {
	sync.Mutex
	n int
}

func (q *jobs) InsertTx(context.Context, pgx.Tx, river.JobArgs, *river.InsertOpts) (*rivertype.JobInsertResult, error) {
	return nil, nil
}

func (q *jobs) InsertManyTx(_ context.Context, _ pgx.Tx, params []river.InsertManyParams) ([]*rivertype.JobInsertResult, error) {
	q.Lock()
	defer q.Unlock()
	q.n += len(params)
	return nil, nil
}

// house is an organisation with a clock.
type house struct {
	*rota.Service
	t   testing.TB
	db  pg.DB
	mu  sync.Mutex
	now time.Time
	by  map[string]oncall.Actor
}

// open makes people of a role "release": those before "|" may be rung, those after it
// are only known. Who is called "boss" acts as an admin in the stories.
func open(t testing.TB, db pg.DB, people string) *house {
	t.Helper()
	h := &house{t: t, db: db, now: noon, by: map[string]oncall.Actor{}}
	h.Service = &rota.Service{DB: db, Now: h.clock, Queue: &jobs{}, Networks: []string{"chat"}}
	must(t, oncall.SyncRoles(ctx, db, noon, []oncall.Role{{Name: "release", Title: "release engineering", PatienceSev1: time.Minute, Patience: time.Minute}}))
	active, known, _ := strings.Cut(people, "|")
	for place, handle := range strings.Fields(active) {
		h.person(handle)
		_, err := db.Exec(ctx, `insert into membership (role, person_id, place, asked_at, agreed_at, approved_at) values ('release', $1, $2, $3, $3, $3)`,
			h.id(handle), place, noon)
		must(t, err)
	}
	for _, handle := range strings.Fields(known) {
		h.person(handle)
	}
	return h
}

func (h *house) person(handle string) {
	id, err := oncall.AddPerson(ctx, h.db, noon, oncall.Person{Handle: handle, Zone: "Europe/Berlin", Wakes: 420, Sleeps: 1380})
	must(h.t, err)
	must(h.t, oncall.BindAccount(ctx, h.db, noon, id, oncall.Account{Network: "chat", Name: handle}))
	h.by[handle] = oncall.Actor{PersonID: id, Handle: handle, Zone: "Europe/Berlin", Network: "chat", Account: handle}
}

func (h *house) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *house) wait(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

func (h *house) id(handle string) int64 {
	a, known := h.by[handle]
	if !known {
		h.t.Fatalf("nobody is called %q", handle)
	}
	return a.PersonID
}

func (h *house) handle(id int64) string {
	for handle, a := range h.by {
		if a.PersonID == id {
			return handle
		}
	}
	return fmt.Sprint(id)
}

// daily is a schedule in which people take turns by the day, from noon.
func (h *house) daily(people string) schedule.Schedule {
	var ids []int64
	for _, handle := range strings.Fields(people) {
		ids = append(ids, h.id(handle))
	}
	return schedule.Schedule{Name: "release", Title: "Releases", Role: "release", Zone: "UTC", Layers: []schedule.Layer{{
		Name: "first", Starts: civil.Of(noon, time.UTC), Unit: schedule.Day, Turns: []int{1}, Members: ids,
	}}}
}

// saved stores a schedule as the boss.
func (h *house) saved(s schedule.Schedule) schedule.Schedule {
	h.t.Helper()
	s, _, err := h.Save(ctx, h.by["boss"], s.Version, s)
	must(h.t, err)
	return s
}

// on says who is on in a range, and how long: "maria 24h0m0s, (jan) 6h0m0s". In brackets
// is who is away.
func (h *house) on(s schedule.Schedule, from, until time.Time) string {
	h.t.Helper()
	b, err := rota.Load(ctx, h.db, from, until)
	must(h.t, err)
	s, found := b.Named(s.Name)
	if !found {
		h.t.Fatalf("there is no %s", s.Name)
	}
	var out []string
	var last schedule.Shift
	for _, sh := range b.Shifts(s, from, until) {
		if sh.Person == last.Person && sh.Away == last.Away && sh.From.Equal(last.Until) { // for somebody else
			sh.From, out = last.From, out[:len(out)-1]
		}
		last = sh
		who := h.handle(sh.Person)
		if sh.Away {
			who = "(" + who + ")"
		}
		out = append(out, fmt.Sprintf("%s %s", who, sh.Until.Sub(sh.From)))
	}
	return strings.Join(out, ", ")
}

// told lists what somebody was told since it was asked last.
func (h *house) told(handle string) []string {
	h.t.Helper()
	return h.lines(`update notice set state = 'sent', done_at = now() where state = 'waiting' and account = $1 returning text`, handle)
}

// aloud lists what was said in a room since it was asked last.
func (h *house) aloud(room string) []string {
	h.t.Helper()
	return h.lines(`update notice set state = 'sent', done_at = now() where state = 'waiting' and room = $1 returning text`, room)
}

func (h *house) lines(sql, arg string) []string {
	h.t.Helper()
	rows, err := h.db.Query(ctx, sql, arg)
	must(h.t, err)
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(h.t, err)
	return lines
}

// audited lists what the trail says, oldest first.
func (h *house) audited() string {
	h.t.Helper()
	return strings.Join(h.lines(`select handle || ' ' || says from audit_entry where $1 = '' order by id`, ""), "\n")
}

// says wants exactly one line that holds all words.
func says(t testing.TB, lines []string, words ...string) {
	t.Helper()
	if len(lines) != 1 {
		t.Errorf("want one line with %q, got %q", words, lines)
		return
	}
	for _, w := range words {
		if !strings.Contains(lines[0], w) {
			t.Errorf("%q does not say %q", lines[0], w)
		}
	}
}

func silent(t testing.TB, lines []string) {
	t.Helper()
	if len(lines) > 0 {
		t.Errorf("unasked: %q", lines)
	}
}

// both runs two things at once and returns their errors.
func both(a, b func() error) (errA, errB error) {
	var wait sync.WaitGroup
	wait.Add(2)
	go func() { defer wait.Done(); errA = a() }()
	go func() { defer wait.Done(); errB = b() }()
	wait.Wait()
	return errA, errB
}
