package rota

import (
	"context"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/audit"
	"batsignal/oncall/fault"
	"batsignal/oncall/notice"
	"batsignal/oncall/schedule"
)

// Service changes schedules and what is decided about shifts. Its fields are set once
// and not changed; it may be used by many at once.
type Service struct {
	DB       pg.DB
	Now      func() time.Time
	Queue    notice.Queue // nil tells nobody
	Log      *slog.Logger // nil logs nothing
	Networks []string     // on which people can be told
	Rooms    []Room       // where a handoff is said aloud
	// Ahead is how long before a shift begins whoever has it is reminded; 0 is not.
	Ahead time.Duration
	// Open says in lines what is open for a role, for whoever comes on; nil says
	// nothing. It is asked while a transaction is open.
	Open func(ctx context.Context, role string) ([]string, error)

	trying bool
}

// Room is a place on a network where many read.
type Room struct {
	Network string
	Room    string
}

// In returns the service working within a transaction of the caller's.
func (s *Service) In(tx pgx.Tx) *Service {
	inside := *s
	inside.DB = tx
	return &inside
}

// Trying returns a service whose AddOverride, Ask and AddAbsence change nothing: they
// refuse what they would refuse, and return what would come of it, without a number. It
// is for whoever asks people whether they are sure.
func (s *Service) Trying() *Service {
	trying := *s
	trying.trying = true
	return &trying
}

func (s *Service) log() *slog.Logger {
	if s.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return s.Log
}

// longestRange is how far anything decided about shifts reaches: longer is a change of
// the schedule.
const longestRange = 400 * 24 * time.Hour

// change is one transaction.
type change struct {
	*Service
	ctx      context.Context
	tx       pgx.Tx
	now      time.Time
	by       oncall.Actor
	messages []oncall.Message
	aloud    []string                // what handoffs have to say in the rooms
	people   map[int64]oncall.Person // whom it speaks of, once they were looked up
}

// change runs fn in a transaction and then tells whoever is to be told.
func (s *Service) change(ctx context.Context, by oncall.Actor, fn func(c *change) error) error {
	now := s.Now()
	return pg.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		c := &change{Service: s, ctx: ctx, tx: tx, now: now, by: by, people: map[int64]oncall.Person{}}
		if err := fn(c); err != nil {
			return err
		}
		return oncall.Tell(ctx, tx, s.Queue, now, s.Networks, c.messages...)
	})
}

// record writes the change down.
func (c *change) record(a audit.Change) error { return audit.Record(c.ctx, c.tx, c.now, c.by.By(), a) }

// tell has somebody told, unless they did it themselves.
func (c *change) tell(person int64, text string, actions ...notice.Action) {
	if person != 0 && person != c.by.PersonID {
		c.messages = append(c.messages, oncall.Message{Person: person, Text: text, Actions: actions})
	}
}

const (
	// Whoever changes what is decided about a schedule takes turns with others.
	sqlLockSchedule = `
		select name from schedule where id = @id and retired_at is null for no key update`
)

// know looks people up, so that they can be named. One who is not there is Invalid.
func (c *change) know(people ...int64) error {
	more, err := peopleByID(c.ctx, c.tx, people)
	if err != nil {
		return err
	}
	for id, p := range more {
		c.people[id] = p
	}
	for _, id := range people {
		if _, known := c.people[id]; !known && id != 0 {
			return fault.New(fault.Invalid, "There is no person number %d. !roster show lists who is there.", id)
		}
	}
	return nil
}

// handle names a person who was looked up.
func (c *change) handle(person int64) string {
	if p, known := c.people[person]; known {
		return p.Handle
	}
	return "somebody"
}

// zone is where a person who was looked up is.
func (c *change) zone(person int64) string { return c.people[person].Zone }

func peopleByID(ctx context.Context, db pg.DB, people []int64) (map[int64]oncall.Person, error) {
	list, err := oncall.PeopleAmong(ctx, db, people)
	known := make(map[int64]oncall.Person, len(list))
	for _, p := range list {
		known[p.ID] = p
	}
	return known, err
}

// activeIn lists whom a role may ring, in order of the roster.
func activeIn(ctx context.Context, db pg.DB, role string) ([]int64, error) {
	members, err := oncall.MembersOf(ctx, db, role)
	var active []int64
	for _, m := range members {
		if m.Active() {
			active = append(active, m.Person.ID)
		}
	}
	return active, err
}

// lock takes a schedule for this change alone and reads it.
func (c *change) lock(id int64) (schedule.Schedule, error) {
	var name string
	err := c.tx.QueryRow(c.ctx, sqlLockSchedule, pgx.NamedArgs{"id": id}).Scan(&name)
	if noRow(err) {
		return schedule.Schedule{}, fault.New(fault.NotFound, "There is no such schedule any more. !oncall lists those in use.")
	}
	if err != nil {
		return schedule.Schedule{}, err
	}
	return ByID(c.ctx, c.tx, id)
}

// book reads what is decided about one schedule between two instants.
func (c *change) book(s schedule.Schedule, from, until time.Time) (Book, error) {
	b := Book{Schedules: []schedule.Schedule{s}, From: from, Until: until}
	err := b.fill(c.ctx, c.tx)
	return b, err
}

// own refuses what is for somebody else, unless an admin does it.
func own(by oncall.Actor, admin bool, person int64, instead string) error {
	if admin || (person != 0 && person == by.PersonID) {
		return nil
	}
	if by.PersonID == 0 {
		return fault.New(fault.Forbidden, "I do not know who you are. Join a role first: !roster join.")
	}
	return fault.New(fault.Forbidden, "Only they themselves or an admin can do that. %s", instead)
}

// span checks a range of time: not turned round, not over, not without end.
func span(from, until, now time.Time) error {
	switch {
	case !from.Before(until):
		return fault.New(fault.Invalid, "That ends before it begins. Give a beginning, and an end after it.")
	case until.Sub(from) > longestRange:
		return fault.New(fault.Invalid, "That is longer than 400 days. Change the schedule for what is meant to last.")
	case !until.After(now):
		return fault.New(fault.Invalid, "That is over already. Give a time that is still to come.")
	}
	return nil
}
