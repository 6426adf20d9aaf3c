package announcement

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall/fault"
)

const (
	columns = `
		select id, what, text, state, version, incident_id, run_id, made_words, made_at, edited_by, edited_at,
			approved_words, approved_at, sent_words, sent_at
		from announcement`
	sqlGet    = columns + ` where id = @id`
	sqlLock   = columns + ` where id = @id for update`
	sqlLatest = columns + ` where state in ('draft', 'approved') or not @open order by id desc limit @most`
	sqlCopies = `select way, network, place, state, at, detail from announcement_copy where announcement_id = @id order by way desc, network, place`
)

// Get finds one by its number; [fault.NotFound] if there is none.
func (s *Service) Get(ctx context.Context, id int64) (Announcement, error) { return get(ctx, s.DB, id) }

// List lists the newest ones; open leaves out what was sent or dropped.
func (s *Service) List(ctx context.Context, open bool, most int) ([]Announcement, error) {
	rows, err := s.DB.Query(ctx, sqlLatest, pgx.NamedArgs{"open": open, "most": most})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Announcement])
}

// Copies are the places that one was sent to.
func (s *Service) Copies(ctx context.Context, id int64) ([]Copy, error) {
	rows, err := s.DB.Query(ctx, sqlCopies, pgx.NamedArgs{"id": id})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Copy])
}

func get(ctx context.Context, db pg.DB, id int64) (Announcement, error) {
	return one(ctx, db, sqlGet, id)
}

func lock(ctx context.Context, tx pgx.Tx, id int64) (Announcement, error) {
	return one(ctx, tx, sqlLock, id)
}

func one(ctx context.Context, db pg.DB, sql string, id int64) (Announcement, error) {
	rows, err := db.Query(ctx, sql, pgx.NamedArgs{"id": id})
	if err != nil {
		return Announcement{}, err
	}
	a, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Announcement])
	return a, orNone(err, id)
}

func orNone(err error, id int64) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return fault.New(fault.NotFound, "There is no announcement %d. !announce list shows them.", id)
	}
	return err
}
