package alert

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"batsignal/migrations/pg"
	"batsignal/migrations/pgtest"
	"batsignal/oncall"
	"batsignal/oncall/secret"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var (
	ctx  = context.Background()
	noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
)

// scene is an intake with the policy "night", an admin and a key of hers.
type scene struct {
	*Service
	t     testing.TB
	now   time.Time
	ada   oncall.Actor
	owner string // the address of the database for its owner; "" in a transaction
	key   secret.Text
}

func newScene(t testing.TB, db pg.DB) *scene {
	t.Helper()
	s := &scene{t: t, now: noon}
	s.Service = &Service{DB: db, Now: func() time.Time { return s.now }, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	s.ada = oncall.Actor{Handle: "ada", Network: "console", Account: "ada"}
	s.must(db.QueryRow(ctx, `insert into person (handle, created_at) values ('ada', $1) returning id`, noon).Scan(&s.ada.PersonID))
	s.exec(`insert into escalation_policy (name, title, steps, changed_at) values ('night', 'Night', '[{"targets": [{"kind": "person", "name": "ada"}]}]', $1)`, noon)
	s.key = s.addKey(Key{Name: "prometheus", Policy: "night"})
	return s
}

func (s *scene) addKey(k Key) secret.Text {
	s.t.Helper()
	text, _, err := s.AddKey(ctx, s.ada, k)
	s.must(err)
	return text
}

func (s *scene) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *scene) exec(sql string, args ...any) {
	s.t.Helper()
	_, err := s.DB.Exec(ctx, sql, args...)
	s.must(err)
}

// fires has the source trigger alerts by name, with words "word NAME" at severity
// critical, or at the one after a colon: "db:warning".
func (s *scene) fires(names ...string) []Taken {
	s.t.Helper()
	return s.sends(Trigger, names...)
}

func (s *scene) sends(a Action, names ...string) []Taken {
	s.t.Helper()
	taken, err := s.Take(ctx, s.key, eventsOf(a, names...)...)
	s.must(err)
	return taken
}

func eventsOf(a Action, names ...string) []Event {
	var events []Event
	for _, n := range names {
		name, severity, found := strings.Cut(n, ":")
		if !found {
			severity = "critical"
		}
		events = append(events, Event{Action: a, DedupKey: name, Summary: name + " is down", Source: "host", Severity: severity})
	}
	return events
}

// group reads the group of an alert.
func (s *scene) group(alert int64) Group {
	s.t.Helper()
	a, err := Get(ctx, s.DB, alert)
	s.must(err)
	g, _, err := GetGroup(ctx, s.DB, a.GroupID)
	s.must(err)
	return g
}

// hunts tells the hunts of a group: "hunting 2 policy:night".
func (s *scene) hunts(group int64) string {
	s.t.Helper()
	var all string
	s.must(s.DB.QueryRow(ctx, `select coalesce(string_agg(state || ' ' || severity || ' ' || slot, ', ' order by id), '') from escalation where cause = $1`, Cause(group)).Scan(&all))
	return all
}

// stands tells how alerts stand: "db triggered 2, web resolved 1".
func (s *scene) stands() string {
	s.t.Helper()
	list, err := List(ctx, s.DB, Query{Past: true})
	s.must(err)
	var all []string
	for i := range list {
		a := list[len(list)-1-i]
		all = append(all, fmt.Sprintf("%s %s %d×%d", a.DedupKey, a.State, a.Severity, a.Count))
	}
	return strings.Join(all, ", ")
}

func (s *scene) is(got, want any) {
	s.t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		s.t.Errorf("got %v\nwant %v", got, want)
	}
}
