package retrospective_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"batsignal/incidents"
	"batsignal/incidents/meeting"
	"batsignal/incidents/minutes"
	"batsignal/incidents/retrospective"
	"batsignal/migrations/pg"
	"batsignal/migrations/pgtest"
	"batsignal/oncall"
	"batsignal/oncall/contact"
	"batsignal/oncall/fault"
	"batsignal/oncall/notice"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var (
	ctx   = context.Background()
	night = time.Date(2026, 3, 1, 3, 14, 0, 0, time.UTC)
	ops   = incidents.Room{Network: network, Room: "#ops"}
)

const (
	network = "libera"
	canary  = "canary@hidden.example"
)

// scene is a team with two roles, on one network that remembers whom it rang, and on
// mail, which always fails.
type scene struct {
	testing.TB
	whole *pgtest.DB
	db    *pgxpool.Pool
	inc   *incidents.Service
	desk  *oncall.Desk
	meet  *meeting.Service
	retro *retrospective.Service
	pager *incidents.Pager

	mu  sync.Mutex
	now time.Time
	ids map[string]int64
}

type route struct {
	name string
	err  error
}

func (r route) Name() string { return r.name }

func (r route) Send(context.Context, paging.Message) (paging.Handed, error) {
	return paging.Handed{Note: "taken"}, r.err
}

func newScene(t testing.TB) *scene {
	t.Helper()
	whole := pgtest.Fresh(t)
	s := &scene{TB: t, whole: whole, db: whole.Pool, now: night, ids: map[string]int64{}}
	s.process()
	s.must(oncall.SyncRoles(ctx, s.db, night, []oncall.Role{
		{Name: "coordination", Title: "coordination", Leads: true, PatienceSev1: 90 * time.Second, Patience: 5 * time.Minute},
		{Name: "package-fixing", Title: "package fixing", PatienceSev1: 90 * time.Second, Patience: 5 * time.Minute},
	}))
	for _, one := range []string{"maria:coordination", "li:package-fixing", "ana:coordination", "kevin:"} {
		handle, role, _ := strings.Cut(one, ":")
		id, err := oncall.AddPerson(ctx, s.db, night, oncall.Person{Handle: handle, Zone: "UTC"})
		s.must(err)
		s.ids[handle] = id
		s.must(oncall.BindAccount(ctx, s.db, night, id, oncall.Account{Network: network, Name: handle}))
		if role != "" {
			_, err := s.desk.Join(ctx, s.as(handle), role, oncall.Hours{})
			s.must(err)
		}
	}
	_, err := contact.AddProven(ctx, s.db, night, s.ids["maria"], "mail", secret.New(canary))
	s.must(err)
	return s
}

// process makes the services of one more bot on the same database.
func (s *scene) process() {
	log := slog.New(slog.NewTextHandler(s.Output(), &slog.HandlerOptions{Level: slog.LevelError}))
	queue, err := river.NewClient(riverpgxv5.New(s.db), &river.Config{Logger: log})
	s.must(err)
	s.inc = &incidents.Service{
		DB: s.db, Queue: queue, Now: s.Now, Log: log, Guard: incidents.DefaultGuard(), Baton: incidents.DefaultBaton(),
		Networks: []incidents.Network{{Name: network, Home: "#ops", RoomName: "#inc-{id}"}}, Routes: []paging.Traits{{Name: network, Chat: true}, {Name: "mail"}},
	}
	s.inc.Guard.PerPerson, s.inc.Guard.PerOrganisation = 1_000, 1_000
	s.meet = &meeting.Service{
		DB: s.db, Queue: queue, Now: s.Now, Log: log, Incidents: s.inc, Policy: meeting.Policy{URLPrefix: "https://bat.example/minutes/"},
	}
	s.inc.Minutes = s.meet
	s.desk = &oncall.Desk{DB: s.db, Now: s.Now, OpenDoor: true}
	s.retro = &retrospective.Service{
		DB: s.db, Queue: queue, Now: s.Now, Log: log, Incidents: s.inc, Meetings: s.meet, PublicURL: "https://bat.example/",
	}
	s.pager = &incidents.Pager{
		Service: s.inc, Parallel: 1, Worker: paging.Worker{Me: "test", Routes: []string{network, "mail"}},
		Routes: map[string]paging.Route{
			network: route{name: network},
			"mail":  route{"mail", fmt.Errorf("%w: no such box %s", paging.ErrPermanent, canary)},
		},
		Link: func(token secret.Text) secret.Text { return token },
	}
}

func (s *scene) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *scene) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *scene) refused(err error, kind fault.Kind, words string) {
	s.Helper()
	if err == nil || fault.KindOf(err) != kind || !strings.Contains(fault.Say(err), words) {
		s.Errorf("want %v with %q, got %v", kind, words, err)
	}
}

// as is somebody in the home room.
func (s *scene) as(handle string) oncall.Actor {
	return oncall.Actor{PersonID: s.ids[handle], Handle: handle, Zone: "UTC", Network: network, Room: "#ops", Account: handle}
}

// wait lets time pass; what is due on the way happens in its order.
func (s *scene) wait(d time.Duration) {
	s.Helper()
	for until := s.Now().Add(d); ; {
		next, err := s.pager.Step(ctx)
		s.must(err)
		switch {
		case s.pager.Settle():
			continue
		case !next.IsZero() && !next.After(s.Now()):
			continue
		case next.IsZero() || next.After(until):
			next = until
		}
		done := !s.Now().Before(until)
		s.mu.Lock()
		s.now = next
		s.mu.Unlock()
		if done {
			return
		}
	}
}

// light lights the signal, and the first people are rung.
func (s *scene) light(what string) int64 {
	s.Helper()
	asked, err := s.inc.Ask(ctx, s.as("maria"), incidents.Signal{What: what, Severity: 1, Separate: true})
	s.must(err)
	opened, err := s.inc.Confirm(ctx, s.as("kevin"), asked.Code)
	s.must(err)
	s.wait(0)
	return opened.Incident.ID
}

// says has somebody say something in the room of an incident, for its minutes.
func (s *scene) says(incident int64, who, text string) {
	s.Helper()
	_, err := s.meet.Hear(ctx, meeting.Heard{
		Room:  incidents.Room{Network: network, Room: fmt.Sprintf("#inc-%d", incident)},
		Event: minutes.Event{At: s.Now(), Who: minutes.Who{Nick: who, Account: who, Network: network}, Text: text},
	})
	s.must(err)
}

// fire is an incident from its first ring to the end: somebody comes, somebody declines,
// things are noted, decided, and left to do.
func (s *scene) fire() int64 {
	s.Helper()
	id := s.light("remote code execution in openssl")
	s.wait(20 * time.Second)
	_, err := s.inc.Ack(ctx, s.as("li"), 0)
	s.must(err)
	s.wait(90 * time.Second)
	_, err = s.inc.Decline(ctx, s.as("maria"), 0)
	s.must(err)
	s.wait(30 * time.Second)
	_, err = s.inc.Ack(ctx, s.as("ana"), 0)
	s.must(err)
	s.must(s.inc.Note(ctx, s.as("li"), id, "upstream has a fix, see https://openssl.example/fix_1 for it"))
	s.says(id, "ana", "#agreed we ship 3.0.9 to everybody")
	s.says(id, "ana", "#info the embargo ended at noon")
	s.says(id, "ana", "#action li rotates the signing key by 2026-03-05")
	_, err = s.inc.Action(ctx, s.as("kevin"), id, "somebody tells the mirrors")
	s.must(err)
	s.wait(40 * time.Minute)
	s.end(id, "fixed packages are on the mirrors")
	return id
}

func (s *scene) end(id int64, why string) {
	s.Helper()
	s.must(s.inc.Resolve(ctx, s.as("ana"), id, why, false, true))
}

func (s *scene) falseAlarm(id int64) {
	s.Helper()
	s.must(s.inc.Resolve(ctx, s.as("kevin"), id, "", true, true))
}

// said takes what waits to be announced, as "#room text".
func (s *scene) said() (lines []string) {
	s.Helper()
	for {
		waiting, err := notice.Next(ctx, s.db, s.Now(), network)
		s.must(err)
		if len(waiting) == 0 {
			return lines
		}
		for _, n := range waiting {
			s.must(notice.Sent(ctx, s.db, s.Now(), n.ID))
			if n.Kind == notice.Say && n.Room != "" {
				lines = append(lines, n.Room+" "+n.Text)
			}
		}
	}
}

func get[T any](t testing.TB, db pg.DB, sql string, args ...any) (v T) {
	t.Helper()
	if err := db.QueryRow(ctx, sql, args...).Scan(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func countOf(lines []string, part string) (n int) {
	for _, l := range lines {
		if strings.Contains(l, part) {
			n++
		}
	}
	return n
}

// drafted drafts what is due and returns the newest edition.
func (s *scene) drafted(id int64) retrospective.Edition {
	s.Helper()
	s.must(s.retro.DraftDue(ctx))
	e, err := s.retro.Get(ctx, id, 0)
	s.must(err)
	return e
}
