package action

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
	"batsignal/oncall"
)

const (
	sqlNear = `
		select a.id, a.due, a.reminded_at as mark,
			coalesce((select max(c.at) from action_change c
				where c.action_id = a.id and c.what ~ '^(noted|due|no date|owner|opened again|changed)'), a.created_at) as since
		from action_item a
		where a.state = 'open' and a.due between @from and @to and (@ids::bigint[] is null or a.id = any (@ids))
		order by a.due, a.id`
	sqlMinders = `
		select o.action_id, p.id, p.handle, p.zone, p.wakes, p.sleeps,
			(select max(c.at) from action_change c where c.action_id = o.action_id and c.what = @reminded || p.handle)
		from action_owner o join person p on p.id = o.person_id
		where o.action_id = any (@ids) order by o.action_id, o.place`
)

// reminders are whom to tell of what, in the order in which it is due.
type reminders struct {
	people  []oncall.Person
	of      map[int64][]int64 // actions, by person
	roomed  []int64           // actions whose rooms are told
	touched []int64           // all of them
}

func (r reminders) empty() bool  { return len(r.touched) == 0 }
func (r reminders) ids() []int64 { return r.touched }

// nearRow is an action whose day is near.
type nearRow struct {
	ID    int64
	Due   time.Time
	Mark  *time.Time
	Since time.Time
}

// minder is an owner whom we know, and when they were told last.
type minder struct {
	oncall.Person
	mark time.Time
}

// history is what decides when somebody is told, who was told last at mark.
func (n nearRow) history(mark time.Time) history {
	return history{due: n.Due, since: n.Since, mark: mark}
}

func orZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

// near reads the actions that are due in so many days or were due lately, with the
// owners whom we know, by action.
func near(ctx context.Context, db pg.DB, now time.Time, days int, ids []int64) ([]nearRow, map[int64][]minder, error) {
	day := midnight(now.UTC())
	rows, err := db.Query(ctx, sqlNear, pgx.NamedArgs{"from": day.AddDate(0, 0, -stale-1), "to": day.AddDate(0, 0, days), "ids": ids})
	if err != nil {
		return nil, nil, err
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[nearRow])
	if err != nil || len(list) == 0 {
		return nil, nil, err
	}
	minders, err := mindersOf(ctx, db, list)
	return list, minders, err
}

// NextReminder is when somebody is to be told of something next, zero if nobody is. It
// is for clocks that jump; others just look often.
func (s *Service) NextReminder(ctx context.Context) (next time.Time, err error) {
	const ahead = 400 // days
	now := s.Now()
	list, minders, err := near(ctx, s.DB, now, ahead, nil)
	consider := func(at time.Time) {
		if at.After(now) && (next.IsZero() || at.Before(next)) {
			next = at.UTC()
		}
	}
	for _, n := range list {
		if len(minders[n.ID]) == 0 {
			consider(n.history(time.Time{}).roomMoment())
		}
		for _, p := range minders[n.ID] {
			before, after := n.history(p.mark).moments(p.Person)
			consider(before)
			consider(after)
		}
	}
	return next, err
}

// due finds whom to tell of what now; ids limits it to some actions.
func (s *Service) due(ctx context.Context, db pg.DB, now time.Time, ids []int64) (r reminders, err error) {
	near, minders, err := near(ctx, db, now, 2, ids)
	if err != nil {
		return r, err
	}
	r.of = map[int64][]int64{}
	for _, n := range near {
		if len(minders[n.ID]) == 0 && n.history(orZero(n.Mark)).forRoom(now) != never {
			r.roomed = append(r.roomed, n.ID)
			r.touched = append(r.touched, n.ID)
		}
		for _, p := range minders[n.ID] {
			if n.history(p.mark).forOwner(p.Person, now) == never {
				continue
			}
			if r.of[p.ID] == nil {
				r.people = append(r.people, p.Person)
			}
			r.of[p.ID] = append(r.of[p.ID], n.ID)
			if !slices.Contains(r.touched, n.ID) {
				r.touched = append(r.touched, n.ID)
			}
		}
	}
	return r, nil
}

// mindersOf are the owners whom we know, by action.
func mindersOf(ctx context.Context, db pg.DB, near []nearRow) (map[int64][]minder, error) {
	ids := make([]int64, len(near))
	for i, n := range near {
		ids[i] = n.ID
	}
	rows, err := db.Query(ctx, sqlMinders, pgx.NamedArgs{"ids": ids, "reminded": wasReminded})
	if err != nil {
		return nil, err
	}
	var id int64
	var p oncall.Person
	var mark *time.Time
	of := map[int64][]minder{}
	_, err = pgx.ForEachRow(rows, []any{&id, &p.ID, &p.Handle, &p.Zone, &p.Wakes, &p.Sleeps, &mark}, func() error {
		if !slices.ContainsFunc(of[id], func(x minder) bool { return x.ID == p.ID }) {
			of[id] = append(of[id], minder{p, orZero(mark)})
		}
		return nil
	})
	return of, err
}
