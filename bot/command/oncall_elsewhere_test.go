package command_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"batsignal/bot/command"
	"batsignal/migrations/pgtest"
	"batsignal/oncall/when"
)

// Who is on call at other paging services is told of now, and asked with the role and the
// zone of whoever asks.
func TestOncallTellsWhoIsOnElsewhere(t *testing.T) {
	tx := pgtest.Tx(t)
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	var asked []string
	elsewhere := func(_ context.Context, role, zone string) string {
		asked = append(asked, role)
		if role == "lead" {
			return ""
		}
		return "PagerDuty says: Ada until " + when.Echo(now.Add(2*time.Hour), zone) + " for Web."
	}
	for _, role := range []string{"fixing", "lead"} {
		_, err := tx.Exec(t.Context(), sqlOracleRole, role)
		must(t, err)
	}
	set, err := command.NewSet(command.Options{Now: func() time.Time { return now }}, command.Vocabulary(command.Services{DB: tx, Elsewhere: elsewhere}))
	must(t, err)
	for _, c := range []struct {
		typed, asked string
		says         bool
	}{
		{"!oncall", "", true}, {"!oncall fixing", "fixing", true}, {"!oncall lead", "lead", false}, {"!oncall fixing at tomorrow 18:00 Berlin", "-", false},
	} {
		asked = []string{"-"}
		reply, err := set.Run(t.Context(), command.Caller{Network: "console", Zone: "Europe/Berlin"}, c.typed)
		must(t, err)
		text := strings.Join(command.PlainText(reply), "\n")
		if got := asked[len(asked)-1]; got != c.asked {
			t.Errorf("%s: asked of %q", c.typed, got)
		}
		if strings.Contains(text, "\nPagerDuty says: Ada until Sun 1 Mar 14:00 UTC, 15:00 in Europe/Berlin for Web.") != c.says || strings.Contains(text, "Ada") != c.says {
			t.Errorf("%s:\n%s", c.typed, text)
		}
	}
}
