package web_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/net/html"

	"batsignal/incidents"
	"batsignal/incidents/meeting"
	"batsignal/incidents/minutes"
	"batsignal/incidents/minutes/write"
)

// hostileMeeting is what somebody could type to harm whoever reads the minutes.
func hostileMeeting(t *testing.T) string {
	log, _ := corpusLog(t, "s13-html-hostile")
	body, _, ok := strings.Cut(log, "20:00:20")
	if !ok {
		t.Fatal("the hostile meeting has another end")
	}
	var b strings.Builder
	b.WriteString(body)
	for i, text := range hostile {
		text = strings.NewReplacer("\n", "\u2028", "\r", "").Replace(text)
		for j, verb := range []string{"", "#info ", "#topic ", "#action ", "#agreed ", "#link ", "#link https://example.org/", "#motion ", "#nick "} {
			fmt.Fprintf(&b, "20:%02d:%02d <anna> %s%s\n", i+1, j+10, verb, text)
		}
		fmt.Fprintf(&b, "20:%02d:40 * anna %s\n20:%02d:41 <<b>%d> hi\n", i+1, text, i+1, i)
	}
	b.WriteString("20:50:00 <anna> #meetingname <b>\"x'\n20:59:00 <anna> #endmeeting\n")
	return b.String()
}

// TestAHostileMeeting is told in every dialect, over or going on, and read on every page,
// in every file and in every feed, as a browser would.
func TestAHostileMeeting(t *testing.T) {
	w := newWorld(t)
	log := hostileMeeting(t)
	var paths []string
	for i, dialect := range []string{"batsignal", "debian", "openstack", "fedora"} {
		room := incidents.Room{Network: "libera", Room: `#<i>'"` + dialect}
		w.meetsBy(w.like(meeting.Policy{Dialect: dialect}), room, evening.AddDate(0, 0, -i), log)
	}
	open := incidents.Room{Network: "libera", Room: "#open"}
	w.meets(open, evening, strings.ReplaceAll(log, "#endmeeting", "#noend"))
	for i, text := range hostile {
		w.hears(w.meetings, meeting.Heard{Room: open, Event: minutes.Event{At: night, ID: clip(text, 200), Link: text, Thread: text, Text: "#info " + text, Who: minutes.Who{Nick: text, Account: text}}})
		w.sql(`update action_item set issue_url = $2, created_by = $2, series = $2 where id = $1`, i+1, text)
	}
	list, err := w.meetings.Meetings(ctx, meeting.Filter{Most: 50})
	if err != nil || len(list) != 5 {
		t.Fatal(len(list), err)
	}
	for _, m := range list {
		formats := write.PeerFormats()
		if m.Dialect == "batsignal" {
			formats = write.OurFormats()
		}
		for _, f := range formats {
			paths = append(paths, "/minutes/"+escaped(m.Path)+"."+f.Ext)
		}
		paths = append(paths, fmt.Sprintf("/minutes/m/%d", m.ID), fmt.Sprintf("/minutes/m/%d/log", m.ID))
	}
	links := regexp.MustCompile(`href="(/(?:minutes|actions)[^"]*)"`)
	for _, page := range []string{"/minutes", "/minutes/2026/02", "/actions", "/actions/1", "/people"} {
		paths = append(paths, page)
		for _, m := range links.FindAllStringSubmatch(w.get(page).body, -1) {
			paths = append(paths, html.UnescapeString(m[1]))
		}
	}
	for _, text := range hostile {
		paths = append(paths, find(text), find("alert "+text, "room", text), find("x", "in", "notes"),
			"/minutes/name/"+strings.ReplaceAll(escaped(text), "/", "%2F"), "/actions?room="+escaped(text)+"&series="+escaped(text))
	}
	for i := range hostile {
		paths = append(paths, fmt.Sprintf("/actions/%d", i+1))
	}
	paths = append(paths, find("alert"), find("javascript"), find("b or i or x or evil"), "/actions.ics?state=all", "/actions.json?state=all", "/minutes/feed.atom")
	seen := map[string]bool{}
	for _, path := range paths {
		path, _, _ = strings.Cut(path, "#")
		if seen[path] {
			continue
		}
		seen[path] = true
		a := w.get(path)
		if a.Code != 200 && a.Code != 404 && a.Code != 400 {
			t.Errorf("%s: %d", path, a.Code)
		}
		if a.Code == 404 && !strings.HasPrefix(path, "/minutes/name/") && !strings.HasPrefix(path, "/actions/") {
			t.Errorf("%s is linked to, and is not there", path)
		}
		judge(t, path, a)
	}
	if len(seen) < 150 {
		t.Errorf("only %d pages were read", len(seen))
	}
}

// judge reads an answer of any kind.
func judge(t *testing.T, path string, a answer) {
	t.Helper()
	if a.Header().Get("X-Content-Type-Options") != "nosniff" || a.Header().Get("Content-Security-Policy") == "" {
		t.Errorf("%s: %v", path, a.Header())
	}
	switch kind, _, _ := strings.Cut(a.Header().Get("Content-Type"), ";"); kind {
	case "text/html":
		root, err := html.Parse(strings.NewReader(a.body))
		if err != nil {
			t.Fatal(err)
		}
		if a.Header().Get("Content-Security-Policy") == filePolicy {
			checkFile(t, path, root)
			return
		}
		checkOurs(t, path, root)
		readAloud(t, a.body)
		for _, r := range a.body {
			if r != '\n' && (unicode.In(r, unicode.Cc, unicode.Cf) || r == 0x3164 || r == 0x115f || r == 0x2028) {
				t.Errorf("%s holds U+%04X as it is", path, r)
				return
			}
		}
	case "application/atom+xml":
		readFeed(t, a)
	case "application/json":
		if !json.Valid([]byte(a.body)) {
			t.Errorf("%s is no JSON", path)
		}
	case "text/plain", "text/markdown", "text/calendar", "message/rfc822":
	default:
		t.Errorf("%s is %q", path, kind)
	}
}

// checkFile fails on anything in a file that could act.
func checkFile(t *testing.T, path string, root *html.Node) {
	t.Helper()
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch n.Data {
		case "script", "iframe", "svg", "object", "embed", "base", "form", "input", "img", "link":
			t.Errorf("%s: <%s>", path, n.Data)
		case "meta":
			if equiv, ok := attr(n, "http-equiv"); ok && !strings.EqualFold(equiv, "Content-Security-Policy") && !strings.EqualFold(equiv, "Content-Type") {
				t.Errorf("%s: <meta %s>", path, equiv)
			}
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "src" {
				t.Errorf("%s: <%s %s>", path, n.Data, a.Key)
			}
			if scheme, _, ok := strings.Cut(strings.ToLower(strings.TrimSpace(a.Val)), ":"); a.Key == "href" && ok && (scheme == "javascript" || scheme == "data" || scheme == "vbscript") {
				t.Errorf("%s: %s", path, a.Val)
			}
		}
	}
}
