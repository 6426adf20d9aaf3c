package oncall

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/oncall/audit"
	"batsignal/oncall/civil"
	"batsignal/oncall/schedule"
)

const (
	// Retired schedules are left as they were: nobody is on by them.
	sqlStandsIn = `
		select s.id, s.name from schedule s
		where s.retired_at is null and (s.role = any (@roles) or @every)
			and (exists (select from schedule_member m where m.schedule_id = s.id and m.person_id = @person)
				or exists (select from shift_override o where o.schedule_id = s.id and o.person_id = @person and o.ends_at > @now)
				or exists (select from cover_request c where c.schedule_id = s.id and c.state = 'open'
					and @person in (c.person_id, c.asked_of)))
		order by s.id for no key update`
	sqlLayersOf = `
		select l.place, coalesce(nullif(l.zone, ''), s.zone) as zone, l.starts, l.unit, l.turns,
			array(select m.person_id from schedule_member m where m.schedule_id = l.schedule_id and m.layer = l.place order by m.place) as members
		from schedule_layer l join schedule s on s.id = l.schedule_id
		where l.schedule_id = @schedule and exists (
			select from schedule_member m where m.schedule_id = l.schedule_id and m.layer = l.place and m.person_id = @person)
		order by l.place`
	sqlClearLayer = `delete from schedule_member where schedule_id = @schedule and layer = @layer`
	sqlFillLayer  = `
		insert into schedule_member (schedule_id, layer, place, person_id)
		select @schedule, @layer, place - 1, person
		from unnest(@people::bigint[]) with ordinality as list (person, place)`
	sqlBumpSchedule = `update schedule set version = version + 1 where id = @schedule`

	// Whoever stepped in for them keeps their promise, to the one who is replaced now:
	// maria's shift, which jan took and li takes from jan, is li's when jan leaves. At the
	// other times of it nobody comes; that is said last, when li stands there already.
	// Where it is maria who takes it back, or only some of it is, nobody comes.
	sqlPassOn = `
		with passed as (
			update shift_override later set instead_of = earlier.instead_of
			from shift_override earlier
			where earlier.schedule_id = @schedule and earlier.person_id = @person and earlier.instead_of is not null
				and later.schedule_id = @schedule and later.instead_of = @person and later.person_id <> earlier.instead_of
				and later.id > earlier.id and later.ends_at > @now and later.ends_at <= earlier.ends_at
				and earlier.starts_at <= greatest(later.starts_at, @now) and (earlier.layer = '' or earlier.layer = later.layer)
			returning earlier.id
		)
		insert into shift_override (schedule_id, layer, starts_at, ends_at, instead_of, cover_id, note, created_by, created_at)
		select schedule_id, layer, greatest(starts_at, @now), ends_at, instead_of, cover_id, note, created_by, created_at
		from shift_override where id in (select id from passed) order by id`
	// The promise itself, which was said again by the statement before.
	sqlDropPassedOn = `
		delete from shift_override o
		where o.schedule_id = @schedule and o.person_id = @person and o.instead_of is not null and o.ends_at > @now
			and exists (
				select from shift_override n
				where n.schedule_id = @schedule and n.person_id is null and n.instead_of = o.instead_of and n.id > o.id
					and n.layer = o.layer and n.starts_at = greatest(o.starts_at, @now) and n.ends_at = o.ends_at)`

	// What already was of an override that runs stays theirs.
	sqlKeepPast = `
		insert into shift_override (schedule_id, layer, starts_at, ends_at, person_id, instead_of, cover_id, note, created_by, created_at)
		select schedule_id, layer, starts_at, @now, person_id, instead_of, cover_id, note, created_by, created_at
		from shift_override
		where schedule_id = @schedule and person_id = @person and instead_of is not null and starts_at < @now and ends_at > @now`
	// Whoever they were to replace had a reason: nobody comes now, and that is a gap
	// which is seen. It keeps its number, since the order of overrides matters.
	sqlNobodyComes = `
		update shift_override set person_id = null, starts_at = greatest(starts_at, @now)
		where schedule_id = @schedule and person_id = @person and instead_of is not null and ends_at > @now`
	sqlNotInAddition = `
		delete from shift_override
		where schedule_id = @schedule and person_id = @person and instead_of is null and starts_at >= @now`
	sqlNoLongerInAddition = `
		update shift_override set ends_at = @now
		where schedule_id = @schedule and person_id = @person and instead_of is null and ends_at > @now`
	sqlWithdrawCover = `
		update cover_request
		set state = case when person_id = @person then 'withdrawn' else 'declined' end, decided_at = @now, decided_by = @by
		where schedule_id = @schedule and state = 'open' and @person in (person_id, asked_of)`
)

// standing is a schedule in which somebody stands, or has promised to.
type standing struct {
	ID   int64
	Name string
}

func standsIn(ctx context.Context, tx pgx.Tx, now time.Time, person int64, roles []string, every bool) ([]standing, error) {
	rows, err := tx.Query(ctx, sqlStandsIn, pgx.NamedArgs{"person": person, "roles": roles, "every": every, "now": now})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[standing])
}

// leave takes a person out of a schedule.
func (s standing) leave(ctx context.Context, tx pgx.Tx, now time.Time, a Actor, p Person) error {
	args := pgx.NamedArgs{"schedule": s.ID, "person": p.ID, "now": now, "by": a.PersonID}
	if a.PersonID == 0 {
		args["by"] = nil
	}
	if err := s.leaveLayers(ctx, tx, now, p); err != nil {
		return err
	}
	for _, sql := range []string{sqlPassOn, sqlKeepPast, sqlDropPassedOn, sqlNobodyComes, sqlNotInAddition, sqlNoLongerInAddition, sqlWithdrawCover, sqlBumpSchedule} {
		if _, err := tx.Exec(ctx, sql, args); err != nil {
			return err
		}
	}
	return audit.Record(ctx, tx, now, a.By(), audit.Change{
		Kind: "schedule", Subject: s.Name, Says: fmt.Sprintf("took %s out of it, who left its role", p.Handle), Concerns: []int64{p.ID},
	})
}

// turns are a layer as far as the order of its people matters.
type turns struct {
	Place   int
	Zone    string
	Starts  time.Time
	Unit    schedule.Unit
	Turns   []int
	Members []int64
}

// leaveLayers takes a person out of the rotations of a schedule.
func (s standing) leaveLayers(ctx context.Context, tx pgx.Tx, now time.Time, p Person) error {
	rows, err := tx.Query(ctx, sqlLayersOf, pgx.NamedArgs{"schedule": s.ID, "person": p.ID})
	if err != nil {
		return err
	}
	layers, err := pgx.CollectRows(rows, pgx.RowToStructByName[turns])
	if err != nil {
		return err
	}
	for _, l := range layers {
		args := pgx.NamedArgs{"schedule": s.ID, "layer": l.Place, "people": l.without(p.ID, now)}
		if _, err := tx.Exec(ctx, sqlClearLayer, args); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, sqlFillLayer, args); err != nil {
			return err
		}
	}
	return nil
}

// without is the order of a rotation when somebody has left it. Whose turn it is counts
// from the start of the layer, so with one person less it would be somebody else's at
// this very moment; the order is turned until whoever is on stays on. If that was the
// one who left, the next one takes over.
func (l turns) without(person int64, now time.Time) []int64 {
	rest := slices.DeleteFunc(slices.Clone(l.Members), func(one int64) bool { return one == person })
	on := l.on(l.Members, now)
	if on == person {
		at := slices.Index(l.Members, person)
		for i := 1; i < len(l.Members) && on == person; i++ {
			on = l.Members[(at+i)%len(l.Members)]
		}
	}
	for range rest {
		if l.on(rest, now) == on {
			return rest
		}
		rest = append(rest[1:], rest[0])
	}
	return rest
}

// on is whose turn it is with these members; 0 before the layer begins.
func (l turns) on(members []int64, now time.Time) int64 {
	s := schedule.Schedule{Zone: l.Zone, Layers: []schedule.Layer{{
		Starts: civil.FromTime(l.Starts), Unit: l.Unit, Turns: l.Turns, Members: members,
	}}}
	if shifts := s.On(nil, nil, now); len(shifts) > 0 {
		return shifts[0].Person
	}
	return 0
}
