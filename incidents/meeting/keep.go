package meeting

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/incidents/minutes"
	"batsignal/incidents/minutes/write"
	"batsignal/migrations/pg"
)

// Archive takes the files of a meeting. What is written again replaces what was there.
type Archive interface {
	// Put writes one meeting. The world may read its files unless it is restricted.
	Put(ctx context.Context, d write.Doc) error
}

// Keeper does what nobody asks for: it ends meetings that were forgotten and has files
// written. What there is to do is in rows, so any process may do it, after any crash.
type Keeper struct {
	*Service
	Archives []Archive
	wake     chan struct{}
}

// NewKeeper makes a keeper; Wake it when ChannelMeeting says something.
func NewKeeper(s *Service, archives ...Archive) *Keeper {
	return &Keeper{Service: s, Archives: archives, wake: make(chan struct{}, 1)}
}

// Wake has it look now.
func (k *Keeper) Wake() {
	k.Refresh()
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// lookEvery is how often it looks by itself: silence makes no noise that could wake it.
const lookEvery = 15 * time.Second

// Run keeps until ctx ends.
func (k *Keeper) Run(ctx context.Context) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		if err := k.Look(ctx); err != nil && ctx.Err() == nil {
			k.Log.Warn("meetings could not be looked after; I try again", "error", err)
		}
		select {
		case <-tick.C:
		case <-k.wake:
		case <-ctx.Done():
			return nil
		}
	}
}

// Look does what is due now.
func (k *Keeper) Look(ctx context.Context) error {
	return errors.Join(k.endForgotten(ctx), k.writeDue(ctx))
}

const (
	sqlQuiet = `
		select id from meeting where ended_at is null and incident_id is null and heard_at < @before order by id`
	sqlWarned   = `update meeting set warned_at = @now where id = @id`
	sqlState    = `select heard_at, warned_at from meeting where id = @id`
	sqlWriteDue = `
		select id from meeting where write_due order by id limit 1 for update skip locked`
	sqlWritten = `update meeting set write_due = false, written_at = @now where id = @id`
)

// warnBefore is how long before it ends a quiet meeting it says so.
const warnBefore = 10 * time.Minute

// endForgotten ends the meetings in which nobody has said anything for long, after it
// has warned of that.
func (k *Keeper) endForgotten(ctx context.Context) error {
	rows, err := k.DB.Query(ctx, sqlQuiet, pgx.NamedArgs{"before": k.Now().Add(-time.Minute)})
	if err != nil {
		return err
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	for _, id := range ids {
		err = errors.Join(err, k.mind(ctx, id))
	}
	return err
}

func (k *Keeper) mind(ctx context.Context, id int64) error {
	l := k.takeLive(id)
	err := pg.InTx(ctx, k.DB, func(tx pgx.Tx) error {
		w, err := k.open(ctx, tx, id, &l)
		if err != nil || w == nil {
			return err
		}
		var heard time.Time
		var warned *time.Time
		if err := tx.QueryRow(ctx, sqlState, pgx.NamedArgs{"id": id}).Scan(&heard, &warned); err != nil {
			return err
		}
		idle, quiet := w.m.Dialect.Idle, w.now.Sub(heard)
		switch warn := min(warnBefore, idle/2); {
		case idle <= 0:
		case warned != nil && w.now.Sub(*warned) >= warn && quiet >= idle:
			end := minutes.Event{At: w.now, Kind: minutes.Ended, Text: fmt.Sprintf("nobody had said anything for %d minutes", int(quiet.Minutes()))}
			if err := w.hear(end, w.row.at(), -1); err != nil {
				return err
			}
		case warned == nil && quiet >= idle-warn:
			w.say(w.row.at(), fmt.Sprintf("Nobody has said anything for %d minutes. The meeting ends by itself in %d; say anything to go on.", int(quiet.Minutes()), int(warn.Minutes())))
			if _, err := tx.Exec(ctx, sqlWarned, pgx.NamedArgs{"id": id, "now": w.now}); err != nil {
				return err
			}
		}
		return w.close()
	})
	if err == nil {
		k.putLive(id, l)
	}
	return err
}

// writeDue has the files of every meeting written that is due.
func (k *Keeper) writeDue(ctx context.Context) error {
	for {
		done := true
		err := pg.InTx(ctx, k.DB, func(tx pgx.Tx) error {
			var id int64
			err := tx.QueryRow(ctx, sqlWriteDue).Scan(&id)
			if done = errors.Is(err, pgx.ErrNoRows); done {
				return nil
			}
			if err != nil {
				return err
			}
			d, err := docOf(ctx, tx, id)
			if err != nil {
				return err
			}
			for _, a := range k.Archives {
				if err := a.Put(ctx, d); err != nil {
					return err
				}
			}
			_, err = tx.Exec(ctx, sqlWritten, pgx.NamedArgs{"id": id, "now": k.Now()})
			return err
		})
		if err != nil || done {
			return err
		}
	}
}
