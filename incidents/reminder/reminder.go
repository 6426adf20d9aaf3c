// Package reminder owns what has to be remembered for months: what is done in a rhythm
// (reboot every 150 days) and what ends (a warranty, a contract, a level of support).
//
// It sends nothing, it leaves notices; and it does nothing by itself: what a machine can do is
// a job with a schedule. What one person has to do once is an action (package action).
package reminder

import (
	"context"
	"log/slog"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall/fault"
	"batsignal/oncall/notice"
	"batsignal/oncall/rota"
)

// What says what sort of reminder it is.
type What string

// The sorts.
const (
	Rhythm What = "rhythm" // it comes again, so many days after it was done
	End    What = "end"    // something ends on a day
)

// Service is what can be asked about reminders and done to them, from whichever door. Its
// fields are set once and not changed.
type Service struct {
	DB    pg.DB
	Queue notice.Queue
	Now   func() time.Time
	Rooms []rota.Room // home rooms: they are told
	// Avoid are the days of the week on which nothing of a rhythm is due, since nothing risky
	// is done on them: it is due on the next other day.
	Avoid []time.Weekday
	Log   *slog.Logger
}

// Reminder is one of them, as it stands.
type Reminder struct {
	ID      int64
	What    What
	Title   string
	Means   string    // what its end means for how long a recovery takes; "" is not said
	Every   *int      // days of a rhythm; nil for an end
	Ahead   int       // how many days before it is due people are told first; 0 is on the day
	DueOn   time.Time // the day that was reckoned or named, at midnight UTC
	Zone    string    // whose days they are
	Owner   string    // whoever sees to it; "" is nobody yet
	Version int64     // goes up with each change
	ToldOn  *time.Time
	Told    int // how often, since it was done last
	MadeBy  string
	MadeAt  time.Time
	GoneAt  *time.Time

	// Due is the day on which it is due: DueOn, or the first one after it that is not avoided.
	Due time.Time `db:"-"`
}

// Done is one time that it was done or renewed.
type Done struct {
	DueOn time.Time // the day on which it was due then
	By    string
	At    time.Time
	Note  string
}

// Ref is what people call it: R3.
func Ref(id int64) string { return "R" + strconv.FormatInt(id, 10) }

const (
	sqlColumns = `
		select id, what, title, means, every, ahead, due_on, zone, owner, version, told_on, told, made_by, made_at, gone_at from reminder`
	sqlLive = sqlColumns + ` where gone_at is null order by due_on, id`
	sqlOne  = sqlColumns + ` where id = @id`
	sqlLock = sqlColumns + ` where id = @id for update`
	sqlDone = `select due_on, by, at, note from reminder_done where reminder_id = @id order by at desc, id desc`
)

// List is all reminders that there are, what is due first coming first.
func (s *Service) List(ctx context.Context) ([]Reminder, error) {
	return s.list(ctx, s.DB, sqlLive, nil)
}

// Get finds one, also one that is gone; [fault.NotFound] if there never was one.
func (s *Service) Get(ctx context.Context, id int64) (Reminder, error) {
	return s.one(ctx, s.DB, sqlOne, id)
}

// History is when it was done or renewed, the last time first.
func (s *Service) History(ctx context.Context, id int64) ([]Done, error) {
	rows, err := s.DB.Query(ctx, sqlDone, pgx.NamedArgs{"id": id})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Done])
}

func (s *Service) one(ctx context.Context, db pg.DB, sql string, id int64) (Reminder, error) {
	found, err := s.list(ctx, db, sql, pgx.NamedArgs{"id": id})
	if err == nil && len(found) == 0 {
		err = fault.New(fault.NotFound, "There is no reminder %s. !reminder list shows those that there are.", Ref(id))
	}
	if err != nil {
		return Reminder{}, err
	}
	return found[0], nil
}

func (s *Service) list(ctx context.Context, db pg.DB, sql string, args pgx.NamedArgs) ([]Reminder, error) {
	rows, err := db.Query(ctx, sql, args)
	if err != nil {
		return nil, err
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByName[Reminder])
	for i := range all {
		all[i].Due = s.due(all[i])
	}
	return all, err
}
