package web_test

import (
	"testing"
	"time"

	"batsignal/oncall/paging"
)

// How the bot itself is: what fails, since when, and what nobody looks at any more.
func TestStatus(t *testing.T) {
	w := newWorld(t)
	w.phones()
	a := w.get("/status")
	a.says(t, 200, "The bot has not checked itself yet.", "not used yet", "Nobody: no process is on the networks; no other waits to take over")
	readAloud(t, a.body)
	check := func(name string, ok bool, ago time.Duration, detail string) {
		w.sql(`insert into self_check (name, at, ok, since, detail) values ($1, $2, $3, $2::timestamptz - interval '1 hour', $4)`, name, w.Now().Add(-ago), ok, detail)
	}
	check("database", true, 10*time.Second, "")
	check("chat libera", true, 10*time.Second, "")
	w.get("/status").says(t, 200, "Every check of the bot itself succeeds.", "chat libera", "works", "02:13:50")
	check("heartbeat", true, 10*time.Second, "")
	w.sql(`update leadership set epoch = 1, holder = 'one', since = $1, beat_at = $2`, w.Now().Add(-time.Hour), w.Now())
	w.get("/status").says(t, 200, "Every check of the bot itself succeeds.", "One process, since 2026-03-01 02:14 UTC", "Last heartbeat", "sent 10 seconds ago")
	w.sql(`delete from self_check where name = 'heartbeat'`)
	check("route sms", false, 10*time.Second, "Twilio refuses our login")
	check("heartbeat", true, time.Hour, "")
	w.sql(`insert into route_health (route, failures, down_until, detail) values ('sms', 3, $1, 'it answers nothing')`, w.Now().Add(time.Minute))
	a = w.get("/status")
	a.says(t, 200, "2 checks of the bot itself need a look.", "Twilio refuses our login", "fails", "not checked any more</b> since", "1 route is", "it answers nothing")
	readAloud(t, a.body)
	w.get("/incidents").says(t, 200, `href="/status">Status</a>`)
}

// Prometheus is told how routes fare and who waits, and of nobody.
func TestFiguresOfPaging(t *testing.T) {
	w := newPhoneWorld(t)
	got := w.scrape()
	for _, name := range []string{"batsignal_hunts_open", "batsignal_page_oldest_unanswered_seconds", "batsignal_route_down route=sms", "batsignal_route_unproven route=sms", "batsignal_alerts_open state=triggered"} {
		if n, ok := got[name]; !ok || n != 0 {
			t.Errorf("when nothing is on fire, %s is %v, %v", name, n, ok)
		}
	}
	w.tell(fire + "wait 60s")
	w.carries("sms", paging.Accepted, "")
	w.sends("/intake/"+w.key, `[{"summary":"disk full","dedup":"d"},{"summary":"queue is long","dedup":"q"}]`)
	w.sql(`insert into route_health (route, failures, down_until, proven_at, expected_at) values ('sms', 3, $1, $2, $2)`, w.Now().Add(time.Minute), w.Now().Add(-27*time.Hour))
	got = w.scrape()
	for name, want := range map[string]float64{
		"batsignal_route_deliveries route=sms state=accepted": 1,
		"batsignal_route_deliveries route=voice state=queued": 1,
		"batsignal_route_down route=sms":                      1,
		"batsignal_route_unproven route=sms":                  1,
		"batsignal_route_down route=voice":                    0,
		"batsignal_hunts_open":                                4,
		"batsignal_page_oldest_unanswered_seconds":            80,
		"batsignal_alerts_open state=triggered":               2,
		"batsignal_alerts_open state=acknowledged":            0,
	} {
		if n, ok := got[name]; !ok || n != want {
			t.Errorf("%s is %v, %v; want %v", name, n, ok, want)
		}
	}
}
