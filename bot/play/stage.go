// Package play owns the fast clock: the whole bot in one process, where time passes
// only when told to and everything due on the way happens in its order.
//
// Plays are for `batsignal try`, and for transcripts in tests. Nothing in a play
// is faked but time and the people: rows, guard, hunts, baton and announcements
// are the real ones, on a real Postgres. What networks it is given on is decided by
// whoever sets up the stage; here there is only the terminal.
package play

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"batsignal/bot"
	"batsignal/bot/command"
	"batsignal/bot/console"
	"batsignal/incidents"
	"batsignal/incidents/action"
	"batsignal/incidents/alert"
	"batsignal/incidents/announcement"
	"batsignal/incidents/meeting"
	"batsignal/incidents/reminder"
	"batsignal/incidents/retrospective"
	"batsignal/incidents/runbook"
	"batsignal/incidents/runbook/book"
	"batsignal/integrations/job"
	"batsignal/integrations/job/clockwork"
	"batsignal/integrations/job/freeze"
	"batsignal/oncall"
	"batsignal/oncall/access"
	"batsignal/oncall/rota"
	"batsignal/oncall/secret"
)

// Home is the room where everybody is.
const Home = "#ops"

// Options set a stage up.
type Options struct {
	Start       time.Time
	Theatres    []Theatre // nil is one terminal, called "console"
	Relay       bool      // talk is carried between the rooms of an incident
	Roles       []oncall.Role
	Admins      []string // handles
	OpenDoor    bool
	Prefix      string
	Emergency   string
	PublicURL   string
	Switchboard command.LinkFor // nil: there is none
	Guard       incidents.Guard
	// Retrospectives has them drafted by themselves when an incident is over.
	Retrospectives bool
	// Runbooks are those that there are; nil has none, and no verbs for them.
	Runbooks []book.Book
	// Jobs are what can be asked for; nil has none, and no verbs for jobs, freezes, reminders
	// and announcements.
	Jobs     *Jobs
	NewToken func() string                      // tokens of links in chat that can be foreseen; nil makes real ones
	NewCode  func() string                      // confirmation codes that can be foreseen; nil makes real ones
	Fetch    command.Fetcher                    // reads calendars from the web; nil reads none
	Show     func(at time.Time, l console.Line) // what people see of what the bot says and does
	Patience time.Duration                      // how long a network may take for anything, in real time; 0 is a minute
	Log      *slog.Logger
}

// Stage is a bot whose time stands still between two calls. Only one call may be
// made at a time.
type Stage struct {
	DB        *pgxpool.Pool
	Incidents *incidents.Service
	People    *oncall.Desk
	Retro     *retrospective.Service
	Access    *access.Service
	Rota      *rota.Service
	Alerts    *alert.Service
	Jobs      *job.Service // nil where there are none

	keys       map[string]secret.Text // of monitoring tools, by the names of the tools
	houses     []*house
	show       func(at time.Time, l console.Line)
	dispatcher *bot.Dispatcher
	outbox     *bot.Outbox
	meetings   *meeting.Service
	keeper     *meeting.Keeper
	drafts     bool // what is over is drafted
	actions    *action.Service
	runbooks   *runbook.Service
	scribe     *bot.Scribe

	clock         *clockwork.Service
	clockSet      bool // its rows follow the definitions
	freezes       freeze.Rules
	reminders     *reminder.Service
	announcements *announcement.Service
	crew          *crew // nil where there are no jobs

	pager    *incidents.Pager
	running  sync.WaitGroup // doors, the scribe and runs
	stop     context.CancelFunc
	patience time.Duration

	work sync.Mutex // held while a line is judged, and while what is due happens
	mu   sync.Mutex
	now  time.Time
}

// New puts a bot on a migrated database, and waits until it is on its networks. It
// is to be closed.
func New(ctx context.Context, db *pgxpool.Pool, o Options) (*Stage, error) {
	s := &Stage{DB: db, now: o.Start, show: o.Show, keys: map[string]secret.Text{}, patience: cmp.Or(o.Patience, time.Minute)}
	queue, err := river.NewClient(riverpgxv5.New(db), &river.Config{Logger: o.Log})
	if err != nil {
		return nil, err
	}
	if err := oncall.SyncRoles(ctx, db, o.Start, o.Roles); err != nil {
		return nil, err
	}
	if o.Theatres == nil {
		o.Theatres = []Theatre{NewTerminal("console")}
	}
	for _, t := range o.Theatres {
		if t, ok := t.(*Terminal); ok {
			t.door.People = s.handles // in a terminal everybody is everywhere
		}
		s.houses = append(s.houses, &house{Theatre: t, name: t.Network().Name(), hear: s.hear, patience: s.patience})
	}
	if err := s.wire(queue, o); err != nil {
		return nil, err
	}
	live, stop := context.WithCancel(ctx)
	s.stop = stop
	if s.crew != nil {
		s.crew.live = live
	}
	s.running.Go(func() { _ = s.scribe.Run(live) }) // it returns nil, always
	for _, h := range s.houses {
		if err := h.open(live, &s.running); err != nil {
			s.Close()
			return nil, err
		}
	}
	return s, nil
}

// Close leaves the networks and returns when their doors have stopped.
func (s *Stage) Close() {
	s.stop()
	s.running.Wait()
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

// hear has the bot judge one line: one at a time, and not while something that is
// due happens. Doors date lines by the real clock, which is not the play's.
func (s *Stage) hear(ctx context.Context, n bot.Network, h bot.Heard) {
	s.work.Lock()
	defer s.work.Unlock()
	h.At = s.Now()
	s.dispatcher.Hear(ctx, n, h)
}

// Say makes somebody say a line on the first network, in a room or ("") in private
// to the bot, and lets everything happen that is due by it. proven is false for a
// borrowed nick.
func (s *Stage) Say(ctx context.Context, who, room, text string, proven bool) error {
	return s.Speak(ctx, Spoken{Who: who, Borrowed: !proven, Room: room, Text: text})
}

// Speak is [Stage.Say] on any network.
func (s *Stage) Speak(ctx context.Context, line Spoken) error {
	h := s.houses[0]
	if line.Network != "" {
		i := slices.IndexFunc(s.houses, func(h *house) bool { return h.name == line.Network })
		if i < 0 {
			return fmt.Errorf("there is no network called %q on this stage", line.Network)
		}
		h = s.houses[i]
	}
	if err := h.say(ctx, line); err != nil {
		return err
	}
	_, err := s.settle(ctx)
	return err
}

// settle lets everything happen that is due at this instant, shows what people saw
// of it, and tells when the next thing is.
func (s *Stage) settle(ctx context.Context) (next time.Time, err error) {
	next, err = s.happen(ctx)
	return next, errors.Join(err, s.look(ctx))
}

func (s *Stage) happen(ctx context.Context) (next time.Time, err error) {
	s.work.Lock()
	defer s.work.Unlock()
	for {
		if next, err = s.pager.Step(ctx); err != nil {
			return next, err
		}
		if next, err = s.keep(ctx, next); err != nil {
			return next, err
		}
		if s.pager.Settle() {
			continue // every page goes out before anything is announced, on any machine
		}
		if s.crew != nil {
			switch did, err := s.crew.step(ctx); {
			case err != nil:
				return next, err
			case did:
				continue
			}
		}
		if err := s.announce(ctx); err != nil {
			return next, err
		}
		if next.IsZero() || next.After(s.Now()) {
			return next, nil
		}
	}
}

// announce says what waits to be said, as often as there are networks: what one of
// them does, such as giving another room, may have to be told on the others.
func (s *Stage) announce(ctx context.Context) error {
	for range s.houses {
		for _, h := range s.houses {
			if err := h.announce(ctx, s.outbox); err != nil {
				return err
			}
		}
	}
	return nil
}

// look shows what people saw.
func (s *Stage) look(ctx context.Context) error {
	for _, h := range s.houses {
		lines, err := h.Heard(ctx)
		for _, l := range lines {
			if len(s.houses) > 1 {
				l.Network = h.name
			}
			s.show(s.Now(), l)
		}
		if err != nil {
			return err
		}
	}
	return nil
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
