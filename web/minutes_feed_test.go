package web_test

import (
	"encoding/xml"
	"fmt"
	"strings"
	"testing"
	"time"

	"batsignal/web"
)

// feed is a feed as a reader of feeds reads it.
type feed struct {
	XMLName xml.Name `xml:"http://www.w3.org/2005/Atom feed"`
	ID      string   `xml:"id"`
	Title   string   `xml:"title"`
	Updated string   `xml:"updated"`
	Author  string   `xml:"author>name"`
	Links   []link   `xml:"link"`
	Entries []struct {
		ID        string `xml:"id"`
		Title     string `xml:"title"`
		Updated   string `xml:"updated"`
		Published string `xml:"published"`
		Author    string `xml:"author>name"`
		Links     []link `xml:"link"`
		Content   struct {
			Type string `xml:"type,attr"`
			Text string `xml:",chardata"`
		} `xml:"content"`
	} `xml:"entry"`
}

type link struct {
	Rel  string `xml:"rel,attr"`
	Type string `xml:"type,attr"`
	Href string `xml:"href,attr"`
}

// readFeed reads a feed and checks what every feed must have.
func readFeed(t *testing.T, a answer) (f feed) {
	t.Helper()
	a.says(t, 200)
	if got := a.Header().Get("Content-Type"); got != "application/atom+xml; charset=utf-8" {
		t.Errorf("it is %s", got)
	}
	in := xml.NewDecoder(strings.NewReader(a.body))
	in.Strict = true
	if err := in.Decode(&f); err != nil {
		t.Fatalf("%v in\n%s", err, a.body)
	}
	ids := map[string]bool{f.ID: true}
	for _, id := range []string{f.ID, f.Title, f.Author, f.Updated} {
		if id == "" {
			t.Errorf("something is missing: %+v", f)
		}
	}
	for _, e := range f.Entries {
		if ids[e.ID] || !strings.HasPrefix(e.ID, "tag:") {
			t.Errorf("the id %q", e.ID)
		}
		ids[e.ID] = true
		if _, err := time.Parse(time.RFC3339, e.Updated); err != nil || e.Title == "" || e.Author == "" || len(e.Links) != 1 || e.Links[0].Rel != "alternate" || e.Content.Type != "text" {
			t.Errorf("%+v", e)
		}
	}
	return f
}

func TestTheFeed(t *testing.T) {
	w := newWorld(t)
	w.fillArchive()
	for i := range 10 {
		w.meets(dev, evening.AddDate(0, 0, -i-1), fmt.Sprintf("10:00:00 <anna> #startmeeting number %d\n10:01:00 <anna> #endmeeting\n", i))
	}
	a := w.get("/minutes/feed.atom")
	f := readFeed(t, a)
	if len(f.Entries) != 30 || f.ID != "tag:bat.example,2026:minutes" || f.Updated != "2026-03-01T01:03:00Z" {
		t.Errorf("%d entries of %s at %s", len(f.Entries), f.ID, f.Updated)
	}
	if f.Links[0] != (link{"self", "application/atom+xml", "https://bat.example/minutes/feed.atom"}) {
		t.Errorf("%+v", f.Links)
	}
	e := f.Entries[1]
	if e.ID != "tag:bat.example,2026:minutes/m/1" || e.Title != "#ops: Weekly ops sync" || e.Author != "anna" || e.Links[0].Href != "https://bat.example/minutes/m/1" {
		t.Errorf("%+v", e)
	}
	const content = "#ops on libera, 28 Feb 2026 20:00 to 28 Feb 2026 20:04 UTC, 17 lines.\n\nDecisions:\n- no more than two fans a shelf\n- rejected: renewing by hand\n" +
		"Actions:\n- kevin replaces the fan in rack 4 by friday\n- bert writes to the vendor\n"
	if e.Content.Text != content {
		t.Errorf("%s", e.Content.Text)
	}

	ofRoom := readFeed(t, w.get("/minutes/room/libera/ops/feed.atom"))
	ofName := readFeed(t, w.get("/minutes/name/security-triage/feed.atom"))
	if len(ofRoom.Entries) != 7 || ofRoom.ID == f.ID || len(ofName.Entries) != 6 || ofName.Entries[0].Title != "#security: Security triage" {
		t.Errorf("%+v\n%+v", ofRoom, ofName)
	}

	if again := w.asked("GET", "/minutes/feed.atom", "If-None-Match", a.Header().Get("ETag")); again.Code != 304 || again.body != "" {
		t.Errorf("asked again: %d", again.Code)
	}
	w.meets(dev, evening, "22:00:00 <anna> #startmeeting one more\n22:01:00 <anna> #endmeeting\n")
	if again := w.asked("GET", "/minutes/feed.atom", "If-None-Match", a.Header().Get("ETag")); again.Code != 200 || !strings.Contains(again.body, "one more") {
		t.Errorf("asked after another meeting: %d", again.Code)
	}
}

// Where nobody told how people reach us, addresses are relative, and ids still last.
func TestAFeedWithoutAPublicAddress(t *testing.T) {
	w := newWorld(t, func(o *web.Options) { o.PublicURL = "" })
	w.meets(ops, evening, weekly)
	f := readFeed(t, w.get("/minutes/feed.atom"))
	if f.ID != "tag:batsignal.invalid,2026:minutes" || f.Entries[0].Links[0].Href != "/minutes/m/1" {
		t.Errorf("%+v", f)
	}
}
