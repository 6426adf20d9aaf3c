package oncall_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"batsignal/migrations/pg"
	"batsignal/migrations/pgtest"
	"batsignal/oncall"
	"batsignal/oncall/audit"
	"batsignal/oncall/rota"
)

// scheduleOf stores a schedule that serves a role ("" serves none), with one weekly layer
// that began on a Monday at 09:00.
func scheduleOf(t testing.TB, db pg.DB, name, role string, people ...oncall.Actor) int64 {
	t.Helper()
	id := get[int64](t, db, `insert into schedule (name, title, role, zone, created_at, checked_at)
		values ($1, $1, nullif($2, ''), 'UTC', $3, $3) returning id`, name, role, noon)
	exec(t, db, `insert into schedule_layer (schedule_id, place, name, starts, unit, turns) values ($1, 0, 'first', '2026-02-02 09:00', 'week', '{1}')`, id)
	for i, p := range people {
		exec(t, db, `insert into schedule_member (schedule_id, layer, place, person_id) values ($1, 0, $2, $3)`, id, i, p.PersonID)
	}
	return id
}

func exec(t testing.TB, db pg.DB, sql string, args ...any) {
	t.Helper()
	_, err := db.Exec(ctx, sql, args...)
	must(t, err)
}

func override(t testing.TB, db pg.DB, schedule int64, from, until time.Duration, person, instead any) {
	t.Helper()
	exec(t, db, `insert into shift_override (schedule_id, starts_at, ends_at, person_id, instead_of, created_at) values ($1, $2, $3, $4, $5, $6)`,
		schedule, noon.Add(from), noon.Add(until), person, instead, noon)
}

// overrides writes them as "jan for maria, hour 1 to 2", in their order.
func overrides(t testing.TB, db pg.DB, schedule int64) string {
	t.Helper()
	rows, err := db.Query(ctx, `
		select coalesce(p.handle, 'nobody') || coalesce(' for ' || i.handle, '') || ', hour '
			|| extract(epoch from o.starts_at - $2)::int / 3600 || ' to ' || extract(epoch from o.ends_at - $2)::int / 3600
		from shift_override o left join person p on p.id = o.person_id left join person i on i.id = o.instead_of
		where o.schedule_id = $1 order by o.starts_at, o.id`, schedule, noon)
	must(t, err)
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(t, err)
	return strings.Join(lines, "\n")
}

func turnsOf(t testing.TB, db pg.DB, schedule int64) string {
	t.Helper()
	return get[string](t, db, `select coalesce(string_agg(p.handle, ' ' order by m.place), '') from schedule_member m join person p on p.id = m.person_id where m.schedule_id = $1`, schedule)
}

func TestLeavingTakesOneOutOfSchedules(t *testing.T) {
	tx := pgtest.Tx(t)
	d := desk(t, tx)
	maria, jan, li := known(t, tx, "maria"), known(t, tx, "jan"), known(t, tx, "li")
	agreedAndLetIn(t, d, tx, jan, "coordination", "communications")
	leads := scheduleOf(t, tx, "leads", "coordination", maria, jan, li)
	press := scheduleOf(t, tx, "press", "communications", jan)
	free := scheduleOf(t, tx, "free", "", maria, jan)
	const hour = time.Hour
	override(t, tx, leads, -48*hour, -24*hour, jan.PersonID, maria.PersonID) // past
	override(t, tx, leads, -2*hour, 2*hour, jan.PersonID, maria.PersonID)    // runs
	override(t, tx, leads, 5*hour, 6*hour, jan.PersonID, maria.PersonID)     // to come
	override(t, tx, leads, -3*hour, 3*hour, jan.PersonID, nil)               // in addition, runs
	override(t, tx, leads, 7*hour, 8*hour, jan.PersonID, nil)                // in addition, to come
	override(t, tx, leads, 9*hour, 10*hour, maria.PersonID, jan.PersonID)    // somebody else's promise stays
	override(t, tx, press, 5*hour, 6*hour, jan.PersonID, nil)                // of a role that goes on
	exec(t, tx, `insert into cover_request (schedule_id, person_id, starts_at, ends_at, asked_of, asked_at) values
		($1, $2, $4, $5, null, $4), ($1, $3, $4, $5, $2, $4), ($1, $3, $4, $5, null, $4)`,
		leads, jan.PersonID, maria.PersonID, noon, noon.Add(hour))
	d.Calendar = calendar{{Schedule: "leads", From: noon.Add(hour), Until: noon.Add(2 * hour)}, {Schedule: "press", From: noon, Until: noon.Add(hour)}}

	left, err := d.Leave(ctx, jan, "jan", "coord")
	must(t, err)
	if fmt.Sprint(left.Roles, left.Schedules) != "[coordination] [leads]" || len(left.Shifts) != 1 || left.Shifts[0].Schedule != "leads" {
		t.Errorf("%+v", left)
	}
	want := `jan for maria, hour -48 to -24
jan, hour -3 to 0
jan for maria, hour -2 to 0
nobody for maria, hour 0 to 2
nobody for maria, hour 5 to 6
maria for jan, hour 9 to 10`
	if got := overrides(t, tx, leads); got != want {
		t.Errorf("%s", got)
	}
	if got := get[string](t, tx, `select string_agg(state, ' ' order by id) from cover_request`); got != "withdrawn declined open" {
		t.Error(got)
	}
	if strings.Contains(turnsOf(t, tx, leads), "jan") || turnsOf(t, tx, press) != "jan" || turnsOf(t, tx, free) != "maria jan" {
		t.Error("taken out of the wrong rotation")
	}
	if got := get[string](t, tx, `select string_agg(name || version, ' ' order by name) from schedule`); got != "free1 leads2 press1" {
		t.Error(got)
	}
	if list, err := audit.List(ctx, tx, audit.Query{Kind: "schedule"}); err != nil || len(list) != 1 || list[0].Subject != "leads" || list[0].Handle != "jan" {
		t.Errorf("%+v, %v", list, err)
	}
	// With the last role goes all the rest.
	if left, err = d.Leave(ctx, jan, "jan", ""); err != nil || fmt.Sprint(left.Schedules) != "[press free]" {
		t.Errorf("%+v, %v", left, err)
	}
	if turnsOf(t, tx, press) != "" || turnsOf(t, tx, free) != "maria" || overrides(t, tx, press) != "" {
		t.Error("something is left")
	}
}

// maria's shift, which jan took, and li from jan: when jan leaves, li's promise stands.
func TestLeavingKeepsWhoSteppedIn(t *testing.T) {
	tx := pgtest.Tx(t)
	d := desk(t, tx)
	maria, jan, li := known(t, tx, "maria"), known(t, tx, "jan"), known(t, tx, "li")
	agreedAndLetIn(t, d, tx, jan, "coordination")
	leads := scheduleOf(t, tx, "leads", "coordination", maria)
	const hour = time.Hour
	override(t, tx, leads, -2*hour, 8*hour, jan.PersonID, maria.PersonID)
	override(t, tx, leads, -1*hour, 1*hour, li.PersonID, jan.PersonID) // runs
	override(t, tx, leads, 3*hour, 4*hour, li.PersonID, jan.PersonID)
	override(t, tx, leads, 5*hour, 6*hour, maria.PersonID, jan.PersonID) // she takes it back: that is not reckoned with
	_, err := d.Leave(ctx, jan, "jan", "")
	must(t, err)
	book, err := rota.Load(ctx, tx, noon.Add(-3*hour), noon.Add(9*hour))
	must(t, err)
	var got []string
	for h := -3; h < 9; h++ {
		who := "-"
		for _, sh := range book.On(book.Schedules[0], noon.Add(time.Duration(h)*hour+time.Minute)) {
			who = map[int64]string{maria.PersonID: "maria", jan.PersonID: "jan", li.PersonID: "li"}[sh.Person]
		}
		got = append(got, who)
	}
	if line := strings.Join(got, " "); line != "maria jan li li - - li - - - - maria" {
		t.Error(line)
	}
}

// calendar knows some shifts of everybody.
type calendar []oncall.Shift

func (c calendar) Shifts(context.Context, pg.DB, int64, time.Time, time.Time) ([]oncall.Shift, error) {
	return c, nil
}

func (calendar) Absences(context.Context, pg.DB, int64, time.Time, time.Time) ([]oncall.Absence, error) {
	return nil, nil
}

// Whoever leaves a rotation does not move whoever is on: of a, b and c, week by week from
// the 2nd of February, a is on in the fourth week, at noon on the 1st of March. Of two
// people the second is on in it.
func TestLeavingKeepsWhoIsOn(t *testing.T) {
	for leaver, want := range map[string]string{"a": "c b", "b": "c a", "c": "b a"} {
		t.Run(leaver, func(t *testing.T) {
			tx := pgtest.Tx(t)
			d := desk(t, tx)
			people := []oncall.Actor{known(t, tx, "a"), known(t, tx, "b"), known(t, tx, "c")}
			id := scheduleOf(t, tx, "s", "coordination", people...)
			for _, p := range people {
				agreedAndLetIn(t, d, tx, p, "coordination")
			}
			_, err := d.Leave(ctx, oncall.Actor{Network: "cli"}, leaver, "")
			must(t, err)
			if got := turnsOf(t, tx, id); got != want {
				t.Errorf("%s leaves: %s, want %s", leaver, got, want)
			}
		})
	}
}

// Whatever somebody has promised and wherever they stand, when they have left every role
// nothing of it is left from now on.
func TestLeavingLeavesNothing(t *testing.T) {
	db := pgtest.Tx(t)
	d := desk(t, db)
	maria, jan := known(t, db, "maria"), known(t, db, "jan")
	ids := []int64{scheduleOf(t, db, "leads", "coordination"), scheduleOf(t, db, "press", "communications"), scheduleOf(t, db, "free", "")}
	rapid.Check(t, func(rt *rapid.T) {
		agreedAndLetIn(t, d, db, jan, rapid.SampledFrom([]string{"coordination", "communications"}).Draw(rt, "role"))
		exec(t, db, `delete from shift_override`)
		exec(t, db, `delete from schedule_member`)
		for _, id := range ids {
			for place := range rapid.IntRange(0, 4).Draw(rt, "members") {
				who := rapid.SampledFrom([]int64{maria.PersonID, jan.PersonID}).Draw(rt, "member")
				exec(t, db, `insert into schedule_member (schedule_id, layer, place, person_id) values ($1, 0, $2, $3)`, id, place, who)
			}
			for n := range rapid.IntRange(0, 3).Draw(rt, "overrides") {
				from := time.Duration(n*4-5) * time.Hour // one after the other
				until := from + time.Duration(rapid.IntRange(1, 4).Draw(rt, "hours"))*time.Hour
				override(t, db, id, from, until, jan.PersonID, rapid.SampledFrom([]any{nil, maria.PersonID}).Draw(rt, "instead"))
			}
		}
		if rapid.Bool().Draw(rt, "by an admin") {
			_, err := d.Remove(ctx, maria, "jan", "")
			must(t, err)
		} else {
			_, err := d.Leave(ctx, jan, "jan", "")
			must(t, err)
		}
		left := get[int](t, db, `select (select count(*) from membership where person_id = $1) + (select count(*) from schedule_member where person_id = $1)
			+ (select count(*) from shift_override where person_id = $1 and ends_at > $2)
			+ (select count(*) from cover_request where state = 'open' and $1 in (person_id, asked_of))`, jan.PersonID, noon)
		if left != 0 {
			rt.Fatalf("%d things are left", left)
		}
	})
}
