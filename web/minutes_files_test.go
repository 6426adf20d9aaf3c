package web_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"batsignal/incidents"
	"batsignal/incidents/meeting"
	"batsignal/incidents/minutes/write"
)

const filePolicy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// asked is a request with headers.
func (w *world) asked(method, path string, headers ...string) answer {
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return w.do(r)
}

// like is the service with another policy, as a configuration may have it.
func (w *world) like(p meeting.Policy) *meeting.Service {
	s := w.meetings
	return &meeting.Service{DB: s.DB, Queue: s.Queue, Now: s.Now, Log: s.Log, Incidents: s.Incidents, Policy: p}
}

// TestFilesAreWhereTheBotSaysTheyAre asks for every file of a meeting of every dialect
// at the address that the bot announces.
func TestFilesAreWhereTheBotSaysTheyAre(t *testing.T) {
	w := newWorld(t)
	for i, dialect := range []string{"batsignal", "debian", "openstack", "fedora"} {
		at := incidents.Room{Network: "libera", Room: "#" + dialect}
		w.meetsBy(w.like(meeting.Policy{Dialect: dialect, URLPrefix: publicURL + "/minutes/"}), at, evening, weekly)
		d, err := w.meetings.Doc(ctx, int64(i+1))
		if err != nil {
			t.Fatal(err)
		}
		base, ok := strings.CutPrefix(d.BaseURL(), publicURL)
		if !ok {
			t.Fatal(d.BaseURL())
		}
		formats := write.PeerFormats()
		if dialect == "batsignal" {
			formats = write.OurFormats()
		}
		for _, f := range formats {
			a := w.get(base + "." + f.Ext)
			var want bytes.Buffer
			if err := f.Write(&want, d); err != nil {
				t.Fatal(err)
			}
			if a.Code != 200 || a.body != want.String() {
				t.Errorf("%s.%s: %d\n%s", base, f.Ext, a.Code, a.body)
			}
			for name, want := range map[string]string{
				"Content-Security-Policy": filePolicy, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
				"Content-Type": kindOf(f.Ext), "Cache-Control": "no-cache", "Last-Modified": "Sat, 28 Feb 2026 20:04:00 GMT",
			} {
				if got := a.Header().Get(name); got != want {
					t.Errorf("%s.%s: %s is %q, want %q", base, f.Ext, name, got, want)
				}
			}
			if f.Ext == "json" && !json.Valid([]byte(a.body)) {
				t.Error("the JSON is none")
			}
		}
		if a := w.get(base); a.Code != http.StatusSeeOther || !strings.HasPrefix(a.Header().Get("Location"), "/minutes/m/") {
			t.Errorf("%s: %d to %s", base, a.Code, a.Header().Get("Location"))
		}
	}
	w.get("/minutes/debian/2026/debian.2026-02-28-20.00.json").says(t, 404, "It has .txt, .html, .log.html, .log.txt")
	w.get("/minutes/batsignal/2026/batsignal.2026-02-28-20.00.pmw").says(t, 404, "It has .html, ")
	w.get("/minutes/batsignal/2026/batsignal.2026-02-28-20.01.html").says(t, 404, "Meetings are listed at /minutes", `href="/minutes">All minutes</a>`)
}

func kindOf(ext string) string {
	switch ext {
	case "html", "log.html":
		return "text/html; charset=utf-8"
	case "json":
		return "application/json"
	case "md":
		return "text/markdown; charset=utf-8"
	case "eml":
		return "message/rfc822"
	}
	return "text/plain; charset=utf-8"
}

func TestWhoHasAFileIsToldSo(t *testing.T) {
	w := newWorld(t)
	w.meets(ops, evening, weekly)
	const path = "/minutes/ops/2026/ops.2026-02-28-20.00.html"
	tag := w.get(path).Header().Get("ETag")
	if len(tag) < 5 || tag[0] != '"' {
		t.Fatalf("the tag is %s", tag)
	}
	if other := w.get(strings.Replace(path, ".html", ".txt", 1)).Header().Get("ETag"); other == tag {
		t.Error("two files have one tag")
	}
	for _, headers := range [][]string{
		{"If-None-Match", tag}, {"If-None-Match", `"x", W/` + tag}, {"If-None-Match", "*"},
		{"If-Modified-Since", "Sat, 28 Feb 2026 20:04:00 GMT"}, {"If-Modified-Since", "Sun, 01 Mar 2026 20:04:00 GMT"},
	} {
		a := w.asked("GET", path, headers...)
		if a.Code != 304 || a.body != "" || a.Header().Get("ETag") != tag {
			t.Errorf("%v: %d", headers, a.Code)
		}
		// A browser takes the policy over from this answer; with another one it would refuse
		// the page its own style.
		if a.Header().Get("Content-Security-Policy") != filePolicy {
			t.Errorf("%v: %s", headers, a.Header().Get("Content-Security-Policy"))
		}
	}
	for _, headers := range [][]string{
		{"If-None-Match", `"other"`}, {"If-Modified-Since", "Sat, 28 Feb 2026 20:03:59 GMT"}, {"If-Modified-Since", "yesterday"},
		{"If-None-Match", `"other"`, "If-Modified-Since", "Sun, 01 Mar 2026 20:04:00 GMT"},
	} {
		if a := w.asked("GET", path, headers...); a.Code != 200 || a.body == "" {
			t.Errorf("%v: %d", headers, a.Code)
		}
	}
	if a := w.asked("HEAD", path); a.Code != 200 || a.Header().Get("ETag") != tag || a.Header().Get("Content-Type") != "text/html; charset=utf-8" {
		t.Errorf("HEAD: %d %v", a.Code, a.Header())
	}
	w.meets(dev, night, "03:00:00 <anna> #startmeeting Release\n")
	a := w.asked("GET", "/minutes/dev/2026/dev.2026-03-01-03.00.html", "If-Modified-Since", "Sun, 01 Mar 2027 20:04:00 GMT")
	if a.Code != 200 || a.Header().Get("ETag") != "" || a.Header().Get("Last-Modified") != "" {
		t.Errorf("a meeting that goes on: %d %v", a.Code, a.Header())
	}
}

// Rooms, names and patterns may look like addresses of our own.
func TestFilesOfRoomsThatAreCalledLikeOurPages(t *testing.T) {
	w := newWorld(t)
	log := "20:00:00 <anna> #startmeeting canary of files\n20:01:00 <anna> #endmeeting\n"
	for _, c := range []struct{ room, pattern, path string }{
		{"#room", "", "room/2026/room.2026-02-28-20.00"},
		{"#m", "", "m/2026/m.2026-02-28-20.00"},
		{"#name", "name/%(channel)s", "name/name"},
		{"#2026", "%(channel)s/%%m", "2026/02"},
		{"#search", "%(channel)s", "search"},
		{"#feed", "%(channel)s", "feed"},
		{"#größe", "", "größe/2026/größe.2026-02-28-20.00"},
		{"#a+b c", "", "a+b c/2026/a+b c.2026-02-28-20.00"},
		{"#50%", "", "50_/2026/50_.2026-02-28-20.00"},
		{"#log.html", "%(channel)s", "log.html"},
	} {
		s := w.like(meeting.Policy{Pattern: c.pattern, URLPrefix: publicURL + "/minutes/"})
		w.meetsBy(s, incidents.Room{Network: "libera", Room: c.room}, evening, log)
		list, err := w.meetings.Meetings(ctx, meeting.Filter{Room: incidents.Room{Room: c.room}, Most: 1})
		if err != nil || len(list) != 1 || list[0].Path != c.path {
			t.Fatalf("%s: %v %v", c.room, list, err)
		}
		path := escaped(c.path)
		for _, ext := range []string{"html", "log.html", "txt", "log.txt"} {
			a := w.get("/minutes/" + path + "." + ext)
			a.says(t, 200, "canary of files")
			if a.Header().Get("Content-Security-Policy") != filePolicy {
				t.Errorf("%s.%s is no file", path, ext)
			}
		}
		page := w.get("/minutes/m/" + strconv.FormatInt(list[0].ID, 10))
		if page.body = strings.ReplaceAll(page.body, "&#43;", "+"); !strings.Contains(page.body, `href="/minutes/`+path+`.log.html"`) {
			t.Errorf("%s is not linked to from\n%s", path, page.main())
		}
	}
}
