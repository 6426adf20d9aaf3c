package meeting

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/incidents"
	"batsignal/incidents/minutes"
	"batsignal/incidents/minutes/chatlog"
	"batsignal/incidents/minutes/replay"
	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/civil"
)

// ImportSetting says of the log of meetings that are long over what it does not say
// itself.
type ImportSetting struct {
	Dialect string // "" is the room's
	// Path is where the meeting's files are in the archive, without an extension. A second
	// meeting of the log has ".m2" behind it. "" is where they would be by the room's pattern.
	Path string
	// Actions opens the actions of the meeting, as if it had been held now.
	Actions bool
}

const (
	sqlImported = `
		select path, network = @network and room = @room and started_at >= @minute and started_at < @minute::timestamptz + interval '1 minute' as same
		from meeting
		where path = @path and (ended_at is not null or written_at is not null)
			or network = @network and room = @room and started_at >= @minute and started_at < @minute::timestamptz + interval '1 minute'`
	sqlImport = `
		insert into meeting (network, room, dialect, setting, name, title, path, started_at, started_by, ended_at, events, lines, heard_at, restricted, imported)
		values (@network, @room, @dialect, @setting, @name, @title, @path, @started, @by, @ended, @events, @lines, @ended, @restricted, true) returning id`
	sqlImportItems = `
		insert into meeting_item (meeting_id, id, kind, text, by_nick, at, line, gone, search)
		select @meeting, i.id, i.kind, i.text, i.by, i.at, i.line, false, to_tsvector('simple', translate(i.text, '<>', '  '))
		from unnest(@ids::int[], @kinds::text[], @texts::text[], @bys::text[], @ats::timestamptz[], @lines::int[]) as i (id, kind, text, by, at, line)`
)

// Import brings the meetings of a log in, each in one transaction, and tells how many
// were new. One that is there at its path already is left as it is.
func (s *Service) Import(ctx context.Context, at incidents.Room, set ImportSetting, lines []chatlog.Line) (imported int, err error) {
	own, err := s.importSetting(ctx, at, set)
	if err != nil {
		return 0, err
	}
	machine, err := own.machine(at)
	if err != nil {
		return 0, err
	}
	heard := map[*replay.Meeting][]numbered{}
	meetings := replay.Follow(machine, prepared(machine.Dialect, at, lines), 0, func(m *replay.Meeting, e minutes.Event) {
		list := heard[m]
		one := numbered{Event: e, n: len(list) + 1}
		if m.IsLine(e) || len(list) == 0 {
			one.line = m.Lines
		}
		heard[m] = append(list, one)
	})
	for i, m := range meetings {
		b := bundle{Service: s, m: m.Meeting, set: own, events: heard[m], actions: set.Actions}
		if i > 0 {
			b.set.Suffix = fmt.Sprintf(".m%d", i+1)
		}
		isNew, err := b.put(ctx)
		if err != nil {
			return imported, err
		}
		if isNew {
			imported++
		}
	}
	return imported, nil
}

// importSetting is what the machine is told of a log: the dialect's own lengths, since
// today's configuration was not theirs.
func (s *Service) importSetting(ctx context.Context, at incidents.Room, set ImportSetting) (setting, error) {
	policy := *s.Policy.only(at, set.Dialect)
	own, err := (&Service{DB: s.DB, Policy: policy}).settle(ctx, s.DB, Heard{Room: at})
	own.Length, own.Idle = 0, 0
	if set.Path != "" {
		own.Pattern = strings.ReplaceAll(set.Path, "%", "%%%%") // it is no pattern
	}
	return own, err
}

// only is a policy with one dialect in one room.
func (p Policy) only(at incidents.Room, dialect string) *Policy {
	room := p.For(at)
	room.Dialect = cmp.Or(dialect, room.Dialect)
	p.Rooms = []RoomPolicy{room}
	return &p
}

// prepared are the lines as the rows of a live meeting would have them.
func prepared(d *minutes.Dialect, at incidents.Room, lines []chatlog.Line) func(func(chatlog.Line) bool) {
	return func(yield func(chatlog.Line) bool) {
		for _, line := range lines {
			e := &line.Event
			e.At, e.Who.Network = e.At.UTC(), at.Network
			if d.OffRecord(e.Text) {
				e.Text = "[off]"
			}
			if !yield(line) {
				return
			}
		}
	}
}

// bundle is one meeting of a log, with everything that becomes a row.
type bundle struct {
	*Service
	m       *minutes.Meeting
	set     setting
	events  []numbered
	actions bool
}

// put writes the rows, unless they are there.
func (b *bundle) put(ctx context.Context) (isNew bool, err error) {
	for range 2 { // again if another process was quicker with the same one
		err = pg.InTx(ctx, b.DB, func(tx pgx.Tx) error {
			there, err := b.place(ctx, tx)
			if isNew = err == nil && !there; !isNew {
				return err
			}
			return b.insert(ctx, tx)
		})
		if !pg.IsUnique(err, "meeting_path") {
			break
		}
	}
	return isNew && err == nil, err
}

// place finds the path of the meeting, and whether it is there already, perhaps in
// another folder; logs and names know the minute at which it began and no more. If
// another meeting has that path, it gets a number behind it.
func (b *bundle) place(ctx context.Context, tx pgx.Tx) (there bool, err error) {
	suffix := b.set.Suffix
	for n := 2; ; n++ {
		b.m.Files.Suffix = b.set.Suffix
		rows, err := tx.Query(ctx, sqlImported, pgx.NamedArgs{
			"path": b.path(), "network": b.m.Network, "room": oncall.Clip(b.m.Room, 80), "minute": b.m.Started.Truncate(time.Minute),
		})
		if err != nil {
			return false, err
		}
		taken := false
		var at string
		var same bool
		if _, err := pgx.ForEachRow(rows, []any{&at, &same}, func() error {
			there = there || same && path.Base(at) == path.Base(b.path())
			taken = taken || at == b.path()
			return nil
		}); err != nil || there || !taken {
			return there, err
		}
		b.set.Suffix = fmt.Sprintf("%s-%d", suffix, n)
	}
}

func (b *bundle) path() string { return oncall.Clip(b.m.Path(), 600) }

func (b *bundle) insert(ctx context.Context, tx pgx.Tx) error {
	set, err := json.Marshal(b.set)
	if err != nil {
		return err
	}
	m := b.m
	var id int64
	if err := tx.QueryRow(ctx, sqlImport, pgx.NamedArgs{
		"network": m.Network, "room": oncall.Clip(m.Room, 80), "dialect": b.set.Dialect, "setting": set, "name": oncall.Clip(m.Name, 200),
		"title": oncall.Clip(m.Title(), 600), "path": b.path(), "started": m.Started, "by": m.Owner, "ended": civil.Later(m.End(), m.Started),
		"events": len(b.events), "lines": m.Lines, "restricted": m.Restricted,
	}).Scan(&id); err != nil {
		return err
	}
	for i := range b.events {
		if e := &b.events[i]; e.Kind.IsLine() {
			e.ID = fmt.Sprintf("meeting-%d-%d", id, e.n)
		}
	}
	if err := addEvents(ctx, tx, id, b.events); err != nil {
		return err
	}
	if err := b.addItems(ctx, tx, id); err != nil || !b.actions {
		return err
	}
	return b.openActions(ctx, tx, id)
}
