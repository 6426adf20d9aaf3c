package freeze

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/audit"
	"batsignal/oncall/fault"
)

// Window is a time in which nothing risky is done.
type Window struct {
	ID       int64
	Title    string
	BeginsAt time.Time
	EndsAt   time.Time // the first instant that is free again
	MadeBy   string
	MadeAt   time.Time
	LiftedBy string     // "" if nobody lifted it
	LiftedAt *time.Time // nil if nobody lifted it
}

func (w Window) holds(at time.Time) bool {
	return w.LiftedAt == nil && !at.Before(w.BeginsAt) && at.Before(w.EndsAt)
}

// Ref is what people call it: F3.
func (w Window) Ref() string { return fmt.Sprintf("F%d", w.ID) }

const (
	longestTitle = 200 // letters
	// longestWindow is how long one may last: longer is a rule that nobody remembers.
	longestWindow = 370 * 24 * time.Hour
)

const (
	sqlColumns = `select id, title, begins_at, ends_at, made_by, made_at, lifted_by, lifted_at from freeze_window`
	sqlAhead   = sqlColumns + ` where lifted_at is null and ends_at > @now order by begins_at, id`
	sqlLock    = sqlColumns + ` where id = @id for update`
	sqlAdd     = `
		insert into freeze_window (title, begins_at, ends_at, made_by, made_at)
		values (@title, @begins, @ends, @by, @now) returning id`
	sqlLift = `update freeze_window set lifted_by = @by, lifted_at = @now where id = @id`
)

// Frozen tells whether an instant is in a freeze, by the rules and the windows that people
// set: why, as the end of a sentence, and the first instant at which there is none. "" is no
// freeze.
func Frozen(ctx context.Context, db pg.DB, rules Rules, at time.Time) (why string, until time.Time, err error) {
	windows, err := List(ctx, db, at)
	if err != nil {
		return "", time.Time{}, err
	}
	why, until = rules.At(windows, at)
	return why, until, nil
}

// List is the windows that are not over at an instant and that nobody lifted, in the order
// in which they begin.
func List(ctx context.Context, db pg.DB, now time.Time) ([]Window, error) {
	rows, err := db.Query(ctx, sqlAhead, pgx.NamedArgs{"now": now})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Window])
}

// Add sets a window. It may overlap others, and may have begun; what is over or longer than
// a year is a fault.Invalid.
func Add(ctx context.Context, db pg.DB, now time.Time, by oncall.Actor, begins, ends time.Time, title string) (Window, error) {
	title = strings.Join(strings.Fields(title), " ")
	switch n := len([]rune(title)); {
	case n == 0 || n > longestTitle || strings.ContainsFunc(title, unicode.IsControl):
		return Window{}, fault.New(fault.Invalid, "A freeze has a title of 1 to %d letters, such as \"release week\".", longestTitle)
	case !ends.After(begins):
		return Window{}, fault.New(fault.Invalid, "The freeze would end before it begins. Write the earlier time first.")
	case !ends.After(now):
		return Window{}, fault.New(fault.Invalid, "The freeze would be over already. Write an end that is still to come.")
	case ends.Sub(begins) > longestWindow:
		return Window{}, fault.New(fault.Invalid, "A freeze lasts a year at most. Set a shorter one, and set it again when it ends.")
	}
	w := Window{Title: title, BeginsAt: begins, EndsAt: ends, MadeBy: by.Who(), MadeAt: now}
	err := pg.InTx(ctx, db, func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, sqlAdd, pgx.NamedArgs{
			"title": w.Title, "begins": w.BeginsAt, "ends": w.EndsAt, "by": w.MadeBy, "now": now,
		}).Scan(&w.ID); err != nil {
			return err
		}
		return audit.Record(ctx, tx, now, by.By(), audit.Change{Kind: "freeze", Subject: w.Ref(), After: w,
			Says: fmt.Sprintf("set the freeze %q from %s until %s", w.Title, stamp(w.BeginsAt), stamp(w.EndsAt))})
	})
	return w, err
}

// Lift ends a window, or takes back one that has not begun. That is for whoever made it and for
// admins; to do something in it in spite of it is for everybody, with two others. One that is over or lifted is a
// fault.Conflict, and if there is none it is a fault.NotFound.
func Lift(ctx context.Context, db pg.DB, now time.Time, by oncall.Actor, admin bool, id int64) (w Window, err error) {
	err = pg.InTx(ctx, db, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, sqlLock, pgx.NamedArgs{"id": id})
		if err != nil {
			return err
		}
		w, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Window])
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			return fault.New(fault.NotFound, "There is no freeze F%d. !freeze list shows those that there are.", id)
		case err != nil:
			return err
		case w.LiftedAt != nil:
			return fault.New(fault.Conflict, "The freeze %s was lifted by %s already.", w.Ref(), w.LiftedBy)
		case !w.EndsAt.After(now):
			return fault.New(fault.Conflict, "The freeze %s is over since %s, so there is nothing to lift.", w.Ref(), stamp(w.EndsAt))
		}
		if !admin && w.MadeBy != by.Who() {
			return fault.New(fault.Forbidden, "The freeze %s was made by %s: they or an administrator lift it. What cannot wait is asked for with --override and a reason.", w.Ref(), w.MadeBy)
		}
		before := w
		w.LiftedBy, w.LiftedAt = by.Who(), &now
		if _, err := tx.Exec(ctx, sqlLift, pgx.NamedArgs{"id": id, "by": w.LiftedBy, "now": now}); err != nil {
			return err
		}
		return audit.Record(ctx, tx, now, by.By(), audit.Change{Kind: "freeze", Subject: w.Ref(), Before: before, After: w,
			Says: fmt.Sprintf("lifted the freeze %q", w.Title)})
	})
	return w, err
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 MST") }
