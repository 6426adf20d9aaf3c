package ledger

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall/fault"
)

const (
	sqlAnchor = `
		insert into ledger_anchor (size, network, room, seen_at)
		select size, @network, @room, @seen from ledger_head where size = @size
		on conflict (size, network, room) do nothing`
	sqlAnchored = `select exists (select from ledger_anchor where size >= @size)`
	sqlAnchors  = `select size, network, room, seen_at as at from ledger_anchor order by size desc, seen_at desc, network, room limit @most`
)

// Anchor is that a head was seen in a room. The rows are a help to find it; what
// proves something are the logs of those who were there.
type Anchor struct {
	Size    int64
	Network string
	Room    string
	At      time.Time
}

// AnchorHead stores that the head of that size was seen in a room, once.
func AnchorHead(ctx context.Context, db pg.DB, a Anchor) error {
	tag, err := db.Exec(ctx, sqlAnchor, pgx.NamedArgs{"size": a.Size, "network": a.Network, "room": tidy(a.Room, 200), "seen": a.At})
	if err != nil || tag.RowsAffected() > 0 {
		return err
	}
	_, found, err := HeadOf(ctx, db, a.Size)
	if err == nil && !found {
		err = fault.New(fault.NotFound, "The ledger has no head of size %d.", a.Size)
	}
	return err
}

// Hear stores that a head was said in a room: its size and the beginning of its hash, as
// [ParseLine] finds them. A head that is not ours is an error whose cause is
// [ErrDiscontinued]: somebody said it who lies, or there are two ledgers.
func Hear(ctx context.Context, db pg.DB, prefix string, a Anchor) error {
	head, found, err := HeadOf(ctx, db, a.Size)
	switch {
	case err != nil:
		return err
	case !found, head.Prefix() != prefix:
		return fault.Wrap(fault.Conflict, ErrDiscontinued, "Ledger %d %s was said in %s, and this ledger never had that head.", a.Size, prefix, tidy(a.Room, longestBy))
	}
	return AnchorHead(ctx, db, a)
}

// Anchored tells whether a head of that size or a larger one was seen in a room: it covers
// all leaves before.
func Anchored(ctx context.Context, db pg.DB, size int64) (bool, error) {
	var yes bool
	err := db.QueryRow(ctx, sqlAnchored, pgx.NamedArgs{"size": size}).Scan(&yes)
	return yes, err
}

// Anchors are the last ones, at most so many.
func Anchors(ctx context.Context, db pg.DB, most int) ([]Anchor, error) {
	rows, err := db.Query(ctx, sqlAnchors, pgx.NamedArgs{"most": most})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Anchor])
}
