package dial

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/oncall/escrow"
	"batsignal/oncall/unseal"
)

// forgotten is after how long nobody comes back for an opening that was begun and not
// finished: the bot gives up trying before that.
const forgotten = time.Hour

const sqlForgotten = `
	select intent, key, record_id::text as record, lane, coalesce(incident_id, 0) as incident, role
	from sealed_opening where dialled is null and opened_at <= @before order by intent limit 100`

// Settle writes down what came of openings where that could not be done before: what this
// process remembers, and what one that was killed has left. It is called now and then.
func (b *Board) Settle(ctx context.Context) error {
	b.mu.Lock()
	var list []owed
	for _, one := range b.unrecorded {
		list = append(list, one)
	}
	b.mu.Unlock()
	for _, one := range list {
		if err := b.writeDialled(ctx, one.o, one.out); err != nil {
			return err
		}
		b.forget(one.o.intent)
	}
	return b.settleForgotten(ctx)
}

// underWay tells whether a message is being dialled, by the key of its opening.
func (b *Board) underWay(key string) bool {
	message, _, _ := strings.Cut(key, "/")
	b.mu.Lock()
	defer b.mu.Unlock()
	_, under := b.calls[message]
	return under
}

func (b *Board) settleForgotten(ctx context.Context) error {
	rows, err := b.DB.Query(ctx, sqlForgotten, pgx.NamedArgs{"before": b.Now().Add(-forgotten)})
	if err != nil {
		return err
	}
	type left struct {
		Intent   int64
		Key      string
		Record   string
		Lane     unseal.Lane
		Incident int64
		Role     string
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[left])
	if err != nil {
		return err
	}
	for _, l := range list {
		if b.underWay(l.Key) {
			continue // it is no hour old: a clock was set
		}
		o := opening{row: row{Record: escrow.Record{ID: l.Record}}, intent: l.Intent, key: l.Key, lane: l.Lane, incident: l.Incident, role: l.Role}
		out := unseal.Dialled{Outcome: unseal.OutcomeTemporary, Detail: "the switchboard stopped before it could tell whether it was dialled"}
		if err := b.writeDialled(ctx, o, out); err != nil {
			return err
		}
	}
	return nil
}
