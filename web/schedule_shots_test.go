package web_test

import (
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"batsignal/web"
)

// TestScheduleScreenshots draws the pages of schedules, coverage and policies as people
// see them; see TestScreenshots.
func TestScheduleScreenshots(t *testing.T) {
	folder := shotsFolder(t)
	tab := browser(t)
	w := newScheduleWorld(t, func(o *web.Options) { o.PublicURL = "http://127.0.0.1" })
	w.busy()
	base := "http://127.0.0.1:" + w.serve()
	only := os.Getenv("SCREENSHOTS_ONLY")
	shoot := func(name, path string) {
		if only == "" || strings.Contains(","+only+",", ","+name+",") {
			shootAll(t, tab, folder, name, base+path)
		}
	}
	shoot("schedules", "/schedules")
	shoot("schedule", "/schedules/fixers")
	shoot("schedule-day", "/schedules/office?days=2&zone=America/New_York&from=2026-03-07")
	shoot("schedule-month", "/schedules/fixers?view=calendar&month=2026-03&zone=Europe/Berlin")
	shoot("coverage", "/coverage")
	shoot("coverage-role", "/coverage/package-fixing?zone=Europe/Berlin")
	shoot("policies", "/policies")
	shoot("policy", "/policies/late")
	shoot("policy-try", "/policies/try?role=package-fixing&severity=1&at=sunday+03:00&title=openssl")
	do(t, tab, chromedp.Navigate(base+w.loginLink("maria")), chromedp.Click(chromedp.CSS("main button")), chromedp.WaitVisible(chromedp.CSS("h1")))
	shoot("schedule-admin", "/schedules/fixers")
	shoot("policies-admin", "/policies")
	shoot("policy-edit", "/policies/late/edit")
	shoot("schedule-edit", "/schedules/office/edit")
}
