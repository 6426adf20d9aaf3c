package web_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"batsignal/oncall"
	"batsignal/oncall/duty"
	"batsignal/oncall/schedule"
)

// The page names people in the order in which a hunt would ring them.
func TestPeopleAreListedAsTheyAreRung(t *testing.T) {
	w := newPeopleWorld(t)
	if _, _, err := w.rota.AddAbsence(ctx, w.as("sam"), false, schedule.Absence{From: w.Now(), Until: w.Now().AddDate(0, 0, 2), Note: canaryNote}); err != nil {
		t.Fatal(err)
	}
	facts, err := duty.Load(ctx, w.DB, duty.Ask{Role: "package-fixing", Severity: 1}, w.Now(), w.Now().Add(duty.Ahead))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/people", "/rosters/package-fixing"} {
		a := w.get(path)
		a.says(t, 200, "on by <bdi>fixers</bdi>", "Left out now", "away until", " awake")
		a.lacks(t, canaryNote)
		part := a.main()
		if path == "/people" {
			part = part[strings.Index(part, "package fixing"):strings.Index(part, "quality assurance")]
		}
		part = part[strings.Index(part, "<ol"):]
		for _, p := range facts.Rank(duty.Ask{Role: "package-fixing", Severity: 1}, w.Now()).People {
			_, rest, found := strings.Cut(part, `<a href="/people/`+p.Handle()+`">`)
			if !found {
				t.Fatalf("%s: %s is not next in %s", path, p.Handle(), part)
			}
			part = rest
		}
	}
}

func TestEverybodyIsFound(t *testing.T) {
	w := newPeopleWorld(t)
	w.sql(`update person set languages = 'pl en' where handle = 'piotr'`)
	for query, want := range map[string]string{
		"": "9 people", "WARSAW": "1 person of 9", "piotr now": "1 person of 9", "pl": "1 person of 9", "package-fix": "3 people of 9",
		"@li": "1 person of 9", "nobody here": "Nobody is like that.", `"><script>`: "Nobody is like that.",
	} {
		a := w.get("/people/all?q=" + url.QueryEscape(query))
		a.says(t, 200, want)
		readAloud(t, a.body)
	}
	w.sql(`insert into person (handle, name, zone, created_at) select 'many-' || lpad(n::text, 4, '0'), 'Many', 'UTC', $1 from generate_series(1, 250) n`, night)
	w.get("/people/all").says(t, 200, "259 people, from number 1", `href="/people/all?page=2&amp;q="`, "many-0096")
	w.get("/people/all?page=3&q=many").says(t, 200, "from number 201", "many-0250", `rel="prev"`)
	w.get("/people/all?page=99&q=many").says(t, 200, "many-0250")
}

func BenchmarkEverybodyOfTwoThousand(b *testing.B) {
	w := newPeopleWorld(b)
	w.sql(`insert into person (handle, name, zone, created_at) select 'many-' || n, 'Many', 'Europe/Berlin', $1 from generate_series(1, 2000) n`, night)
	w.sql(`insert into membership (role, person_id, place, asked_at, agreed_at, approved_at)
		select 'communications', id, id + 100, $1, $1, $1 from person where handle like 'many-%'`, night)
	for _, path := range []string{"/people/all", "/people/all?q=berlin", "/people", "/people/many-7", "/rosters/communications"} {
		b.Run(path, func(b *testing.B) {
			for b.Loop() {
				w.get(path)
			}
		})
	}
}

// rosterForm is the form of an order as a browser would send it.
func (w *world) rosterForm(version, minimum string, order ...string) url.Values {
	f := url.Values{"version": {version}, "minimum": {minimum}}
	for i, handle := range order {
		f.Set(fmt.Sprintf("place-%d", w.person(handle).ID), fmt.Sprint(i+1))
	}
	return f
}

func (w *world) rosterOrder(role string) string {
	w.t.Helper()
	members, err := oncall.MembersOf(ctx, w.DB, role)
	if err != nil {
		w.t.Fatal(err)
	}
	var handles []string
	for _, m := range members {
		handles = append(handles, m.Person.Handle)
	}
	return strings.Join(handles, " ")
}

func TestTwoAdminsAndOneRoster(t *testing.T) {
	w := newPeopleWorld(t)
	maria, li := w.enters("maria"), w.enters("li")
	const page, path = "/rosters/package-fixing", "/rosters/package-fixing/order"
	a := maria.read(page)
	readAloud(t, a.body)
	version := a.found(t, `name="version" value="(\d+)"`)
	maria.fill(page, path, w.rosterForm(version, "many", "sam", "li", "tunde")).says(t, 400, `id="minimum-problem">The minimum is a number`, `value="many"`)
	bad := w.rosterForm(version, "1", "sam")
	bad.Set(fmt.Sprintf("place-%d", w.person("li").ID), "first")
	maria.fill(page, path, bad).says(t, 400, "A place is a number", `value="first"`)
	if a := li.fill(page, path, w.rosterForm(version, "2", "tunde", "sam", "li")); a.Code != 303 {
		t.Fatalf("%d: %s", a.Code, a.main())
	}
	a = maria.fill(page, path, w.rosterForm(version, "1", "sam", "li", "tunde"))
	a.says(t, 409, "li was quicker", "changed the order of the list", "<bdi>tunde, sam and li</bdi></td><td><bdi>sam, li and tunde</bdi>", "Save mine over it")
	readAloud(t, a.body)
	if got := w.rosterOrder("package-fixing"); got != "tunde sam li" {
		t.Errorf("something was overwritten: %s", got)
	}
	form := w.rosterForm(version, "1", "sam", "li", "tunde")
	form.Set("over", a.found(t, `name="over" value="(\d+)"`))
	if a := maria.fill(page, path, form); a.Code != 303 || w.rosterOrder("package-fixing") != "sam li tunde" {
		t.Errorf("%d: %s", a.Code, w.rosterOrder("package-fixing"))
	}
	a = w.enters("kevin").read(page)
	a.says(t, 200, "At least 1 person should be on or awake")
	a.lacks(t, "place-", "Save the list")
	w.get("/rosters/nothing").says(t, 404)
	if a := w.get("/rosters/qa"); a.Header().Get("Location") != "/rosters/quality-assurance" {
		t.Errorf("initials lead to %d %q", a.Code, a.Header().Get("Location"))
	}
}

func TestSomebodyIsAddedToARoster(t *testing.T) {
	w := newPeopleWorld(t)
	maria := w.enters("maria")
	const page, path = "/rosters/package-fixing", "/rosters/package-fixing/add"
	maria.fill(page, path, url.Values{"handle": {"stranger"}}).says(t, 404, `value="stranger"`, `id="add-problem">`)
	if a := maria.fill(page, path, url.Values{"handle": {"@kevin"}}); a.Code != 303 || !strings.Contains(a.Header().Get("Location"), "did=asked") {
		t.Errorf("%d to %s", a.Code, a.Header().Get("Location"))
	}
	maria.read(page).says(t, 200, "asked, has not answered")
	w.sql(`update membership set agreed_at = $1, approved_at = null where role = 'package-fixing' and person_id = $2`, night, w.person("kevin").ID)
	maria.read(page).says(t, 200, "waits for an administrator", `action="/people/kevin/roles/package-fixing/let-in"`)
}

func TestWhoIsPreferred(t *testing.T) {
	w := newPeopleWorld(t)
	maria := w.enters("maria")
	const page, path = "/rosters/package-fixing", "/rosters/package-fixing/preferences"
	send := func(status int, form url.Values) answer {
		t.Helper()
		version := maria.read(page).found(t, `(?s)preferences#preferences.*?name="version" value="(\d+)"`)
		if form.Get("version") == "" {
			form.Set("version", version)
		}
		a := maria.fill(page, path, form)
		a.says(t, status)
		return a
	}
	order := func(want string) {
		t.Helper()
		a := maria.read(page)
		got := strings.Join(func() (list []string) {
			for _, part := range strings.Split(a.body, `name="combination" value="`)[1:] {
				list = append(list, strings.ReplaceAll(part[:strings.Index(part, `"`)], "&#43;", "+"))
			}
			return list
		}(), ", ")
		if got != want {
			t.Errorf("preferred: %q, want %q", got, want)
		}
		readAloud(t, a.body)
	}
	send(400, url.Values{"new": {""}}).says(t, 400, `id="prefer-problem">Write labels`)
	send(404, url.Values{"new": {"juggler"}}).says(t, 404, `value="juggler"`)
	w.sql(`delete from role_preference where role = 'package-fixing'`)
	send(303, url.Values{"new": {"owner + security-expert"}})
	both := []string{"owner + security-expert"}
	send(303, url.Values{"combination": both, "new": {"provenpackager"}})
	order("owner + security-expert, provenpackager")
	both = append(both, "provenpackager")
	send(303, url.Values{"combination": both, "up": {"1"}})
	order("provenpackager, owner + security-expert")
	a := send(409, url.Values{"combination": both, "remove": {"0"}, "version": {"1"}})
	a.says(t, 409, "maria was quicker", `name="wish" value="provenpackager"`)
	send(303, url.Values{"combination": both, "wish": {"provenpackager"}, "over": {a.found(t, `name="over" value="(\d+)"`)}})
	order("provenpackager")
	w.get(page).says(t, 200, "Who is preferred", "provenpackager")
}

func TestWhoCarriedHowMuch(t *testing.T) {
	w := newPeopleWorld(t)
	w.sql(`update person set name = '=cmd()' where handle = 'li'`)
	kevin := w.enters("kevin")
	const page = "/rosters/package-fixing"
	a := kevin.read(page + "?from=2026-03&until=2026-04")
	a.says(t, 200, "Who carried how much", "on holidays", `href="/rosters/package-fixing/fairness.csv?from=2026-03&amp;until=2026-04"`)
	readAloud(t, a.body)
	kevin.read(page+"?from=March&until=2026-04").says(t, 200, "Write months like 2026-03.", `value="March"`)
	kevin.read(page+"?from=2026-04&until=2026-03").says(t, 200, "That ends before it begins.")
	w.get(page).lacks(t, "Who carried how much")
	csv := kevin.read(page + "/fairness.csv?from=2026-03&until=2026-04")
	csv.says(t, 200, "person,name,hours,nights,weekends,holidays,shifts,pages\n", "li,'=cmd(),")
	if kind := csv.Header().Get("Content-Type"); kind != "text/csv; charset=utf-8" {
		t.Errorf("it is %s", kind)
	}
	kevin.read(page+"/fairness.csv?from=x").says(t, 400)
	kevin.read("/rosters/coordination/fairness.csv").says(t, 404, "No schedule serves coordination")
}

func TestInvitations(t *testing.T) {
	w := newPeopleWorld(t)
	maria := w.enters("maria")
	const page = "/invitations"
	a := maria.fill(page, page, url.Values{"note": {"no role"}})
	a.says(t, 400, "Choose at least one role.", `value="no role"`)
	maria.fill(page, page, url.Values{"role": {"juggling"}}).says(t, 404)
	maria.fill(page, page, url.Values{"role": {"qa"}, "note": {strings.Repeat("x", 301)}}).says(t, 400, `id="note-problem">`)
	a = maria.fill(page, page, url.Values{"role": {"coordination", "communications"}, "note": {canaryGuest}})
	a.says(t, 200, "to communications and coordination", "In chat, logged in, send me in private: !roster accept ")
	readAloud(t, a.body)
	code := a.found(t, `!roster accept (\w+) yes`)
	a = maria.read(page)
	a.says(t, 200, canaryGuest, "open until", "by <bdi>maria</bdi>")
	a.lacks(t, code)
	if a := maria.fill(page, page+"/1/revoke", nil); a.Code != 303 {
		t.Fatalf("%d: %s", a.Code, a.main())
	}
	maria.read(page+"?did=revoked").says(t, 200, "taken back")
	maria.fill(page, page+"/1/revoke", nil).says(t, 409, "cannot be taken back")
	for _, path := range []string{"/audit", "/people", "/people/maria"} {
		maria.read(path).lacks(t, canaryGuest, code)
	}
}
