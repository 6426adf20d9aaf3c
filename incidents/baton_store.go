package incidents

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
)

const (
	sqlBaton = `
		select b.holder, p.handle, b.since, p.heard_at
		from baton b join person p on p.id = b.holder
		where b.incident_id = @incident and b.ended_at is null`
	sqlHolders = `
		select p.handle from baton b join person p on p.id = b.holder where b.incident_id = @incident order by b.id`
	sqlInsertBaton = `
		insert into baton (incident_id, holder, since) values (@incident, @holder, @now)
		returning (select handle from person where id = holder)`
	sqlEndBaton   = `update baton set ended_at = @now where incident_id = @incident and ended_at is null`
	sqlInsertMove = `
		insert into baton_move (incident_id, kind, from_person, to_person, asked_at, due_at)
		values (@incident, @kind, @from, @to, @now, @due)`
	sqlMoveColumns = `
		select m.id, m.incident_id, m.kind, m.from_person, f.handle as from_handle, m.to_person, t.handle as to_handle, m.asked_at, m.due_at
		from baton_move m join person f on f.id = m.from_person join person t on t.id = m.to_person`
	sqlOpenMove = sqlMoveColumns + ` where m.incident_id = @incident and m.state = 'open'`
	sqlDueMove  = sqlMoveColumns + ` where m.state = 'open' and m.due_at <= @now order by m.due_at limit 1`
	sqlEndMoves = `
		update baton_move set state = @state, decided_at = @now where incident_id = @incident and state = 'open'`
)

func batonOf(ctx context.Context, db pg.DB, incident int64) (b Baton, held bool, err error) {
	rows, err := db.Query(ctx, sqlBaton, pgx.NamedArgs{"incident": incident})
	if err != nil {
		return b, false, err
	}
	b, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Baton])
	if errors.Is(err, pgx.ErrNoRows) {
		return b, false, nil
	}
	return b, err == nil, err
}

// endBaton ends the holding and whatever move of it waits.
func (c *change) endBaton(incident int64) error {
	if err := c.endMoves(incident, "done"); err != nil {
		return err
	}
	_, err := c.tx.Exec(c.ctx, sqlEndBaton, pgx.NamedArgs{"incident": incident, "now": c.now})
	return err
}

func (c *change) endMoves(incident int64, state string) error {
	_, err := c.tx.Exec(c.ctx, sqlEndMoves, pgx.NamedArgs{"incident": incident, "state": state, "now": c.now})
	return err
}

func (c *change) openMove(incident int64) (move, bool, error) {
	return c.oneMove(sqlOpenMove, pgx.NamedArgs{"incident": incident})
}

func (c *change) dueMove() (move, bool, error) {
	return c.oneMove(sqlDueMove, pgx.NamedArgs{"now": c.now})
}

func (c *change) oneMove(sql string, args pgx.NamedArgs) (move, bool, error) {
	rows, err := c.tx.Query(c.ctx, sql, args)
	if err != nil {
		return move{}, false, err
	}
	m, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[move])
	if errors.Is(err, pgx.ErrNoRows) {
		return m, false, nil
	}
	return m, err == nil, err
}

// BatonHistory lists everybody who held the baton of an incident, in order.
func (s *Service) BatonHistory(ctx context.Context, incident int64) ([]string, error) {
	rows, err := s.DB.Query(ctx, sqlHolders, pgx.NamedArgs{"incident": incident})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}
