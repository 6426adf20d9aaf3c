package coverage_test

import (
	"testing"

	"batsignal/migrations/pgtest"
	"batsignal/oncall/coverage"
)

// BenchmarkForecast reads and finds 14 days of 100 roles with a schedule each, 2,000
// people in 4,000 places, absences, and 26,000 overrides of five years.
func BenchmarkForecast(b *testing.B) {
	db := pgtest.Fresh(b).Pool
	now := at("2026-10-20 12:00")
	for _, sql := range []string{
		`insert into role (name, title, place, leads, patience_sev1, patience)
			select 'r' || i, 'role ' || i, i, false, '1 minute', '1 minute' from generate_series(1, 100) i`,
		`insert into person (handle, zone, wakes, sleeps, created_at)
			select 'p' || i, (array['Europe/Berlin', 'America/New_York', 'Asia/Tokyo', 'America/Sao_Paulo', 'Australia/Sydney'])[1 + i % 5],
				360 + i % 5 * 30, (1320 + i % 7 * 30) % 1440, now() from generate_series(1, 2000) i`,
		`insert into membership (role, person_id, place, asked_at, agreed_at, approved_at)
			select 'r' || (i % 100 + 1), p.id, i, now(), now(), now()
			from generate_series(0, 3999) i join person p on p.handle = 'p' || ((i * 7 + i / 2000 * 501) % 2000 + 1)
			on conflict do nothing`,
		`insert into schedule (name, title, role, zone, created_at, checked_at)
			select 's' || i, 's' || i, 'r' || i, 'Europe/Berlin', now(), now() from generate_series(1, 100) i`,
		`insert into schedule_layer (schedule_id, place, name, starts, unit, turns)
			select id, 1, 'first', '2021-01-04 09:00', 'day', '{1}' from schedule`,
		`insert into schedule_member (schedule_id, layer, place, person_id)
			select s.id, 1, row_number() over (partition by s.id order by m.place), m.person_id
			from schedule s join membership m on m.role = s.role`,
		`insert into shift_override (schedule_id, starts_at, ends_at, person_id, instead_of, created_at)
			select m.schedule_id, t, t + interval '8 hours', m.person_id, n.person_id, t
			from generate_series('2021-11-01 00:00Z'::timestamptz, '2026-11-01 00:00Z', '7 days') t, schedule_member m
			join schedule_member n on n.schedule_id = m.schedule_id and n.place = m.place + 1 where m.place = 1`,
		`insert into absence (person_id, starts_at, ends_at, created_at)
			select id, '2026-10-01 00:00Z'::timestamptz + id % 700 * interval '1 hour', '2026-11-02 00:00Z', now() from person where id % 5 = 0`,
		`analyze`,
	} {
		if _, err := db.Exec(ctx, sql); err != nil {
			b.Fatal(sql, err)
		}
	}
	for b.Loop() {
		reports, err := coverage.Forecast(ctx, db, now, coverage.Ahead)
		if err != nil || len(reports) != 100 || len(reports[0].Spans) < 50 {
			b.Fatal(err, len(reports))
		}
	}
}
