package contact

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall/secret"
)

// Canary is an address of the operator's, to which a synthetic page goes each day.
type Canary struct {
	ID     int64
	Kind   string
	SentAt *time.Time // the last synthetic page; nil is never
}

const (
	sqlCanaries = `
		select c.id, c.kind, (select max(p.created_at) from contact_proof p where p.contact_id = c.id) as sent_at
		from contact c where c.canary order by c.kind`
	sqlCanary = `
		select c.id, a.address from contact c join contact_address a on a.contact_id = c.id
		where c.canary and c.kind = @kind for update of c`
	sqlInsertCanary = `
		insert into contact (kind, canary, proven_at, created_at) values (@kind, true, @now, @now) returning id`
	sqlDropCanary    = `delete from contact where canary and kind = @kind`
	sqlLastCanary    = `select coalesce(max(created_at), '-infinity') <= @before or max(created_at) > @now from contact_proof where contact_id = @id`
	sqlOtherCanaries = `delete from contact where canary and kind <> all (@kinds)`
)

// SyncCanaries makes the canaries those of the configuration, by kind.
func SyncCanaries(ctx context.Context, db pg.DB, now time.Time, addresses map[string]secret.Text) error {
	return pg.InTx(ctx, db, func(tx pgx.Tx) error {
		kinds := make([]string, 0, len(addresses))
		for kind, address := range addresses {
			kinds = append(kinds, kind)
			if err := syncCanary(ctx, tx, now, kind, address); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, sqlOtherCanaries, pgx.NamedArgs{"kinds": kinds})
		return err
	})
}

func syncCanary(ctx context.Context, tx pgx.Tx, now time.Time, kind string, address secret.Text) error {
	clean, err := check(kind, address.Reveal())
	if err != nil {
		return err
	}
	var id int64
	var known string
	args := pgx.NamedArgs{"kind": kind, "now": now}
	err = tx.QueryRow(ctx, sqlCanary, args).Scan(&id, &known)
	if err == nil && known == clean || err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return err
	}
	if _, err := tx.Exec(ctx, sqlDropCanary, args); err != nil {
		return err
	}
	if err := tx.QueryRow(ctx, sqlInsertCanary, args).Scan(&id); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, sqlInsertAddress, pgx.NamedArgs{"id": id, "address": clean})
	return err
}

// Canaries lists the canaries there are.
func Canaries(ctx context.Context, db pg.DB) ([]Canary, error) {
	rows, err := db.Query(ctx, sqlCanaries)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Canary])
}

// BeginCanary makes a code for a canary, unless there was one within so long: another
// process may have been faster.
func BeginCanary(ctx context.Context, tx pgx.Tx, now time.Time, id int64, within time.Duration) (p Proof, due bool, err error) {
	if _, err := hold(ctx, tx, id); err != nil {
		return p, false, err
	}
	err = tx.QueryRow(ctx, sqlLastCanary, pgx.NamedArgs{"id": id, "before": now.Add(-within), "now": now}).Scan(&due)
	if err != nil || !due {
		return p, false, err
	}
	p, err = Begin(ctx, tx, now, id, PurposeCanary, 0)
	return p, err == nil, err
}
