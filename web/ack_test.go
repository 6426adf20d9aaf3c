package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"batsignal/oncall/paging"
)

// press sends the button's form, with headers as a browser would.
func (w *world) press(link string, headers ...string) answer {
	r := httptest.NewRequest(http.MethodPost, link, strings.NewReader(""))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return w.do(r)
}

func (w *world) pageState(handle string) paging.PageState {
	w.t.Helper()
	var state paging.PageState
	err := w.DB.QueryRow(ctx, `select state from page where person_id = $1 order by id limit 1`, w.person(handle).ID).Scan(&state)
	if err != nil {
		w.t.Fatal(err)
	}
	return state
}

func TestALinkIsAnsweredByItsButtonOnly(t *testing.T) {
	w := newWorld(t)
	w.tell(fire)
	link := w.link("maria")
	for range 2 { // programs that look at links come more than once
		for _, method := range []string{http.MethodHead, http.MethodGet} {
			w.do(httptest.NewRequest(method, link, nil)).says(t, 200)
		}
	}
	for _, method := range []string{"PUT", "DELETE", "OPTIONS"} {
		w.do(httptest.NewRequest(method, link, nil)).says(t, 405)
	}
	if got := w.pageState("maria"); got != paging.PageOpen {
		t.Fatalf("looking at the link made the page %s", got)
	}

	a := w.get(link)
	a.says(t, 200, "A page for <b><bdi>maria</bdi></b>", "remote code execution in openssl", "You are needed for <b><bdi>coordination</bdi></b>",
		`<form method="post">`, "Acknowledge P1: I am on it", "!decline")
	if strings.Count(a.body, "<button") != 1 || strings.Count(a.body, "<form") != 1 || strings.Contains(a.body, "<input") {
		t.Error("there should be one button and nothing to fill in")
	}
	if strings.Contains(a.body, strings.TrimPrefix(link, "/ack/")) {
		t.Error("the page repeats its token")
	}

	w.press(link).says(t, 200, "Thank you. You have coordination in INC-1.", "#inc-1-openssl", `href="/incidents/1"`)
	if got := w.pageState("maria"); got != paging.PageAcked {
		t.Fatalf("the button left the page %s", got)
	}
	w.get("/incidents/1").says(t, 200, "<b><bdi>maria</bdi></b> since", "by the link in a message", "maria has coordination and so the baton")

	// The second press, and a look back.
	w.press(link).says(t, 410, "This link was used already", "P1 was acknowledged", `href="/incidents/1"`)
	w.get(link).says(t, 410, "This link was used already", "P1 was acknowledged")
	var acks int
	if err := w.DB.QueryRow(ctx, `select count(*) from timeline_entry where kind = 'ack' and text like '%answers P1 %'`).Scan(&acks); err != nil || acks != 1 {
		t.Errorf("%d acknowledgements on the timeline, %v", acks, err)
	}
}

func TestWhatElseWaitsIsSaid(t *testing.T) {
	w := newWorld(t)
	w.tell(fire + longer)
	w.press(w.link("maria")).says(t, 200, "This waits for you as well", "P9", "!ack", "!decline")
}

func TestALinkThatCameLate(t *testing.T) {
	w := newWorld(t)
	w.tell(fire)
	early, late, declined := w.link("maria"), w.link("maria"), w.link("priya")
	w.tell("kevin #inc-1-openssl: !role take coordination\npriya: !decline")
	a := w.get(early)
	a.says(t, 200, "P1 is closed: it is taken care of, and you may rest")
	if strings.Contains(a.body, "<button") {
		t.Error("a closed page still has its button")
	}
	w.press(late).says(t, 200, "It is taken care of", "P1 is closed")
	w.get(late).says(t, 410, "P1 is closed")
	w.get(declined).says(t, 200, "You declined P2 before")
	w.press(declined).says(t, 200, "You declined P2 before")
	w.get(declined).says(t, 410, "You declined P2 before")
}

func TestALinkToACallWithoutAnIncident(t *testing.T) {
	w := newWorld(t)
	w.tell("kevin #ops: !page maria the signing server is down")
	link := w.link("maria")
	w.get(link).says(t, 200, "the signing server is down", "the page to maria")
	w.press(link).says(t, 200, "You were called because: the signing server is down.")
	w.get(link).says(t, 410, "P1 was acknowledged")
}

func TestWrongLinks(t *testing.T) {
	w := newWorld(t)
	w.tell(fire)
	unknown := "/ack/" + strings.Repeat("A", 32)
	w.get(unknown).says(t, 410, "This link does not work", "!ack")
	w.press(unknown).says(t, 410, "This link does not work")
	for _, path := range []string{"/ack/x", "/ack/" + strings.Repeat("A", 31), "/ack/" + strings.Repeat("A", 33), "/ack/" + strings.Repeat("A", 100_000), "/ack/%00" + strings.Repeat("A", 31)} {
		w.get(path).says(t, 404, "This link does not work")
		w.press(path).says(t, 404, "This link does not work")
	}
	w.get("/ack/").says(t, 404)
	w.get(w.link("maria")+"/").says(t, 404)
}

func TestAnotherSiteCannotPressTheButton(t *testing.T) {
	w := newWorld(t)
	w.tell(fire)
	link := w.link("maria")
	for _, headers := range [][]string{
		{"Sec-Fetch-Site", "cross-site"},
		{"Sec-Fetch-Site", "same-site"},
		{"Origin", "https://evil.example"},
		{"Sec-Fetch-Site", "cross-site", "Origin", "null"},
	} {
		w.press(link, headers...).says(t, 403, "sent by another site")
	}
	if got := w.pageState("maria"); got != paging.PageOpen {
		t.Fatalf("another site made the page %s", got)
	}
	// Our own form, as browsers send it: new ones, and those that do not say more
	// than that they may not say.
	w.press(link, "Sec-Fetch-Site", "same-origin", "Origin", "null").says(t, 200)
	w.press(w.link("priya"), "Origin", "null").says(t, 200)
	w.press(w.link("kevin"), "Origin", "http://example.com").says(t, 200)
}

func TestTheTokenIsNotWrittenAnywhere(t *testing.T) {
	w := newWorld(t)
	w.tell(fire)
	link := w.link("maria")
	w.get(link + "/")
	w.get(link + "?utm=x")
	w.get(link)
	w.press(link, "Sec-Fetch-Site", "cross-site")
	w.press(link)
	w.press(link)
	token := strings.TrimPrefix(link, "/ack/")
	for where, text := range map[string]string{"log": w.log.String(), "figures": w.get("/metrics").body} {
		if strings.Contains(text, token) {
			t.Errorf("the %s hold the token", where)
		}
		if !strings.Contains(text, "/ack/{token}") {
			t.Errorf("the %s do not name the route", where)
		}
	}
}

func FuzzToken(f *testing.F) {
	for _, seed := range []string{"", "x", strings.Repeat("A", 32), strings.Repeat("-", 32), "../../metrics", "%2e%2e", strings.Repeat("é", 16), "\x00", "a/b", "?"} {
		f.Add(seed)
	}
	w := newWorld(f)
	f.Fuzz(func(t *testing.T, token string) {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			r := httptest.NewRequest(method, "/ack/x", nil)
			r.URL = &url.URL{Path: "/ack/" + token}
			if a := w.do(r); a.Code != 404 && a.Code != 410 && a.Code != 405 {
				t.Errorf("%s %q: %d", method, token, a.Code)
			}
		}
	})
}
