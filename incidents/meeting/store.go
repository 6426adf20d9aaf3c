package meeting

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/incidents"
	"batsignal/incidents/minutes"
	"batsignal/migrations/pg"
)

const (
	sqlOpenRooms = `
		select id, network, room from meeting where ended_at is null and incident_id is null
		union all
		select m.id, r.network, r.room from meeting m join incident_room r on r.incident_id = m.incident_id where m.ended_at is null`
	sqlIncidentOf = `select incident_id from meeting where id = @id`
	sqlShareLock  = `select id from incident where id = @id for share`
	sqlLock       = `
		select id, network, room, incident_id, setting, name, path, started_at, ended_at, heard_at, warned_at, written_at, events, lines
		from meeting where id = @id for update`
	sqlLiveOf = `select id from meeting where incident_id = @incident and ended_at is null`
	sqlEvents = `
		select n, at, kind, nick, account, handle, zone, network, text, message_id, link, thread, self, op, adopted, blank
		from meeting_event where meeting_id = @id and n > @after order by n`
	sqlKnown = `
		select message_id from meeting_event
		where network = @network and message_id = any(@ids) and message_id <> '' and kind in ('said', 'did')`
	sqlInsert = `
		insert into meeting (network, room, incident_id, dialect, setting, name, title, path, started_at, started_by, heard_at)
		values (@network, @room, @incident, @dialect, @setting, @name, @title, @path, @now, @by, @now) returning id`
	sqlAddEvents = `
		insert into meeting_event (meeting_id, n, at, kind, nick, account, handle, zone, network, text, message_id, link, thread, self, op, adopted, line, search)
		select @id, e.n, e.at, e.kind, e.nick, e.account, e.handle, e.zone, e.network, e.text, e.message_id, e.link, e.thread, e.self, e.op, e.adopted,
			nullif(e.line, 0), case when e.line > 0 and e.text <> '[off]' then to_tsvector('simple', translate(e.nick || ' ' || e.text, '<>', '  ')) end
		from unnest(@n::int[], @at::timestamptz[], @kind::text[], @nick::text[], @account::text[], @handle::text[], @zone::text[], @network::text[],
			@text::text[], @message_id::text[], @link::text[], @thread::text[], @self::bool[], @op::bool[], @adopted::bool[], @line::int[])
			as e (n, at, kind, nick, account, handle, zone, network, text, message_id, link, thread, self, op, adopted, line)`
	sqlHeard = `
		update meeting set events = @events, lines = @lines, heard_at = greatest(heard_at, @heard), warned_at = case when @heard > heard_at then null else warned_at end,
			name = @name, title = @title, path = @path, restricted = @restricted,
			ended_at = @ended, write_due = write_due or @save
		where id = @id`
	sqlSetSuffix = `update meeting set setting = jsonb_set(setting, '{suffix}', to_jsonb(@suffix::text)) where id = @id`
	sqlRewords   = `
		update meeting_event set search = case when @text <> '' then to_tsvector('simple', translate(nick || ' ' || @text, '<>', '  ')) end
		where meeting_id = @id and message_id = @message_id and message_id <> '' and kind in ('said', 'did')`
	sqlTell      = `select pg_notify('batsignal_meeting', @payload)`
	sqlPathTaken = `select exists (select from meeting where path = @path and id <> @id and (ended_at is not null or written_at is not null or write_due))`
)

// row is a meeting's row, locked.
type row struct {
	ID        int64
	Network   string
	Room      string
	Incident  *int64 `db:"incident_id"`
	Setting   []byte
	Name      string
	Path      string
	StartedAt time.Time
	EndedAt   *time.Time
	HeardAt   time.Time
	WarnedAt  *time.Time
	WrittenAt *time.Time
	Events    int
	Lines     int
}

func (r row) at() incidents.Room { return incidents.Room{Network: r.Network, Room: r.Room} }

// lock locks a meeting for the rest of the transaction. That of an incident comes
// after the incident, as in every change of one.
func lock(ctx context.Context, tx pgx.Tx, id int64) (row, error) {
	var incident *int64
	if err := tx.QueryRow(ctx, sqlIncidentOf, pgx.NamedArgs{"id": id}).Scan(&incident); err != nil {
		return row{}, err
	}
	if incident != nil {
		if _, err := tx.Exec(ctx, sqlShareLock, pgx.NamedArgs{"id": *incident}); err != nil {
			return row{}, err
		}
	}
	rows, err := tx.Query(ctx, sqlLock, pgx.NamedArgs{"id": id})
	if err != nil {
		return row{}, err
	}
	return pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[row])
}

// eventRow is an event as its row has it.
type eventRow struct {
	N         int
	At        time.Time
	Kind      string
	Nick      string
	Account   string
	Handle    string
	Zone      string
	Network   string
	Text      string
	MessageID string
	Link      string
	Thread    string
	Self      bool
	Op        bool
	Adopted   bool
	Blank     bool
}

func (r eventRow) event() (minutes.Event, error) {
	kind, ok := minutes.EventKindOf(r.Kind)
	if !ok {
		return minutes.Event{}, fmt.Errorf("an event of the unknown kind %q", r.Kind)
	}
	return minutes.Event{
		At: r.At, Kind: kind, Text: r.Text, ID: r.MessageID, Link: r.Link, Thread: r.Thread, Self: r.Self, Op: r.Op, Adopted: r.Adopted, Blank: r.Blank,
		Who: minutes.Who{Nick: r.Nick, Account: r.Account, Handle: r.Handle, Zone: r.Zone, Network: r.Network},
	}, nil
}

// events reads the events of a meeting after one that is known, and calls hear for
// each.
func events(ctx context.Context, db pg.DB, id int64, after int, hear func(minutes.Event)) error {
	rows, err := db.Query(ctx, sqlEvents, pgx.NamedArgs{"id": id, "after": after})
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		r, err := pgx.RowToStructByName[eventRow](rows)
		if err != nil {
			return err
		}
		e, err := r.event()
		if err != nil {
			return err
		}
		hear(e)
	}
	return rows.Err()
}

// numbered is an event with its number in the meeting and of its line, 0 if it is none.
type numbered struct {
	minutes.Event
	n    int
	line int
}

// addEvents writes events, all in one statement.
func addEvents(ctx context.Context, tx pgx.Tx, id int64, list []numbered) error {
	if len(list) == 0 {
		return nil
	}
	var (
		n, line                                                                   []int
		at                                                                        []time.Time
		kind, nick, account, handle, zone, network, text, messageID, link, thread []string
		self, op, adopted                                                         []bool
	)
	for _, e := range list {
		n, line, at = append(n, e.n), append(line, e.line), append(at, e.At)
		kind, nick, account = append(kind, e.Kind.String()), append(nick, e.Who.Nick), append(account, e.Who.Account)
		handle, zone, network, text = append(handle, e.Who.Handle), append(zone, e.Who.Zone), append(network, e.Who.Network), append(text, e.Text)
		messageID, link, thread = append(messageID, e.ID), append(link, e.Link), append(thread, e.Thread)
		self, op, adopted = append(self, e.Self), append(op, e.Op), append(adopted, e.Adopted)
	}
	_, err := tx.Exec(ctx, sqlAddEvents, pgx.NamedArgs{
		"id": id, "n": n, "at": at, "kind": kind, "nick": nick, "account": account, "handle": handle, "zone": zone, "network": network,
		"text": text, "message_id": messageID, "link": link, "thread": thread, "self": self, "op": op, "adopted": adopted, "line": line,
	})
	return err
}

func decodeSetting(b []byte) (set setting, err error) {
	if err := json.Unmarshal(b, &set); err != nil {
		return set, fmt.Errorf("the setting of a meeting cannot be read: %w", err)
	}
	return set, nil
}
