package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"batsignal/incidents"
	"batsignal/incidents/minutes"
	"batsignal/oncall"
	"batsignal/web"
)

func TestAnArchiveWithoutMeetings(t *testing.T) {
	w := newWorld(t)
	w.get("/minutes").says(t, 200, "No meeting has ended so far.", `href="/minutes"`, `href="/actions"`)
	w.get("/minutes/").says(t, 200, "No meeting has ended so far.")
	w.get("/minutes/2026/02").says(t, 200, "There was none.")
	w.get("/minutes/search?q=fan").says(t, 200, "Nothing was found.")
	w.get("/actions").says(t, 200, "Nothing is to be done.")
	w.get("/minutes/feed.atom").says(t, 200, "<title>Minutes</title>")
	for _, path := range []string{"/minutes/m/1", "/minutes/m/1/log", "/minutes/m/1/events", "/minutes/room/libera/ops", "/minutes/name/x", "/minutes/2026/13",
		"/minutes/2026/02/30", "/minutes/ops/2026/x.html", "/minutes/room/libera/ops/feed.atom", "/minutes/name/x/feed.atom",
		"/minutes/m/99999999999999999999", "/minutes/m/0", "/minutes/m/x", "/minutes/%00.html", "/minutes/%ff.html", "/actions/1", "/actions/x"} {
		w.get(path).says(t, 404)
	}
}

func TestWithoutMeetingsThereAreNoPagesOfThem(t *testing.T) {
	w := newWorld(t, func(o *web.Options) { o.Meetings, o.Actions = nil, nil })
	w.tell(fire)
	for _, path := range []string{"/minutes", "/minutes/search", "/minutes/m/1", "/actions", "/actions.ics"} {
		w.get(path).says(t, 404)
	}
	for _, path := range []string{"/", "/incidents/1", "/people"} {
		a := w.get(path)
		a.says(t, 200)
		if strings.Contains(a.body, "/minutes") || strings.Contains(a.body, "/actions") {
			t.Errorf("%s speaks of minutes", path)
		}
	}
}

func TestTheArchiveByRoomNameAndDate(t *testing.T) {
	w := newWorld(t)
	w.fillArchive()
	w.get("/minutes").says(t, 200, "Going on now", `<span class="status on">goes on now</span>`, "Latest", "#dev: Release 4.2",
		`<a href="/minutes/room/libera/ops"><bdi>#ops</bdi> on <bdi>libera</bdi></a>`, `<a href="/minutes/room/libera/%23%23infra-cross-team">`,
		`<a href="/minutes/name/weekly-ops-sync">`, `<a href="/minutes/2025/11">November</a>`,
		`<link rel="alternate" type="application/atom+xml" title="Minutes" href="/minutes/feed.atom">`)
	for _, path := range []string{"/minutes/room/libera/ops", "/minutes/room/libera/%23ops", "/minutes/room/libera/OPS"} {
		w.get(path).says(t, 200, "#ops: Weekly ops sync", "2 decisions, 2 actions, 17 lines in 4 minutes", `href="/minutes/search?room=libera%2f`)
	}
	w.get("/minutes/room/libera/%23%23infra-cross-team").says(t, 200, "##infra-cross-team Meeting")
	if a := w.get("/minutes/room/acme/dev"); strings.Contains(a.body, "Weekly") || !strings.Contains(a.body, "Release 4.2") {
		t.Error(a.main())
	}
	a := w.get("/minutes/name/mirror-admins")
	a.says(t, 200, "#mirror-admins: Mirror admins", `/minutes/name/mirror-admins/feed.atom`)
	if strings.Contains(a.main(), "Security") {
		t.Error("a series holds another")
	}
	w.get("/minutes/2026/02").says(t, 200, "February 2026", "#dev: Release 4.2", "#ops: Weekly ops sync")
	if a := w.get("/minutes/2026/02/27"); strings.Contains(a.body, "Release 4.2") || !strings.Contains(a.body, "27 February 2026") || !strings.Contains(a.body, "27 Feb 2026 10:00:00") {
		t.Error(a.main())
	}
}

func TestALongShelfGoesOn(t *testing.T) {
	w := newWorld(t)
	for i := range 60 {
		w.meets(ops, evening, fmt.Sprintf("10:%02d:00 <anna> #startmeeting number %d.\n10:%02d:30 <anna> #endmeeting\n", i, i, i))
	}
	for _, path := range []string{"/minutes/room/libera/ops", "/minutes/2026/02"} {
		a := w.get(path)
		a.says(t, 200, "number 59.", "number 10.", `<a href="?before=11">Older</a>`)
		if strings.Contains(a.body, "number 9.") {
			t.Errorf("%s does not stop at fifty", path)
		}
		w.get(path+"?before=11").says(t, 200, "number 9.", "number 0.", fmt.Sprintf(`<a href="%s">Newest</a>`, path))
		w.get(path+"?before=1").says(t, 200, "There is none before that.")
		w.get(path+"?before=zero").says(t, 400, "as in ?before=50")
	}
}

func TestAMeetingOnItsPage(t *testing.T) {
	w := newWorld(t)
	w.meets(ops, evening, weekly)
	a := w.get("/minutes/m/1")
	a.says(t, 200, "<h1><bdi>#ops: Weekly ops sync</bdi></h1>", "28 Feb 2026 20:00:00", "Chaired by <bdi>anna</bdi>.", "17 lines were said",
		"no more than two fans a shelf", `<span class="kind">rejected</span> <span dir="auto">renewing by hand</span>`,
		`<a href="/actions/1">A1</a> <span class="status">open</span> <span>due <time datetime="2026-03-06T00:00:00Z">6 Mar 2026</time></span>`,
		`<h3 id="i-2"><span dir="auto">Disks and fans</span>`, `<a href="/minutes/m/1/log#l-9">`,
		`<a href="https://wiki.example/fans" rel="nofollow noreferrer">https://wiki.example/fans</a> how they are numbered`,
		`<bdi>bert</bdi> <span class="small">8 lines</span>`, `<a href="/minutes/ops/2026/ops.2026-02-28-20.00.log.html">Log</a>`,
		`href="/minutes/name/weekly-ops-sync/feed.atom"`)
	if strings.Contains(a.body, "refresh") || strings.Contains(a.body, "data-events") || strings.Contains(a.body, "Said last") {
		t.Error("a meeting that is over refreshes")
	}
	w.get("/minutes/m/1/log").says(t, 200, `<li id="l-8"><a href="#l-8"><time datetime="2026-02-28T20:01:20Z">20:01:20</time></a> <b><bdi>anna</bdi></b>`,
		`<a href="https://wiki.example/rack4" rel="nofollow noreferrer">https://wiki.example/rack4</a> (and`, `<b>* <bdi>bert</bdi></b>`,
		`<i>not for the record</i>`, `<a class="kind" href="/minutes/m/1#i-3">action</a>`, "größere Lüfter für Gehäuse")
	if a := w.get("/minutes/m/1/log"); strings.Contains(a.body, "between us") {
		t.Error("what was said off the record is in the log")
	}
	if a := w.get("/minutes/m/01"); a.Code != http.StatusPermanentRedirect || a.Header().Get("Location") != "/minutes/m/1" {
		t.Errorf("%d %s", a.Code, a.Header().Get("Location"))
	}

	// What is done to an action since is seen on the page of its meeting.
	if _, err := w.actions.Done(ctx, oncall.Actor{PersonID: w.person("maria").ID, Handle: "maria", Network: "console"}, 1); err != nil {
		t.Fatal(err)
	}
	w.get("/minutes/m/1").says(t, 200, `<a href="/actions/1">A1</a> <span class="status resolved">done</span>`)
}

func TestAMeetingThatGoesOn(t *testing.T) {
	w := newWorld(t)
	w.meets(dev, night, "03:00:00 <anna> #startmeeting Release\n03:01:00 <anna> #topic What is in\n")
	w.says(dev, night, "anna", "x1", "#agreed ship it on Tusday")
	w.says(dev, night, "bert", "x2", "#info a thing to be taken back")
	w.get("/minutes/m/1").says(t, 200, "goes on now", "ship it on Tusday", "<span class=\"mark\">Now:</span>", "What is in", "Said last",
		`<noscript><meta http-equiv="refresh" content="15"></noscript>`, `data-events="/minutes/m/1/events"`)
	w.change(dev, night, minutes.Edited, "x1", "#agreed ship it on Tuesday")
	w.change(dev, night, minutes.Deleted, "x2", "")
	for _, path := range []string{"/minutes/m/1", "/minutes/m/1/log", "/minutes/dev/2026/dev.2026-03-01-03.00.html", "/minutes/dev/2026/dev.2026-03-01-03.00.log.txt"} {
		a := w.get(path)
		a.says(t, 200, "ship it on Tuesday")
		if strings.Contains(a.body, "Tusday") || strings.Contains(a.body, "a thing to be taken back") {
			t.Errorf("%s shows what is not there any more", path)
		}
	}
	w.get("/minutes/m/1").says(t, 200, "ship it on Tuesday</span> <i>(edited)</i>", "<i>taken back</i>")
	w.get("/minutes/m/1/log").says(t, 200, "ship it on Tuesday <i>(edited)</i>", "<i>taken back</i>", "It goes on now.")
}

func TestALongLogHasPages(t *testing.T) {
	w := newWorld(t)
	var log strings.Builder
	log.WriteString("00:00:00 <anna> #startmeeting Long\n")
	for i := 2; i <= 4100; i++ {
		at := evening.Add(time.Duration(i) * 40 * time.Second)
		fmt.Fprintf(&log, "%s <bert> line %d.\n", at.Format("2006-01-02 15:04:05"), i)
	}
	w.meets(ops, evening, log.String())
	w.get("/minutes/m/1/log").says(t, 200, "line 2000.", "Page 1 of 3", `<a href="?page=2">Later</a>`)
	a := w.get("/minutes/m/1/log?page=2")
	a.says(t, 200, `id="l-2001"`, "line 4000.", `<a href="?page=1">Earlier</a>`, `<a href="?page=3">Later</a>`, ">1 Mar 2026</time></h2>")
	if strings.Contains(a.body, "line 2000.") || strings.Contains(a.body, "line 4001.") {
		t.Error("pages overlap")
	}
	w.get("/minutes/m/1/log?page=3").says(t, 200, "line 4100.")
	for _, page := range []string{"0", "4", "x", "-1"} {
		w.get("/minutes/m/1/log?page="+page).says(t, 404, "has 3 pages")
	}
	w.get("/minutes/search?q=4050").says(t, 200, `href="/minutes/m/1/log?page=3#l-4050"`)
}

func TestAnIncidentAndItsMinutesAreLinked(t *testing.T) {
	w := newWorld(t)
	w.tell(fire + "li #inc-1-openssl: #action sam tests the package\nli #inc-1-openssl: #agreed we roll it out")
	w.get("/incidents/1").says(t, 200, `Minutes: <a href="/minutes/m/1">what is said now</a>.`, "sam tests the package", `<a href="/actions/1">A1</a>`)
	w.get("/minutes/m/1").says(t, 200, `about <a href="/incidents/1">INC-1</a>`, "upstream has a fix in 3.0.9")
	w.get("/people").says(t, 200, `<a href="/actions?person=sam">1 open action</a>`)
	w.tell("li #inc-1-openssl: !incident resolve done")
	w.get("/incidents/1").says(t, 200, `Minutes: <a href="/minutes/m/1">1 Mar 2026</a>.`)
}

// TestRestrictedMinutesAreNowhere looks on every page there is.
func TestRestrictedMinutesAreNowhere(t *testing.T) {
	w := newWorld(t)
	w.meets(ops, evening, weekly)
	w.meets(incidents.Room{Network: "libera", Room: "#kestrel-staff"}, evening, secretly)
	w.meets(dev, evening, strings.ReplaceAll(strings.Replace(secretly, "21:01:00 <anna> #endmeeting\n", "", 1), "kestrel", "Kestrel2"))
	for _, path := range []string{
		"/minutes", "/minutes/2026/02", "/minutes/2026/02/28", "/minutes/search?q=letter", "/minutes/search?q=letter&in=notes", "/minutes/feed.atom",
		"/actions", "/actions?state=all", "/actions?person=kevin", "/actions.ics", "/actions.json", "/people", "/", "/minutes/search",
	} {
		a := w.get(path)
		a.says(t, 200)
		if strings.Contains(strings.ToLower(a.body), "kestrel") {
			t.Errorf("%s shows it:\n%s", path, a.main())
		}
	}
	for path, like := range map[string]string{
		"/minutes/m/2": "/minutes/m/9", "/minutes/m/3": "/minutes/m/9", "/minutes/m/2/log": "/minutes/m/9/log", "/minutes/m/3/events": "/minutes/m/9/events",
		"/minutes/room/libera/kestrel-staff": "/minutes/room/libera/none", "/minutes/room/libera/kestrel-staff/feed.atom": "/minutes/room/libera/none/feed.atom",
		"/minutes/name/staff-kestrel": "/minutes/name/none", "/actions/3": "/actions/9",
		"/minutes/kestrel-staff/2026/kestrel-staff.2026-02-28-21.00.html":    "/minutes/none/2026/none.2026-02-28-21.00.html",
		"/minutes/kestrel-staff/2026/kestrel-staff.2026-02-28-21.00.log.txt": "/minutes/none/2026/none.2026-02-28-21.00.log.txt",
		"/minutes/kestrel-staff/2026/kestrel-staff.2026-02-28-21.00":         "/minutes/none/2026/none.2026-02-28-21.00",
	} {
		a, b := w.get(path), w.get(like)
		a.says(t, 404)
		plain := strings.NewReplacer("2", "9", "3", "9").Replace
		if plain(a.main()) != plain(b.main()) {
			t.Errorf("%s differs from what is not there:\n%s\n%s", path, a.main(), b.main())
		}
	}
	w.tell(fire + "li #inc-1-openssl: !baton take\nli #inc-1-openssl: #agreed kestrel before\nli #inc-1-openssl: #restrictlogs\nli #inc-1-openssl: #action sam feeds the kestrel")
	a := w.get("/incidents/1")
	a.says(t, 200, "(in restricted minutes)")
	if strings.Contains(a.body, "kestrel") || strings.Contains(a.body, "/minutes/m/") || strings.Contains(a.body, "/actions/") {
		t.Errorf("the incident shows it:\n%s", a.main())
	}
	w.get("/minutes/search?q=letter&before=2-3").says(t, 400, "is not there any more")
}
