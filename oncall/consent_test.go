package oncall_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"batsignal/migrations/pg"
	"batsignal/migrations/pgtest"
	"batsignal/oncall"
	"batsignal/oncall/audit"
	"batsignal/oncall/fault"
)

func of(n int) *int { return &n }

func TestAllows(t *testing.T) {
	night := oncall.Terms{QuietFrom: of(23 * 60), QuietUntil: of(7 * 60)}
	day := oncall.Terms{QuietFrom: of(9 * 60), QuietUntil: of(17 * 60)}
	evenThen := night
	evenThen.QuietSev1 = true
	for _, c := range []struct {
		story    string
		terms    oncall.Terms
		at, zone string
		severity int
		route    string
		calls    int
		why      string
	}{
		{"no terms", oncall.Terms{}, "2026-03-01T03:00:00Z", "UTC", 2, "mail", 99, ""},
		{"at the first quiet minute", night, "2026-03-01T22:00:00Z", "Europe/Berlin", 1, "", 0, "has quiet hours until 07:00 Europe/Berlin"},
		{"a minute before", night, "2026-03-01T21:59:59Z", "Europe/Berlin", 1, "", 0, ""},
		{"the last quiet minute", night, "2026-03-01T05:59:59Z", "Europe/Berlin", 2, "", 0, "has quiet hours until 07:00 Europe/Berlin"},
		{"awake again", night, "2026-03-01T06:00:00Z", "Europe/Berlin", 2, "", 0, ""},
		{"in summer an hour earlier", night, "2026-07-01T05:00:00Z", "Europe/Berlin", 2, "", 0, ""},
		{"severity 1 rings all the same", evenThen, "2026-03-01T23:00:00Z", "UTC", 1, "", 0, ""},
		{"severity 2 does not", evenThen, "2026-03-01T23:00:00Z", "UTC", 2, "", 0, "has quiet hours until 07:00 UTC"},
		{"quiet at work", day, "2026-03-02T12:00:00Z", "UTC", 2, "", 0, "has quiet hours until 17:00 UTC"},
		{"not quiet at night", day, "2026-03-02T23:00:00Z", "UTC", 2, "", 0, ""},
		{"one call is left", oncall.Terms{Calls: of(2)}, "2026-03-01T12:00:00Z", "UTC", 2, "", 1, ""},
		{"no call is left", oncall.Terms{Calls: of(2)}, "2026-03-01T12:00:00Z", "UTC", 1, "", 2, "was rung twice this quarter, and agreed to no more than 2"},
		{"one was enough", oncall.Terms{Calls: of(1)}, "2026-03-01T12:00:00Z", "UTC", 1, "", 1, "was rung once this quarter, and agreed to no more than 1"},
		{"by a way that they agreed to", oncall.Terms{Routes: []string{"chat", "mail"}}, "2026-03-01T12:00:00Z", "UTC", 2, "mail", 0, ""},
		{"by another", oncall.Terms{Routes: []string{"chat"}}, "2026-03-01T12:00:00Z", "UTC", 2, "mail", 0, "did not agree to be rung by mail"},
		{"by any at all", oncall.Terms{Routes: []string{"chat"}}, "2026-03-01T12:00:00Z", "UTC", 2, "", 0, ""},
	} {
		ok, why := oncall.Consent{Terms: c.terms}.Allows(at(t, c.at), c.zone, c.severity, c.route, c.calls)
		if ok != (c.why == "") || why != c.why {
			t.Errorf("%s: %v, %q", c.story, ok, why)
		}
	}
}

// In quiet hours of h hours a day somebody is left in peace for h hours of a day without
// a change of clocks, whatever the zone.
func TestQuietHoursLastAsLongAsTheySay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from, length := rapid.IntRange(0, 1439).Draw(t, "from"), rapid.IntRange(1, 1439).Draw(t, "minutes")
		until := (from + length) % 1440
		terms := oncall.Terms{QuietFrom: &from, QuietUntil: &until}
		if terms.Check() != nil {
			t.Fatal("refused")
		}
		zone := rapid.SampledFrom([]string{"UTC", "Asia/Tokyo", "Asia/Kathmandu", "Pacific/Kiritimati"}).Draw(t, "zone")
		quiet := 0
		for minute := range 1440 {
			if ok, _ := (oncall.Consent{Terms: terms}).Allows(noon.Add(time.Duration(minute)*time.Minute), zone, 2, "", 0); !ok {
				quiet++
			}
		}
		if quiet != length {
			t.Fatalf("%d minutes of %d", quiet, length)
		}
	})
}

func TestQuarter(t *testing.T) {
	for when, want := range map[string]string{
		"2026-01-01T00:00:00Z":           "2026-01-01 2026-04-01",
		"2026-03-31T23:59:59Z":           "2026-01-01 2026-04-01",
		"2026-04-01T01:00:00+02:00":      "2026-01-01 2026-04-01",
		"2026-12-31T23:59:59.999999999Z": "2026-10-01 2027-01-01",
	} {
		from, until := oncall.Quarter(at(t, when))
		if got := from.Format(time.DateOnly) + " " + until.Format(time.DateOnly); got != want {
			t.Errorf("%s: %s", when, got)
		}
	}
}

func TestTermsAreWrittenForPeople(t *testing.T) {
	for want, terms := range map[string]oncall.Terms{
		"by any way, at any hour, without a limit":                                                 {},
		"by chat and mail, except 23:00-07:00 UTC, at most 6 calls a quarter":                      {Routes: []string{"chat", "mail"}, QuietFrom: of(1380), QuietUntil: of(420), Calls: of(6)},
		"by any way, except 23:00-07:00 UTC (severity 1 rings then too), at most 1 call a quarter": {QuietFrom: of(1380), QuietUntil: of(420), QuietSev1: true, Calls: of(1)},
	} {
		if got := terms.Says("UTC"); got != want {
			t.Errorf("%s\nwant %s", got, want)
		}
	}
}

func TestWrongTermsAreToldByField(t *testing.T) {
	for field, terms := range map[string]oncall.Terms{
		"words":  {Words: strings.Repeat("ü", 501)},
		"routes": {Routes: []string{"chat", "pigeon"}},
		"quiet":  {QuietFrom: of(60)},
		"calls":  {Calls: of(0)},
	} {
		err := terms.Check()
		refused(t, err, fault.Invalid)
		if got := oncall.Fields(err); len(got) != 1 || got[field] == "" {
			t.Errorf("%s: %v", field, got)
		}
	}
	all := oncall.Terms{Words: strings.Repeat("x", 501), Routes: []string{"no"}, QuietFrom: of(1), QuietUntil: of(1), Calls: of(1001)}.Check()
	if got := oncall.Fields(all); len(got) != 4 {
		t.Errorf("%v", got)
	}
	if (oncall.Terms{Words: strings.Repeat("ü", 500)}).Check() != nil || oncall.Fields(nil) != nil || oncall.Fields(errors.New("x")) != nil {
		t.Error("what is right is refused")
	}
}

func TestTermsHaveVersions(t *testing.T) {
	tx := pgtest.Tx(t)
	d, jan := desk(t, tx), known(t, tx, "jan")
	_, err := d.Join(ctx, jan, "coordination", oncall.Hours{}, " ring me for openssl ")
	must(t, err)
	inForce := func() oncall.Consent {
		t.Helper()
		of, err := oncall.ConsentsOf(ctx, tx, jan.PersonID, 999)
		must(t, err)
		return of[jan.PersonID]
	}
	first := inForce()
	if first.Version != 1 || first.Words != "ring me for openssl" || first.Account != "jan" || !first.At.Equal(noon) {
		t.Errorf("%+v", first)
	}
	terms := first.Terms
	terms.Calls, terms.Routes = of(6), []string{"mail", "chat"}
	second, err := d.Agree(ctx, jan, 1, terms)
	must(t, err)
	if second.Version != 2 || strings.Join(second.Routes, " ") != "chat mail" || !inForce().Same(second.Terms) {
		t.Errorf("%+v, %+v", second, inForce())
	}
	// Nothing new makes no version; and what was changed meanwhile is not overwritten.
	if again, err := d.Agree(ctx, jan, 2, second.Terms); err != nil || again.Version != 2 {
		t.Errorf("%+v, %v", again, err)
	}
	_, err = d.Agree(ctx, jan, 1, terms)
	refused(t, err, fault.Conflict)
	_, err = d.Agree(ctx, stranger("zed"), 0, terms)
	refused(t, err, fault.Forbidden)
	// Joining another role keeps the terms, and new words make a version.
	_, err = d.Join(ctx, jan, "communications", oncall.Hours{})
	must(t, err)
	_, err = d.Join(ctx, jan, "communications", oncall.Hours{}, "the press too")
	must(t, err)
	if c := inForce(); c.Version != 3 || *c.Calls != 6 || c.Words != "the press too" {
		t.Errorf("%+v", c)
	}
	versions, err := oncall.ConsentVersions(ctx, tx, jan.PersonID)
	must(t, err)
	if len(versions) != 3 || versions[0].Version != 3 || versions[2].Words != "ring me for openssl" {
		t.Errorf("%+v", versions)
	}
	if n := get[int](t, tx, `select count(*) from consent_entry where act = 'terms'`); n != 1 {
		t.Errorf("%d acts", n)
	}
	if list, err := audit.List(ctx, tx, audit.Query{Kind: "consent", Subject: "jan"}); err != nil || len(list) != 3 || list[1].Before == nil {
		t.Errorf("%+v, %v", list, err)
	}
	if _, err := tx.Exec(ctx, `update consent set words = ''`); err == nil {
		t.Error("what somebody agreed to can be changed")
	}
}

func TestCallsInQuarter(t *testing.T) {
	tx := pgtest.Tx(t)
	jan, maria := known(t, tx, "jan"), known(t, tx, "maria")
	for i, rung := range []string{"2025-12-31T23:59:59Z", "2026-01-01T00:00:00Z", "2026-03-31T23:59:59Z", "2026-04-01T00:00:00Z"} {
		get[int64](t, tx, `with e as (
			insert into escalation (cause, slot, why, severity, patience, started_at, due_at) values ($1, 'role:x', 'y', 2, '1m', $2, $2) returning id
		) insert into page (escalation_id, person_id, round, opened_at, rung_at, state) select id, $3, 1, $2, $2, 'closed' from e returning id`,
			string(rune('a'+i)), at(t, rung), jan.PersonID)
	}
	got, err := oncall.CallsInQuarter(ctx, tx, noon, jan.PersonID, maria.PersonID)
	if err != nil || len(got) != 1 || got[jan.PersonID] != 2 {
		t.Errorf("%v, %v", got, err)
	}
}

func TestParseQuietAndRoutes(t *testing.T) {
	if f, u, err := oncall.ParseQuiet("23:00-07:00"); err != nil || *f != 1380 || *u != 420 {
		t.Errorf("%v", err)
	}
	if f, u, err := oncall.ParseQuiet("None"); err != nil || f != nil || u != nil {
		t.Errorf("%v", err)
	}
	_, _, err := oncall.ParseQuiet("at night")
	refused(t, err, fault.Invalid)
	for text, want := range map[string]string{"Chat, mail": "chat mail", "any": "", "chat,any": "", "mail mail": "mail", "": ""} {
		if got := strings.Join(oncall.ParseRoutes(text), " "); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}

// agreedAndLetIn puts somebody onto a roster.
func agreedAndLetIn(t testing.TB, d *oncall.Desk, db pg.DB, a oncall.Actor, roles ...string) {
	t.Helper()
	for _, role := range roles {
		_, err := d.Join(ctx, a, role, oncall.Hours{})
		must(t, err)
		_, err = d.Add(ctx, oncall.Actor{Network: "cli"}, a.Handle, role)
		must(t, err)
	}
}

// An operator at the shell acts in anybody's name, and still cannot say for them that, or
// for how much, they may be rung. To end it is another matter.
func TestNobodySaysYesForAnotherAtTheShell(t *testing.T) {
	tx := pgtest.Tx(t)
	d := desk(t, tx)
	jan := known(t, tx, "jan")
	agreedAndLetIn(t, d, tx, jan, "coordination")
	exec(t, tx, `update membership set lapsed_at = $1`, noon)
	shell := jan
	shell.Network, shell.Account = "cli", ""
	_, err := d.Join(ctx, shell, "coordination", oncall.Hours{})
	refused(t, err, fault.Forbidden)
	_, err = d.Renew(ctx, shell)
	refused(t, err, fault.Forbidden)
	of, err := oncall.ConsentsOf(ctx, tx, jan.PersonID)
	must(t, err)
	_, err = d.Agree(ctx, shell, of[jan.PersonID].Version, oncall.Terms{Words: "at any hour"})
	refused(t, err, fault.Forbidden)
	if roles, err := oncall.ActiveRoles(ctx, tx, jan.PersonID); err != nil || len(roles) != 0 {
		t.Errorf("%v, %v", roles, err)
	}
	for _, network := range []string{oncall.Web, oncall.API} { // where a session or a token proves them
		shell.Network = network
		_, err = d.Renew(ctx, shell)
		must(t, err)
	}
	shell.Network = "cli"
	_, err = d.Leave(ctx, shell, "jan", "")
	must(t, err)
}
