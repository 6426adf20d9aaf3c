package web_test

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"batsignal/incidents"
	"batsignal/migrations/pg"
	"batsignal/oncall/paging"
	"batsignal/web/browsertest"
)

// patience is how long a browser may take for a whole test, on the slowest machine.
const patience = 3 * time.Minute

// browser starts a Chromium with one tab that can reach nothing but this machine.
func browser(t *testing.T) context.Context {
	t.Helper()
	return browsertest.Start(t, patience)
}

func do(t *testing.T, tab context.Context, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	browsertest.Do(t, tab, steps...)
}

func text(t *testing.T, tab context.Context, selector string) string {
	t.Helper()
	return browsertest.Text(t, tab, selector)
}

func withoutScript(t *testing.T, tab context.Context, off bool) {
	t.Helper()
	browsertest.WithoutScript(t, tab, off)
}

func complaints(t *testing.T, tab context.Context) func() []string {
	t.Helper()
	return browsertest.Complaints(t, tab)
}

func until(t *testing.T, tab context.Context, what, expression string) {
	t.Helper()
	browsertest.Until(t, tab, what, expression)
}

// serve opens a port of this machine and returns its number.
func (w *world) serve() (port string) {
	server := httptest.NewServer(w.handler)
	w.t.Cleanup(server.Close)
	w.t.Cleanup(w.watch.Close) // before the server waits for its streams
	return server.URL[strings.LastIndex(server.URL, ":")+1:]
}

// On a name that is not this machine's own, without TLS, a browser says less of
// where a form comes from. The button must work there too.
func TestTheButtonWorksWithoutScript(t *testing.T) {
	tab := browser(t)
	withoutScript(t, tab, true)
	w := newWorld(t)
	w.tell(fire)
	port := w.serve()
	for handle, host := range map[string]string{"maria": "127.0.0.1", "priya": "batsignal.test"} {
		do(t, tab,
			chromedp.Navigate("http://"+host+":"+port+w.link(handle)),
			chromedp.Click(chromedp.CSS("button")),
			chromedp.WaitNotPresent(chromedp.CSS("form")),
			chromedp.WaitVisible(chromedp.CSS("h1")),
		)
		if got := text(t, tab, "main"); !strings.Contains(got, "Thank you") || !strings.Contains(got, "INC-1") {
			t.Errorf("%s on %s reads: %s", handle, host, got)
		}
		if got := w.pageState(handle); got != paging.PageAcked {
			t.Errorf("%s's page is %s", handle, got)
		}
	}
	do(t, tab, chromedp.Navigate("http://127.0.0.1:"+port+"/incidents/1"))
	if got := text(t, tab, "footer"); !strings.Contains(got, "This page asks again every 10 seconds.") {
		t.Errorf("the footer reads: %s", got)
	}
}

func TestPagesFollowAlongWithScript(t *testing.T) {
	tab := browser(t)
	complained := complaints(t, tab)
	w := newWorld(t)
	w.listen()
	w.tell(fire)
	port := w.serve()
	at := func(path string) chromedp.Action[chromedp.Void] {
		return chromedp.Navigate("http://127.0.0.1:" + port + path)
	}
	until := func(what, expression string) { t.Helper(); until(t, tab, what, expression) }
	const following = `document.getElementById("following").textContent !== ""`
	for _, path := range []string{"/incidents", "/signal", "/people", "/commands", w.link("maria")} {
		do(t, tab, at(path))
	}

	do(t, tab, at("/incidents/1"))
	until("listens", following)
	until("knows local time", `document.querySelector("time").title.includes("where you are")`)
	if _, err := chromedp.Run(tab, chromedp.Evaluate[int](`window.stayed = 1`)); err != nil {
		t.Fatal(err)
	}
	w.tell("li #inc-1-openssl: !incident note the first package is built")
	until("a new line comes", `document.querySelector("#timeline li .text").textContent.includes("the first package")`)
	until("the new line is read aloud", `document.getElementById("following").textContent.includes("the first package is built")`)
	w.tell("kevin: !ack")
	until("a role is filled", `[...document.querySelectorAll("#roles .filled")].some(r => r.textContent.includes("kevin"))`)
	w.tell("li #inc-1-openssl: !incident resolve done")
	until("it is over", `document.querySelector("#incident .resolved") !== null`)
	until("it stopped listening", `document.getElementById("following").textContent.includes("It is over")`)
	if stayed, err := chromedp.Run(tab, chromedp.Evaluate[bool](`window.stayed === 1`)); err != nil || !stayed {
		t.Errorf("the page was loaded anew: %v", err)
	}

	do(t, tab, at("/"))
	until("the overview listens", following)
	w.tell("ana #ops: !batsignal --separate the moon is full\ntunde #ops: !confirm")
	until("another incident comes", `document.querySelector("h1").textContent === "1 incident is open"`)

	for _, message := range complained() {
		t.Errorf("the browser complains: %s", message)
	}
}

// listen feeds the watch as cmd does: by what committing transactions say.
func (w *world) listen() { w.t.Helper(); w.listenOn(incidents.ChannelIncident, w.watch) }

func (w *world) listenOn(channel string, watch *incidents.Watch) {
	w.t.Helper()
	listening, stop := context.WithCancel(ctx)
	ready, done := make(chan struct{}, 1), make(chan error, 1)
	l := &pg.Listener{
		DSN: w.dsn, Channels: []string{channel},
		Notified: func(_, payload string) { watch.Publish(payload) },
		Regained: func() {
			watch.PublishAll()
			select {
			case ready <- struct{}{}:
			default:
			}
		},
	}
	go func() { done <- l.Run(listening) }()
	w.t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			w.t.Error(err)
		}
	})
	<-ready
}
