package dial

import (
	"context"
	"errors"
	"fmt"
	"regexp"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall/escrow"
	"batsignal/oncall/fault"
)

const (
	sqlRecord = `
		select s.record_id::text as id, s.contact_id, s.owner_id as owner, s.kind, s.policy, s.content_epoch, s.epoch, s.nonce, s.content,
			s.commitment, s.commit_bot, s.commit_switchboard, c.kind as way,
			c.proven_at is not null as proven, c.suspended_at is not null as paused, c.fault <> '' as faulty
		from sealed_contact s join contact c on c.id = s.contact_id and c.person_id = s.owner_id and c.sealed`
	sqlRecordByID = sqlRecord + ` where s.record_id = @record`
	// While keys are exchanged there are wraps for both: the one that counts comes first.
	sqlOwnWraps = `
		select w.epoch, w.wrapped from sealed_wrap w join sealed_contact s on s.record_id = w.record_id
		where w.record_id = @record and w.slot = 'switchboard' order by w.epoch = s.epoch desc, w.epoch desc`
)

// row is a sealed record, and how its contact stands.
type row struct {
	escrow.Record
	ContactID int64
	Epoch     int
	Way       string // the contact's kind
	Proven    bool
	Paused    bool
	Faulty    bool
}

// isRecord is a UUID in small letters. Compiled once.
var isRecord = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

var errNoRecord = fault.New(fault.NotFound, "There is no such sealed address any more.")

// recordOf reads a record that was not deleted, whatever a restored database has.
func (b *Board) recordOf(ctx context.Context, db pg.DB, id string) (row, error) {
	if !isRecord.MatchString(id) || b.Journal.Has(id) {
		return row{}, errNoRecord
	}
	rows, err := db.Query(ctx, sqlRecordByID, pgx.NamedArgs{"record": id})
	if err != nil {
		return row{}, err
	}
	r, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[row])
	if errors.Is(err, pgx.ErrNoRows) {
		return row{}, errNoRecord
	}
	if err == nil && r.Kind != r.Way {
		return row{}, fault.New(fault.Conflict, "What was sealed is of another kind than the contact.")
	}
	return r, err
}

// ownHalf finds the wrap of the switchboard's half for which there is a key here.
func (b *Board) ownHalf(ctx context.Context, db pg.DB, record string) (escrow.PrivateKey, escrow.Wrap, error) {
	rows, err := db.Query(ctx, sqlOwnWraps, pgx.NamedArgs{"record": record})
	if err != nil {
		return escrow.PrivateKey{}, escrow.Wrap{}, err
	}
	type one struct {
		Epoch   int
		Wrapped []byte
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[one])
	if err != nil {
		return escrow.PrivateKey{}, escrow.Wrap{}, err
	}
	for _, w := range list {
		if key, ok := b.Keys(ctx, db, w.Epoch); ok {
			return key, escrow.Wrap{Record: record, Epoch: w.Epoch, Slot: escrow.SlotSwitchboard, Wrapped: w.Wrapped}, nil
		}
	}
	return escrow.PrivateKey{}, escrow.Wrap{}, fault.New(fault.Unready, "The switchboard has no key for this record's keyring.")
}

func errNoRoute(name string) error {
	return fault.New(fault.NotFound, "The switchboard has no route %q.", name)
}

// inc is an incident as people write it.
func inc(id int64) string {
	if id == 0 {
		return ""
	}
	return fmt.Sprintf("INC-%d", id)
}
