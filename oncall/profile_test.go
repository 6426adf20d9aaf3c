package oncall_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"batsignal/migrations/pgtest"
	"batsignal/oncall"
	"batsignal/oncall/audit"
	"batsignal/oncall/fault"
)

func TestSetProfile(t *testing.T) {
	tx := pgtest.Tx(t)
	d, jan, admin := desk(t, tx), known(t, tx, "jan"), known(t, tx, "maria")
	f := oncall.Profile{
		Name: " Jan Novák ", Zone: "Europe/Prague", Wakes: 360, Sleeps: 1320, WorksFrom: of(540), WorksUntil: of(1020), WorksDays: 31,
		Region: "CZ", Languages: "cs, EN",
	}
	p, err := d.SetProfile(ctx, jan, jan.PersonID, 1, f)
	must(t, err)
	if p.Version != 2 || p.Name != "Jan Novák" || p.Region != "cz" || p.Languages != "cs en" || *p.WorksFrom != 540 {
		t.Errorf("%+v", p)
	}
	stored, err := oncall.PersonByID(ctx, tx, jan.PersonID)
	if err != nil || stored.Version != 2 || stored.Zone != "Europe/Prague" || *stored.WorksUntil != 1020 || stored.Languages != "cs en" {
		t.Errorf("%+v, %v", stored, err)
	}
	// Two change the same person: the second is told who was quicker, and overwrites nothing.
	other := f
	other.Zone = "Asia/Tokyo"
	_, err = d.SetProfile(ctx, admin, jan.PersonID, 2, other)
	must(t, err)
	_, err = d.SetProfile(ctx, jan, jan.PersonID, 2, f)
	refused(t, err, fault.Conflict)
	if !strings.Contains(fault.Say(err), "maria was quicker") {
		t.Error(err)
	}
	if stored, err = oncall.PersonByID(ctx, tx, jan.PersonID); err != nil || stored.Zone != "Asia/Tokyo" || stored.Version != 3 {
		t.Errorf("%+v, %v", stored, err)
	}
	list, err := audit.List(ctx, tx, audit.Query{Kind: "person", Subject: "jan", Reader: jan.PersonID})
	if err != nil || len(list) != 2 || list[0].Says != "changed the profile of jan" || !strings.Contains(string(list[0].Before), "Prague") || !strings.Contains(string(list[0].After), "Tokyo") {
		t.Errorf("%+v, %v", list, err)
	}
	_, err = d.SetProfile(ctx, admin, 999, 1, f)
	refused(t, err, fault.NotFound)
}

func TestWrongProfilesAreToldByField(t *testing.T) {
	tx := pgtest.Tx(t)
	d, jan := desk(t, tx), known(t, tx, "jan")
	good := oncall.Profile{Zone: "UTC", Wakes: 420, Sleeps: 1380, WorksDays: 31}
	for field, change := range map[string]func(*oncall.Profile){
		"name":      func(f *oncall.Profile) { f.Name = strings.Repeat("ü", 81) },
		"zone":      func(f *oncall.Profile) { f.Zone = "Mars/Olympus" },
		"awake":     func(f *oncall.Profile) { f.Wakes = 1440 },
		"work":      func(f *oncall.Profile) { f.WorksFrom = of(540) },
		"region":    func(f *oncall.Profile) { f.Region = "germany" },
		"languages": func(f *oncall.Profile) { f.Languages = "german" },
	} {
		f := good
		change(&f)
		_, err := d.SetProfile(ctx, jan, jan.PersonID, 1, f)
		refused(t, err, fault.Invalid)
		if got := oncall.Fields(err); len(got) != 1 || got[field] == "" {
			t.Errorf("%s: %v", field, got)
		}
	}
	workless := good
	workless.WorksFrom, workless.WorksUntil, workless.WorksDays = of(540), of(1020), 0
	if got := oncall.Fields(workless.Check()); got["work"] == "" {
		t.Errorf("%v", got)
	}
	if good.Check() != nil {
		t.Error("what is right is refused")
	}
}

// Whatever passes the check, the database takes.
func TestWhatIsCheckedCanBeStored(t *testing.T) {
	db := pgtest.Tx(t)
	d, jan := desk(t, db), known(t, db, "jan")
	minute := rapid.OneOf(rapid.Just[*int](nil), rapid.Ptr(rapid.IntRange(-1, 1441), false))
	rapid.Check(t, func(rt *rapid.T) {
		f := oncall.Profile{
			Name: rapid.StringN(0, 82, -1).Draw(rt, "name"), Zone: rapid.SampledFrom(zones).Draw(rt, "zone"),
			Wakes: rapid.IntRange(-1, 1440).Draw(rt, "wakes"), Sleeps: rapid.IntRange(-1, 1440).Draw(rt, "sleeps"),
			WorksFrom: minute.Draw(rt, "from"), WorksUntil: minute.Draw(rt, "until"), WorksDays: rapid.IntRange(-1, 128).Draw(rt, "days"),
			Region: rapid.StringMatching(`[a-z]{0,3}-?[a-z0-9]{0,4}`).Draw(rt, "region"), Languages: rapid.StringMatching(`([a-z]{1,4} ?){0,5}`).Draw(rt, "languages"),
		}
		p, err := oncall.PersonByID(ctx, db, jan.PersonID)
		must(t, err)
		if _, err := d.SetProfile(ctx, jan, p.ID, p.Version, f); err != nil && fault.KindOf(err) != fault.Invalid {
			rt.Fatalf("%+v: %v", f, err)
		}
	})
}

func TestHoursAreWrittenOnBothClocks(t *testing.T) {
	f := oncall.Profile{Zone: "Europe/Berlin", Wakes: 420, Sleeps: 1380, WorksFrom: of(540), WorksUntil: of(1020), WorksDays: 31}
	for when, want := range map[string]string{
		"2026-03-01T12:00:00Z": "07:00-23:00 Europe/Berlin (06:00-22:00 UTC today)",
		"2026-07-01T12:00:00Z": "07:00-23:00 Europe/Berlin (05:00-21:00 UTC today)",
	} {
		if got := f.Awake(at(t, when)); got != want {
			t.Error(got)
		}
	}
	if got := f.Works(noon); got != "mon-fri 09:00-17:00 Europe/Berlin (08:00-16:00 UTC today)" {
		t.Error(got)
	}
	f.Zone, f.WorksFrom = "UTC", nil
	if f.Awake(noon) != "07:00-23:00 UTC" || f.Works(noon) != "" {
		t.Error(f.Awake(noon), f.Works(noon))
	}
}

func TestParseDays(t *testing.T) {
	for text, want := range map[string]string{
		"mon-fri": "mon-fri", "Mon,WED": "mon,wed", "daily": "daily", "fri-mon": "mon,fri-sun", "sat sun": "sat,sun", "monday - friday": "no",
		"monday-friday": "mon-fri", "tu": "tue", "sun": "sun", "": "no", "m": "no", "someday": "no", "mon-": "no", "-": "no", "mon-mon": "mon", "wed-tue": "daily",
	} {
		got := "no"
		if days, err := oncall.ParseDays(text); err == nil {
			got = oncall.WriteDays(days)
		}
		if got != want {
			t.Errorf("%q reads as %s, want %s", text, got, want)
		}
	}
}

// What is written reads as it was; and whatever is typed, it is days or refused.
func FuzzParseDays(f *testing.F) {
	for _, seed := range []string{"mon-fri", "mon,wed", "daily", "fri-mon", "-", "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		days, err := oncall.ParseDays(text)
		if err != nil {
			return
		}
		if days < 1 || days > 127 {
			t.Fatalf("%q reads as %d", text, days)
		}
		if again, err := oncall.ParseDays(oncall.WriteDays(days)); err != nil || again != days {
			t.Fatalf("%q is written %s, which reads as %d, %v", text, oncall.WriteDays(days), again, err)
		}
	})
}

func TestSetRoster(t *testing.T) {
	tx := pgtest.Tx(t)
	d, admin := desk(t, tx), known(t, tx, "maria")
	var ids []int64
	for _, handle := range []string{"a", "b", "c"} {
		p := known(t, tx, handle)
		agreedAndLetIn(t, d, tx, p, "coordination")
		ids = append(ids, p.PersonID)
	}
	if got := activeIn(t, tx, "coordination"); got != "a b c" {
		t.Fatal(got)
	}
	// Somebody who joined meanwhile comes last, and who left meanwhile is no trouble.
	r, err := d.SetRoster(ctx, admin, "coord", 1, []int64{ids[2], 999, ids[0], ids[2]}, 2)
	must(t, err)
	if got := activeIn(t, tx, "coordination"); got != "c a b" || r.Version != 2 || r.Minimum != 2 {
		t.Errorf("%s, %+v", got, r)
	}
	_, err = d.SetRoster(ctx, admin, "coordination", 1, ids, 1)
	refused(t, err, fault.Conflict)
	if !strings.Contains(fault.Say(err), "maria was quicker") || activeIn(t, tx, "coordination") != "c a b" {
		t.Error(err)
	}
	_, err = d.SetRoster(ctx, admin, "coordination", 2, ids, 51)
	refused(t, err, fault.Invalid)
	if oncall.Fields(err)["minimum"] == "" {
		t.Error(err)
	}
	roles, err := oncall.Roles(ctx, tx)
	if err != nil || roles[0].Minimum != 2 || roles[0].Version != 2 {
		t.Errorf("%+v, %v", roles, err)
	}
	if list, err := audit.List(ctx, tx, audit.Query{Kind: "role", Subject: "coordination"}); err != nil || len(list) != 1 || list[0].Says != "changed the order of the list and the minimum" {
		t.Errorf("%+v, %v", list, err)
	}
}
