package bot_test

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

	"batsignal/bot"
	"batsignal/bot/command"
	"batsignal/incidents"
	"batsignal/migrations/pg"
	"batsignal/migrations/pgtest"
	"batsignal/oncall"
	"batsignal/oncall/paging"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var (
	ctx   = context.Background()
	start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
)

const (
	network = "net"
	home    = "#ops"
)

// door is a network that remembers what the bot said, and can refuse.
type door struct {
	mu   sync.Mutex
	said []string
	fail func(what string) error // nil accepts everything
	room bot.RoomState           // what every room looks like
}

var _ bot.Network = (*door)(nil)

func (d *door) do(what string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fail != nil {
		if err := d.fail(what); err != nil {
			return err
		}
	}
	d.said = append(d.said, what)
	return nil
}

// take returns what was said since the last call.
func (d *door) take() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	said := d.said
	d.said = nil
	return said
}

func (d *door) Name() string                                                { return network }
func (d *door) Run(context.Context, func(context.Context, bot.Heard)) error { return nil }
func (d *door) Say(_ context.Context, room string, m bot.Message) error {
	return d.do(room + " " + m.Text)
}
func (d *door) Direct(_ context.Context, account string, m bot.Message) error {
	return d.do("@" + account + " " + m.Text)
}
func (d *door) OpenRoom(_ context.Context, room, topic string) (bot.Opened, error) {
	return bot.Opened{Room: room}, d.do("open " + room + " " + topic)
}
func (d *door) CloseRoom(_ context.Context, room string) error { return d.do("close " + room) }
func (d *door) SetTopic(_ context.Context, room, topic string) error {
	return d.do("topic " + room + " " + topic)
}
func (d *door) Look(context.Context, string) (bot.RoomState, error) {
	return d.room, nil
}
func (d *door) Invite(_ context.Context, room, account string) error {
	return d.do("invite " + account + " " + room)
}
func (d *door) Check() error { return nil }
func (d *door) Reply(_ context.Context, to bot.Heard, r command.Reply) error {
	place := to.Room
	if r.Private || place == "" {
		place = "@" + to.Nick
	}
	return d.do(place + " " + strings.Join(command.PlainText(r), " / "))
}

// stage is a bot on one network, at a time that a test sets.
type stage struct {
	testing.TB
	db         *pgxpool.Pool
	incidents  *incidents.Service
	people     *oncall.Desk
	door       *door
	dispatcher *bot.Dispatcher
	outbox     *bot.Outbox
	set        *command.Set

	mu  sync.Mutex
	now time.Time
	ids map[string]int64
}

func newStage(t testing.TB, policy bot.Policy, people string) *stage {
	t.Helper()
	s := &stage{TB: t, db: pgtest.Fresh(t).Pool, door: &door{}, now: start, ids: map[string]int64{}}
	log := slog.New(slog.DiscardHandler)
	queue, err := river.NewClient(riverpgxv5.New(s.db), &river.Config{Logger: log})
	s.must(err)
	s.must(oncall.SyncRoles(ctx, s.db, start, oncall.DefaultRoles()))
	s.incidents = &incidents.Service{
		DB: s.db, Queue: queue, Now: s.Now, Log: log, Guard: incidents.DefaultGuard(), Baton: incidents.DefaultBaton(),
		Networks: []incidents.Network{{Name: network, Home: home}}, Routes: []paging.Traits{{Name: network, Chat: true}},
	}
	s.people = &oncall.Desk{DB: s.db, Now: s.Now, OpenDoor: true, Queue: queue, Networks: []string{network}}
	s.set, err = command.NewSet(command.Options{Recorder: bot.Record{DB: s.db}, Now: s.Now, Refused: bot.Refusals(s.incidents, log)},
		command.Vocabulary(command.Services{DB: s.db, Incidents: s.incidents, People: s.people}))
	s.must(err)
	s.dispatcher = &bot.Dispatcher{DB: s.db, Set: s.set, Who: &bot.Identity{DB: s.db, Policy: policy}, Now: s.Now, Log: log}
	s.outbox = &bot.Outbox{DB: s.db, Now: s.Now, Log: log, Networks: map[string]bot.Network{network: s.door}, Localize: s.set.Localize, Incidents: s.incidents}
	for _, one := range strings.Fields(people) {
		handle, role, rung := strings.Cut(one, ":")
		id, err := oncall.AddPerson(ctx, s.db, start, oncall.Person{Handle: handle, Zone: "UTC"})
		s.must(err)
		s.ids[handle] = id
		s.must(oncall.BindAccount(ctx, s.db, start, id, oncall.Account{Network: network, Name: handle}))
		if rung {
			_, err := s.people.Join(ctx, oncall.Actor{PersonID: id, Handle: handle, Network: network, Account: handle}, role, oncall.Hours{})
			s.must(err)
		}
	}
	return s
}

func roster() bot.Policy { return bot.Policy{Fire: []string{"@roster"}, Confirm: []string{"@roster"}} }

func (s *stage) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *stage) wait(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

func (s *stage) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// hear makes the bot hear a line; the account is the nick unless it is borrowed
// ("~ada").
func (s *stage) hear(who, room, text string) []string {
	s.Helper()
	h := bot.Heard{At: s.Now(), Network: network, Room: room, Nick: strings.TrimPrefix(who, "~"), Text: text}
	if !strings.HasPrefix(who, "~") {
		h.Account = who
	}
	s.dispatcher.Hear(ctx, s.door, h)
	return s.door.take()
}

func (s *stage) silent(who, room, text string) {
	s.Helper()
	if said := s.hear(who, room, text); len(said) != 0 {
		s.Errorf("%s says %q, and is answered %q", who, text, said)
	}
}

func (s *stage) answered(who, room, text, want string) {
	s.Helper()
	said := s.hear(who, room, text)
	if len(said) != 1 || !strings.HasPrefix(said[0], want) {
		s.Errorf("%s says %q, and is answered %q", who, text, said)
	}
}

func get[T any](t testing.TB, db pg.DB, sql string, args ...any) (v T) {
	t.Helper()
	if err := db.QueryRow(ctx, sql, args...).Scan(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func joined(lines []string) string { return fmt.Sprintf("%q", lines) }
