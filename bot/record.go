package bot

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/bot/command"
	"batsignal/migrations/pg"
)

// Record writes down each command before it runs. A line that a network delivers
// twice has the same message id, and is recorded, and so obeyed, once.
type Record struct{ DB pg.DB }

const sqlRecord = `
	insert into command_call (at, network, room, account, person_id, verb, message_id)
	values (@now, @network, @room, @account, @person, @verb, nullif(@message_id, ''))
	on conflict (network, message_id) do nothing`

// Record implements [command.Recorder].
func (r Record) Record(ctx context.Context, c command.Caller, verb string, now time.Time) (fresh bool, err error) {
	tag, err := r.DB.Exec(ctx, sqlRecord, pgx.NamedArgs{
		"now": now, "network": c.Network, "room": c.Room, "account": c.Account,
		"person": pg.NullID(c.PersonID), "verb": verb, "message_id": c.MessageID,
	})
	return err == nil && tag.RowsAffected() == 1, err
}
