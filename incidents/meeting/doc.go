package meeting

import (
	"context"

	"github.com/jackc/pgx/v5"

	"batsignal/incidents/minutes"
	"batsignal/incidents/minutes/write"
	"batsignal/migrations/pg"
	"batsignal/oncall/fault"
)

const sqlRow = `
	select id, network, room, incident_id, setting, name, path, started_at, ended_at, heard_at, warned_at, written_at, events, lines
	from meeting where id = @id`

// Doc is a meeting as writers take it, made anew from its rows.
func (s *Service) Doc(ctx context.Context, id int64) (write.Doc, error) {
	return docOf(ctx, s.DB, id)
}

func docOf(ctx context.Context, db pg.DB, id int64) (d write.Doc, err error) {
	rows, err := db.Query(ctx, sqlRow, pgx.NamedArgs{"id": id})
	if err != nil {
		return d, err
	}
	r, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[row])
	if err != nil {
		return d, fault.Wrap(fault.NotFound, err, "There is no meeting %d.", id)
	}
	set, err := decodeSetting(r.Setting)
	if err != nil {
		return d, err
	}
	machine, err := set.machine(r.at())
	if err != nil {
		return d, err
	}
	var log minutes.Log
	if err := events(ctx, db, id, 0, func(e minutes.Event) {
		if d.Meeting == nil {
			d.Meeting, _ = minutes.Start(machine, e)
			log.Hear(d.Meeting, e)
			return
		}
		log.Hear(d.Meeting, e)
		d.Hear(e)
	}); err != nil {
		return d, err
	}
	if d.Meeting == nil {
		return d, fault.New(fault.NotFound, "There is no meeting %d.", id)
	}
	d.Lines = log.Lines
	return d, nil
}
