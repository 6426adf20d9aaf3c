package freeze_test

import (
	"strings"
	"testing"
	"time"

	"batsignal/integrations/job/freeze"
	"batsignal/migrations/pgtest"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func TestPeopleSetAndLiftFreezes(t *testing.T) {
	ctx, db := t.Context(), pgtest.Fresh(t).Pool
	now := at(t, "2026-11-30T12:00:00Z") // a Monday
	maria := oncall.Actor{Handle: "maria", Network: "libera", Account: "maria"}
	fridays := rules(t, "Europe/Berlin", "friday")
	frozen := func(when time.Time, wantWhy, wantUntil string) {
		t.Helper()
		why, until, err := freeze.Frozen(ctx, db, fridays, when)
		if err != nil || why != wantWhy || why != "" && !until.Equal(at(t, wantUntil)) {
			t.Errorf("at %s: %q until %s, %v", when, why, until, err)
		}
	}
	for _, c := range []struct {
		begins, ends time.Time
		title, say   string
	}{
		{now, now, "x", "would end before it begins"},
		{now.Add(-2 * time.Hour), now, "x", "would be over already"},
		{now, now.AddDate(2, 0, 0), "x", "a year at most"},
		{now, now.Add(time.Hour), " ", "has a title"},
		{now, now.Add(time.Hour), strings.Repeat("x", 201), "has a title"},
		{now, now.Add(time.Hour), "x\x00", "has a title"},
	} {
		if _, err := freeze.Add(ctx, db, now, maria, c.begins, c.ends, c.title); fault.KindOf(err) != fault.Invalid || !strings.Contains(fault.Say(err), c.say) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	frozen(now, "", "")
	release, err := freeze.Add(ctx, db, now, maria, now.Add(time.Hour), now.Add(4*24*time.Hour), "  release   week ")
	if err != nil || release.Title != "release week" || release.MadeBy != "maria" {
		t.Fatal(release, err)
	}
	long, err := freeze.Add(ctx, db, now, maria, now.Add(-time.Hour), now.Add(10*24*time.Hour), "holidays")
	if err != nil {
		t.Fatal(err)
	}
	frozen(now, `there is a freeze, "holidays"`, "2026-12-10T12:00:00Z")
	frozen(now.Add(2*time.Hour), `there is a freeze, "holidays" and there is a freeze, "release week"`, "2026-12-10T12:00:00Z")
	if list, err := freeze.List(ctx, db, now); err != nil || len(list) != 2 || list[0].ID != long.ID {
		t.Error(list, err)
	}

	if _, err := freeze.Lift(ctx, db, now.Add(3*time.Hour), maria, false, long.ID); err != nil {
		t.Fatal(err)
	}
	frozen(now.Add(3*time.Hour), `there is a freeze, "release week"`, "2026-12-04T23:00:00Z") // it ends on a Friday
	frozen(now, "", "")
	_, err = freeze.Lift(ctx, db, now.Add(4*time.Hour), maria, false, long.ID)
	if fault.KindOf(err) != fault.Conflict || !strings.Contains(fault.Say(err), "was lifted by maria already") {
		t.Error(err)
	}
	if _, err = freeze.Lift(ctx, db, now.Add(9*24*time.Hour), maria, false, release.ID); fault.KindOf(err) != fault.Conflict || !strings.Contains(fault.Say(err), "is over since") {
		t.Error(err)
	}
	if _, err = freeze.Lift(ctx, db, now, maria, false, 99); fault.KindOf(err) != fault.NotFound {
		t.Error(err)
	}
	if list, err := freeze.List(ctx, db, now.Add(9*24*time.Hour)); err != nil || len(list) != 0 {
		t.Error(list, err)
	}
	var says string
	if err := db.QueryRow(ctx, `select string_agg(handle || ' ' || says, '; ' order by id) from audit_entry where kind = 'freeze'`).Scan(&says); err != nil || says !=
		`maria set the freeze "release week" from 2026-11-30 13:00 UTC until 2026-12-04 12:00 UTC; maria set the freeze "holidays" from 2026-11-30 11:00 UTC until 2026-12-10 12:00 UTC; maria lifted the freeze "holidays"` {
		t.Error(says, err)
	}
}
