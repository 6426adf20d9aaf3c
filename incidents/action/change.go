package action

import (
	"context"
	"errors"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

// What the history says of a change. Whatever people wrote comes after these words, so
// that it can never look like one of them.
const (
	wasDone      = "done"
	wasDropped   = "dropped"
	wasWithdrawn = "taken out of the minutes"
	wasReopened  = "opened again"
	wasReturned  = "opened again in the minutes"
	wasChanged   = "changed in the minutes"
	wasReminded  = "reminded " // and whom
)

const (
	sqlLock   = `select id from action_item where id = @id for update`
	sqlClose  = `update action_item set state = @state, closed_at = @now where id = @id`
	sqlReopen = `
		update action_item set state = 'open', closed_at = null where id = @id`
	sqlSetDue   = `update action_item set due = @due, due_set = true where id = @id`
	sqlSetOwned = `update action_item set owners_set = true where id = @id`
	closings    = `
		from action_change
		where action_id = @id and (what in (@done, @withdrawn) or what = @dropped or what like @dropped || ':%')
		order by id desc limit 1`
	sqlClosedBy   = `select who` + closings
	sqlLastClosed = `select what` + closings
	// Pages about an incident follow what happens to its actions; see incidents.ChannelIncident.
	sqlTellIncident = `select pg_notify('batsignal_incident', 'INC-' || @incident::bigint)`
)

// longestWhy is in letters.
const longestWhy = 300

// Done marks an action as done.
func (s *Service) Done(ctx context.Context, a oncall.Actor, id int64) (Item, error) {
	return s.end(ctx, a, id, Done, wasDone)
}

// Drop marks an action as one that nobody will do.
func (s *Service) Drop(ctx context.Context, a oncall.Actor, id int64, why string) (Item, error) {
	if utf8.RuneCountInString(why) > longestWhy {
		return Item{}, fault.New(fault.Invalid, "Say in up to %d letters why nobody will do it.", longestWhy)
	}
	what := wasDropped
	if why != "" {
		what += ": " + why
	}
	return s.end(ctx, a, id, Dropped, what)
}

func (s *Service) end(ctx context.Context, a oncall.Actor, id int64, state State, what string) (Item, error) {
	return s.change(ctx, a, id, func(tx pgx.Tx, now time.Time, it Item) (string, error) {
		if it.State == state {
			who, err := closedBy(ctx, tx, id)
			return "", orConflict(err, "%s is %s already%s.", Ref(id), state, who)
		}
		if err := mustBeOpen(ctx, tx, it); err != nil {
			return "", err
		}
		_, err := tx.Exec(ctx, sqlClose, pgx.NamedArgs{"id": id, "state": state, "now": now})
		return what, err
	})
}

// Reopen makes an action that was done or dropped one to be done.
func (s *Service) Reopen(ctx context.Context, a oncall.Actor, id int64) (Item, error) {
	return s.change(ctx, a, id, func(tx pgx.Tx, _ time.Time, it Item) (string, error) {
		if it.State == Open {
			return "", fault.New(fault.Conflict, "%s is open.", Ref(id))
		}
		_, err := tx.Exec(ctx, sqlReopen, pgx.NamedArgs{"id": id})
		return wasReopened, err
	})
}

// SetDue says by which day an action is to be done; the zero time is no day.
func (s *Service) SetDue(ctx context.Context, a oncall.Actor, id int64, due time.Time) (Item, error) {
	return s.change(ctx, a, id, func(tx pgx.Tx, _ time.Time, it Item) (string, error) {
		if err := mustBeOpen(ctx, tx, it); err != nil {
			return "", err
		}
		what := "due " + due.Format(time.DateOnly)
		if due.IsZero() {
			what = "no date"
		}
		if due.Equal(it.Due) {
			if due.IsZero() {
				return "", fault.New(fault.Conflict, "%s has no date already.", Ref(id))
			}
			return "", fault.New(fault.Conflict, "%s is %s already.", Ref(id), what)
		}
		_, err := tx.Exec(ctx, sqlSetDue, pgx.NamedArgs{"id": id, "due": pg.NullTime(due)})
		return what, err
	})
}

// change runs fn in one transaction on a locked action, writes down what it says was
// done and by whom, and returns the action as it is then.
func (s *Service) change(ctx context.Context, a oncall.Actor, id int64, fn func(tx pgx.Tx, now time.Time, it Item) (what string, err error)) (Item, error) {
	var it Item
	err := pg.InTx(ctx, s.DB, func(tx pgx.Tx) (err error) {
		if it, err = lock(ctx, tx, id); err != nil {
			return err
		}
		now := s.Now()
		what, err := fn(tx, now, it)
		if err != nil {
			return err
		}
		if err := record(ctx, tx, now, id, a.Who(), what); err != nil {
			return err
		}
		if it, err = get(ctx, tx, id); err != nil {
			return err
		}
		return tell(ctx, tx, it)
	})
	return it, err
}

func lock(ctx context.Context, tx pgx.Tx, id int64) (Item, error) {
	if _, err := tx.Exec(ctx, sqlLock, pgx.NamedArgs{"id": id}); err != nil {
		return Item{}, err
	}
	return get(ctx, tx, id)
}

// tell wakes the pages that show an action.
func tell(ctx context.Context, tx pgx.Tx, it Item) error {
	if it.Incident == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, sqlTellIncident, pgx.NamedArgs{"incident": it.Incident})
	return err
}

// mustBeOpen refuses what makes no sense for an action that is done or dropped.
func mustBeOpen(ctx context.Context, tx pgx.Tx, it Item) error {
	if it.State == Open {
		return nil
	}
	who, err := closedBy(ctx, tx, it.ID)
	return orConflict(err, "%s is %s%s. !action reopen %s opens it again.", Ref(it.ID), it.State, who, Ref(it.ID))
}

// closedBy says by whom an action was done or dropped: ", by bert".
func closedBy(ctx context.Context, tx pgx.Tx, id int64) (string, error) {
	var who string
	err := tx.QueryRow(ctx, sqlClosedBy, pgx.NamedArgs{
		"id": id, "done": wasDone, "dropped": wasDropped, "withdrawn": wasWithdrawn,
	}).Scan(&who)
	if errors.Is(err, pgx.ErrNoRows) || who == "" {
		return "", ignoreNone(err)
	}
	return ", by " + who, err
}

func ignoreNone(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	return err
}

func orConflict(err error, format string, args ...any) error {
	if err != nil {
		return err
	}
	return fault.New(fault.Conflict, format, args...)
}
