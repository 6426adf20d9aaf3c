package web_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"batsignal/oncall/when"
	"batsignal/web"
)

func TestCoverageTellsWhoIsOnElsewhere(t *testing.T) {
	w := newScheduleWorld(t, func(o *web.Options) {
		o.Elsewhere = func(_ context.Context, role, zone string) string {
			if role == "coordination" {
				return ""
			}
			return "PagerDuty says: <b>Ada</b> until " + when.Echo(night.Add(time.Hour), zone) + " for Web" + role + "."
		}
	})
	a := w.get("/coverage")
	a.says(t, 200, "Now: PagerDuty says: &lt;b&gt;Ada&lt;/b&gt; until Sun 1 Mar 04:14 UTC for Web.")
	readAloud(t, a.body)
	w.get("/coverage/package-fixing").says(t, 200, "Now: PagerDuty says:", "for Webpackage-fixing.")
	if strings.Contains(w.get("/coverage/coordination").body, "Now:") {
		t.Error("nothing is told, and shown")
	}
}
