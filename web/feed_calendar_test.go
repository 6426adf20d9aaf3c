package web_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	ics "github.com/arran4/golang-ical"

	"batsignal/oncall/access"
	"batsignal/oncall/rota"
	"batsignal/oncall/schedule"
)

// feed makes an address of a calendar, and returns its path.
func (w *world) feed(t *testing.T, handle string, of access.Feed) (path string, id int64) {
	t.Helper()
	token, feed, err := w.access.CreateFeed(ctx, w.as(handle), of)
	if err != nil {
		t.Fatal(err)
	}
	return access.FeedPath + token.Reveal() + ".ics", feed.ID
}

// event is what a reader of calendars sees.
type event struct {
	From, Until time.Time
	Summary     string
}

// events reads a calendar as another program reads it.
func (w *world) events(t *testing.T, path string) (list []event) {
	t.Helper()
	a := w.get(path)
	a.says(t, http.StatusOK)
	if kind := a.Header().Get("Content-Type"); kind != "text/calendar; charset=utf-8" {
		t.Errorf("Content-Type: %s", kind)
	}
	c, err := ics.ParseCalendar(strings.NewReader(a.body))
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, e := range c.Events() {
		from, err := e.GetStartAt()
		if err != nil {
			t.Fatal(err)
		}
		until, err := e.GetEndAt()
		if err != nil {
			t.Fatal(err)
		}
		if names[e.Id()] {
			t.Errorf("two events are called %s", e.Id())
		}
		names[e.Id()] = true
		list = append(list, event{from.UTC(), until.UTC(), e.GetProperty(ics.ComponentPropertySummary).Value})
	}
	return list
}

func TestCalendarsToSubscribeTo(t *testing.T) {
	w := newAPIWorld(t)
	w.busy()
	fixers, li := w.schedule("fixers"), w.person("li")
	from, until := w.Now().Add(-30*24*time.Hour).Truncate(24*time.Hour), w.Now().Add(180*24*time.Hour).Truncate(24*time.Hour)
	book, err := rota.Load(ctx, w.DB, from, until)
	if err != nil {
		t.Fatal(err)
	}
	shifts := book.Shifts(fixers, from, until)
	for name, c := range map[string]struct {
		of    access.Feed
		shown func(schedule.Shift) bool
		more  int
	}{
		"a schedule":   {access.Feed{OfSchedule: fixers.ID}, func(schedule.Shift) bool { return true }, 0},
		"a role":       {access.Feed{OfRole: "package-fixing"}, func(schedule.Shift) bool { return true }, 0},
		"one's own":    {access.Feed{OfPerson: li.ID}, func(sh schedule.Shift) bool { return sh.Person == li.ID && !sh.Away }, 1},
		"of somebody":  {access.Feed{OfPerson: w.person("sam").ID}, func(sh schedule.Shift) bool { return sh.Person == w.person("sam").ID && !sh.Away }, 0},
		"of no shifts": {access.Feed{OfPerson: w.person("piotr").ID}, func(schedule.Shift) bool { return false }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			path, _ := w.feed(t, "li", c.of)
			got := w.events(t, path)
			want := 0
			for _, sh := range shifts {
				if !c.shown(sh) {
					continue
				}
				want++
				if !slices.ContainsFunc(got, func(e event) bool {
					begins := e.From.Equal(sh.From) || (sh.From.Equal(from) && e.From.Before(from))
					ends := e.Until.Equal(sh.Until) || (sh.Until.Equal(until) && e.Until.After(until))
					return begins && ends && (c.of.OfPerson != 0 || strings.Contains(e.Summary, w.handle(sh.Person)))
				}) {
					t.Errorf("%+v is not in the calendar", sh)
				}
			}
			if len(got) != want+c.more {
				t.Errorf("%d events, want %d", len(got), want+c.more)
			}
		})
	}
	path, _ := w.feed(t, "li", access.Feed{OfPerson: li.ID})
	if !slices.ContainsFunc(w.events(t, path), func(e event) bool { return e.Summary == "Away" && e.From.Equal(w.Now().Add(150*time.Hour)) }) {
		t.Error("an absence is not in the calendar")
	}
	theirs, _ := w.feed(t, "sam", access.Feed{OfPerson: li.ID})
	if body := w.get(theirs).body; strings.Contains(body, "skiing") || strings.Contains(body, "Away") {
		t.Error("why somebody is away is told to others")
	}
}

func TestACalendarIsSentOnceUntilItChanges(t *testing.T) {
	w := newAPIWorld(t)
	path, id := w.feed(t, "li", access.Feed{OfRole: "package-fixing"})
	first := w.get(path)
	tag := first.Header().Get("ETag")
	ask := func() answer {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("If-None-Match", tag)
		return w.do(r)
	}
	w.tell("wait 2h\n")
	if a := ask(); a.Code != http.StatusNotModified || a.body != "" {
		t.Errorf("status %d after nothing changed", a.Code)
	}
	w.decide(schedule.Override{Person: w.person("sam").ID, From: w.Now().Add(time.Hour), Until: w.Now().Add(3 * time.Hour)})
	if a := ask(); a.Code != http.StatusOK || !strings.Contains(a.body, "sam") {
		t.Errorf("status %d after something changed", a.Code)
	}
	for name, want := range map[string]string{"Cache-Control": "private, no-cache", "Referrer-Policy": "no-referrer"} {
		if got := first.Header().Get(name); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}

	if err := w.access.RevokeFeed(ctx, w.as("li"), id); err != nil {
		t.Fatal(err)
	}
	for path, status := range map[string]int{
		path: http.StatusGone, access.FeedPath + access.FeedPrefix + access.Fresh() + ".ics": http.StatusNotFound, access.FeedPath + "x.ics": http.StatusNotFound,
	} {
		a := w.get(path)
		a.says(t, status, "Make a new one on your account page.")
		if kind := a.Header().Get("Content-Type"); kind != "text/plain; charset=utf-8" {
			t.Errorf("Content-Type: %s", kind)
		}
	}
	secret := strings.TrimSuffix(strings.TrimPrefix(path, access.FeedPath), ".ics")
	if log := w.log.String(); strings.Contains(log, secret) || !strings.Contains(log, `{token}.ics`) {
		t.Error("the secret of a calendar is in the log, or the log is empty")
	}
}
