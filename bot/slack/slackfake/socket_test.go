package slackfake

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/slack-go/slack/slackevents"
)

// stoppedClock moves when it is told to.
type stoppedClock struct {
	mu sync.Mutex
	at time.Time
}

func (c *stoppedClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *stoppedClock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// dial opens a socket without the client.
func dial(t *testing.T, s *Server) *websocket.Conn {
	t.Helper()
	_, url, err := client(s).StartSocketModeContext(patient(t))
	must(t, err)
	ws, resp, err := websocket.DefaultDialer.DialContext(patient(t), url, nil)
	must(t, err)
	t.Cleanup(func() { _ = ws.Close() })
	if resp != nil {
		_ = resp.Body.Close()
	}
	if _, resp, err := websocket.DefaultDialer.DialContext(patient(t), url, nil); err == nil || resp.StatusCode != 401 {
		t.Error("a ticket was good for two connections")
	} else {
		_ = resp.Body.Close()
	}
	return ws
}

func read(t *testing.T, ws *websocket.Conn) map[string]any {
	t.Helper()
	must(t, ws.SetReadDeadline(time.Now().Add(20*time.Second)))
	var frame map[string]any
	must(t, ws.ReadJSON(&frame))
	return frame
}

func ack(t *testing.T, ws *websocket.Conn, frame map[string]any) {
	t.Helper()
	must(t, ws.WriteJSON(map[string]any{"envelope_id": frame["envelope_id"]}))
}

func TestTheFramesOfASocket(t *testing.T) {
	t.Parallel()
	s, _ := start(t, Options{AckTimeout: time.Minute, Pings: 5 * time.Millisecond})
	stopped, cancel := context.WithCancel(context.Background())
	cancel()
	if s.Settled(stopped) == nil {
		t.Error("settled, though nobody was there to hear of maria and omar")
	}
	one := dial(t, s)
	hello := read(t, one)
	equal(t, "hello", words(hello["type"], hello["num_connections"], hello["connection_info"]), words("hello", 1, map[string]any{"app_id": s.AppID()}))
	for range 2 { // team_join of maria and omar waited
		ack(t, one, read(t, one))
	}
	must(t, s.Settled(patient(t)))
	two := dial(t, s)
	equal(t, "second", read(t, two)["num_connections"], any(2.0))
	s.Post("maria", "ops", "a")
	s.Post("maria", "ops", "b")
	a, b := read(t, one), read(t, two) // they take turns
	equal(t, "envelope", words(a["type"], a["accepts_response_payload"], a["retry_attempt"], a["retry_reason"] == ""), "events_api false 0 true")
	must(t, two.WriteMessage(websocket.TextMessage, []byte("not JSON")))
	must(t, two.WriteJSON(map[string]any{"envelope_id": b["envelope_id"], "payload": strings.Repeat("x", maxAck)})) // dropped
	ack(t, two, a)                                                                                                  // on whatever socket
	if s.Settled(stopped) == nil {
		t.Error("an acknowledgement of 20 kB counted")
	}
	ack(t, one, b)
	must(t, s.Settled(patient(t)))
	pinged := false
	one.SetPingHandler(func(string) error { pinged = true; return context.Canceled })
	_, _, _ = one.ReadMessage()
	equal(t, "pinged", pinged, true)
	equal(t, "lost", s.Lost(), 0)
}

func TestWhatIsNotAcknowledgedComesAgain(t *testing.T) {
	t.Parallel()
	s, _ := start(t, Options{AckTimeout: 30 * time.Millisecond, Retries: make([]time.Duration, 99)})
	a := connect(t, s)
	a.heard()
	s.LoseAcks(1)
	s.Post("maria", "ops", "again and again")
	events := a.heard()
	if len(events) < 2 {
		t.Fatalf("heard it %d times", len(events))
	}
	equal(t, "event", events[1].outer.EventID, events[0].outer.EventID)
	equal(t, "reason", words(events[1].request.RetryAttempt, events[1].request.RetryReason), "1 timeout")
}

func TestRepeatsAndDisorder(t *testing.T) {
	t.Parallel()
	s, _ := start(t, Options{})
	a := connect(t, s)
	a.heard()
	s.Redeliver(3)
	s.Post("maria", "ops", "thrice")
	events := a.heard()
	equal(t, "times", len(events), 3)
	for i, e := range events {
		equal(t, "event", e.outer.EventID, events[0].outer.EventID)
		equal(t, "attempt", e.request.RetryAttempt, i)
	}
	s.Redeliver(1)
	s.Shuffle(7, 8)
	s.mu.Lock()
	s.post.trouble.patience = time.Minute // on a slow machine too
	s.mu.Unlock()
	sent := ""
	for i := range 8 {
		text := string(rune('a' + i))
		sent += text
		s.Post("maria", "ops", text)
	}
	got := ""
	for _, e := range a.heard() {
		got += e.inner.(*slackevents.MessageEvent).Text
	}
	if len(got) != len(sent) || got == sent {
		t.Errorf("sent %s, heard %s", sent, got)
	}
	s.mu.Lock()
	s.post.trouble.patience = 0
	s.mu.Unlock()
	s.Post("maria", "ops", "alone") // fewer than the window come too
	equal(t, "alone", len(a.heard()), 1)
	s.Shuffle(0, 0)
}

func TestRefreshCutAndRefusal(t *testing.T) {
	t.Parallel()
	s, _ := start(t, Options{})
	a := connect(t, s)
	a.heard()
	s.Refresh()
	equal(t, "none takes envelopes", s.Connections(), 0)
	s.Post("maria", "ops", "meanwhile")
	equal(t, "heard after the refresh", len(a.heard()), 1)
	equal(t, "tickets", s.CallCount("apps.connections.open"), 2)

	s.LoseAcks(1)
	s.Post("maria", "ops", "on a line that dies")
	must(t, s.Await(patient(t), func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.post.trouble.loseAcks == 0
	}))
	s.Cut()
	events := a.heard()
	equal(t, "twice", len(events), 2)
	equal(t, "again", words(events[1].request.RetryAttempt, events[1].request.RetryReason), "1 connection_failed")

	s.RefuseConnections(true)
	s.Cut()
	must(t, s.Await(patient(t), func() bool { return s.CallCount("apps.connections.open") >= 4 }))
	equal(t, "connections", s.Connections(), 0)
	s.RefuseConnections(false)
	s.Post("maria", "ops", "at last")
	equal(t, "heard", len(a.heard()), 1)
}

func TestADeadLine(t *testing.T) {
	t.Parallel()
	s, _ := start(t, Options{})
	a := connect(t, s)
	a.heard()
	s.Mute(true)
	s.Post("maria", "ops", "unheard")
	s.mu.Lock()
	equal(t, "left", s.post.unready, 1)
	s.mu.Unlock()
	s.Mute(false)
	equal(t, "heard", len(a.heard()), 1)
}

func TestRevocationEndsTheClient(t *testing.T) {
	t.Parallel()
	s, _ := start(t, Options{})
	a := connect(t, s)
	s.RevokeToken()
	s.Refresh()
	select {
	case err := <-a.ended:
		refused(t, err, "invalid_auth")
	case <-patient(t).Done():
		t.Error("the client goes on")
	}
}
