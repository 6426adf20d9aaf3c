package slack

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
)

const (
	sqlStoreEvents = `
		insert into slack_event (network, key, kind, payload, worker, received_at)
		select @network, key, kind, payload, @worker, @now
		from unnest(@keys::text[], @kinds::text[], @payloads::text[]) as arrived (key, kind, payload)
		on conflict (network, key) do nothing
		returning key`
	sqlEventsDone = `
		update slack_event set done_at = @now, payload = null
		where network = @network and key = @key`
	sqlAdoptEvents = `
		with orphan as (
			select key, received_at from slack_event
			where network = @network and done_at is null and received_at < @before and worker <> @worker
			for update skip locked
		)
		update slack_event e set worker = @worker
		from orphan o where e.network = @network and e.key = o.key
		returning e.key, e.kind, e.payload, o.received_at`
	// Also what networks left that are not configured any more.
	sqlForgetEvents = `
		delete from slack_event where received_at < @before`
)

// insert stores arrivals and acknowledges them. It returns those that had not been
// delivered before, in their order.
func (in *inbox) insert(ctx context.Context, batch []arrival) (fresh []arrival, err error) {
	ctx, cancel := context.WithTimeout(ctx, storeBudget)
	defer cancel()
	keys, kinds, payloads := make([]string, len(batch)), make([]string, len(batch)), make([]string, len(batch))
	for i, a := range batch {
		keys[i], kinds[i], payloads[i] = a.key, a.kind, cleanPayload(a.payload)
	}
	rows, err := in.db.Query(ctx, sqlStoreEvents, pgx.NamedArgs{
		"network": in.network, "worker": in.worker, "now": in.now(), "keys": keys, "kinds": kinds, "payloads": payloads,
	})
	if err != nil {
		return nil, err
	}
	stored, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, err
	}
	isNew := map[string]bool{}
	for _, key := range stored {
		isNew[key] = true
	}
	for _, a := range batch {
		if !isNew[a.key] {
			a.answer(nil) // known already
			continue
		}
		delete(isNew, a.key) // the same may be twice in one batch
		if !a.late {
			a.answer(nil)
		}
		fresh = append(fresh, a)
	}
	return fresh, nil
}

// done marks rows one by one, all in one go: a list of keys in one statement is planned
// as a walk through all rows of the network while the table looks small.
func (in *inbox) done(ctx context.Context, keys []string) error {
	return pg.InTx(ctx, in.db, func(tx pgx.Tx) error {
		batch := &pgx.Batch{}
		for _, key := range keys {
			batch.Queue(sqlEventsDone, pgx.NamedArgs{"network": in.network, "key": key, "now": in.now()})
		}
		return tx.SendBatch(ctx, batch).Close()
	})
}

// adopt takes over what was received and never finished.
func (in *inbox) adopt(ctx context.Context) ([]arrival, error) {
	now := in.now()
	rows, err := in.db.Query(ctx, sqlAdoptEvents, pgx.NamedArgs{
		"network": in.network, "worker": in.worker, "now": now, "before": now.Add(-orphanedAfter),
	})
	if err != nil {
		return nil, err
	}
	var orphans []arrival
	var key, kind string
	var payload *string
	var at time.Time
	_, err = pgx.ForEachRow(rows, []any{&key, &kind, &payload, &at}, func() error {
		if payload != nil {
			orphans = append(orphans, arrival{key: key, kind: kind, payload: []byte(*payload), at: at})
		}
		return nil
	})
	// What was read before an error is worked all the same: it is ours now. The lines of
	// a channel in their order: their keys end with the time.
	slices.SortFunc(orphans, func(a, b arrival) int { return strings.Compare(a.key, b.key) })
	return orphans, err
}

func (in *inbox) forget(ctx context.Context) error {
	_, err := in.db.Exec(ctx, sqlForgetEvents, pgx.NamedArgs{"before": in.now().Add(-forgetAfter)})
	return err
}
