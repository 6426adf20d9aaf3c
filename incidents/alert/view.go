package alert

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
)

const (
	sqlAlertColumns = `
		select a.id, a.group_id, k.name as key, a.dedup_key, a.state, a.severity, a.summary, a.source, a.count, a.first_at, a.last_at, a.told_at,
			a.acked_at, coalesce(p.handle, '') as acked_by, a.resolved_at, coalesce(r.handle, '') as resolved_by,
			a.component, a.class, a.part, a.details, a.links
		from alert a join alert_key k on k.id = a.key_id left join person p on p.id = a.acked_by left join person r on r.id = a.resolved_by`
	sqlAlert  = sqlAlertColumns + ` where a.id = @id`
	sqlAlerts = sqlAlertColumns + `
		where (@group::bigint = 0 or a.group_id = @group) and (@key = '' or k.name = @key) and (@state = '' or a.state = @state)
			and (not @live or a.state <> 'resolved') and (@before::bigint = 0 or a.id < @before)
		order by a.id desc limit @most`
	sqlAlertsOfGroups = sqlAlertColumns + `
		join unnest(@groups::bigint[]) u (group_id) on true
		where a.id in (
			select i.id from alert i where i.group_id = u.group_id and (not @live or i.state <> 'resolved') order by i.id limit @most
		)
		order by a.severity, a.id`
	sqlGroupColumns = `
		select g.id, k.name as key, coalesce(k.policy, '') as policy, g.state, g.severity, g.title, g.opened_at, g.told_at, g.untold,
			g.total, g.triggered, g.acknowledged, g.acked_at, coalesce(p.handle, '') as acked_by, g.resolved_at
		from alert_group g join alert_key k on k.id = g.key_id left join person p on p.id = g.acked_by`
	sqlGroup      = sqlGroupColumns + ` where g.id = @group`
	sqlLiveGroups = sqlGroupColumns + `
		where g.state <> 'resolved' and (@key = '' or k.name = @key) and (@before::bigint = 0 or g.id < @before)
		order by g.id desc limit @most`
	sqlPastGroups = sqlGroupColumns + `
		where g.state = 'resolved' and (@key = '' or k.name = @key) and (@before::bigint = 0 or g.id < @before)
		order by g.id desc limit @most`
	sqlForget = `delete from alert_group where state = 'resolved' and resolved_at < @before`
)

// Get reads an alert by its number; the error is a fault.Error for people if there is none.
func Get(ctx context.Context, db pg.DB, id int64) (Alert, error) {
	rows, err := db.Query(ctx, sqlAlert, pgx.NamedArgs{"id": id})
	if err != nil {
		return Alert{}, err
	}
	a, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Alert])
	if errors.Is(err, pgx.ErrNoRows) {
		return a, noAlert(id)
	}
	return a, err
}

// GetGroup reads a group; found is false if there is none.
func GetGroup(ctx context.Context, db pg.DB, id int64) (g Group, found bool, err error) {
	rows, err := db.Query(ctx, sqlGroup, pgx.NamedArgs{"group": id})
	if err != nil {
		return g, false, err
	}
	g, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Group])
	if errors.Is(err, pgx.ErrNoRows) {
		return g, false, nil
	}
	return g, err == nil, err
}

// Query says which alerts are wanted.
type Query struct {
	Past   bool   // those that are over: of groups, or of alerts if State is ""
	State  State  // of alerts: "" is all that are not resolved, or with Past all
	Key    string // name of the key; "" is any
	Group  int64  // of alerts: 0 is any
	Before int64  // only smaller numbers, for the next page; 0 is from the newest
	Most   int    // 0 is 100
}

func (q Query) args() pgx.NamedArgs {
	if q.Most <= 0 {
		q.Most = 100
	}
	return pgx.NamedArgs{
		"key": q.Key, "group": q.Group, "state": q.State, "live": !q.Past && q.State == "", "before": q.Before, "most": q.Most,
	}
}

// List reads alerts, the newest first.
func List(ctx context.Context, db pg.DB, q Query) ([]Alert, error) {
	rows, err := db.Query(ctx, sqlAlerts, q.args())
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Alert])
}

// Listed is a group with the first of its alerts.
type Listed struct {
	Group
	Alerts []Alert
	More   int // alerts that are not among them
}

// Groups reads groups that are not over, or with Past those that are, the newest first;
// of each up to so many alerts, of a group that is not over those that are not either.
func Groups(ctx context.Context, db pg.DB, q Query, alerts int) ([]Listed, error) {
	sql := sqlLiveGroups
	if q.Past {
		sql = sqlPastGroups
	}
	rows, err := db.Query(ctx, sql, q.args())
	if err != nil {
		return nil, err
	}
	groups, err := pgx.CollectRows(rows, pgx.RowToStructByName[Group])
	if err != nil || len(groups) == 0 {
		return nil, err
	}
	list, at, ids := make([]Listed, len(groups)), map[int64]*Listed{}, make([]int64, len(groups))
	for i, g := range groups {
		list[i].Group, ids[i] = g, g.ID
		at[g.ID] = &list[i]
		if list[i].More = g.Triggered + g.Acknowledged; q.Past {
			list[i].More = g.Total
		}
	}
	if rows, err = db.Query(ctx, sqlAlertsOfGroups, pgx.NamedArgs{"groups": ids, "live": !q.Past, "most": alerts}); err != nil {
		return nil, err
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[Alert])
	for _, a := range found {
		if of := at[a.GroupID]; of != nil {
			of.Alerts = append(of.Alerts, a)
			of.More--
		}
	}
	return list, err
}

// kept is how long alerts are kept that are over.
const kept = 400 * 24 * time.Hour

// Forget deletes groups that have been over for long, with their alerts. It is a chore
// for once a day.
func (s *Service) Forget(ctx context.Context) error {
	_, err := s.DB.Exec(ctx, sqlForget, pgx.NamedArgs{"before": s.Now().Add(-kept)})
	return err
}
