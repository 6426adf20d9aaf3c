package web_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"

	"batsignal/incidents"
	"batsignal/oncall"
	"batsignal/web"
)

var staff = incidents.Room{Network: "libera", Room: "#kestrel-staff"}

// restrictedPages are all routes of the archive, each with addresses at which something of
// a restricted meeting is, or would be if it were for everybody.
var restrictedPages = map[string][]restrictedPage{
	"/minutes":                       {{path: "/minutes", shows: true, world: 200}},
	"/minutes/":                      {{path: "/minutes/", shows: true, world: 200}},
	"/minutes/search":                {{path: "/minutes/search?q=letter", shows: true, world: 200}, {path: "/minutes/search?q=said+-fan&in=", shows: true, world: 200}, {path: "/minutes/search?q=letter&in=notes", shows: true, world: 200}, {path: "/minutes/search", shows: true, world: 200}, {path: "/minutes/search?q=anna&before=2-3", shows: true, world: 400}},
	"/minutes/room/{network}/{room}": {{path: "/minutes/room/libera/kestrel-staff", shows: true, world: 404, like: "/minutes/room/libera/none"}, {path: "/minutes/room/acme/dev", shows: true, world: 404, like: "/minutes/room/acme/none"}},
	"/minutes/name/{name}":           {{path: "/minutes/name/staff-kestrel", shows: true, world: 404, like: "/minutes/name/none"}},
	"/minutes/{year:[0-9]{4}}/{month:[0-9]{2}}":                {{path: "/minutes/2026/02", shows: true, world: 200}},
	"/minutes/{year:[0-9]{4}}/{month:[0-9]{2}}/{day:[0-9]{2}}": {{path: "/minutes/2026/02/28", shows: true, world: 200}},
	"/minutes/m/{id:[0-9]+}":                                   {{path: "/minutes/m/2", shows: true, near: true, world: 404, like: "/minutes/m/9"}, {path: "/minutes/m/3", shows: true, near: true, world: 404, like: "/minutes/m/9"}},
	"/minutes/m/{id:[0-9]+}/events":                            {{path: "/minutes/m/2/events", reader: 204, world: 404, like: "/minutes/m/9/events"}}, // one that goes on: TestRestrictedMinutesAreFollowed
	"/minutes/m/{id:[0-9]+}/log":                               {{path: "/minutes/m/2/log", shows: true, near: true, world: 404, like: "/minutes/m/9/log"}, {path: "/minutes/m/3/log", shows: true, near: true, world: 404, like: "/minutes/m/9/log"}},
	// Readers of feeds are not signed in, so feeds are the same for everybody.
	"/minutes/feed.atom":                       {{path: "/minutes/feed.atom", world: 200}},
	"/minutes/room/{network}/{room}/feed.atom": {{path: "/minutes/room/libera/kestrel-staff/feed.atom", reader: 404, world: 404, like: "/minutes/room/libera/none/feed.atom"}},
	"/minutes/name/{name}/feed.atom":           {{path: "/minutes/name/staff-kestrel/feed.atom", reader: 404, world: 404, like: "/minutes/name/none/feed.atom"}},
	"/minutes/*": {
		{path: staffFile, reader: 303, world: 404, like: "/minutes/none"},
		{path: staffFile + ".html", shows: true, world: 404, like: "/minutes/none.html"},
		{path: staffFile + ".log.html", shows: true, world: 404, like: "/minutes/none.log.html"},
		{path: staffFile + ".txt", shows: true, world: 404, like: "/minutes/none.txt"},
		{path: staffFile + ".log.txt", shows: true, world: 404, like: "/minutes/none.log.txt"},
		{path: staffFile + ".rst", shows: true, world: 404, like: "/minutes/none.rst"},
		{path: staffFile + ".mw", shows: true, world: 404, like: "/minutes/none.mw"},
		{path: staffFile + ".md", shows: true, world: 404, like: "/minutes/none.md"},
		{path: staffFile + ".json", shows: true, world: 404, like: "/minutes/none.json"},
		{path: staffFile + ".eml", shows: true, world: 404, like: "/minutes/none.eml"},
		{path: staffFile + ".pmw", reader: 404, world: 404, like: "/minutes/none.pmw"},
		{path: "/minutes/dev/2026/dev.2026-02-28-21.00.html", shows: true, world: 404, like: "/minutes/none.html"},
		{path: "/minutes/dev/2026/dev.2026-02-28-21.00.log.txt", shows: true, world: 404, like: "/minutes/none.log.txt"},
	},
	"/actions":      {{path: "/actions", shows: true, world: 200}, {path: "/actions?person=kevin&state=all", shows: true, world: 200}},
	"/actions/{id}": {{path: "/actions/3", shows: true, near: true, world: 404, like: "/actions/9"}},
	// Calendars and programs are not signed in either.
	"/actions.ics":  {{path: "/actions.ics", world: 200}},
	"/actions.json": {{path: "/actions.json", world: 200}},
}

const staffFile = "/minutes/kestrel-staff/2026/kestrel-staff.2026-02-28-21.00"

// restrictedPage is an address, and what is there.
type restrictedPage struct {
	path   string
	shows  bool   // a reader sees the canary
	near   bool   // it is of one restricted meeting, so it says that near its title
	reader int    // what a reader gets; zero is 200
	world  int    // what the others get
	like   string // an address of nothing, which must look the same to the others
}

// newRestrictedWorld has a meeting for everybody, a restricted one, and a restricted one
// that goes on. Maria is an admin and on no roster, kevin is on it, nell and olaf are
// known: nell has no role, and olaf's has lapsed.
func newRestrictedWorld(t *testing.T, change ...func(*web.Options)) *world {
	w := newSignWorld(t, change...)
	for _, handle := range []string{"nell", "olaf"} {
		if _, err := oncall.AddPerson(ctx, w.DB, night, oncall.Person{Handle: handle, Name: handle, Zone: "UTC"}); err != nil {
			t.Fatal(err)
		}
	}
	w.sql(`delete from membership where person_id = $1`, w.person("maria").ID)
	w.sql(`insert into membership (person_id, role, asked_at, agreed_at, approved_at, confirmed_at, lapsed_at, place)
		select $1, role, asked_at, agreed_at, approved_at, confirmed_at, $3, 99 from membership where person_id = $2 limit 1`, w.person("olaf").ID, w.person("kevin").ID, night)
	w.meets(ops, evening, weekly)
	w.meets(staff, evening, secretly)
	w.meets(dev, evening, strings.ReplaceAll(strings.Replace(secretly, "21:01:00 <anna> #endmeeting\n", "", 1), "kestrel", "Kestrel2"))
	return w
}

func canary(a answer) bool {
	text := a.body
	for name, values := range a.Header() {
		text += name + strings.Join(values, " ")
	}
	return strings.Contains(strings.ToLower(text), "kestrel")
}

// TestWhoReadsRestrictedMinutes asks at every route of the archive, as everybody. A route
// that is added has to be in the table.
func TestWhoReadsRestrictedMinutes(t *testing.T) {
	w := newRestrictedWorld(t)
	known := map[string]bool{}
	if err := chi.Walk(w.handler.(chi.Routes), func(_, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		if strings.HasPrefix(route, "/minutes") || strings.HasPrefix(route, "/actions") {
			if known[route] = true; len(restrictedPages[route]) == 0 {
				t.Errorf("%s is a route of the archive: who may read what at it of restricted minutes? Say so in restrictedPages", route)
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for route := range restrictedPages {
		if !known[route] {
			t.Errorf("%s is no route", route)
		}
	}
	for _, c := range []struct {
		who     string
		visitor *visitor
		may     bool
	}{
		{"roster member", w.enters("kevin"), true}, // first, so that what is kept read was read for one who may
		{"admin", w.enters("maria"), true},
		{"nobody", w.visitor(), false},
		{"without role", w.enters("nell"), false},
		{"lapsed", w.enters("olaf"), false},
		{"roster member again", w.enters("kevin"), true},
	} {
		t.Run(c.who, func(t *testing.T) {
			for _, pages := range restrictedPages {
				for _, p := range pages {
					if c.may {
						readsRestricted(t, c.visitor, p)
					} else {
						readsNothingRestricted(t, c.visitor, p)
					}
				}
			}
		})
	}
}

const (
	restrictedSentence = "Restricted: only the roster can read this"
	someRestricted     = "What is marked as restricted only the roster can read"
)

func readsRestricted(t *testing.T, v *visitor, p restrictedPage) {
	a := v.read(p.path)
	want := p.reader
	if want == 0 {
		want = http.StatusOK
		if p.shows && !canary(a) {
			t.Errorf("%s does not show it:\n%s", p.path, a.main())
		}
		if !p.shows && canary(a) {
			t.Errorf("%s shows it, though nobody is signed in there:\n%s", p.path, a.main())
		}
	}
	if a.Code != want {
		t.Errorf("%s: %d, want %d:\n%s", p.path, a.Code, want, a.main())
	}
	if got := a.Header().Get("Cache-Control"); got != "private, no-store" {
		t.Errorf("%s may be kept: %q", p.path, got)
	}
	if a.Header().Get("ETag") != "" && p.shows {
		t.Errorf("%s has a tag, by which it would be asked for again", p.path)
	}
	_, near, _ := strings.Cut(a.body, "</h1>")
	if near = near[:min(len(near), 200)]; strings.Contains(near, restrictedSentence) != p.near {
		t.Errorf("%s says %q near its title: %v, want %v", p.path, restrictedSentence, !p.near, p.near)
	}
	if strings.Contains(a.body, `class="status">restricted<`) && strings.HasPrefix(p.path, "/minutes") && !strings.Contains(a.body, someRestricted) {
		t.Errorf("%s marks something and does not say why", p.path)
	}
	if p.shows && strings.Contains(a.body, "kestrel-staff/feed.atom") {
		t.Errorf("%s leads to a feed that is none", p.path)
	}
}

func readsNothingRestricted(t *testing.T, v *visitor, p restrictedPage) {
	a := v.read(p.path)
	if a.Code != p.world {
		t.Errorf("%s: %d, want %d:\n%s", p.path, a.Code, p.world, a.main())
	}
	if p.like == "" {
		if canary(a) || strings.Contains(strings.ToLower(a.body), "restricted") {
			t.Errorf("%s shows it:\n%s", p.path, a.main())
		}
	} else { // the address of the page is in the link to sign in
		plain := strings.NewReplacer("2", "9", "3", "9").Replace
		if there, none := plain(a.main()), plain(v.read(p.like).main()); there != none || canary(answer{a.ResponseRecorder, a.main()}) {
			t.Errorf("%s differs from what is not there:\n%s\n%s", p.path, there, none)
		}
	}
	if head := v.send(httptest.NewRequest(http.MethodHead, p.path, nil)); head.Code != p.world {
		t.Errorf("HEAD %s: %d, want %d", p.path, head.Code, p.world)
	}
}

// TestWhatIsSaidWhereNothingIsToBeRead has a way forward for those who might be readers.
func TestWhatIsSaidWhereNothingIsToBeRead(t *testing.T) {
	w := newRestrictedWorld(t)
	nell := w.enters("nell")
	for _, path := range []string{"/minutes/m/2", "/minutes/m/99", "/minutes/m/2/log", staffFile + ".html", "/minutes/room/libera/kestrel-staff", "/minutes/name/staff-kestrel"} {
		w.get(path).says(t, 404, "Restricted minutes are for people on the roster: sign in to read them.")
		nell.read(path).says(t, 404, "Restricted minutes are only for people on the roster.")
	}
}

// TestReadersWhoLeave has people lose what they could read, in the middle.
func TestReadersWhoLeave(t *testing.T) {
	w := newRestrictedWorld(t)
	kevin := w.enters("kevin")
	kevin.read("/minutes/m/3").says(t, 200, restrictedSentence)
	w.sql(`update membership set lapsed_at = $1 where person_id = $2`, night, w.person("kevin").ID)
	kevin.read("/minutes/m/3").says(t, 404)
	kevin.read("/minutes/m/1").says(t, 200)
	maria := w.enters("maria")
	maria.read("/minutes/m/3/log").says(t, 200, restrictedSentence)
	maria.post("/sign-out", nil)
	maria.read("/minutes/m/3/log").says(t, 404)
}

// TestAMeetingIsRestrictedWhileItIsRead has it read, and so kept, before and after.
func TestAMeetingIsRestrictedWhileItIsRead(t *testing.T) {
	w := newRestrictedWorld(t)
	kevin := w.enters("kevin")
	w.meets(ops, night, "03:00:00 <anna> #startmeeting Falcon\n03:00:30 <bert> falcons were seen\n")
	w.get("/minutes/m/4").says(t, 200, "falcons")
	kevin.read("/minutes/m/4").says(t, 200, "falcons")
	w.meets(ops, night, "03:01:00 <anna> #restrictlogs\n03:01:30 <bert> a nest\n")
	kevin.read("/minutes/m/4").says(t, 200, "a nest", restrictedSentence)
	for _, path := range []string{"/minutes/m/4", "/minutes/m/4/log", "/minutes/ops/2026/ops.2026-03-01-03.00.txt"} {
		a := w.get(path)
		a.says(t, 404)
		if strings.Contains(strings.ToLower(a.body), "falcon") || strings.Contains(a.body, "nest") {
			t.Errorf("%s shows it:\n%s", path, a.main())
		}
	}
}

// TestWhatIsKeptReadIsNotForTheWorld has a summary from a moment before the meeting was
// restricted, and its minutes from after that, which another reader had us read.
func TestWhatIsKeptReadIsNotForTheWorld(t *testing.T) {
	w := newRestrictedWorld(t)
	w.enters("kevin").read("/minutes/m/3").says(t, 200, "Kestrel2 was said")
	w.sql(`update meeting set restricted = false where id = 3`)
	for _, path := range []string{"/minutes/m/3", "/minutes/m/3/log", "/minutes/dev/2026/dev.2026-02-28-21.00.log.txt"} {
		for _, v := range []*visitor{w.visitor(), w.enters("nell")} {
			a := v.read(path)
			if a.says(t, 404); strings.Contains(a.main(), "Kestrel2") {
				t.Errorf("%s shows it", path)
			}
		}
	}
	w.enters("kevin").read("/minutes/m/3").says(t, 200, restrictedSentence)
}

// TestRestrictedMinutesAreFollowed listens to a restricted meeting, until one may not.
func TestRestrictedMinutesAreFollowed(t *testing.T) {
	w := newRestrictedWorld(t)
	server := httptest.NewServer(w.handler)
	defer server.Close()
	defer w.watch.Close()
	ask := func(v *visitor) *http.Response {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/minutes/m/3/events", nil)
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range v.cookies {
			r.AddCookie(&http.Cookie{Name: name, Value: value})
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = answer.Body.Close() })
		return answer
	}
	for _, v := range []*visitor{w.visitor(), w.enters("nell"), w.enters("olaf")} {
		if a := ask(v); a.StatusCode != 404 {
			t.Errorf("somebody hears of it: %d", a.StatusCode)
		}
	}
	stays, leaves, goes := ask(w.enters("maria")), ask(w.enters("kevin")), w.enters("maria")
	out := ask(goes)
	for _, a := range []*http.Response{stays, leaves, out} {
		if a.StatusCode != 200 || !strings.Contains(a.Header.Get("Cache-Control"), "no-store") {
			t.Fatalf("a reader hears nothing: %d %v", a.StatusCode, a.Header)
		}
	}
	w.sql(`delete from membership where person_id = $1`, w.person("kevin").ID)
	goes.post("/sign-out", nil)
	w.meets(dev, evening, "21:02:00 <bert> more of it\n21:03:00 <anna> #endmeeting\n") // every stream ends at the latest now
	for who, a := range map[string]*http.Response{"who left the roster": leaves, "who signed out": out} {
		heard, err := io.ReadAll(a.Body)
		if err != nil || strings.Contains(string(heard), "change") {
			t.Errorf("%s hears %q %v", who, heard, err)
		}
	}
	heard, err := io.ReadAll(stays.Body)
	if err != nil || !strings.Contains(string(heard), "event: change\ndata: 3\n") {
		t.Errorf("who may hears %q %v", heard, err)
	}
}
