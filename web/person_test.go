package web_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"batsignal/oncall"
	"batsignal/oncall/contact"
	"batsignal/oncall/rota"
	"batsignal/oncall/schedule"
	"batsignal/oncall/secret"
	"batsignal/oncall/skill"
)

// What is known of somebody, and who reads what of it.
func TestWhoReadsWhatOfAPerson(t *testing.T) {
	w := newPeopleWorld(t)
	tunde := w.person("tunde")
	w.agrees("tunde", oncall.Terms{Words: canaryWords, Routes: []string{"mail"}})
	if _, _, err := w.rota.AddAbsence(ctx, w.as("tunde"), false, schedule.Absence{From: w.Now(), Until: w.Now().Add(40 * time.Hour), Note: canaryNote}); err != nil {
		t.Fatal(err)
	}
	if _, err := contact.AddProven(ctx, w.DB, w.Now(), tunde.ID, "mail", secret.New("canary-tunde@hidden.example")); err != nil {
		t.Fatal(err)
	}
	skills := &skill.Service{DB: w.DB, Now: w.Now}
	if err := skills.SetLabel(ctx, w.as("maria"), skill.Label{Name: "kernel", Title: "kernel developer"}); err != nil {
		t.Fatal(err)
	}
	if _, err := skills.Say(ctx, w.as("tunde"), "kernel"); err != nil {
		t.Fatal(err)
	}
	public := []string{"Tunde Bello", "Africa/Lagos", "away", "until <time datetime=\"2026-03-02T19:14:00Z\">Mon 2 Mar 19:14</time>", "07:00-23:00",
		"kernel developer", "does not count before an admin confirms it", "package fixing", "can be rung", "/schedules/fixers"}
	own := []string{"tunde</bdi> on <bdi>console", "mail <span", "1 version", "By any way"}
	for _, c := range []struct {
		who          string // "" is nobody
		note, words  bool
		form, accept bool
	}{
		{"", false, false, false, false}, {"kevin", false, false, false, false}, {"maria", true, false, true, false}, {"tunde", true, true, true, true},
	} {
		t.Run("for "+c.who, func(t *testing.T) {
			v := w.visitor()
			if c.who != "" {
				v = w.enters(c.who)
			}
			a := v.read("/people/tunde")
			a.says(t, 200, public...)
			a.lacks(t, "hidden.example", canaryMail, canaryWebhook)
			for text, may := range map[string]bool{
				canaryNote: c.note, canaryWords: c.words, own[0]: c.form, own[1]: c.form, own[2]: c.form, "by mail": c.form,
				`action="/people/tunde/profile#profile"`: c.form, `action="/people/tunde/terms#terms"`: c.accept,
			} {
				if strings.Contains(a.body, text) != may {
					t.Errorf("%q is there: %v, want %v\n%s", text, !may, may, a.main())
				}
			}
			readAloud(t, a.body)
			for _, path := range []string{"/people", "/people/all", "/people/all?q=canary", "/rosters/package-fixing", "/audit", "/people/li"} {
				if c.who == "" && path == "/audit" {
					continue
				}
				a := v.read(path)
				a.says(t, 200)
				if c.who != "tunde" {
					a.lacks(t, "hidden.example", canaryWords)
				}
				a.lacks(t, canaryNote, canaryMail, canaryWebhook)
				readAloud(t, a.body)
			}
		})
	}
	if a := w.enters("tunde").read("/me"); a.Code != 303 || a.Header().Get("Location") != "/people/tunde" {
		t.Errorf("/me is %d to %s", a.Code, a.Header().Get("Location"))
	}
	w.get("/people/nobody").says(t, 404)
	if a := w.get("/people/@tunde"); a.Header().Get("Location") != "/people/tunde" {
		t.Errorf("a name with @ leads to %q", a.Header().Get("Location"))
	}
}

// profileOf is the form as a browser would send it.
func profileOf(version string, change map[string]string) url.Values {
	f := url.Values{
		"version": {version}, "name": {"Tunde Bello"}, "zone": {"Africa/Lagos"}, "wakes": {"07:00"}, "sleeps": {"23:00"},
		"works_from": {"09:00"}, "works_until": {"17:00"}, "day": {"mon", "fri"}, "languages": {"en, yo"}, "region": {""},
	}
	for name, value := range change {
		f.Set(name, value)
	}
	return f
}

func TestAProfileIsChanged(t *testing.T) {
	w := newPeopleWorld(t)
	v := w.enters("tunde")
	version := v.read("/people/tunde").found(t, `name="version" value="(\d+)"`)
	a := v.fill("/people/tunde", "/people/tunde/profile", profileOf(version, map[string]string{
		"zone": "Mars/Base", "wakes": "late", "works_until": "", "languages": "English please", "region": "Bavaria"}))
	a.says(t, 400, `value="Mars/Base"`, `value="late"`, `value="English please"`, `aria-describedby="profile-zone-problem"`,
		`id="profile-zone-problem">&#34;Mars/Base&#34; is not a time zone I know.`, `id="profile-wakes-problem">Write waking hours like`,
		`id="profile-works-from-problem">`, `id="profile-languages-problem">`, `id="profile-region-problem">`)
	readAloud(t, a.body)
	if a := v.fill("/people/tunde", "/people/tunde/profile", profileOf(version, nil)); a.Code != 303 || !strings.HasPrefix(a.Header().Get("Location"), "/people/tunde?did=profile") {
		t.Fatalf("%d to %s", a.Code, a.Header().Get("Location"))
	}
	p := w.person("tunde")
	if p.Languages != "en yo" || p.WorksFrom == nil || *p.WorksFrom != 540 || p.WorksDays != 17 {
		t.Errorf("it is %+v", p)
	}
	v.read("/people/tunde?did=profile").says(t, 200, "The profile is saved.", "mon,fri 09:00-17:00 Africa/Lagos", `value="mon" checked`)
}

// Two tabs, or somebody and an admin: who comes second sees both, and chooses.
func TestAProfileInTwoTabs(t *testing.T) {
	w := newPeopleWorld(t)
	v, admin := w.enters("tunde"), w.enters("maria")
	version := v.read("/people/tunde").found(t, `name="version" value="(\d+)"`)
	if a := admin.fill("/people/tunde", "/people/tunde/profile", profileOf(version, map[string]string{"zone": "Europe/Berlin"})); a.Code != 303 {
		t.Fatalf("%d: %s", a.Code, a.main())
	}
	a := v.fill("/people/tunde", "/people/tunde/profile", profileOf(version, map[string]string{"zone": "Asia/Tokyo", "name": "T. Bello"}))
	a.says(t, 409, "maria was quicker", "changed the profile of tunde", "Europe/Berlin</bdi></td><td><bdi>Asia/Tokyo", `value="T. Bello"`, "Use theirs", "Save mine over it")
	readAloud(t, a.body)
	if p := w.person("tunde"); p.Zone != "Europe/Berlin" || p.Name != "Tunde Bello" {
		t.Errorf("something was overwritten: %+v", p)
	}
	form := profileOf(version, map[string]string{"zone": "Asia/Tokyo", "over": a.found(t, `name="over" value="(\d+)"`)})
	if a := v.fill("/people/tunde", "/people/tunde/profile", form); a.Code != 303 || w.person("tunde").Zone != "Asia/Tokyo" {
		t.Errorf("%d: %+v", a.Code, w.person("tunde"))
	}
	form.Del("over")
	form.Del("version")
	form.Set("languages", "en yo")
	v.fill("/people/tunde", "/people/tunde/profile", form).says(t, 409, "tunde was quicker", "is the same as yours")
}

func TestSomebodyIsAway(t *testing.T) {
	w := newPeopleWorld(t)
	v := w.enters("tunde")
	const page, path = "/people/tunde", "/people/tunde/absences"
	v.fill(page, path, url.Values{"when": {"whenever"}}).says(t, 400, `value="whenever"`, `id="away-when-problem">`)
	a := v.fill(page, path, url.Values{"when": {"2026-03-02 to 2026-03-08"}, "note": {"a wedding"}})
	a.says(t, 200, "That is ", "Africa/Lagos", "should be covered", `href="/schedules/fixers"`, ">Note it<", `name="seen" value="2026-03-02 to 2026-03-08"`)
	readAloud(t, a.body)
	list := func() []rota.Noted {
		t.Helper()
		l, err := rota.AbsencesAfter(ctx, w.DB, w.person("tunde").ID, w.Now())
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	if len(list()) != 0 {
		t.Fatal("it was noted before it was looked at")
	}
	seen := url.Values{
		"when": {"2026-03-02 to 2026-03-08"}, "seen": {"2026-03-02 to 2026-03-08"}, "note": {"a wedding"},
		"from": {a.found(t, `name="from" value="([^"]+)"`)}, "until": {a.found(t, `name="until" value="([^"]+)"`)},
	}
	other := url.Values{"when": {"tomorrow"}, "seen": seen["seen"], "from": seen["from"], "until": seen["until"]}
	v.fill(page, path, other).says(t, 200, ">Note it<", `name="seen" value="tomorrow"`)
	if a := v.fill(page, path, seen); a.Code != 303 {
		t.Fatalf("%d: %s", a.Code, a.main())
	}
	noted := list()
	if len(noted) != 1 || noted[0].Note != "a wedding" || noted[0].From.UTC().Format(time.RFC3339) != "2026-03-01T23:00:00Z" || noted[0].Until.UTC().Format(time.RFC3339) != "2026-03-08T23:00:00Z" {
		t.Fatalf("noted: %+v", noted)
	}
	remove := v.read(page).found(t, `action="(/people/tunde/absences/\d+/remove)"`)
	w.enters("kevin").fill("/account", remove, nil).says(t, 403, "this is for tunde and administrators")
	w.enters("kevin").fill("/account", strings.Replace(remove, "tunde", "kevin", 1), nil).says(t, 403)
	if len(list()) != 1 {
		t.Fatal("somebody else removed it")
	}
	for range 2 { // a repeat has no effect
		if a := v.fill(page, remove, nil); a.Code != 303 || len(list()) != 0 {
			t.Fatalf("%d: %s", a.Code, a.main())
		}
	}
	admin := w.enters("maria")
	seen.Set("note", strings.Repeat("x", 201))
	admin.fill(page, path, seen).says(t, 400, `id="away-note-problem">That note is longer`)
}

// vacations is a calendar with two vacations and something that is none.
const vacations = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" +
	"BEGIN:VEVENT\r\nUID:one\r\nDTSTART;VALUE=DATE:20260310\r\nDTEND;VALUE=DATE:20260320\r\nSUMMARY:Skiing\r\nEND:VEVENT\r\n" +
	"BEGIN:VEVENT\r\nUID:two\r\nDTSTART;VALUE=DATE:20260801\r\nDTEND;VALUE=DATE:20260815\r\nSUMMARY:The sea\r\nEND:VEVENT\r\n" +
	"BEGIN:VEVENT\r\nUID:bad\r\nDTSTART:whenever\r\nSUMMARY:Strange one\r\nEND:VEVENT\r\n" +
	"END:VCALENDAR\r\n"

func TestACalendarOfVacations(t *testing.T) {
	w := newPeopleWorld(t)
	v := w.enters("tunde")
	const page, path = "/people/tunde", "/people/tunde/calendar"
	named := url.Values{"source": {"work"}}
	v.upload(page, path, "", "", named).says(t, 400, `id="away-file-problem">Choose a file first.`)
	v.upload(page, path, "file", "no calendar", named).says(t, 400, `id="away-file-problem">`, `value="work"`)
	v.upload(page, path, "file", strings.Repeat("x", 1<<20+1), named).says(t, 400, "more than 1024 KiB")
	a := v.upload(page, path, "file", vacations, named)
	a.says(t, 200, "The calendar <bdi>work</bdi> was read: 2 new, 0 moved, 0 gone", "Strange one", "should be covered", "of the calendar <bdi>work</bdi>", "Forget the calendar work")
	readAloud(t, a.body)
	v.upload(page, path, "file", strings.Replace(vacations, "20260320", "20260322", 1), named).says(t, 200, "0 new, 1 moved, 0 gone")
	w.enters("kevin").upload("/account", path, "file", vacations, named).says(t, 403)
	if a := v.fill(page, path+"/forget", named); a.Code != 303 {
		t.Fatalf("%d: %s", a.Code, a.main())
	}
	a = v.read(page)
	a.says(t, 200, "No absence is noted.")
	a.lacks(t, "Forget the calendar")
}

func TestTermsAreChanged(t *testing.T) {
	w := newPeopleWorld(t)
	v := w.enters("tunde")
	const page, path = "/people/tunde", "/people/tunde/terms"
	of := func() oncall.Consent {
		c, err := oncall.ConsentsOf(ctx, w.DB, w.person("tunde").ID)
		if err != nil {
			t.Fatal(err)
		}
		return c[w.person("tunde").ID]
	}
	based := v.read(page).found(t, `(?s)terms#terms.*?name="version" value="(\d+)"`)
	form := func(quiet, calls string) url.Values {
		return url.Values{"version": {based}, "quiet_from": {quiet}, "quiet_until": {"07:00"}, "calls": {calls}, "route": {"mail", "chat"}, "sev1": {"yes"}, "words": {canaryWords}}
	}
	a := v.fill(page, path, form("dusk", "many"))
	a.says(t, 400, `value="dusk"`, `id="quiet-from-problem">Write quiet hours`, `id="calls-problem">Calls a quarter are a number`, canaryWords)
	readAloud(t, a.body)
	if a := v.fill(page, path, form("23:00", "6")); a.Code != 303 {
		t.Fatalf("%d: %s", a.Code, a.main())
	}
	if c := of(); c.Says("X") != "by chat and mail, except 23:00-07:00 X (severity 1 rings then too), at most 6 calls a quarter" || c.Words != canaryWords || c.Network != "web" {
		t.Errorf("agreed: %+v", c)
	}
	a = v.fill(page, path, form("22:00", "6"))
	a.says(t, 409, "Use theirs", "Save mine over it", "except 22:00-07:00", `value="22:00"`)
	again := form("22:00", "6")
	again.Set("over", a.found(t, `name="over" value="(\d+)"`))
	if a := v.fill(page, path, again); a.Code != 303 || *of().QuietFrom != 22*60 {
		t.Errorf("%d: %+v", a.Code, of())
	}
	w.enters("maria").fill(page, path, again).says(t, 403, "Only tunde can say that.")
}

func TestRolesAreJoinedAndLeft(t *testing.T) {
	w := newPeopleWorld(t)
	v, admin := w.enters("tunde"), w.enters("maria")
	press := func(v *visitor, path string, status int, says ...string) {
		t.Helper()
		v.fill("/people/tunde", "/people/tunde"+path, nil).says(t, status, says...)
	}
	press(v, "/roles/communications/join", 303)
	v.read("/people/tunde").says(t, 200, "said yes, waits for an admin")
	press(w.enters("maria"), "/roles/coordination/join", 403, "Only tunde can say that.")
	w.enters("kevin").fill("/account", "/people/tunde/roles/communications/let-in", nil).says(t, 403, "this is for administrators")
	admin.read("/people/tunde").says(t, 200, "Let into communications", "Ask about coordination")
	press(admin, "/roles/communications/let-in", 303)
	roles, err := oncall.ActiveRoles(ctx, w.DB, w.person("tunde").ID)
	if err != nil || strings.Join(roles, " ") != "communications package-fixing" {
		t.Errorf("%v %v", roles, err)
	}
	press(admin, "/roles/coordination/let-in", 303)
	v.read("/people/tunde").says(t, 200, "asked, has not answered", "Say no")
	press(v, "/roles/coordination/leave", 200, "is not rung for coordination any more")
	press(v, "/roles/coordination/leave", 404, `role="alert"`)
	press(v, "/renew", 303)
	press(v, "/roles/package-fixing/leave", 200, "on by fixers no more", "whoever is next has them")
	press(v, "/roles/juggling/join", 404)
	var people int
	if err := w.DB.QueryRow(ctx, `select count(*) from account where network = 'web'`).Scan(&people); err != nil || people > 0 {
		t.Errorf("%d accounts came of pages: %v", people, err)
	}
}

func TestLabelsAreSaidAndGiven(t *testing.T) {
	w := newPeopleWorld(t)
	skills := &skill.Service{DB: w.DB, Now: w.Now}
	for _, l := range []skill.Label{{Name: "kernel", Title: "kernel developer"}, {Name: "german", Title: "speaker of German", Self: true}} {
		if err := skills.SetLabel(ctx, w.as("maria"), l); err != nil {
			t.Fatal(err)
		}
	}
	v, admin := w.enters("tunde"), w.enters("maria")
	label := url.Values{"label": {"kernel"}}
	send := func(v *visitor, do string, status int) {
		t.Helper()
		v.fill("/account", "/people/tunde/labels/"+do, label).says(t, status)
	}
	v.read("/people/tunde").says(t, 200, "I am a", `<option value="kernel">`)
	send(v, "say", 303)
	v.read("/people/tunde").says(t, 200, "does not count before an admin confirms it")
	send(v, "give", 403)
	send(admin, "say", 403)
	send(admin, "give", 303)
	v.read("/people/tunde").says(t, 200, "confirmed by maria")
	send(w.enters("kevin"), "take", 403)
	send(v, "take", 303)
	send(v, "take", 404)
	label.Set("label", "juggler")
	send(v, "say", 404)
}

// Whoever may not, changes nothing.
func TestWhoMayNotChangePeople(t *testing.T) {
	w := newPeopleWorld(t)
	kevin, maria := w.enters("kevin"), w.enters("maria")
	for path, whoElse := range map[string]int{ // what somebody gets who is signed in and neither
		"/people/tunde/profile": 403, "/people/tunde/terms": 403, "/people/tunde/renew": 403, "/people/tunde/absences": 403,
		"/people/tunde/absences/1/remove": 403, "/people/tunde/calendar": 403, "/people/tunde/calendar/forget": 403,
		"/people/tunde/roles/coordination/join": 403, "/people/tunde/roles/package-fixing/leave": 403, "/people/tunde/roles/package-fixing/let-in": 403,
		"/people/tunde/labels/say": 403, "/people/tunde/labels/take": 403, "/people/tunde/labels/give": 403,
		"/rosters/package-fixing/order": 403, "/rosters/package-fixing/add": 403, "/rosters/package-fixing/preferences": 403,
		"/invitations": 403, "/invitations/1/revoke": 403,
	} {
		w.visitor().postForm(path, url.Values{}).says(t, 403, "You are not signed in any more")
		kevin.fill("/account", path, url.Values{}).says(t, whoElse)
		maria.postForm(path, url.Values{"csrf": {"made up"}}).says(t, 403, "This form was not made for you")
	}
	for path, want := range map[string]int{"/me": 303, "/audit": 303, "/invitations": 303, "/rosters/package-fixing/fairness.csv": 303} {
		if a := w.get(path); a.Code != want || !strings.HasPrefix(a.Header().Get("Location"), "/sign-in?next=") {
			t.Errorf("%s is %d to %s", path, a.Code, a.Header().Get("Location"))
		}
	}
	kevin.read("/invitations").says(t, 403)
	var changes int
	if err := w.DB.QueryRow(ctx, `select count(*) from audit_entry where network = 'web' and kind <> 'session'`).Scan(&changes); err != nil || changes > 0 {
		t.Errorf("%d changes: %v", changes, err)
	}
}
