package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"batsignal/migrations/pg"
	"batsignal/oncall/custody"
	"batsignal/oncall/fault"
	"batsignal/oncall/selfwatch"
)

const (
	// switchboardPatience is how long the switchboard may be away before everybody hears of
	// it: a restart takes less.
	switchboardPatience = time.Minute
	// lookBudget is how long one look may take.
	lookBudget = 5 * time.Second
	// custodyEvery is how often rooms hear that a drill is overdue, or shares are missing.
	custodyEvery = 24 * time.Hour
)

// escrowWatch looks after what sealed addresses need: the switchboard, and the custodians.
type escrowWatch struct {
	db    pg.DB
	look  func(ctx context.Context) error // whether the switchboard answers
	alarm func(ctx context.Context, sentence string) error
	now   func() time.Time

	missing time.Time // since when the switchboard is away; zero: it answers
	told    bool      // that it is away
	custody time.Time // when custody was last spoken of
}

// switchboard tells custodians and admins that it has been away for a minute, once, and
// that it is back.
func (w *escrowWatch) switchboard(ctx context.Context) error {
	err := w.look(ctx)
	now := w.now()
	switch {
	case err == nil && w.told:
		if err := w.alarm(ctx, "The switchboard answers again: sealed addresses can be opened."); err != nil {
			return err
		}
		w.missing, w.told = time.Time{}, false
		return nil
	case err == nil:
		w.missing = time.Time{}
		return nil
	case w.missing.IsZero() || now.Before(w.missing):
		w.missing = now
	}
	if !w.told && now.Sub(w.missing) >= switchboardPatience {
		late := w.alarm(ctx, "The switchboard has not answered for a minute. No sealed address can be opened; open ways ring as ever. "+fault.Say(err))
		w.told = late == nil // else it is told with the next look
		return errors.Join(err, late)
	}
	return err
}

// custodians says once a day what is wrong with custody: a share that nobody has shown for
// too long may be lost, and is of no use when it is needed.
func (w *escrowWatch) custodians(ctx context.Context) error {
	now := w.now()
	if since := now.Sub(w.custody); since >= 0 && since < custodyEvery {
		return nil
	}
	h, err := custody.Stand(ctx, w.db, now)
	if fault.KindOf(err) == fault.NotFound {
		return nil // there was no ceremony yet
	}
	if err != nil {
		return err
	}
	overdue := h.Overdue()
	if h.Level == custody.LevelOK && len(overdue) == 0 {
		return nil
	}
	text := "Custody of sealed addresses: " + h.Sentence
	if len(overdue) > 0 {
		text += " Overdue with the monthly drill: " + strings.Join(overdue, ", ") + ". batsignal custody drill takes a minute."
	}
	if err := w.alarm(ctx, text); err != nil {
		return err
	}
	w.custody = now
	return nil
}

// joinEscrowWatch has both looked after.
func (p *parts) joinEscrowWatch(db *database, now func() time.Time, watch *selfwatch.Watch) {
	if p.board == nil {
		return
	}
	w := &escrowWatch{db: db.Pool, alarm: p.incidents.Alarm, now: now, look: func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, lookBudget) // other chores wait for it
		defer cancel()
		s, err := p.board.Status(ctx)
		if err == nil && len(s.Trouble) > 0 {
			p.incidents.Log.Warn("the switchboard is not well", "says", strings.Join(s.Trouble, " "))
		}
		return err
	}}
	watch.Checks = append(watch.Checks, selfwatch.Check{Kind: selfwatch.Sealed, Name: "switchboard", Do: func(ctx context.Context) error {
		s, err := p.board.Status(ctx)
		if err == nil && len(s.Trouble) > 0 {
			err = fault.New(fault.Unready, "%s", strings.Join(s.Trouble, " "))
		}
		return err
	}})
	p.chores = append(p.chores,
		chore{"the switchboard", 20 * time.Second, p.afterStart(settling, w.switchboard)},
		chore{"custody", time.Hour, p.afterStart(settling, w.custodians)},
	)
}
