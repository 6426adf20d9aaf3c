package web_test

import (
	"fmt"
	"io"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
)

func TestWhatIsSaidIsTold(t *testing.T) {
	w := newWorld(t)
	w.meets(dev, night, "03:00:00 <anna> #startmeeting Release\n")
	server := httptest.NewServer(w.handler)
	defer server.Close()
	defer w.watch.Close()
	lines := stream(t, server.URL+"/minutes/m/1/events")
	w.meets(dev, night, "03:01:00 <bert> something\n")
	if got := next(t, lines); got != "1" {
		t.Errorf("heard %s", got)
	}
	w.meets(dev, night, "03:02:00 <anna> #endmeeting\n")
	if got := next(t, lines); got != "1" {
		t.Errorf("heard %s", got)
	}
	if _, err := io.ReadAll(lines); err != nil {
		t.Errorf("the stream did not end well: %v", err)
	}
	if a := w.get("/minutes/m/1/events"); a.Code != 204 {
		t.Errorf("a meeting that is over is told of: %d", a.Code)
	}
}

// The streams end when the server is about to stop, and when a meeting turns out not to
// be for everybody.
func TestStreamsOfMeetingsEnd(t *testing.T) {
	w := newWorld(t)
	w.meets(dev, night, "03:00:00 <anna> #startmeeting Release\n")
	w.meets(ops, night, "03:00:00 <anna> #startmeeting Staff\n")
	server := httptest.NewServer(w.handler)
	defer server.Close()
	stays, goes := stream(t, server.URL+"/minutes/m/1/events"), stream(t, server.URL+"/minutes/m/2/events")
	w.meets(ops, night, "03:01:00 <anna> #restrictlogs\n")
	if got := next(t, goes); got != "2" {
		t.Errorf("heard %s", got)
	}
	if _, err := io.ReadAll(goes); err != nil {
		t.Error(err)
	}
	w.watch.Close()
	if _, err := io.ReadAll(stays); err != nil {
		t.Error(err)
	}
}

// everyMinutesPage is one of each kind.
var everyMinutesPage = []string{
	"/minutes", "/minutes/room/libera/ops", "/minutes/name/weekly-ops-sync", "/minutes/2026/02", "/minutes/search?q=fan", "/minutes/m/1", "/minutes/m/28",
	"/minutes/m/1/log#l-8", "/minutes/ops/2026/ops.2026-02-28-20.00.html", "/minutes/ops/2026/ops.2026-02-28-20.00.log.html", "/minutes/none.html",
	"/actions", "/actions/1", "/incidents/1",
}

func TestTheArchiveInABrowser(t *testing.T) {
	tab := browser(t)
	complained := complaints(t, tab)
	w := newWorld(t)
	w.fillArchive()
	w.tell(fire)
	port := w.serve()
	do(t, tab, chromedp.EmulateViewport(360, 740))
	for _, off := range []bool{true, false} {
		withoutScript(t, tab, off)
		for range 2 { // the second time, from what the browser kept
			for _, path := range everyMinutesPage {
				do(t, tab, chromedp.Navigate("about:blank"), chromedp.Navigate("http://127.0.0.1:"+port+path), chromedp.WaitVisible(chromedp.CSS("h1")))
				if off {
					continue
				}
				wide, err := chromedp.Run(tab, chromedp.Evaluate[int](`document.documentElement.scrollWidth`))
				if err != nil || wide > 360 {
					t.Errorf("%s is %d wide on a narrow screen: %v", path, wide, err)
				}
				styled, err := chromedp.Run(tab, chromedp.Evaluate[bool](`getComputedStyle(document.body).marginTop === "0px"`))
				if err != nil || !styled {
					t.Errorf("%s has lost its style: %v", path, err)
				}
			}
		}
	}
	for _, message := range complained() {
		if !strings.Contains(message, "404") { // one of the pages is not there
			t.Errorf("the browser complains: %s", message)
		}
	}
}

func TestSearchingInABrowserWithoutScript(t *testing.T) {
	tab := browser(t)
	withoutScript(t, tab, true)
	w := newWorld(t)
	w.fillArchive()
	port := w.serve()
	do(t, tab,
		chromedp.Navigate("http://127.0.0.1:"+port+"/minutes"),
		chromedp.SendKeys(chromedp.CSS("#q"), "größere lüfter"),
		chromedp.Click(chromedp.CSS("form button")),
	)
	until(t, tab, "finds it", `document.querySelectorAll("mark").length === 2 && document.querySelector("main .lines").textContent.includes("wie immer: größere Lüfter für Gehäuse")`)
	do(t, tab, chromedp.Click(chromedp.CSS(".lines a")))
	until(t, tab, "leads there", `document.querySelector("#l-7:target") !== null`)
	do(t, tab,
		chromedp.Navigate("http://127.0.0.1:"+port+"/actions"),
		chromedp.SendKeys(chromedp.CSS("#person"), "priya"),
		chromedp.Click(chromedp.CSS("form button")),
	)
	until(t, tab, "lists hers", `document.querySelector("#A3 .text").textContent.includes("tells the room") && document.querySelectorAll(".lines > li").length === 1`)
}

func TestAMeetingIsFollowedWithScript(t *testing.T) {
	tab := browser(t)
	complained := complaints(t, tab)
	w := newWorld(t)
	w.meets(dev, night, "03:00:00 <anna> #startmeeting Release\n")
	port := w.serve()
	do(t, tab, chromedp.Navigate("http://127.0.0.1:"+port+"/minutes/m/1"), chromedp.WaitVisible(chromedp.CSS("h1")))
	until := func(what, expression string) { t.Helper(); until(t, tab, what, expression) }
	until("listens", `document.getElementById("following").textContent !== ""`)
	w.meets(dev, night, "03:01:00 <bert> the queue is empty\n03:02:00 <anna> #agreed ship it\n")
	until("shows it", `document.querySelector("#decisions").textContent.includes("ship it") && document.querySelector("#said").textContent.includes("the queue is empty")`)
	until("reads it aloud", `document.getElementById("following").textContent.includes("#agreed ship it")`)
	w.meets(dev, night, "03:03:00 <anna> #endmeeting\n")
	until("is over", `document.getElementById("following").textContent.includes("It is over") && !document.querySelector("#meeting").textContent.includes("goes on now")`)
	for _, message := range complained() {
		t.Errorf("the browser complains: %s", message)
	}
}

// Many read a meeting while it goes on.
func TestManyReadWhatIsBeingSaid(t *testing.T) {
	w := newWorld(t)
	w.meets(dev, night, "03:00:00 <anna> #startmeeting Release\n03:00:30 <anna> #action bert reads it\n")
	var readers sync.WaitGroup
	for i := range 6 {
		readers.Go(func() {
			for range 10 {
				for _, path := range []string{"/minutes/m/1", "/minutes/m/1/log", "/minutes/dev/2026/dev.2026-03-01-03.00." + []string{"html", "json", "log.txt"}[i%3]} {
					if a := w.get(path); a.Code != 200 {
						t.Errorf("%s: %d", path, a.Code)
					}
				}
			}
		})
	}
	for i := range 20 {
		w.says(dev, night, "bert", fmt.Sprint("said-", i), fmt.Sprintf("#info line %d.", i))
	}
	readers.Wait()
	w.get("/minutes/m/1/log").says(t, 200, "line 19.")
	w.get("/minutes/m/1").says(t, 200, "line 19.")
}
