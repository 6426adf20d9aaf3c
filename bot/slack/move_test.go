package slack_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"batsignal/bot"
	"batsignal/bot/slack/slackfake"
)

func TestWhoComesAndGoes(t *testing.T) {
	t.Parallel()
	l := listen(t, "maria", "kevin")
	l.Fake.AddUser(slackfake.User{Name: "guest", Guest: true})
	l.Fake.AddUser(slackfake.User{Name: "stranger", Team: "T0ELSEWHERE"})
	l.Fake.AddChannel("elsewhere", "maria") // where we are not
	l.Fake.Join("kevin", "elsewhere")
	l.Fake.AddPrivateChannel("secret", "maria", "@bot")
	l.Fake.Leave("kevin", "ops")
	l.Fake.Join("kevin", "ops")
	l.Fake.Join("guest", "ops")
	l.Fake.Join("stranger", "ops")
	l.Fake.Join("kevin", "secret")
	moved := l.take(&l.moved, 5)
	ids := map[string]bool{}
	for i, want := range []bot.Heard{
		{Change: bot.Left, Nick: "kevin", Account: l.Account("kevin"), Room: "#ops"},
		{Change: bot.Joined, Nick: "kevin", Account: l.Account("kevin"), Room: "#ops"},
		{Change: bot.Joined, Nick: "guest", Room: "#ops"},
		{Change: bot.Joined, Nick: "stranger", Room: "#ops"},
		{Change: bot.Joined, Nick: "kevin", Account: l.Account("kevin"), Room: "#secret"},
	} {
		got := moved[i]
		want.Network, want.Shown, want.Again, want.At, want.MessageID = "slack", want.Nick, true, got.At, got.MessageID
		if age := time.Since(got.At); got != want || got.MessageID == "" || ids[got.MessageID] || age < -time.Minute || age > time.Minute {
			t.Errorf("heard %+v", got)
		}
		ids[got.MessageID] = true
	}

	// Our own coming and going is not told, and of each event there is one.
	l.Fake.Redeliver(3)
	l.Fake.Join("@bot", "elsewhere")
	l.Fake.Leave("@bot", "ops")
	l.Fake.Join("@bot", "ops")
	l.Fake.Join("guest", "elsewhere")
	if moved = l.take(&l.moved, 1); len(moved) != 1 || moved[0].Nick != "guest" || moved[0].Room != "#elsewhere" {
		t.Errorf("heard %+v", moved)
	}
	l.Fake.Post("maria", "ops", "fence")
	l.hears()
	if moved = l.take(&l.moved, 0); len(moved) != 0 {
		t.Errorf("heard %+v", moved)
	}
}

// What a process before us left, of long ago, is history.
func TestOldMovesAreHistory(t *testing.T) {
	t.Parallel()
	l := listen(t, "maria")
	for i, ago := range []time.Duration{time.Hour, time.Minute} {
		event := map[string]any{"type": "member_joined_channel", "user": l.Fake.User("maria").ID, "channel": l.Fake.Channel("ops").ID, "team": l.Fake.TeamID(),
			"event_ts": fmt.Sprintf("%d.000100", time.Now().Add(-ago).Unix())}
		payload, err := json.Marshal(map[string]any{"event_id": fmt.Sprint("Ev", i), "event": event})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.db.Exec(t.Context(), `insert into slack_event (network, key, kind, payload, worker, received_at) values ('slack', $1, 'event', $2, 'dead', now() - interval '11 s')`,
			fmt.Sprint("e Ev", i), string(payload)); err != nil {
			t.Fatal(err)
		}
		if moved := l.take(&l.moved, 1); len(moved) != 1 || moved[0].Replayed != (i == 0) || moved[0].Nick != "maria" {
			t.Errorf("heard %+v", moved)
		}
	}
}
