package web_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"batsignal/oncall/paging"
)

func TestWhenNothingIsOnFire(t *testing.T) {
	w := newWorld(t)
	w.get("/").says(t, 200, "No incident is open", "None so far.", "It was never used.", "not once in the last 24 hours; 6 is the limit")
	w.get("/incidents").says(t, 200, "There was none so far.")
	w.get("/incidents?before=1").says(t, 200, "There is none before that.")
	w.get("/signal").says(t, 200, "It was never used.", "a second person must confirm within 15 minutes", "one person may ask 3 times and everybody together 6 times in 24 hours")
	w.get("/signal?before=1").says(t, 200, "There is nothing before that.")
}

func TestASignalThatWaitsIsSeen(t *testing.T) {
	w := newWorld(t)
	w.tell("maria #ops: !batsignal --sev 2 the mirrors are gone")
	w.get("/").says(t, 200, "The bat-signal waits for a second person", "the mirrors are gone", "Severity 2", "03:29:00", "in 15 minutes", "!confirm")
	w.tell("wait 16m")
	a := w.get("/")
	a.says(t, 200, "not confirmed in time", "No incident is open")
	if strings.Contains(a.body, "waits for a second person") {
		t.Error("a lapsed request still waits")
	}
}

func TestAnIncidentFromItsBeginningToItsEnd(t *testing.T) {
	w := newWorld(t)
	w.tell(fire)
	w.get("/").says(t, 200, "1 incident is open", "INC-1 <bdi>remote code execution in openssl</bdi>", "nobody leads",
		`<li class="role filled"><p><b><bdi>package fixing</bdi></b></p><p class="state">filled</p><p><bdi>li</bdi>`,
		`<li class="role empty"><p><b><bdi>coordination</bdi></b></p><p class="state">empty</p><p>ringing <bdi>maria</bdi></p>`)
	w.get("/incidents/1").says(t, 200, "nobody leads", "#inc-1-openssl", "upstream has a fix in 3.0.9", "confirmed maria&#39;s bat-signal",
		"message on console", "acknowledged", "no answer yet", "waits to be sent", `href="/pages/P1">P1</a>`, `<time datetime="2026-03-01T03:14:20Z">`)

	w.tell(longer)
	w.post(map[string][]paging.Outcome{"mail": {paging.Temporary}, "webhook": {paging.Permanent}})
	w.get("/incidents/1").says(t, 200, "is tried again", "did not work, may work later", "given up", "refused for good")
	w.tell("wait 1s")
	w.post(nil)
	w.get("/incidents/1").says(t, 200, "is being sent", "under way",
		"<b><bdi>li</bdi></b> since", "<bdi>li</bdi> offers it to <bdi>kevin</bdi>, who may accept until", "declined",
		"round 2", "Nobody has taken coordination", "piotr, by name", "no answer yet", "Going around again")
	w.get("/").says(t, 200, "<b><bdi>li</bdi></b> since", "ringing <bdi>maria, kevin and priya</bdi>, round 2")

	w.tell(ending)
	w.get("/").says(t, 200, "No incident is open", "resolved after 5 minutes")
	w.get("/incidents/1").says(t, 200, "Resolved", "after 5 minutes", "resolved</span>", "fixed packages are on the mirrors", "closed")
	w.get("/incidents").says(t, 200, "INC-1", "opened")
}

func TestABatonThatIsAskedFor(t *testing.T) {
	w := newWorld(t)
	w.tell(fire + "li #inc-1-openssl: !baton take\nsam #inc-1-openssl: !baton take")
	w.get("/incidents/1").says(t, 200, "<bdi>sam</bdi> asks for it. <bdi>li</bdi> keeps it by saying anything; else it moves at")
}

func TestAFalseAlarmForEverybody(t *testing.T) {
	w := newWorld(t)
	w.tell("maria #ops: !batsignal --all a smell of smoke\nkevin #ops: !confirm\nli: !ack\nsam: !ack\nli #inc-1-smoke: !incident resolve --false-alarm burnt toast")
	w.get("/incidents/1").says(t, 200, "Everybody of each role was called", "false alarm", "It was worked on in")
	w.get("/signal").says(t, 200, "a false alarm", "confirmed and lit", `<a href="/incidents/1">INC-1</a>`)
}

func TestSomebodyWhoCannotBeReached(t *testing.T) {
	w := newWorld(t)
	w.tell(fire)
	w.sql(`insert into page (escalation_id, person_id, round, opened_at, rung_at) select id, $1, 1, $2, $2 from escalation where slot = 'role:coordination'`, w.person("tunde").ID, night)
	w.get("/incidents/1").says(t, 200, "<bdi>tunde</bdi>", "No way leads to this person.")
}

func TestPeopleInTheOrderOfTheNight(t *testing.T) {
	w := newWorld(t)
	w.sql(`update membership set agreed_at = null where person_id = $1`, w.person("priya").ID)
	w.sql(`update membership set approved_at = null where person_id = $1`, w.person("aiko").ID)
	w.sql(`delete from membership where role = 'package-fixing'`)
	a := w.get("/people")
	a.says(t, 200, "Nobody can be rung for this role.", "asked, has not answered", "said yes, waits for an admin",
		"04:14 in <bdi>Europe/Madrid</bdi>", "waited for 90 seconds at severity 1, 5 minutes below", "Whoever takes this role first is given the baton")
	list := a.body[strings.Index(a.body, "quality assurance"):]
	if li, piotr := strings.Index(list, "<bdi>li</bdi>"), strings.Index(list, "<bdi>piotr</bdi>"); li < 0 || piotr < li {
		t.Errorf("li is awake and piotr sleeps:\n%s", list)
	}
	w.sql(`update person set wakes = 0, sleeps = 1, heard_at = null`)
	w.get("/people").says(t, 200, "all 3 asleep")
	w.sql(`update role set retired_at = $1`, night)
	w.get("/people").says(t, 200, "There are no roles.")
}

func TestCommandsAreExplained(t *testing.T) {
	newWorld(t).get("/commands").says(t, 200, "<h2>Emergency</h2>",
		`<h3 id="c-batsignal"><code>!batsignal [--sev 1|2|3|4] [--all] [--separate] &lt;what&gt;</code></h3>`,
		`<a href="#c-baton">!baton</a>`, `<h4 id="c-baton-take"><code>!baton take [--inc INC]</code></h4>`,
		"<dt>Example</dt><dd><code>!ack P12</code></dd>", "<dt>Who may</dt>", "in a private message only")
}

func TestLongListsGoOn(t *testing.T) {
	w := newWorld(t)
	w.sql(`insert into incident (title, slug, severity, opened_at) select 'fire ' || n, 'fire', 3, $1 from generate_series(1, 60) n`, night)
	w.sql(`insert into signal_use (at, act, who, text) select $1, 'refused', 'somebody', 'try ' || n from generate_series(1, 60) n`, night)

	w.get("/").says(t, 200, "More than 10 incidents are open", "Also open", `href="/incidents/60"`)
	for path, want := range map[string][2]string{"/incidents": {"fire 60", "fire 10<"}, "/signal": {"try 60", "try 10<"}} {
		a := w.get(path)
		a.says(t, 200, want[0], `<a href="?before=11">Older</a>`)
		if strings.Contains(a.body, want[1]) {
			t.Errorf("%s does not stop at fifty", path)
		}
		w.get(path+"?before=11").says(t, 200, want[1], `">Newest</a>`)
		w.get(path+"?before=zero").says(t, 400, "as in ?before=50")
	}
}

func TestALongTimelineIsCutAndAllOfItIsOneLinkAway(t *testing.T) {
	w := newWorld(t)
	w.tell(fire)
	w.sql(`insert into timeline_entry (incident_id, at, kind, text) select 1, $1, 'note', 'line ' || n || '.' from generate_series(1, 300) n`, night.AddDate(0, 0, 1))
	w.sql(`insert into person (handle, created_at) select 'p' || n, $1 from generate_series(1, 40) n`, night)
	w.sql(`insert into page (escalation_id, person_id, round, opened_at, rung_at) select 1, p.id, 1, $1, $1 from person p where p.handle ~ '^p[0-9]+$'`, night)
	a := w.get("/incidents/1")
	a.says(t, 200, "line 300.", "earlier lines", "more pages", "2 Mar 2026")
	if strings.Contains(a.body, "line 100.") {
		t.Error("the timeline is not cut")
	}
	a = w.get("/incidents/1?all")
	a.says(t, 200, "line 1.", "1 Mar 2026", "p40")
	if strings.Contains(a.body, "earlier lines") || strings.Contains(a.body, "more pages") {
		t.Error("something is left out of all")
	}
}

func TestAnIncidentIsFoundAsPeopleWriteIt(t *testing.T) {
	w := newWorld(t)
	w.tell(fire)
	for path, to := range map[string]string{"/incidents/INC-1": "/incidents/1", "/incidents/inc-1": "/incidents/1", "/incidents/01": "/incidents/1"} {
		a := w.get(path)
		if a.Code != http.StatusPermanentRedirect || a.Header().Get("Location") != to {
			t.Errorf("%s: %d %s", path, a.Code, a.Header().Get("Location"))
		}
	}
	for _, path := range []string{"/incidents/0", "/incidents/-1", "/incidents/x", "/incidents/INC-", "/incidents/99999999999999999999", "/incidents/1%00"} {
		w.get(path).says(t, 404, "An incident has a number")
	}
	w.get("/incidents/7").says(t, 404, "There is no INC-7.")
	w.get("/incidents/7/events").says(t, 404)
}

func TestWrongAddressesAndMethods(t *testing.T) {
	w := newWorld(t)
	w.get("/nothing/here").says(t, 404, "There is nothing here", `<a class="button" href="/">`)
	w.get("/static/nothing.css").says(t, 404)
	for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "BREW"} {
		a := w.do(httptest.NewRequest(method, "/incidents", nil))
		a.says(t, 405)
		if method == "POST" && a.Header().Get("Allow") != "GET, HEAD" {
			t.Errorf("Allow: %q", a.Header().Get("Allow"))
		}
	}
	if a := w.do(httptest.NewRequest("HEAD", "/people", nil)); a.Code != 200 {
		t.Errorf("HEAD: %d", a.Code)
	}
}
