package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// deadMan is whoever misses our heartbeat. It tells nobody.
type deadMan struct {
	mu    sync.Mutex
	beats int
}

func (d *deadMan) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if r.Method == http.MethodGet && r.URL.Path == "/ping/canary" {
		d.beats++
	}
}

func (d *deadMan) count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.beats
}

// TestTheHeartbeatStopsWithTheChat: beats come while the bot could page somebody. The chat
// network dies, and they stop, though the process, its pages and its database live; it comes
// back, and so do they.
func TestTheHeartbeatStopsWithTheChat(t *testing.T) {
	t.Parallel()
	man := &deadMan{}
	server := httptest.NewServer(man)
	t.Cleanup(server.Close)
	w := newWorld(t, plan{more: "watch: {every: 1s, heartbeat_url_file: heartbeat-url}"})
	writeFile(t, w.dir, "heartbeat-url", server.URL+"/ping/canary\n", 0o600)
	w.bot = begin(t, w.dir, "serve", "--config", w.config)
	w.awaitReady()

	// looks waits until the bot has looked at itself so many times more, start to end: the
	// first of two may have begun before something changed.
	looks := func(n int) {
		t.Helper()
		for range n {
			at := one[string](w, `select coalesce(max(at)::text, '') from self_check where name = 'database'`)
			eventually(t, "another look", func() bool {
				return one[string](w, `select coalesce(max(at)::text, '') from self_check where name = 'database'`) != at
			}, w.bot.output)
		}
	}
	beats := func(when string) {
		t.Helper()
		from := man.count()
		eventually(t, "two heartbeats "+when, func() bool { return man.count() >= from+2 }, w.bot.output)
	}
	beats("when all is well")

	w.net.Kill()
	await(w, "held back: something that paging needs does not work", `select detail from self_check where name = 'heartbeat'`)
	missed := man.count()
	looks(3)
	if n := man.count(); n != missed {
		t.Errorf("without its chat it says %d times that all is well", n-missed)
	}
	if why := one[string](w, `select detail from self_check where name = $1 and not ok`, "chat "+netID); !strings.Contains(why, "Not connected") {
		t.Errorf("the row of the network says %q", why)
	}
	if ok := one[bool](w, `select ok from self_check where name = 'route mail'`); !ok {
		t.Error("mail failed as well, so this proves little")
	}
	if status, body := w.get("/status"); status != http.StatusOK || !strings.Contains(body, "held back") {
		t.Errorf("the page about the bot itself: %d, held back: %v", status, strings.Contains(body, "held back"))
	}

	if err := w.net.Restart(); err != nil {
		t.Fatal(err)
	}
	beats("after the network came back")
	await(w, true, `select bool_and(ok) from self_check`)
	w.neverLogged("canary")
	if code := w.bot.stop(t); code != exitOK {
		t.Errorf("exit status %d: %s", code, tail(w.bot))
	}
}
