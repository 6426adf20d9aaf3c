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
type Record struct {
	DB pg.DB
	Me string // this run of the program, unlike every other
}

const (
	sqlRecord = `
		insert into command_call (at, network, room, account, person_id, verb, message_id, worker)
		values (@now, @network, @room, @account, @person, @verb, nullif(@message_id, ''), @me)
		on conflict (network, message_id) do update set at = excluded.at, worker = excluded.worker
		where command_call.finished_at is null and (command_call.worker <> @me or command_call.at < @abandoned)`
	sqlFinish = `
		update command_call set finished_at = @now
		where network = @network and message_id = @message_id and finished_at is null`
)

// abandonedAfter is how long a command may run before its own process, hearing its line
// again, takes it for lost. Another process that hears it again has been given the line
// because the first is dead: it runs it whenever that one began. Two runs of one
// command are harmless, since a verb finds done what was done; a command that is lost
// is not.
const abandonedAfter = 8 * time.Second

// Record implements [command.Recorder].
func (r Record) Record(ctx context.Context, c command.Caller, verb string, now time.Time) (fresh bool, err error) {
	tag, err := r.DB.Exec(ctx, sqlRecord, pgx.NamedArgs{
		"now": now, "network": c.Network, "room": c.Room, "account": c.Account,
		"person": pg.NullID(c.PersonID), "verb": verb, "message_id": c.MessageID,
		"abandoned": now.Add(-abandonedAfter), "me": r.Me,
	})
	return err == nil && tag.RowsAffected() == 1, err
}

// Finish implements [command.Recorder]. It may fail: what is not known to be
// finished may be run once more, should its line come again.
func (r Record) Finish(ctx context.Context, c command.Caller, now time.Time) {
	if c.MessageID == "" {
		return // never comes again
	}
	_, _ = r.DB.Exec(ctx, sqlFinish, pgx.NamedArgs{"now": now, "network": c.Network, "message_id": c.MessageID})
}
