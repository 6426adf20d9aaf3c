package snapshot

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/audit"
	"batsignal/oncall/fault"
)

const (
	// A broken one may be deleted at any time: it counts for nothing.
	sqlDeleting = `update snapshot set state = 'deleting' where id = @id and (state = 'kept' and hold = '' or state in ('broken', 'deleting'))`
	sqlGone     = `update snapshot_copy set gone_at = @now where snapshot_id = @id and member = @member and place = @place and gone_at is null`
	sqlDeleted  = `
		update snapshot set state = 'deleted', deleted_at = @now
		where id = @id and state = 'deleting' and not exists (select from snapshot_copy where snapshot_id = @id and gone_at is null)`
	sqlHold    = `update snapshot set hold = @why, hold_by = @by where id = @id and state in ('taking', 'kept')`
	sqlRelease = `update snapshot set hold = '', hold_by = '' where id = @id and hold <> ''`
)

// Hold keeps a snapshot from being deleted, until it is released; who wants it is on record. A
// new hold takes the place of an older one. One that is being deleted cannot be held any more:
// Conflict.
func Hold(ctx context.Context, db pg.DB, now time.Time, by oncall.Actor, id int64, why string) error {
	why = strings.Join(strings.Fields(why), " ")
	if why == "" || len([]rune(why)) > 200 {
		return fault.New(fault.Invalid, "Say why snapshot %d is to be held, in at most 200 letters.", id)
	}
	return pg.InTx(ctx, db, func(tx pgx.Tx) error {
		s, err := Get(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := oneOf(ctx, tx, sqlHold, id, pgx.NamedArgs{"id": id, "why": why, "by": by.Who()}, "Snapshot %d cannot be held any more: it is %s."); err != nil {
			return err
		}
		says := fmt.Sprintf("holds a snapshot of %s: %s", s.Job, why)
		if s.Hold != "" {
			says += fmt.Sprintf(" (instead of %s: %s)", s.HoldBy, s.Hold)
		}
		return audit.Record(ctx, tx, now, by.By(), audit.Change{Kind: "snapshot", Subject: fmt.Sprint(id), Says: says})
	})
}

// Release ends a hold; who did is on record, since the snapshot may go then.
func Release(ctx context.Context, db pg.DB, now time.Time, by oncall.Actor, id int64) error {
	return pg.InTx(ctx, db, func(tx pgx.Tx) error {
		s, err := Get(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := oneOf(ctx, tx, sqlRelease, id, pgx.NamedArgs{"id": id}, "Snapshot %d is not held. It is %s."); err != nil {
			return err
		}
		return audit.Record(ctx, tx, now, by.By(), audit.Change{Kind: "snapshot", Subject: fmt.Sprint(id),
			Says: fmt.Sprintf("let go of a snapshot of %s that %s held: %s", s.Job, s.HoldBy, s.Hold)})
	})
}

// StartDeleting notes that a snapshot goes, before any of its copies does: from then on it
// counts for nothing. One that is held, or being taken, is a Conflict.
func StartDeleting(ctx context.Context, db pg.DB, id int64) error {
	return oneOf(ctx, db, sqlDeleting, id, pgx.NamedArgs{"id": id}, "Snapshot %d cannot be deleted: it is %s, or held.")
}

// CopyGone notes that a copy was deleted. Noting it again changes nothing.
func CopyGone(ctx context.Context, db pg.DB, now time.Time, id int64, c Copy) error {
	_, err := db.Exec(ctx, sqlGone, pgx.NamedArgs{"id": id, "member": c.Member, "place": c.Place, "now": now})
	return err
}

// FinishDeleting notes that a snapshot is deleted, if none of its copies is left.
func FinishDeleting(ctx context.Context, db pg.DB, now time.Time, id int64) (deleted bool, err error) {
	tag, err := db.Exec(ctx, sqlDeleted, pgx.NamedArgs{"id": id, "now": now})
	return err == nil && tag.RowsAffected() == 1, err
}

// oneOf runs a statement that must change the row of a snapshot. If it does not, the
// sentence says so, with the snapshot's number and state.
func oneOf(ctx context.Context, db pg.DB, sql string, id int64, args pgx.NamedArgs, sentence string) error {
	tag, err := db.Exec(ctx, sql, args)
	if err != nil || tag.RowsAffected() == 1 {
		return err
	}
	state, err := StateOf(ctx, db, id)
	if err != nil {
		return err
	}
	return fault.New(fault.Conflict, sentence, id, state)
}
