package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"batsignal/oncall/contact"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
	"batsignal/web"
)

// canarySMS is maria's number. It may never be seen.
const canarySMS = "+34600112233"

// newPhoneWorld is a world in which maria has a phone as well, and in which routes have
// delays, limits and prices.
func newPhoneWorld(t testing.TB, change ...func(*web.Options)) *alertWorld {
	t.Helper()
	a := newAlertWorld(t, append([]func(*web.Options){func(o *web.Options) { o.Currency = "EUR" }}, change...)...)
	a.phones()
	return a
}

func (w *world) phones() {
	w.t.Helper()
	w.Incidents.Routes = append(w.Incidents.Routes,
		paging.Traits{Name: "sms", Delay: time.Minute, PerQuarterHour: 1, Cost: 75, Receipts: true},
		paging.Traits{Name: "voice", Delay: 2 * time.Minute, Loud: true, Cost: 40, Receipts: true, Ends: true},
	)
	for _, kind := range []string{"sms", "voice"} {
		if _, err := contact.AddProven(ctx, w.DB, night, w.person("maria").ID, kind, secret.New(canarySMS)); err != nil {
			w.t.Fatal(err)
		}
	}
}

// carries leases what is due on one route and ends each try in one way; it returns their
// keys. An outcome of "" leaves them under way.
func (w *world) carries(route string, how paging.Outcome, detail string) (keys []string) {
	w.t.Helper()
	worker := paging.Worker{Me: "carrier", Routes: []string{route}}
	leased, err := worker.Lease(ctx, w.DB, w.Now(), w.Now().Add(time.Hour), paging.Hands{route: 100})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, d := range leased {
		keys = append(keys, d.Key())
		if how == "" {
			continue
		}
		tx, err := w.DB.Begin(ctx)
		if err != nil {
			w.t.Fatal(err)
		}
		if _, err := worker.Finish(ctx, tx, w.Now(), d, paging.Try{Outcome: how, Detail: detail}); err != nil {
			w.t.Fatal(err)
		}
		if err := tx.Commit(ctx); err != nil {
			w.t.Fatal(err)
		}
	}
	return keys
}

// provider tells what became of a message, as providers do.
func (w *world) provider(route, event, key string, news paging.News) {
	w.t.Helper()
	if err := w.Incidents.Receipt(ctx, paging.Receipt{Route: route, Event: event, Key: key, News: news, At: w.Now()}); err != nil {
		w.t.Fatal(err)
	}
}

// pageOf is somebody's newest page.
func (w *world) pageOf(handle string) (p paging.Page) {
	w.t.Helper()
	var id int64
	if err := w.DB.QueryRow(ctx, `select max(id) from page where person_id = $1`, w.person(handle).ID).Scan(&id); err != nil {
		w.t.Fatal(err)
	}
	p, found, err := paging.Get(ctx, w.DB, id)
	if err != nil || !found {
		w.t.Fatal(err)
	}
	return p
}

// One page from the ring to the answer: what is still to come, what went wrong, what the
// provider said, and by which way the answer came.
func TestTheStoryOfAPage(t *testing.T) {
	w := newPhoneWorld(t)
	w.tell(fire)
	page := w.pageOf("maria")
	path := fmt.Sprintf("/pages/P%d", page.ID)
	hidden := []string{"hidden.example", "canary", "600112233", page.Code, secretKeys(page)}
	look := func(texts ...string) answer {
		t.Helper()
		a := w.get(path)
		a.says(t, 200, texts...)
		a.lacks(t, hidden...)
		readAloud(t, a.body)
		return a
	}
	w.get("/incidents/1").says(t, 200, fmt.Sprintf(`href="%s">P%d</a>`, path, page.ID))
	a := look("for <bdi>maria</bdi>", "coordination", `href="/incidents/1"`, "no answer yet", "waits to be sent", "is used later",
		`<time datetime="2026-03-01T03:15:00Z">03:15:00</time> to be used`, "in 40 seconds", "in 1 minute", "Others are rung too")
	a.lacks(t, "your time")

	w.carries("mail", paging.Temporary, "421 busy, ask "+canaryMail)
	webhook := w.carries("webhook", paging.Permanent, "the receiver answered 410 Gone")
	look("is tried again", "to be tried again", "refused for good", "given up").lacks(t, "410 Gone")
	// Who is signed in reads what the route told, unless that may hold an address; and in
	// their own zone.
	kevin := w.enters("kevin")
	in := kevin.read(path)
	in.says(t, 200, "the receiver answered 410 Gone", "28 Feb 20:14 your time")
	in.lacks(t, hidden...)
	in.lacks(t, "421 busy")
	_ = webhook

	w.tell("wait 70s")
	sms := w.carries("sms", paging.Accepted, "taken")
	voice := w.carries("voice", paging.Accepted, "taken")
	if len(sms) != 1 || len(voice) != 1 {
		t.Fatalf("%d texts, %d calls", len(sms), len(voice)) // the failures above promoted the call
	}
	look("handed over")
	w.provider("sms", "SM1-delivered", sms[0], paging.NewsDelivered)
	look("delivered", "its provider says that it was delivered")
	w.sql(`update delivery set finished_at = finished_at - interval '1 hour' where route = 'voice'`)
	if _, err := paging.Expire(ctx, w.DB, w.Now(), []string{"voice"}, 10*time.Minute); err != nil {
		t.Fatal(err)
	}
	look("handed over, and never heard of again")
	w.sql(`insert into route_health (route, failures, down_until, detail) values ('mail', 3, $1, 'it answers nothing')`, w.Now().Add(30*time.Second))
	look("its provider fails and is left alone; it is asked again", "in 30 seconds")

	if _, err := w.Incidents.Reply(ctx, paging.Reply{Route: "sms", Event: "SM2", Text: strings.ToLower(page.Code)}); err != nil {
		t.Fatal(err)
	}
	done := look("acknowledged <bdi>by sms</bdi>", "an answer in writing came: <bdi>answers P", "not needed any more", "answered")
	done.lacks(t, "Others are rung too", "http-equiv")
	w.get(fmt.Sprintf("/pages/p%d", page.ID)).says(t, http.StatusPermanentRedirect)
	w.get(fmt.Sprintf("/pages/%d", page.ID)).says(t, http.StatusPermanentRedirect)
	for _, none := range []string{"/pages/P999", "/pages/x", "/pages/P0", "/pages/-1"} {
		w.get(none).says(t, http.StatusNotFound)
	}
}

// secretKeys is how the numbers of a page would be seen, were they.
func secretKeys(p paging.Page) string {
	k := paging.KeysOf(p.Digits)
	return k.Ack + ", " + k.Decline
}

// Somebody else's answer, a way over its limit, and a call by name, which is not public.
func TestPagesOfCalls(t *testing.T) {
	w := newPhoneWorld(t)
	w.tell("kevin: !page maria the signing server is down")
	first := fmt.Sprintf("/pages/P%d", w.pageOf("maria").ID)
	w.get(first).says(t, http.StatusSeeOther)
	kevin := w.enters("kevin")
	kevin.read(first).says(t, 200, "a call that somebody made", "the signing server is down", "maria, by name", "is used later")
	w.tell("maria: !ack\nwait 1s\nkevin #ops: !page maria it is down again")
	second := fmt.Sprintf("/pages/P%d", w.pageOf("maria").ID)
	kevin.read(first).says(t, 200, "acknowledged", "on console", "not needed any more")
	a := kevin.read(second)
	a.says(t, 200, "no answer yet")
	a.lacks(t, "not used")
	// What was sent counts against the limit.
	w.tell("wait 61s")
	w.carries("sms", paging.Accepted, "")
	w.tell("maria: !ack\nwait 1s\nkevin #ops: !page maria and again")
	third := kevin.read(fmt.Sprintf("/pages/P%d", w.pageOf("maria").ID))
	third.says(t, 200, "sms</bdi></b> <span class=\"bad\">not used: as many pages as its limit allows went there")
	readAloud(t, third.body)

	w.tell(fire + "wait 90s\nkevin: !ack\n")
	w.get("/pages?state=closed").says(t, 200)
	list := w.get("/pages")
	list.says(t, 200, "No answer yet", "Lately", `href="/incidents/1">INC-1</a>`, "Those for incidents are shown")
	list.lacks(t, "the signing server", "it is down again")
	readAloud(t, list.body)
	in := kevin.read("/pages")
	in.says(t, 200, "the signing server", `href="/noise"`)
	in.lacks(t, "Those for incidents are shown")
	readAloud(t, in.body)
	calls := kevin.read("/pages?about=call&person=maria&state=acked")
	calls.says(t, 200, "the signing server", "it is down again")
	calls.lacks(t, "openssl", "and again")
	kevin.read("/pages?person=nobody").says(t, 200, "There is none.")
	w.get("/pages?before=x").says(t, http.StatusBadRequest)
	w.get("/pages?about=call").lacks(t, "the signing server")
}

// Old pages are found by going on, none twice and none left out.
func TestTheListOfPagesGoesOn(t *testing.T) {
	w := newWorld(t)
	w.tell(fire)
	w.sql(`insert into escalation (cause, slot, why, severity, patience, state, started_at, due_at, ended_at)
		select 'incident:1', 'role:qa', 'page number ' || n, 2, interval '1 minute', 'filled', $1::timestamptz, $1, $1 from generate_series(1, 130) n`, night)
	w.sql(`insert into page (escalation_id, person_id, round, state, opened_at, rung_at, answered_at, answered_via)
		select e.id, $2, 1, 'acked', $1::timestamptz, $1, $1, 'link' from escalation e where e.why like 'page number %'`, night, w.person("tunde").ID)
	seen := map[string]int{}
	path := "/pages?person=tunde&state=acked"
	for i := 0; path != "" && i < 9; i++ {
		a := w.get(path)
		a.says(t, 200)
		for n := 1; n <= 130; n++ {
			seen[fmt.Sprint(n)] += strings.Count(a.body, fmt.Sprintf("page number %d</bdi>", n))
		}
		path = ""
		if _, rest, more := strings.Cut(a.body, `<a href="/pages?before=`); more {
			path = "/pages?before=" + strings.ReplaceAll(strings.SplitN(rest, `"`, 2)[0], "&amp;", "&")
		}
	}
	for n := 1; n <= 130; n++ {
		if seen[fmt.Sprint(n)] != 1 {
			t.Errorf("page number %d is there %d times", n, seen[fmt.Sprint(n)])
		}
	}
}

// Every alert that was folded into one page is named with it.
func TestAPageNamesItsAlerts(t *testing.T) {
	w := newPhoneWorld(t)
	w.Incidents.Alerts = w.alerts
	w.sends("/intake/"+w.key, `[{"summary":"disk full","dedup":"d","source":"db1","severity":"critical"}]`).says(t, http.StatusAccepted)
	w.tell("wait 5s")
	w.sends("/intake/"+w.key, `[{"summary":"queue is long","dedup":"q","severity":"error"}]`).says(t, http.StatusAccepted)
	path := fmt.Sprintf("/pages/P%d", w.pageOf("li").ID)
	w.get(path).says(t, http.StatusSeeOther)
	w.get("/pages").lacks(t, "disk full")
	li := w.enters("li")
	a := li.read(path)
	a.says(t, 200, "2 alerts from <bdi>prometheus</bdi>", "disk full", "queue is long", "the policy infra", "in no message yet", `href="/alerts/A`)
	readAloud(t, a.body)
	w.tell("wait 40s")
	li.read(path).lacks(t, "in no message yet")
	li.read(path).says(t, 200, "named in a message")
	li.read("/pages?about=alert").says(t, 200, "disk full")
}

// Words that people typed are shown, and do no harm.
func TestHostilePages(t *testing.T) {
	w := newPhoneWorld(t)
	w.tell(fire)
	li := w.enters("li")
	path := fmt.Sprintf("/pages/P%d", w.pageOf("maria").ID)
	w.carries("mail", paging.Accepted, "")
	for i, text := range hostile {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			w.sql(`update escalation set why = left($1, 300)`, text)
			w.sql(`update attempt set detail = left($1, 400)`, text)
			w.sql(`update page set answered_via = left($1, 60)`, text)
			w.sql(`update person set zone = left($1, 60)`, text)
			w.sql(`insert into provider_event (route, event, at, delivery_id, what, effect)
				select 'mail', $3, $2, min(id), left($1, 40), left($1, 200) from delivery where route = 'mail'`, text, night, fmt.Sprint("hostile ", i))
			w.sql(`delete from self_check`)
			w.sql(`insert into self_check (name, at, ok, since, detail) values (left($1, 80), $2, false, $2, left($1, 400))`, text, w.Now())
			for _, p := range []string{path, "/pages", "/status", "/noise", "/incidents/1"} {
				a := li.read(p)
				a.says(t, 200)
				readAloud(t, a.body)
				a.lacks(t, "<script>alert", "<img src=x", "<svg/onload", "<iframe", "<style>", `href="javascript:`)
			}
		})
	}
}
