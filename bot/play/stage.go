// Package play owns the fast clock: the whole bot on the terminal's network, in
// one process, where time passes only when told to and everything due on the way
// happens in its order.
//
// Plays are for `batsignal try`, and for transcripts in tests. Nothing in a play
// is faked but time and the people: rows, guard, hunts, baton and announcements
// are the real ones, on a real Postgres.
package play

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"batsignal/bot"
	"batsignal/bot/command"
	"batsignal/bot/console"
	"batsignal/incidents"
	"batsignal/oncall"
	"batsignal/oncall/notice"
	"batsignal/oncall/paging"
)

// Home is the room where everybody is.
const Home = "#ops"

// network is what the stage's network is called.
const network = "console"

// Options set a stage up.
type Options struct {
	Start     time.Time
	Roles     []oncall.Role
	Admins    []string // handles
	OpenDoor  bool
	Prefix    string
	Emergency string
	PublicURL string
	Guard     incidents.Guard
	NewCode   func() string                      // confirmation codes that can be foreseen; nil makes real ones
	Show      func(at time.Time, l console.Line) // what the bot says and does
	Log       *slog.Logger
}

// Stage is a bot whose time stands still between two calls.
type Stage struct {
	DB        *pgxpool.Pool
	Incidents *incidents.Service
	People    *oncall.Desk

	door       *console.Door
	dispatcher *bot.Dispatcher
	outbox     *bot.Outbox
	pager      *incidents.Pager
	mu         sync.Mutex
	now        time.Time
}

// New puts a bot on a migrated database.
func New(ctx context.Context, db *pgxpool.Pool, o Options) (*Stage, error) {
	s := &Stage{DB: db, now: o.Start}
	queue, err := river.NewClient(riverpgxv5.New(db), &river.Config{Logger: o.Log})
	if err != nil {
		return nil, err
	}
	if err := oncall.SyncRoles(ctx, db, o.Start, o.Roles); err != nil {
		return nil, err
	}
	s.door = &console.Door{ID: network, Show: func(l console.Line) { o.Show(s.Now(), l) }}
	s.join(queue, o)
	s.Incidents.NewCode = o.NewCode

	policy := bot.Policy{Fire: []string{"@roster"}, Confirm: []string{"@roster"}}
	for _, handle := range o.Admins {
		policy.Admins = append(policy.Admins, network+"/"+handle)
	}
	set, err := command.NewSet(command.Options{
		Prefix: o.Prefix, Emergency: o.Emergency, Recorder: bot.Record{DB: db}, Now: s.Now,
		Refused: bot.Refusals(s.Incidents, o.Log),
	}, command.Vocabulary(command.Services{DB: db, Incidents: s.Incidents, People: s.People, PublicURL: o.PublicURL}))
	if err != nil {
		return nil, err
	}
	s.dispatcher = &bot.Dispatcher{DB: db, Set: set, Who: &bot.Identity{DB: db, Policy: policy}, Now: s.Now, Log: o.Log}
	s.outbox = &bot.Outbox{DB: db, Now: s.Now, Log: o.Log, Networks: map[string]bot.Network{network: s.door}, Localize: set.Localize, Incidents: s.Incidents, PublicURL: o.PublicURL}
	route := bot.DirectRoute{Network: s.door, Localize: set.Localize}
	s.pager = &incidents.Pager{
		Service: s.Incidents, Routes: map[string]paging.Route{route.Name(): route},
		Worker: paging.Worker{Me: "play", Routes: []string{route.Name()}}, Parallel: 1,
	}
	return s, nil
}

func (s *Stage) join(queue notice.Queue, o Options) {
	s.Incidents = &incidents.Service{
		DB: s.DB, Queue: queue, Now: s.Now, Log: o.Log,
		Networks: []incidents.Network{{Name: network, Home: Home, RoomName: "#inc-{id}-{slug}"}},
		Routes:   []string{network}, Guard: o.Guard, Baton: incidents.DefaultBaton(),
	}
	s.People = &oncall.Desk{DB: s.DB, Now: s.Now, OpenDoor: o.OpenDoor, Queue: queue, Networks: []string{network}}
}

// Now is the stage's clock.
func (s *Stage) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *Stage) setNow(t time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = t
}

// Say makes somebody say a line, in a room or ("") in private to the bot, and lets
// everything happen that is due by it. proven is false for a borrowed nick.
func (s *Stage) Say(ctx context.Context, who, room, text string, proven bool) error {
	h := bot.Heard{At: s.Now(), Network: network, Room: room, Nick: who, Text: text}
	if proven {
		h.Account = who
	}
	s.dispatcher.Hear(ctx, s.door, h)
	_, err := s.settle(ctx)
	return err
}

// settle lets everything happen that is due at this instant, and tells when the
// next thing is.
func (s *Stage) settle(ctx context.Context) (next time.Time, err error) {
	for {
		if next, err = s.pager.Step(ctx); err != nil {
			return next, err
		}
		if s.pager.Settle() {
			continue // every page goes out before anything is announced, on any machine
		}
		if _, err := s.outbox.Drain(ctx, network); err != nil {
			return next, err
		}
		if next.IsZero() || next.After(s.Now()) {
			return next, nil
		}
	}
}

// Next tells when the bot has something to do, if nobody says anything; zero is never.
func (s *Stage) Next(ctx context.Context) (time.Time, error) { return s.settle(ctx) }

// WaitUntil lets time pass. What is due on the way happens in its order.
func (s *Stage) WaitUntil(ctx context.Context, until time.Time) error {
	for {
		next, err := s.settle(ctx)
		if err != nil {
			return err
		}
		if next.IsZero() || next.After(until) {
			s.setNow(until)
			_, err := s.settle(ctx)
			return err
		}
		s.setNow(next)
	}
}
