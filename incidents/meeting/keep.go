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
	"batsignal/oncall/civil"
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
	// Chores are done at each look: what others have to do now and then that comes of
	// meetings and incidents. Each may be done by any process, at any time.
	Chores []func(context.Context) error
	wake   chan struct{}
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
	err := errors.Join(k.endForgotten(ctx), k.writeDue(ctx))
	for _, chore := range k.Chores {
		err = errors.Join(err, chore(ctx))
	}
	return err
}

const (
	sqlGoingOn = `
		select id, heard_at, warned_at, setting from meeting where ended_at is null and incident_id is null order by id`
	sqlWarned   = `update meeting set warned_at = @now where id = @id`
	sqlWriteDue = `select id from meeting where write_due order by id`
	sqlEventsOf = `select events from meeting where id = @id`
	sqlWritten  = `update meeting set write_due = events <> @events, written_at = @now where id = @id`
)

// warnBefore is how long before it ends a quiet meeting it says so.
const warnBefore = 10 * time.Minute

// quiet is a meeting that goes on, as far as its silence is concerned.
type quiet struct {
	ID       int64
	HeardAt  time.Time
	WarnedAt *time.Time
	Setting  []byte
}

// due is when something has to be done about a meeting if nobody says anything: it is
// warned, or, if it was, ended. Zero is never.
func (q quiet) due() (at time.Time, end bool, err error) {
	set, err := decodeSetting(q.Setting)
	if err != nil {
		return at, false, err
	}
	d, ok := minutes.DialectNamed(set.Dialect)
	if !ok || set.idle(d) == 0 {
		return at, false, nil
	}
	idle := set.idle(d)
	warn := min(warnBefore, idle/2)
	if q.WarnedAt == nil {
		return q.HeardAt.Add(idle - warn), false, nil
	}
	// Not sooner than the warning said, however late that came.
	return civil.Later(q.HeardAt.Add(idle), q.WarnedAt.Add(warn)), true, nil
}

func (k *Keeper) goingOn(ctx context.Context) ([]quiet, error) {
	rows, err := k.DB.Query(ctx, sqlGoingOn)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[quiet])
}

// Next is when a meeting has to be looked after, if nobody says anything; zero is never.
func (k *Keeper) Next(ctx context.Context) (next time.Time, err error) {
	list, err := k.goingOn(ctx)
	for _, q := range list {
		at, _, err := q.due()
		if err != nil {
			return next, err
		}
		if !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return next, err
}

// endForgotten warns the meetings in which nobody has said anything for long, and ends
// those that were warned.
func (k *Keeper) endForgotten(ctx context.Context) error {
	list, err := k.goingOn(ctx)
	for _, q := range list {
		at, _, badly := q.due()
		if badly != nil || at.IsZero() || at.After(k.Now()) {
			err = errors.Join(err, badly)
			continue
		}
		err = errors.Join(err, k.mind(ctx, q.ID))
	}
	return err
}

// mind warns or ends a meeting, if that is still due when it is locked.
func (k *Keeper) mind(ctx context.Context, id int64) error {
	l := k.takeLive(id)
	err := pg.InTx(ctx, k.DB, func(tx pgx.Tx) error {
		w, err := k.open(ctx, tx, id, &l)
		if err != nil || w == nil {
			return err
		}
		q := quiet{ID: id, HeardAt: w.row.HeardAt, WarnedAt: w.row.WarnedAt, Setting: w.row.Setting}
		at, end, err := q.due()
		if err != nil || at.After(w.now) {
			return errors.Join(err, w.close())
		}
		silence := int(w.now.Sub(q.HeardAt).Minutes())
		if end {
			if err := w.hear(minutes.Event{At: w.now, Kind: minutes.Ended, Text: fmt.Sprintf("nobody had said anything for %d minutes", silence)}, w.row.at(), -1); err != nil {
				return err
			}
			return w.close()
		}
		w.say(w.row.at(), fmt.Sprintf("Nobody has said anything for %d minutes. The meeting ends by itself in %d; say anything to go on.", silence, int(min(warnBefore, w.m.Dialect.Idle/2).Minutes())))
		if _, err := tx.Exec(ctx, sqlWarned, pgx.NamedArgs{"id": id, "now": w.now}); err != nil {
			return err
		}
		return w.close()
	})
	if err == nil {
		k.putLive(id, l)
	}
	return err
}

// writeDue has the files of every meeting written that is due. One whose files cannot
// be written does not hold up the others.
func (k *Keeper) writeDue(ctx context.Context) error {
	rows, err := k.DB.Query(ctx, sqlWriteDue)
	if err != nil {
		return err
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	for _, id := range ids {
		if failed := k.write(ctx, id); failed != nil {
			err = errors.Join(err, fmt.Errorf("write the files of meeting %d: %w", id, failed))
		}
	}
	return err
}

// write writes the files of a meeting. Nothing is locked meanwhile, since a bucket may
// be slow: if the meeting has gone on by then, the files are written once more.
func (k *Keeper) write(ctx context.Context, id int64) error {
	var d write.Doc
	var events int
	if err := pg.Snapshot(ctx, k.DB, func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, sqlEventsOf, pgx.NamedArgs{"id": id}).Scan(&events); err != nil {
			return err
		}
		var err error
		d, err = docOf(ctx, tx, id)
		return err
	}); err != nil {
		return err
	}
	for _, a := range k.Archives {
		if err := a.Put(ctx, d); err != nil {
			return err
		}
	}
	_, err := k.DB.Exec(ctx, sqlWritten, pgx.NamedArgs{"id": id, "now": k.Now(), "events": events})
	return err
}
