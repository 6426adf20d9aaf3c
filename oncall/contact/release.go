package contact

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"batsignal/migrations/pg"
	"batsignal/oncall/escrow"
	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
	"batsignal/oncall/unseal"
)

const (
	sqlHalf = `
		select s.record_id::text as id, s.owner_id as owner, s.kind, s.policy, s.content_epoch, s.nonce, s.content,
			s.commitment, s.commit_bot, s.commit_switchboard, w.epoch, w.wrapped
		from sealed_contact s join sealed_wrap w on w.record_id = s.record_id and w.epoch = s.epoch and w.slot = 'bot'`
	sqlHalfOfContact = sqlHalf + ` where s.contact_id = @contact`
	sqlHalfOfRecord  = sqlHalf + ` where s.record_id = @record`
	// A message is tried again and again: that its half was given out stands there once.
	sqlInsertRelease = `
		insert into sealed_release (record_id, key, lane, at)
		select @record, @key, @lane, @now
		where not exists (select from sealed_release r where r.record_id = @record and r.key = @key and r.lane = @lane)`
)

// Halves opens the bot's half of the keys of sealed addresses. A nil one opens nothing.
type Halves struct {
	// Keys are the bot's own, the one of now first: another keyring may be about to replace
	// it, or just have done so.
	Keys []escrow.PrivateKey
}

// unwrap opens a half with whichever key opens it.
func (h *Halves) unwrap(r escrow.Record, w escrow.Wrap) (half secret.Bytes, err error) {
	if h == nil || len(h.Keys) == 0 {
		return half, fault.New(fault.Unready, "No key for sealed addresses is configured here, so none can be used.")
	}
	for _, k := range h.Keys {
		if half, err = escrow.Unwrap(k, r, w); !errors.Is(err, escrow.ErrRefused) {
			return half, err
		}
	}
	return half, err
}

// sealedHalf is a record with our half of its key, as it is stored.
type sealedHalf struct {
	escrow.Record
	Epoch   int
	Wrapped []byte
}

// Release gives out the bot's half of the key of a sealed contact, for one message by its
// key (at most 80 letters), and writes that down first: what is given out is compared with
// what was opened. Whoever passes a transaction commits it before the half leaves; whoever
// gets the half wipes it. The caller says which incident and grant it is for.
//
// A contact that was removed is NotFound, one that is not sealed is Conflict, as is one that
// none of our keys opens ([escrow.ErrRefused]), and without a key of ours it is Unready.
func Release(ctx context.Context, db pg.DB, now time.Time, h *Halves, id int64, key string, lane unseal.Lane) (paging.Sealed, error) {
	return release(ctx, db, now, h, sqlHalfOfContact, pgx.NamedArgs{"contact": id}, key, lane)
}

// ReleaseRecord is [Release] by the record.
func ReleaseRecord(ctx context.Context, db pg.DB, now time.Time, h *Halves, record, key string, lane unseal.Lane) (paging.Sealed, error) {
	var id pgtype.UUID
	if id.Scan(record) != nil {
		return paging.Sealed{}, errRemoved()
	}
	return release(ctx, db, now, h, sqlHalfOfRecord, pgx.NamedArgs{"record": id}, key, lane)
}

func release(ctx context.Context, db pg.DB, now time.Time, h *Halves, sql string, args pgx.NamedArgs, key string, lane unseal.Lane) (out paging.Sealed, err error) {
	s, err := halfOf(ctx, db, sql, args)
	if err != nil {
		return out, err
	}
	half, err := h.unwrap(s.Record, escrow.Wrap{Record: s.ID, Epoch: s.Epoch, Slot: escrow.SlotBot, Wrapped: s.Wrapped})
	if err != nil {
		return out, fmt.Errorf("record %s at keyring %d: %w", s.ID, s.Epoch, err)
	}
	if _, err = db.Exec(ctx, sqlInsertRelease, pgx.NamedArgs{"record": s.ID, "key": key, "lane": string(lane), "now": now}); err != nil {
		half.Wipe()
		return out, err
	}
	return paging.Sealed{Record: s.ID, Epoch: s.Epoch, Half: half}, nil
}

func halfOf(ctx context.Context, db pg.DB, sql string, args pgx.NamedArgs) (sealedHalf, error) {
	rows, err := db.Query(ctx, sql, args)
	if err != nil {
		return sealedHalf{}, err
	}
	s, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[sealedHalf])
	if !noRow(err) {
		return s, err
	}
	if id, ok := args["contact"].(int64); ok {
		if c, err := Get(ctx, db, id); err != nil {
			return s, err
		} else if !c.Sealed {
			return s, fault.New(fault.Conflict, "This contact is not sealed.")
		}
	}
	return s, errRemoved()
}
