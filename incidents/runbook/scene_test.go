package runbook_test

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

	"batsignal/incidents"
	"batsignal/incidents/runbook"
	"batsignal/incidents/runbook/book"
	"batsignal/migrations/pg"
	"batsignal/migrations/pgtest"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var (
	ctx   = context.Background()
	start = time.Date(2026, 11, 28, 3, 0, 0, 0, time.UTC)
)

// small is a book with every kind of step.
const small = `runbook: small
title: Turn it off and on again
steps:
  - name: read
    say: Read all of it first.
  - name: off
    say: Turn it off.
    guard: Nobody uses it.
    undo: Turn it on.
    confirm: one
  - name: dark
    say: Is it dark?
    decide:
      - {choice: yes, means: no lamp is lit, go: mend}
      - {choice: no, go: off, loop: true}
  - name: mend
    say: Have it mended.
    job: mend
    with: {node: a1}
    fill: {part: which part}
    without: Mend it by hand.
  - name: on
    say: Turn it on.
    why: People wait.
    settles: [off]
    confirm: two
  - name: tell
    say: Tell people.
    who: communications
    confirm: one
`

// scene is a database with people, an incident with a room, a clock, and the service.
type scene struct {
	testing.TB
	db *pgxpool.Pool
	*runbook.Service
	jobs     *jobs
	ids      map[string]int64
	incident int64
	text     string

	mu  sync.Mutex
	now time.Time
}

const incidentRoom = "#inc-1"

func newScene(t testing.TB) *scene {
	t.Helper()
	s := &scene{TB: t, db: pgtest.Fresh(t).Pool, now: start, ids: map[string]int64{}, text: small, jobs: &jobs{names: []string{"mend-all"}}}
	s.must(oncall.SyncRoles(ctx, s.db, start, oncall.DefaultRoles()))
	for _, handle := range []string{"maria", "bert", "aiko"} {
		id, err := oncall.AddPerson(ctx, s.db, start, oncall.Person{Handle: handle, Zone: "UTC", Wakes: 7 * 60, Sleeps: 23 * 60})
		s.must(err)
		s.ids[handle] = id
	}
	_, err := s.db.Exec(ctx, `insert into membership (role, person_id, place, asked_at, agreed_at, approved_at) values ('communications', $1, 1, $2, $2, $2)`, s.ids["aiko"], start)
	s.must(err)
	s.incident = get[int64](t, s.db, `
		insert into incident (title, slug, severity, status, everyone, opened_by, opened_at) values ('disk full', 'disk', 1, 'open', false, $1, $2) returning id`, s.ids["maria"], start)
	_, err = s.db.Exec(ctx, `insert into incident_room (incident_id, network, room) values ($1, 'libera', $2)`, s.incident, incidentRoom)
	s.must(err)
	s.Service = s.process()
	return s
}

// process is one more bot on the same database.
func (s *scene) process() *runbook.Service { return s.processOn(s.db) }

func (s *scene) processOn(db pg.DB) *runbook.Service {
	log := slog.New(slog.DiscardHandler)
	queue, err := river.NewClient(riverpgxv5.New(s.db), &river.Config{Logger: log})
	s.must(err)
	inc := &incidents.Service{DB: db, Queue: queue, Now: s.Clock, Log: log, Guard: incidents.DefaultGuard(), Baton: incidents.DefaultBaton()}
	b, problems := book.Parse([]byte(s.text))
	if len(problems) > 0 {
		s.Fatal(problems)
	}
	return &runbook.Service{
		DB: db, Queue: queue, Now: s.Clock, Log: log, Incidents: inc, Books: []book.Book{b},
		Jobs: map[string]string{"mend": "mend-all"}, Starter: s.jobs, Networks: []string{"libera"},
	}
}

// jobs has jobs that are asked for by rows, as the real ones.
type jobs struct {
	names []string
	mu    sync.Mutex
	asked []runbook.Ask
	no    error // what whoever asks is told
}

func (j *jobs) Has(name string) bool { return slices.Contains(j.names, name) }

func (j *jobs) Start(ctx context.Context, tx pgx.Tx, a runbook.Ask) (run int64, err error) {
	if j.no != nil {
		return 0, j.no
	}
	j.mu.Lock()
	j.asked = append(j.asked, a)
	j.mu.Unlock()
	err = tx.QueryRow(ctx, `
		insert into job_run (job, kind, params, state, key, asked_at, asked_words, exclusive)
		values ($1, 'fake', $2, 'queued', $3, now(), $4, $1) returning id`, a.Job, a.Params, a.Key, a.By.Who()).Scan(&run)
	return run, err
}

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
		s.Fatalf("%v (%s)", err, fault.Say(err))
	}
}

// as is somebody who says something in the incident's room.
func (s *scene) as(handle string) runbook.By {
	return runbook.By{Actor: oncall.Actor{PersonID: s.ids[handle], Handle: handle, Network: "libera", Room: incidentRoom, Account: handle}}
}

// starts starts the book in the incident.
func (s *scene) starts(handle string) int64 {
	s.Helper()
	told, err := s.Start(ctx, s.as(handle), "small", s.incident)
	s.must(err)
	return told.Run.ID
}

// says has somebody type "done 4 yes" and the like, ten minutes after the last one.
func (s *scene) says(run int64, handle, line string) error {
	s.Helper()
	s.advance(10 * time.Minute)
	return s.saysNow(s.Service, run, handle, line)
}

func (s *scene) saysNow(on *runbook.Service, run int64, handle, line string) error {
	verb, rest, _ := strings.Cut(line, " ")
	said := runbook.Said{Run: run, Text: rest}
	if first, more, _ := strings.Cut(rest, " "); len(first) == 1 && first[0] >= '1' && first[0] <= '9' {
		said.Step, said.Text = int(first[0]-'0'), more
	}
	do := map[string]func(context.Context, runbook.By, runbook.Said) (runbook.Told, error){
		"done": on.Done, "next": on.Next, "skip": on.Skip, "retry": on.Retry, "abort": on.Abort,
	}[verb]
	_, err := do(ctx, s.as(handle), said)
	return err
}

// refused expects a refusal of a kind with exactly this sentence.
func (s *scene) refused(err error, kind fault.Kind, say string) {
	s.Helper()
	if fault.KindOf(err) != kind || fault.Say(err) != say {
		s.Errorf("got %v %q\nwant %v %q", fault.KindOf(err), fault.Say(err), kind, say)
	}
}

// ends ends the job of a run, in a transaction as the real ones do.
func (s *scene) ends(job int64, state, said string) {
	s.Helper()
	s.must(pg.InTx(ctx, s.db, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `update job_run set state = $2, ended_at = $3 where id = $1 and ended_at is null`, job, state, s.Clock())
		if err != nil || tag.RowsAffected() == 0 {
			return errors.Join(err, fmt.Errorf("%d jobs ended", tag.RowsAffected()))
		}
		return s.Finished(ctx, tx, runbook.Finished{Run: job, Succeeded: state == "succeeded", How: state, Said: said})
	}))
}

// at is where a run is: "4/6 running".
func (s *scene) at(run int64) string {
	s.Helper()
	d, err := s.Get(ctx, run)
	s.must(err)
	if d.Open() != (d.Where.Over == "") || d.Open() && (d.Step != d.Where.At+1 || d.Phase != string(d.Where.Phase)) {
		s.Errorf("the row says %+v, what happened says %+v", d.Run, d.Where)
	}
	if !d.Open() {
		return d.State
	}
	return fmt.Sprintf("%d/%d %s", d.Step, d.Steps, d.Phase)
}

func (s *scene) want(run int64, at string) {
	s.Helper()
	if got := s.at(run); got != at {
		s.Errorf("the run is at %s, want %s", got, at)
	}
}

// said takes what was announced so far.
func (s *scene) said() []string {
	s.Helper()
	rows, err := s.db.Query(ctx, `select network || ' ' || room || account || ': ' || text from notice where state = 'waiting' and kind = 'say' order by id`)
	s.must(err)
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	s.must(err)
	_, err = s.db.Exec(ctx, `update notice set state = 'sent', done_at = $1`, s.Clock())
	s.must(err)
	return list
}

// timeline is what stands on the incident's.
func (s *scene) timeline() (lines []string) {
	s.Helper()
	entries, err := s.Incidents.Timeline(ctx, s.incident, 0)
	s.must(err)
	for _, e := range entries {
		lines = append(lines, e.Kind+" "+e.Who+": "+e.Text)
	}
	return lines
}

func (j *jobs) params() (list []string) {
	for _, a := range j.asked {
		var words []string
		for _, name := range slices.Sorted(maps.Keys(a.Params)) {
			words = append(words, name+"="+a.Params[name])
		}
		list = append(list, a.Job+" "+strings.Join(words, " ")+" "+a.Key)
	}
	return list
}

func get[T any](t testing.TB, db pg.DB, sql string, args ...any) (v T) {
	t.Helper()
	if err := db.QueryRow(ctx, sql, args...).Scan(&v); err != nil {
		t.Fatal(err)
	}
	return v
}
