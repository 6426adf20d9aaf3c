package rota

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall/schedule"
)

const sqlAbsencesNoted = `
	select id, person_id, starts_at, ends_at, note, source from absence
	where person_id = @person and ends_at > @after order by starts_at, id limit @most`

// mostNoted is how many absences are listed at once.
const mostNoted = 500

// Noted is an absence with where it came from.
type Noted struct {
	schedule.Absence
	Source string // the calendar that it was read from; "" was said by hand
}

// AbsencesAfter lists a person's absences that end after an instant, by time.
func AbsencesAfter(ctx context.Context, db pg.DB, person int64, after time.Time) ([]Noted, error) {
	rows, err := db.Query(ctx, sqlAbsencesNoted, pgx.NamedArgs{"person": person, "after": after, "most": mostNoted})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (n Noted, err error) {
		err = row.Scan(&n.ID, &n.Person, &n.From, &n.Until, &n.Note, &n.Source)
		return n, err
	})
}
