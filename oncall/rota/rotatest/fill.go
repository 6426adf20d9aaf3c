// Package rotatest owns an organisation of any size to measure on: people, rosters,
// schedules, and years of overrides and absences. It is for tests and measurements only.
package rotatest

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/migrations/pg"
)

// MembersEach is how many stand in each schedule, and on the roster of its role.
const MembersEach = 20

// What is made is the same each time: numbers stand where chance would.
const (
	// How long it takes depends on what else the machine does.
	sqlTakeYourTime = `set local statement_timeout = 0`
	sqlFillPeople   = `
		insert into person (handle, name, zone, wakes, sleeps, region, created_at)
		select 'rota-' || lpad(n::text, 5, '0'), 'Person ' || n,
			(array['Europe/Berlin', 'America/New_York', 'Asia/Tokyo', 'UTC', 'Australia/Lord_Howe', 'America/Sao_Paulo', 'Asia/Kolkata', 'Africa/Nairobi'])[1 + n % 8],
			420, 1380, (array['de', 'us', 'jp', ''])[1 + n % 4], @now
		from generate_series(0, @people::int - 1) as n
		on conflict (handle) do nothing`
	sqlFillRoles = `
		insert into role (name, title, place, patience_sev1, patience)
		select 'area-' || lpad(n::text, 4, '0'), 'area ' || n, 1000 + n, interval '90 seconds', interval '5 minutes'
		from generate_series(0, @schedules::int - 1) as n
		on conflict (name) do nothing`
	// Who stands in schedule n at place k: neighbouring schedules share nobody unless
	// there are too few people.
	sqlFillMemberships = `
		insert into membership (role, person_id, place, asked_at, agreed_at, approved_at)
		select 'area-' || lpad(n::text, 4, '0'), p.id, k, @now::timestamptz, @now::timestamptz, @now::timestamptz
		from generate_series(0, @schedules::int - 1) as n
		cross join generate_series(0, least(@each::int, @people::int) - 1) as k
		join person p on p.handle = 'rota-' || lpad(((n * @each::int + k) % @people::int)::text, 5, '0')
		on conflict do nothing`
	sqlFillSchedules = `
		insert into schedule (name, title, role, zone, created_at, checked_at)
		select 'area-' || lpad(n::text, 4, '0'), 'Area ' || n, 'area-' || lpad(n::text, 4, '0'),
			(array['Europe/Berlin', 'America/New_York', 'Asia/Tokyo', 'UTC', 'Australia/Lord_Howe'])[1 + n % 5], @now, @now
		from generate_series(0, @schedules::int - 1) as n
		on conflict (name) do nothing`
	sqlFillLayers = `
		insert into schedule_layer (schedule_id, place, name, starts, unit, turns)
		select s.id, l, (array['first', 'second'])[1 + l],
			date_trunc('week', (@now::timestamptz at time zone 'UTC') - make_interval(years => @years::int, weeks => 1)) + interval '9 hours',
			case when s.id % 3 = 0 then 'day' else 'week' end, array[1]::smallint[]
		from schedule s cross join generate_series(0, 1) as l where s.name like 'area-%'
		on conflict do nothing`
	// The second layer is half a round behind, so that nobody is on by both.
	sqlFillMembers = `
		insert into schedule_member (schedule_id, layer, place, person_id)
		select s.id, l, (m.place + l * @each::int / 2) % @each::int, m.person_id
		from schedule s cross join generate_series(0, 1) as l
		join membership m on m.role = s.role
		where s.name like 'area-%'
		on conflict do nothing`
	// Ten a week for each schedule: nine who come instead of somebody, one in addition.
	// Members are in an array, since the planner knows nothing of tables this new.
	sqlFillOverrides = `
		with plan as materialized (
			select s.id, array(select m.person_id from schedule_member m where m.schedule_id = s.id and m.layer = 0 order by m.place) as people
			from schedule s where s.name like 'area-%'
		)
		insert into shift_override (schedule_id, starts_at, ends_at, person_id, instead_of, created_at)
		select id, begins, begins + interval '12 hours', people[1 + first % cardinality(people)],
			case when k > 0 then people[1 + (first + k) % cardinality(people)] end, @now::timestamptz
		from generate_series(@first::int, @last::int) as week
		cross join generate_series(0, 9) as k
		cross join plan
		cross join lateral (
			select @now::timestamptz + make_interval(weeks => week, hours => 16 * k) as begins, abs(week) * 7 + k * 3 + id::int as first
		) as t
		where cardinality(people) > 9 or k = 0`
	// Four times a year everybody is away for five days.
	sqlFillAbsences = `
		insert into absence (person_id, starts_at, ends_at, note, created_at)
		select p.id, begins, begins + interval '5 days', 'away', @now::timestamptz
		from person p
		cross join generate_series(-4 * @years::int + 1, 0) as quarter
		cross join lateral (
			select @now::timestamptz + make_interval(days => 91 * quarter + (p.id * 13 % 91)::int) as begins
		) as t
		where p.handle like 'rota-%'`
)

// Fill makes so many schedules, each with a role of its own and MembersEach people of so
// many, and for so many years until a month after now ten overrides a week for each. 100
// schedules, 2,000 people and 5 years are 260,000 overrides and 40,000 absences.
func Fill(ctx context.Context, db pg.DB, now time.Time, schedules, people, years int) error {
	args := pgx.NamedArgs{"now": now, "schedules": schedules, "people": people, "years": years, "each": MembersEach}
	return pg.InTx(ctx, db, func(tx pgx.Tx) error {
		for _, sql := range []string{
			sqlTakeYourTime, sqlFillPeople, sqlFillRoles, sqlFillMemberships, sqlFillSchedules, sqlFillLayers, sqlFillMembers, sqlFillAbsences,
		} {
			if _, err := tx.Exec(ctx, sql, args); err != nil {
				return err
			}
		}
		const weeks, ahead = 52, 4
		for year := range years {
			args["last"] = ahead - 1 - weeks*year
			args["first"] = ahead - weeks*(year+1)
			if _, err := tx.Exec(ctx, sqlFillOverrides, args); err != nil {
				return err
			}
		}
		return nil
	})
}
