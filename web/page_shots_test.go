package web_test

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"batsignal/oncall/paging"
	"batsignal/web"
)

// TestPagingScreenshots draws the pages about pages, noise and status, for our own eyes,
// as TestScreenshots does the others.
func TestPagingScreenshots(t *testing.T) {
	folder := shotsFolder(t)
	tab := browser(t)
	withoutScript(t, tab, true)
	w := newPhoneWorld(t, func(o *web.Options) {
		o.PublicURL = "http://127.0.0.1"
		o.Access.PublicURL = o.PublicURL
	})
	w.Incidents.Alerts = w.alerts
	address := "http://127.0.0.1:" + w.serve()
	shoot := func(name, path string) { shootAll(t, tab, folder, name, address+path) }
	link := strings.TrimPrefix(w.loginLink("maria"), publicURL)
	link = link[strings.Index(link, "/sign-in"):]
	do(t, tab, chromedp.Navigate(address+link), chromedp.Click(chromedp.CSS("main button")), chromedp.WaitVisible(chromedp.CSS("header .self button")))
	w.tell(fire)
	shoot("board", "/incidents/1")
	page := pagePathOf(w.world, "maria")
	w.carries("mail", paging.Temporary, "the mail server is busy")
	shoot("page-open", page)
	w.tell("wait 60s")
	w.provider("sms", "one", w.carries("sms", paging.Accepted, "taken by the carrier")[0], paging.NewsDelivered)
	w.carries("webhook", paging.Permanent, "the receiver answered 410 Gone")
	w.carries("voice", paging.Accepted, "")
	w.tell("wait 10m\nmaria: !ack\nkevin #ops: !page maria the signing server is down")
	shoot("page-acked", page)
	shoot("board-late", "/incidents/1")
	w.sends("/intake/"+w.key, `[{"summary":"disk full on the build machine","dedup":"d","source":"db1.example.org","severity":"critical"},{"summary":"queue is long","dedup":"q"}]`)
	w.tell("wait 5s")
	shoot("page-alerts", pagePathOf(w.world, "li"))
	shoot("pages", "/pages")
	shoot("noise", "/noise")
	for name, ok := range map[string]bool{"database": true, "chat libera": true, "route sms": false, "heartbeat": true} {
		w.sql(`insert into self_check (name, at, ok, since, detail) values ($1, $2, $3, $2::timestamptz - interval '3 hours', $4)`,
			name, w.Now().Add(-20*time.Second), ok, map[bool]string{false: "Twilio refuses our login. Look at twilio.auth_token_file."}[ok])
	}
	w.sql(`insert into route_health (route, failures, down_until, detail) values ('sms', 3, $1, 'it answers nothing')
		on conflict (route) do update set failures = 3, down_until = excluded.down_until, detail = excluded.detail`, w.Now().Add(time.Minute))
	shoot("status", "/status")
	shoot("incidents", "/incidents")
}
