package alert

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
)

// Folding: the first ring for a group names what it has so far. What joins it later is
// told in one further message each fold time, which names everything that no message
// named before, also what was acknowledged or resolved meanwhile.

// MostLines is how many alerts one message names. What is more is counted in it.
const MostLines = 500

const (
	sqlUntold = `
		select a.id as alert, a.severity, a.state, a.summary, a.source, a.count
		from alert a where a.group_id = @group and a.told_at is null order by a.severity, a.id limit @most`
	sqlCountUntold = `select count(*) from alert where group_id = @group and told_at is null`
	sqlTellAlerts  = `update alert set told_at = @now where group_id = @group and told_at is null`
	sqlTellGroup   = `update alert_group set told_at = @now, untold = false where id = @group`
	sqlDueFolds    = `
		select id from alert_group
		where untold and (told_at <= @now::timestamptz - @fold::interval or told_at > @now
			or told_at is null and (severity = 4 or state <> 'open'))
		order by told_at nulls first, id limit 100`
	sqlNextFold = `
		select min(case when told_at is not null then told_at + @fold::interval else opened_at end)
		from alert_group where untold and (told_at is not null or severity = 4 or state <> 'open')`
)

// Line is one alert in a message.
type Line struct {
	Alert    int64
	Severity int
	State    State
	Summary  string
	Source   string
	Count    int64
}

// Untold lists the alerts of a group that no message named yet, worst first, and how many
// more than [MostLines] there are. Under the lock of the group ([Lock]) nothing is added
// until the transaction ends; [MarkTold] belongs into the same one as what tells them.
func Untold(ctx context.Context, tx pgx.Tx, group int64) (lines []Line, more int, err error) {
	rows, err := tx.Query(ctx, sqlUntold, pgx.NamedArgs{"group": group, "most": MostLines})
	if err != nil {
		return nil, 0, err
	}
	if lines, err = pgx.CollectRows(rows, pgx.RowToStructByName[Line]); err != nil || len(lines) < MostLines {
		return lines, 0, err
	}
	err = tx.QueryRow(ctx, sqlCountUntold, pgx.NamedArgs{"group": group}).Scan(&more)
	return lines, more - len(lines), err
}

// MarkTold notes that everything of a group is told now.
func MarkTold(ctx context.Context, tx pgx.Tx, now time.Time, group int64) error {
	args := pgx.NamedArgs{"group": group, "now": now}
	if _, err := tx.Exec(ctx, sqlTellAlerts, args); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, sqlTellGroup, args)
	return err
}

// DueFolds lists the groups of which something is to be told now. Groups of which nobody
// was told at all are among them if nobody rings for them: quiet ones, and those that were
// answered or over before the first ring. All others are told by that ring.
func (s *Service) DueFolds(ctx context.Context, db pg.DB, now time.Time) ([]int64, error) {
	rows, err := db.Query(ctx, sqlDueFolds, pgx.NamedArgs{"now": now, "fold": s.fold()})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[int64])
}

// FoldDue is when something is to be told next; false is never, as things are.
func (s *Service) FoldDue(ctx context.Context, db pg.DB) (time.Time, bool, error) {
	var at *time.Time
	err := db.QueryRow(ctx, sqlNextFold, pgx.NamedArgs{"fold": s.fold()}).Scan(&at)
	if err != nil || at == nil {
		return time.Time{}, false, err
	}
	return *at, true, nil
}

// FoldIsDue tells the same of a group that is locked: another process may have been faster.
func (s *Service) FoldIsDue(g Group, now time.Time) bool {
	switch {
	case !g.Untold:
		return false
	case g.ToldAt == nil:
		return !g.Rings() || g.State != GroupOpen
	}
	return !g.ToldAt.Add(s.fold()).After(now) || g.ToldAt.After(now)
}
