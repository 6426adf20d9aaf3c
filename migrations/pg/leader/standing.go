package leader

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
)

// Standing is who leads and who waits, as the database has it.
type Standing struct {
	Epoch   int64     // the number of the term; 0 before the first
	Holder  string    // the process that leads, or led last
	Since   time.Time // when its term began
	BeatAt  time.Time // when it last showed that it is there
	Waiting []string  // the processes that would take over; only those that log in by the same role are seen
}

const (
	sqlStanding = `
		select epoch, holder, coalesce(since, 'epoch') as since, coalesce(beat_at, 'epoch') as beat_at, array(
			select substr(application_name, length(@name) + 1) from pg_stat_activity
			where datname = current_database() and starts_with(application_name, @name)
				and application_name <> left(@name || holder, 63) order by 1) as waiting
		from leadership where name = 'bot'`

	// lateBeat is how old the sign of life of a leader gets before it is no longer taken for one.
	lateBeat = 3 * usualIdle
)

// Look reads how it stands. It is for people to see; nothing is decided by it.
func Look(ctx context.Context, db pg.DB) (Standing, error) {
	rows, err := db.Query(ctx, sqlStanding, pgx.NamedArgs{"name": waitName})
	if err != nil {
		return Standing{}, err
	}
	return pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Standing])
}

// Alive tells whether somebody seems to lead at an instant.
func (s Standing) Alive(now time.Time) bool { return s.Epoch > 0 && now.Sub(s.BeatAt) < lateBeat }
