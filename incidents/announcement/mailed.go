package announcement

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"batsignal/oncall"
	"batsignal/oncall/notice"
)

const (
	// What is known of the last try later takes the place of what was not.
	sqlMailed = `
		update announcement_copy set state = @state, at = @now, detail = @detail
		where announcement_id = @id and way = 'list' and place = @list and state in ('waiting', 'unknown')`
	// One that waits has a job of the queue, until its last try is over.
	sqlOrphans = `
		select c.announcement_id, c.place from announcement_copy c
		where c.way = 'list' and c.state = 'waiting' and not exists (
			select from river_job j where j.kind = 'announcement_mail' and j.finalized_at is null
				and (j.args->>'announcement')::bigint = c.announcement_id and j.args->>'list' = c.place)
		order by c.announcement_id, c.place for update of c skip locked`
)

// mailed notes what became of a mail to a list. What did not go well is told once, in the rooms
// where people are asked to agree, in the same transaction: who saw that one was sent believes
// that it arrived.
func (c *change) mailed(id int64, list, state, detail string) error {
	tag, err := c.tx.Exec(c.ctx, sqlMailed, pgx.NamedArgs{"id": id, "list": list, "state": state, "detail": detail, "now": c.now})
	if err != nil || tag.RowsAffected() == 0 || state == "sent" {
		return err
	}
	a, err := get(c.ctx, c.tx, id)
	if err != nil {
		return err
	}
	text := "was not mailed to " + list + ", and is not tried again. Its page says why."
	if state == "unknown" {
		text = "may not have been mailed to " + list + ": whoever did it died in the last try. Ask somebody who is on the list."
	}
	for _, room := range c.Home {
		c.say = append(c.say, notice.Notice{Network: room.Network, Room: room.Room, Kind: notice.Say, Incident: a.Incident,
			Text: oncall.Clip(fmt.Sprintf("%s %s", Ref(id), text), longest)})
	}
	return nil
}

// Look finds mails of which nobody will ever say what became of them, and tells so once: whoever
// sent them died in the last try. It is a chore, to be done again and again.
func (s *Service) Look(ctx context.Context) error {
	return s.change(ctx, oncall.Actor{}, func(c *change) error {
		rows, err := c.tx.Query(ctx, sqlOrphans)
		if err != nil {
			return err
		}
		type orphan struct {
			ID   int64
			List string
		}
		list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[orphan])
		errs := []error{err}
		for _, o := range list {
			errs = append(errs, c.mailed(o.ID, o.List, "unknown", "Whoever mailed it died in the last try, so nobody knows whether it went out."))
		}
		return errors.Join(errs...)
	})
}
