package command_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"batsignal/bot/command"
	"batsignal/incidents"
	"batsignal/migrations/pgtest"
)

// How the bot itself is: one line while all is well, and one more for each thing that is not.
func TestStatusOfTheBotItself(t *testing.T) {
	ctx := context.Background()
	db := pgtest.Tx(t)
	now := time.Date(2026, 3, 1, 3, 14, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	set, err := command.NewSet(command.Options{Now: clock}, command.Vocabulary(command.Services{
		DB: db, Incidents: &incidents.Service{DB: db, Now: clock},
		Health: func(context.Context) command.Facts { return command.Facts{{"libera", "connected"}} },
	}))
	must(t, err)
	says := func(want string) {
		t.Helper()
		r, err := set.Run(ctx, command.Caller{Network: "libera", Room: "#ops", Nick: "li"}, "!status")
		must(t, err)
		if got := strings.Join(command.PlainText(r), "\n"); got != strings.TrimSpace(want) {
			t.Errorf("says\n%s\nshould say\n%s", got, strings.TrimSpace(want))
		}
	}
	finds := func(name string, ok bool, ago time.Duration, detail string) {
		t.Helper()
		_, err := db.Exec(ctx, `insert into self_check as c (name, at, ok, since, detail) values ($1, $2, $3, $2, $4)
			on conflict (name) do update set at = excluded.at, ok = excluded.ok, since = excluded.since, detail = excluded.detail`, name, now.Add(-ago), ok, detail)
		must(t, err)
	}

	says(`
No incident is open.
libera: connected`)
	finds("database", true, 20*time.Second, "")
	finds("route sms", true, 20*time.Second, "")
	says(`
No incident is open.
libera: connected
the bot itself: every check succeeds`)
	finds("heartbeat", true, 20*time.Second, "")
	says(`
No incident is open.
libera: connected
the bot itself: every check succeeds; the last heartbeat was sent 20 seconds ago`)
	finds("route sms", false, 80*time.Second, "Twilio refuses our login")
	says(`
No incident is open.
libera: connected
the bot itself: 1 of 3 checks needs a look; the last heartbeat was sent 20 seconds ago
route sms: fails since 2026-03-01 03:12 UTC: Twilio refuses our login`)
	finds("heartbeat", false, 20*time.Second, "held back: something that paging needs does not work")
	finds("chat acme", true, time.Hour, "")
	says(`
No incident is open.
libera: connected
the bot itself: 3 of 4 checks need a look
chat acme: not checked any more, since 2026-03-01 02:14 UTC
heartbeat: held back since 2026-03-01 03:13 UTC: something that paging needs does not work
route sms: fails since 2026-03-01 03:12 UTC: Twilio refuses our login`)
	now = now.Add(time.Hour)
	says(`
No incident is open.
libera: connected
the bot itself: not checked any more, since 2026-03-01 03:13 UTC: no process does it`)
}
