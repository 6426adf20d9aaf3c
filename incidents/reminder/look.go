package reminder

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/notice"
)

const (
	sqlTellOne = `select pg_try_advisory_xact_lock(hashtextextended('batsignal: reminders are told', 0))`
	// Of a rhythm that is moved past a day, the day itself is the earliest.
	sqlNear = sqlColumns + ` where gone_at is null and due_on - ahead <= @day order by due_on, id`
	sqlTold = `update reminder set told_on = @day, told = told + 1 where id = @id`
	sqlHold = sqlNear + ` for update`
)

// mostAtOnce is how many reminders get a line of their own at a time: a room that was away
// for months is not flooded.
const mostAtOnce = 5

// Look tells the home rooms of what is due, and of what is late. It may be called as often as
// one likes, in any process: the rows say what was told.
func (s *Service) Look(ctx context.Context) error {
	near, err := s.toTell(ctx, s.DB, sqlNear, s.Now())
	if err != nil || len(near) == 0 {
		return err
	}
	return pg.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		var free bool
		if err := tx.QueryRow(ctx, sqlTellOne).Scan(&free); err != nil || !free {
			return err // another process is at it
		}
		now := s.Now()
		all, err := s.toTell(ctx, tx, sqlHold, now)
		if err != nil {
			return err
		}
		return s.tell(ctx, tx, now, all)
	})
}

// telling is a reminder that is to be told of.
type telling struct {
	Reminder
	occasion occasion
	day      time.Time
}

func (s *Service) toTell(ctx context.Context, db pg.DB, sql string, now time.Time) (all []telling, err error) {
	const farEast = 14 * time.Hour // where a day begins first
	day, _ := today(now.Add(farEast), "UTC")
	near, err := s.list(ctx, db, sql, pgx.NamedArgs{"day": day})
	for _, r := range near {
		if o, day, is := r.isToTell(now); is {
			all = append(all, telling{r, o, day})
		}
	}
	return all, err
}

func (s *Service) tell(ctx context.Context, tx pgx.Tx, now time.Time, all []telling) error {
	var notices []notice.Notice
	say := func(text string, actions ...notice.Action) {
		for _, room := range s.Rooms {
			notices = append(notices, notice.Notice{Network: room.Network, Kind: notice.Say, Room: room.Room, Text: oncall.Clip(text, 2000), Actions: actions})
		}
	}
	var more []string
	for i, t := range all {
		if i < mostAtOnce || len(all) == mostAtOnce+1 {
			say(t.line(t.occasion, now), t.buttons()...)
		} else {
			more = append(more, t.Head(now)+": "+oncall.Clip(t.Title, 60))
		}
		if _, err := tx.Exec(ctx, sqlTold, pgx.NamedArgs{"id": t.ID, "day": t.day}); err != nil {
			return err
		}
	}
	if len(more) > 0 {
		say("Reminders, and " + oncall.Plural(len(more), "more", "more") + " (!reminder list): " + strings.Join(more, "; ") + ".")
	}
	return notice.Post(ctx, tx, s.Queue, now, notices...)
}

func (t telling) buttons() []notice.Action {
	if t.What == End || t.occasion.late < 0 {
		return nil // a day has to be said, or there is nothing to do yet
	}
	return []notice.Action{{Label: "Done", Command: "reminder done " + Ref(t.ID), Says: "It was done today."}}
}
