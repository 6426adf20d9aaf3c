package web_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"batsignal/web"
)

// stream opens an event stream and reads what it begins with; from then on it hears.
func stream(t *testing.T, address string) *bufio.Reader {
	t.Helper()
	timed, cancel := context.WithTimeout(ctx, patience)
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(timed, http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = answer.Body.Close() })
	if answer.StatusCode != 200 || answer.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%d %s", answer.StatusCode, answer.Header.Get("Content-Type"))
	}
	lines := bufio.NewReader(answer.Body)
	if first, err := lines.ReadString('\n'); err != nil || first != "retry: 2000\n" {
		t.Fatalf("%q, %v", first, err)
	}
	return lines
}

// next reads until the data of the next change.
func next(t *testing.T, lines *bufio.Reader) string {
	t.Helper()
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if data, ok := strings.CutPrefix(line, "data: "); ok {
			return strings.TrimSpace(data)
		}
	}
}

func TestChangesAreTold(t *testing.T) {
	w := newWorld(t)
	w.tell(fire)
	server := httptest.NewServer(w.handler)
	defer server.Close()
	one, all := stream(t, server.URL+"/incidents/1/events"), stream(t, server.URL+"/events")

	w.watch.Publish("INC-2")
	if got := next(t, all); got != "2" {
		t.Errorf("all hears %s", got)
	}
	w.watch.Publish("INC-1")
	if got := next(t, one); got == "2" {
		t.Error("one hears of another")
	}
	if got := next(t, all); got != "1" {
		t.Errorf("all hears %s", got)
	}
	w.watch.PublishAll()
	if got := next(t, one); got != "0" {
		t.Errorf("after a lost connection one hears %s", got)
	}

	w.watch.Close()
	for _, lines := range []*bufio.Reader{one, all} {
		if _, err := io.ReadAll(lines); err != nil {
			t.Errorf("a stream did not end well: %v", err)
		}
	}
}

// A server has time-outs for requests that should be short; a stream outlives them.
func TestAStreamOutlivesTheTimeOutsOfItsServer(t *testing.T) {
	w := newWorld(t)
	w.tell(fire)
	server := httptest.NewUnstartedServer(w.handler)
	const short = 2 * time.Second
	server.Config.ReadTimeout, server.Config.WriteTimeout = short, short
	server.Start()
	defer server.Close()
	defer w.watch.Close()
	lines := stream(t, server.URL+"/incidents/1/events")
	time.Sleep(short + short/4) // the time-outs are real, so is the wait
	w.watch.Publish("INC-1")
	if got := next(t, lines); got != "1" {
		t.Errorf("heard %s", got)
	}
}

func TestWithoutAWatchPagesRefreshByThemselves(t *testing.T) {
	w := newWorld(t, func(o *web.Options) { o.Watch = nil })
	w.tell(fire)
	w.get("/events").says(t, 503, "reload the page instead")
	if a := w.get("/incidents/1"); strings.Contains(a.body, "data-events") {
		t.Error("the page listens where nobody speaks")
	}
}
