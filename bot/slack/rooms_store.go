package slack

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
)

// Only the channels that we made ourselves are stored: what is stored may be archived
// after the incident, and no channel of somebody else ever is.
const (
	sqlRooms     = `select room, channel from slack_room where network = @network`
	sqlStoreRoom = `
		insert into slack_room (network, room, channel, wanted) values (@network, @room, @channel, @wanted)
		on conflict (network, room) do update
		set channel = excluded.channel, wanted = excluded.wanted, summary_ts = '', summary_pinned = false
		where slack_room.channel <> excluded.channel`
	sqlRoomInPlace = `
		select room, channel from slack_room
		where network = @network and wanted = @wanted and room <> wanted order by room desc limit 1`
	sqlSummary        = `select summary_ts, summary_pinned from slack_room where network = @network and room = @room`
	sqlStoreSummaryAt = `
		update slack_room set summary_ts = @ts, summary_pinned = false where network = @network and channel = @channel`
	sqlSummaryPinned = `update slack_room set summary_pinned = true where network = @network and room = @room`
	sqlIsOurs        = `select exists (select from slack_room where network = @network and channel = @channel)`
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

// inPlace is the room that was made in place of the wanted one, "" if none was.
func (r *rooms) inPlace(ctx context.Context, wanted string) (name, channel string, err error) {
	err = r.door.cfg.DB.QueryRow(ctx, sqlRoomInPlace, pgx.NamedArgs{"network": r.door.cfg.Name, "wanted": wanted}).Scan(&name, &channel)
	if errors.Is(err, pgx.ErrNoRows) {
		err = nil
	}
	return name, channel, err
}

// keep stores that we made a channel for a room, perhaps in place of the wanted one.
func (r *rooms) keep(ctx context.Context, name, channel, wanted string) error {
	_, err := r.door.cfg.DB.Exec(ctx, sqlStoreRoom, pgx.NamedArgs{"network": r.door.cfg.Name, "room": name, "channel": channel, "wanted": wanted})
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
