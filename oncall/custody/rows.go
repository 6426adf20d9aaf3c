package custody

import (
	"context"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall/escrow"
)

// A record lacks something if either wrap of a half is not there for the epoch; wraps that
// may open it are those of the half's own slot, the one of now first.
const sqlRecordsToWrap = `
	select c.record_id::text, c.owner_id, c.kind, c.policy, c.content_epoch, c.nonce, c.content,
		c.commitment, c.commit_bot, c.commit_switchboard, h.slots, w.epochs, w.wraps
	from sealed_contact c
	cross join lateral (
		select coalesce(array_agg(slot), '{}') as slots from sealed_wrap
		where record_id = c.record_id and epoch = @epoch and slot in (@own, @custody)) h
	cross join lateral (
		select coalesce(array_agg(epoch order by (epoch = c.epoch) desc, epoch desc), '{}') as epochs,
			coalesce(array_agg(wrapped order by (epoch = c.epoch) desc, epoch desc), '{}') as wraps from sealed_wrap
		where record_id = c.record_id and slot = @own) w
	where c.record_id > @after::uuid and (cardinality(h.slots) < 2 or @every)
	order by c.record_id limit @most`

// firstRecord is before every record.
const firstRecord = "00000000-0000-0000-0000-000000000000"

// toWrap is a record with what there is of one of its halves.
type toWrap struct {
	escrow.Record
	slots  []string // those that the epoch has already
	epochs []int32  // of the wraps that may open it
	wraps  [][]byte
}

func (w toWrap) has(slot escrow.Slot) bool {
	for _, s := range w.slots {
		if s == string(slot) {
			return true
		}
	}
	return false
}

// recordsToWrap reads some records that lack a wrap at an epoch, or every record, behind one.
func recordsToWrap(ctx context.Context, db pg.DB, own, custody escrow.Slot, epoch int, after string, most int, every bool) ([]toWrap, error) {
	rows, err := db.Query(ctx, sqlRecordsToWrap, pgx.NamedArgs{
		"own": own, "custody": custody, "epoch": epoch, "after": after, "most": most, "every": every,
	})
	if err != nil {
		return nil, err
	}
	return pg.Collect(rows, func(r *toWrap) []any {
		return []any{&r.ID, &r.Owner, &r.Kind, &r.Policy, &r.ContentEpoch, &r.Nonce, &r.Content,
			&r.Commitment, &r.CommitBot, &r.CommitSwitchboard, &r.slots, &r.epochs, &r.wraps}
	})
}
