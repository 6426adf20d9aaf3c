package command_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"time"

	"batsignal/bot/command"
	"batsignal/incidents/alert"
	"batsignal/migrations/pgtest"
	"batsignal/oncall/secret"
)

// A morning with alerts, as it is typed: an admin makes a key, a tool sends, people look
// and answer.
func TestAlertsInChat(t *testing.T) {
	ctx := context.Background()
	db := pgtest.Tx(t)
	now := time.Date(2026, 3, 1, 3, 14, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	service := &alert.Service{DB: db, Now: clock, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), NewKey: func() string { return strings.Repeat("k", alert.KeyLength) }}
	set, err := command.NewSet(command.Options{Now: clock}, command.Vocabulary(command.Services{DB: db, Alerts: service, PublicURL: "https://bat.example"}))
	must(t, err)
	var li int64
	must(t, db.QueryRow(ctx, `insert into person (handle, created_at) values ('li', $1) returning id`, now).Scan(&li))
	_, err = db.Exec(ctx, `insert into escalation_policy (name, title, steps, changed_at) values ('night', 'Night', '[{"targets": [{"kind": "person", "name": "li"}]}]', $1)`, now)
	must(t, err)
	first := int64(0)
	caller := command.Caller{Network: "console", Room: "#ops", Nick: "li", Account: "li", PersonID: li, Handle: "li", Rights: command.Known | command.Proven | command.LetIn}
	says := func(c command.Caller, line, want string) command.Reply {
		t.Helper()
		line = regexp.MustCompile(`\bA([1-9])\b`).ReplaceAllStringFunc(line, func(ref string) string { return fmt.Sprintf("A%d", first+int64(ref[1]-'1')) })
		r, err := set.Run(ctx, c, "!"+line)
		if err != nil {
			r = set.Refuse(err)
		}
		got := regexp.MustCompile(`\bA([0-9]+)\b`).ReplaceAllStringFunc(strings.Join(command.PlainText(r), "\n"), func(ref string) string {
			var n int64
			_, _ = fmt.Sscan(ref[1:], &n)
			return fmt.Sprintf("A%d", n-first+1)
		})
		if got != strings.TrimSpace(want) {
			t.Errorf("%s\n--- says\n%s\n--- should say\n%s", line, got, strings.TrimSpace(want))
		}
		return r
	}
	sends := func(action alert.Action, names ...string) {
		t.Helper()
		var events []alert.Event
		for _, n := range names {
			events = append(events, alert.Event{Action: action, DedupKey: n, Summary: n + " is down", Source: "host", Severity: "critical"})
		}
		taken, err := service.Take(ctx, secret.New(strings.Repeat("k", alert.KeyLength)), events...)
		must(t, err)
		if first == 0 {
			first = taken[0].Alert
		}
	}
	admin := caller
	admin.Rights |= command.Admin

	says(caller, "alert key list", "You may not use !alert key: it is for administrators. Ask one of them to do it, or an administrator for the right.")
	says(admin, "alert key list", "There is no key, so no tool can send alerts. To make one: !alert key add NAME POLICY")
	says(admin, "alert key add prometheus none", "There is no escalation policy called \"none\". !policy show lists them.")
	key := says(admin, "alert key add prometheus night --critical 1", `
The key prometheus rings by the policy night. It is told this once: whoever has it can send alerts.
  kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk
A tool that can page PagerDuty: give it this key, and https://bat.example in place of https://events.pagerduty.com.
`)
	if !key.Private {
		t.Error("the key is told in the room")
	}
	says(admin, "alert key", `
Keys for alerts
- prometheus rings by the policy night; nothing is open; critical is severity 1
`)
	says(caller, "alert list", "No alert is open.")
	sends(alert.Trigger, "db", "web", "db")
	says(caller, "alert list", `
From prometheus since 2026-03-01 03:14 UTC, nobody has answered yet, rung by the policy night
- A1, severity 1, 2 times: db is down (host)
- A2, severity 1: web is down (host)
`)
	says(caller, "alert show A1", `
A1, severity 1, 2 times: db is down (host)
state: triggered
from: prometheus
its name there: db
source: host
first: 2026-03-01 03:14 UTC
last: 2026-03-01 03:14 UTC, 2 times
From prometheus since 2026-03-01 03:14 UTC, nobody has answered yet, rung by the policy night; with it 1 other alert is open.
`)
	says(caller, "alert ack A1", "A1 is acknowledged. 1 alert of its group still waits for an answer: !alert ack --all A1")
	says(caller, "alert ack A1", "A1 was acknowledged before: nothing was left to do. 1 alert of its group still waits for an answer: !alert ack --all A1")
	says(caller, "alert ack --all A1", "1 other alert that came with A1: acknowledged. Nobody is rung for its group any more. When it is over: !alert resolve --all A1")
	says(caller, "alert", `
From prometheus since 2026-03-01 03:14 UTC, li looks at it
- A1, severity 1, 2 times, acknowledged: db is down (host)
- A2, severity 1, acknowledged: web is down (host)
`)
	sends(alert.Resolve, "db")
	says(caller, "alert resolve A2", "A2 is resolved.")
	says(caller, "alert show A1", `
A1, severity 1, 2 times, resolved: db is down (host)
state: resolved
from: prometheus
its name there: db
source: host
first: 2026-03-01 03:14 UTC
last: 2026-03-01 03:14 UTC, 2 times
acknowledged: 2026-03-01 03:14 UTC by li
resolved: 2026-03-01 03:14 UTC by its source
From prometheus since 2026-03-01 03:14 UTC, over.
`)
	says(caller, "alert ack A9", "There is no alert A9. !alert list lists those that are open.")
	says(admin, "alert key revoke prometheus", "The key prometheus is revoked. Alerts that came by it stay.")
	says(admin, "alert key sing", "A key is made with !alert key add NAME POLICY, and revoked with !alert key revoke NAME.")
}

// Without the service there are no verbs for it.
func TestNoAlertsNoVerbs(t *testing.T) {
	for _, c := range command.Vocabulary(command.Services{}) {
		if c.Name == "alert" {
			t.Error("there is a verb that cannot work")
		}
	}
}
