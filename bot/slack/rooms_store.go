package slack

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// Only the channels that we made ourselves are stored: what is stored may be archived
// after the incident, and no channel of somebody else ever is.
const (
	sqlRooms     = `select room, channel from slack_room where network = @network`
	sqlStoreRoom = `
		insert into slack_room (network, room, channel) values (@network, @room, @channel)
		on conflict (network, room) do update set channel = excluded.channel, summary_ts = ''
		where slack_room.channel <> excluded.channel`
	sqlSummary      = `select summary_ts from slack_room where network = @network and room = @room`
	sqlStoreSummary = `update slack_room set summary_ts = @ts where network = @network and room = @room`
	sqlIsOurs       = `select exists (select from slack_room where network = @network and channel = @channel)`
)

// load reads which channels we made for which rooms.
func (r *rooms) load(ctx context.Context) error {
	rows, err := r.door.cfg.DB.Query(ctx, sqlRooms, pgx.NamedArgs{"network": r.door.cfg.Name})
	if err != nil {
		return err
	}
	var name, channel string
	_, err = pgx.ForEachRow(rows, []any{&name, &channel}, func() error {
		r.know(name, channel, true)
		return nil
	})
	return err
}

// keep stores that we made a channel for a room.
func (r *rooms) keep(ctx context.Context, name, channel string) error {
	_, err := r.door.cfg.DB.Exec(ctx, sqlStoreRoom, pgx.NamedArgs{"network": r.door.cfg.Name, "room": name, "channel": channel})
	if err == nil {
		r.know(name, channel, true)
		r.noteIn(channel)
	}
	return err
}

// ours tells whether we made a channel.
func (r *rooms) ours(ctx context.Context, channel string) (yes bool, err error) {
	err = r.door.cfg.DB.QueryRow(ctx, sqlIsOurs, pgx.NamedArgs{"network": r.door.cfg.Name, "channel": channel}).Scan(&yes)
	return yes, err
}
