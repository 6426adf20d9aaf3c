package rota

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/civil"
	"batsignal/oncall/fault"
	"batsignal/oncall/schedule"
	"batsignal/oncall/spelling"
)

const (
	// One statement, so that rules are never read half old and half new.
	sqlScheduleColumns = `
		select s.id, s.name, s.title, coalesce(s.role, '') as role, s.zone, s.version,
			l.name as layer, l.zone as layer_zone, l.starts, l.ends, l.unit, l.turns, l.windows, l.shadow,
			coalesce(m.people, '{}') as members
		from schedule s
		left join schedule_layer l on l.schedule_id = s.id
		left join (
			select schedule_id, layer, array_agg(person_id order by place) as people
			from schedule_member group by schedule_id, layer
		) m on m.schedule_id = l.schedule_id and m.layer = l.place`
	sqlSchedules    = sqlScheduleColumns + ` where s.retired_at is null order by s.name, l.place`
	sqlScheduleByID = sqlScheduleColumns + ` where s.retired_at is null and s.id = @id order by l.place`

	sqlInsertSchedule = `
		insert into schedule (name, title, role, zone, created_at, checked_at)
		values (@name, @title, nullif(@role, ''), @zone, @now, @now)
		on conflict (name) do update set
			title = excluded.title, role = excluded.role, zone = excluded.zone, version = schedule.version + 1,
			checked_at = excluded.checked_at, retired_at = null
		where schedule.retired_at is not null
		returning id, version`
	sqlUpdateSchedule = `
		update schedule set name = @name, title = @title, role = nullif(@role, ''), zone = @zone, version = version + 1
		where id = @id and version = @based and retired_at is null
		returning version`
	sqlDeleteLayers = `
		delete from schedule_layer where schedule_id = @id`
	sqlInsertLayer = `
		insert into schedule_layer (schedule_id, place, name, zone, starts, ends, unit, turns, windows, shadow)
		values (@id, @place, @name, @zone, @starts, @ends, @unit, @turns, @windows, @shadow)`
	sqlInsertMembers = `
		insert into schedule_member (schedule_id, layer, place, person_id)
		select @id, @layer, place, person from unnest(@people::bigint[]) with ordinality as list (person, place)`
	sqlRetireSchedule = `
		update schedule set retired_at = @now, version = version + 1 where id = @id and version = @based returning version`
	sqlDropLaterOverrides = `
		delete from shift_override where schedule_id = @id and ends_at > @now`
	sqlRoleInUse = `
		select exists (select from role where name = @role and retired_at is null)`
)

// Schedules lists the schedules in use, by name.
func Schedules(ctx context.Context, db pg.DB) ([]schedule.Schedule, error) {
	return querySchedules(ctx, db, sqlSchedules, pgx.NamedArgs{})
}

// ByID finds a schedule in use by its number.
func ByID(ctx context.Context, db pg.DB, id int64) (schedule.Schedule, error) {
	list, err := querySchedules(ctx, db, sqlScheduleByID, pgx.NamedArgs{"id": id})
	if err == nil && len(list) == 0 {
		err = fault.New(fault.NotFound, "There is no such schedule any more. !oncall lists those in use.")
	}
	if err != nil {
		return schedule.Schedule{}, err
	}
	return list[0], nil
}

// ByName finds a schedule in use by its name, or by the beginning of it when that is
// unambiguous. A name that is none is NotFound and says which ones are near.
func ByName(ctx context.Context, db pg.DB, name string) (schedule.Schedule, error) {
	list, err := Schedules(ctx, db)
	if err != nil {
		return schedule.Schedule{}, err
	}
	word := strings.ToLower(strings.ReplaceAll(strings.TrimSpace(name), " ", "-"))
	var begin, near, all []string
	found := schedule.Schedule{}
	for _, s := range list {
		if s.Name == word {
			return s, nil
		}
		all = append(all, s.Name)
		if len(word) >= 2 && strings.HasPrefix(s.Name, word) {
			begin, found = append(begin, s.Name), s
		}
		if len(word) > 2 && (spelling.Distance(word, s.Name) <= 2 || strings.Contains(s.Name, word)) {
			near = append(near, s.Name)
		}
	}
	const most = 8 // names in a sentence
	switch {
	case len(begin) == 1:
		return found, nil
	case len(near) > 0:
		return found, fault.New(fault.NotFound, "There is no schedule %q. Did you mean %s?", word, oncall.JoinOr(near[:min(len(near), most)]))
	case len(all) == 0:
		return found, fault.New(fault.NotFound, "There is no schedule %q: there is none at all yet.", word)
	case len(all) <= most:
		return found, fault.New(fault.NotFound, "There is no schedule %q. There are %s.", word, strings.Join(all, ", "))
	}
	return found, fault.New(fault.NotFound, "There is no schedule %q. !oncall lists those in use.", word)
}

func querySchedules(ctx context.Context, db pg.DB, sql string, args pgx.NamedArgs) ([]schedule.Schedule, error) {
	rows, err := db.Query(ctx, sql, args)
	if err != nil {
		return nil, err
	}
	return collectSchedules(rows)
}

func collectSchedules(rows pgx.Rows) ([]schedule.Schedule, error) {
	defer rows.Close()
	var out []schedule.Schedule
	var s schedule.Schedule
	var l schedule.Layer
	var name, zone, unit *string // null for a schedule without layers
	var starts, ends *time.Time
	var shadow *bool
	columns := []any{&s.ID, &s.Name, &s.Title, &s.Role, &s.Zone, &s.Version,
		&name, &zone, &starts, &ends, &unit, &l.Turns, &l.Windows, &shadow, &l.Members}
	for rows.Next() {
		s, l = schedule.Schedule{}, schedule.Layer{} // what they point to belongs to the row before
		if err := rows.Scan(columns...); err != nil {
			return nil, err
		}
		if len(out) == 0 || out[len(out)-1].ID != s.ID {
			out = append(out, s)
		}
		if name == nil {
			continue
		}
		l.Name, l.Zone, l.Unit, l.Shadow = *name, *zone, schedule.Unit(*unit), *shadow
		l.Starts = civil.FromTime(*starts)
		if len(l.Windows) == 0 {
			l.Windows = nil
		}
		if ends != nil {
			l.Ends = civil.FromTime(*ends)
		}
		last := &out[len(out)-1]
		last.Layers = append(last.Layers, l)
	}
	return out, rows.Err()
}

// writeLayers stores the layers of a schedule in place of those it had.
func (c *change) writeLayers(s schedule.Schedule) error {
	if _, err := c.tx.Exec(c.ctx, sqlDeleteLayers, pgx.NamedArgs{"id": s.ID}); err != nil {
		return err
	}
	for place, l := range s.Layers {
		windows := l.Windows
		if windows == nil {
			windows = []schedule.Window{}
		}
		var ends *time.Time
		if !l.Ends.IsZero() {
			t := l.Ends.Time()
			ends = &t
		}
		if _, err := c.tx.Exec(c.ctx, sqlInsertLayer, pgx.NamedArgs{
			"id": s.ID, "place": place, "name": l.Name, "zone": l.Zone, "starts": l.Starts.Time(), "ends": ends,
			"unit": l.Unit, "turns": l.Turns, "windows": windows, "shadow": l.Shadow,
		}); err != nil {
			return fmt.Errorf("layer %s: %w", l.Name, err)
		}
		if _, err := c.tx.Exec(c.ctx, sqlInsertMembers, pgx.NamedArgs{"id": s.ID, "layer": place, "people": l.Members}); err != nil {
			return fmt.Errorf("members of layer %s: %w", l.Name, err)
		}
	}
	return nil
}
