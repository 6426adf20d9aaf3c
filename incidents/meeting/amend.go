package meeting

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"batsignal/incidents/minutes"
	"batsignal/migrations/pg"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

const (
	sqlMeetingOfLine = `
		select meeting_id from meeting_event where network = @network and message_id = @id and message_id <> '' and kind in ('said', 'did')`
	sqlLine = `
		select n, at, kind, nick, account, handle, zone, network, text, message_id, link, thread, self, op, adopted, blank
		from meeting_event where meeting_id = @id and line = @line`
	sqlBlank = `
		update meeting_event set text = @text, blank = true where meeting_id = @id and n = @n`
	sqlBlankChanges = `
		update meeting_event set text = '' where meeting_id = @id and message_id = @message_id and kind = 'edited'`
	// A command to the bot is not what somebody wants to have gone.
	sqlLastLine = `
		select e.line from meeting_event e
		where e.meeting_id = @id and e.line is not null and e.network = @network and e.account = @account and e.text not like '%erase last%'
			and not exists (select from meeting_event x where x.meeting_id = e.meeting_id and x.message_id = e.message_id and x.kind in ('deleted', 'erased'))
		order by e.n desc limit 1`
)

// amend changes a line of a meeting that is over, because its author did.
func (s *Service) amend(ctx context.Context, h Heard) error {
	if !h.Event.Kind.IsChange() {
		return nil
	}
	var id int64
	err := s.DB.QueryRow(ctx, sqlMeetingOfLine, pgx.NamedArgs{"network": h.Room.Network, "id": h.Event.ID}).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.touch(ctx, id, func(w *work) error {
		_, err := w.change(h, -1)
		return err
	})
}

// touch changes a meeting, over or not, and has its files written again if it is.
func (s *Service) touch(ctx context.Context, id int64, fn func(w *work) error) error {
	s.takeLive(id) // who keeps it read must read on
	return pg.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		r, err := lock(ctx, tx, id)
		if errors.Is(err, pgx.ErrNoRows) {
			return fault.New(fault.NotFound, "There is no meeting %d. !meeting lists the last ones.", id)
		}
		if err != nil {
			return err
		}
		var l live
		w, err := s.read(ctx, tx, r, &l)
		if err != nil {
			return err
		}
		if err := fn(w); err != nil {
			return err
		}
		w.save = w.save || r.EndedAt != nil
		return w.close()
	})
}

// Erase takes a line out of every output and out of the rows: its author may, and
// whoever looks after the bot. That there was a line, and whose, stays visible.
func (s *Service) Erase(ctx context.Context, a oncall.Actor, id int64, line int, admin bool) error {
	return s.touch(ctx, id, func(w *work) error {
		rows, err := w.tx.Query(w.ctx, sqlLine, pgx.NamedArgs{"id": id, "line": line})
		if err != nil {
			return err
		}
		said, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[eventRow])
		if errors.Is(err, pgx.ErrNoRows) {
			return fault.New(fault.NotFound, "Meeting %d has no line %d; the numbers are those of its log.", id, line)
		}
		if err != nil {
			return err
		}
		mine := said.Account != "" && said.Account == a.Account && said.Network == a.Network || said.Handle != "" && said.Handle == a.Handle
		if !mine && !admin {
			return fault.New(fault.Forbidden, "Line %d is not yours. Its author can have it erased, or an admin of the bot.", line)
		}
		left, may := w.m.Dialect.Remains(said.Text)
		if !may {
			return fault.New(fault.Conflict, "Line %d is a command that the minutes rest on, so it stays.", line)
		}
		e := minutes.Event{At: w.now, Kind: minutes.Erased, ID: said.MessageID, Who: minutes.Who{Nick: a.Who(), Account: a.Account, Handle: a.Handle}}
		if err := w.hear(e, w.row.at(), -1); err != nil {
			return err
		}
		if _, err := w.tx.Exec(w.ctx, sqlBlank, pgx.NamedArgs{"id": id, "n": said.N, "text": left}); err != nil {
			return err
		}
		_, err = w.tx.Exec(w.ctx, sqlBlankChanges, pgx.NamedArgs{"id": id, "message_id": said.MessageID})
		return err
	})
}

// LastLine is the number of the last line of somebody's that is not erased.
func (s *Service) LastLine(ctx context.Context, a oncall.Actor, id int64) (line int, err error) {
	err = s.DB.QueryRow(ctx, sqlLastLine, pgx.NamedArgs{"id": id, "network": a.Network, "account": a.Account}).Scan(&line)
	if errors.Is(err, pgx.ErrNoRows) {
		err = fault.New(fault.NotFound, "Meeting %d has no line of yours.", id)
	}
	return line, err
}

// MakeChair makes somebody a chair whom no chair made one: all of them may be gone.
func (s *Service) MakeChair(ctx context.Context, a oncall.Actor, id int64, nick string) error {
	return s.touch(ctx, id, func(w *work) error {
		if err := w.goesOn(); err != nil {
			return err
		}
		return w.hear(minutes.Event{At: w.now, Kind: minutes.Chaired, Who: minutes.Who{Nick: nick, Network: w.row.Network}, Text: a.Who()}, w.row.at(), -1)
	})
}

// End ends a meeting that no chair ended.
func (s *Service) End(ctx context.Context, a oncall.Actor, id int64) error {
	return s.touch(ctx, id, func(w *work) error {
		if err := w.goesOn(); err != nil {
			return err
		}
		if w.row.Incident != nil {
			return fault.New(fault.Conflict, "These are the minutes of %s; they end when it is resolved.", w.m.Incident)
		}
		return w.hear(minutes.Event{At: w.now, Kind: minutes.Ended, Text: a.Who() + " ended it"}, w.row.at(), -1)
	})
}

func (w *work) goesOn() error {
	if w.m.Over {
		return fault.New(fault.Conflict, "Meeting %d is over.", w.row.ID)
	}
	return nil
}
