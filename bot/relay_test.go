package bot_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"batsignal/bot"
	"batsignal/incidents"
	"batsignal/oncall/notice"
)

// bridge puts the stage on two networks, with INC-1 open on both and talk carried.
func bridge(t *testing.T) *stage {
	t.Helper()
	s := newStage(t, roster(), "ada:coordination bea:coordination")
	s.incidents.Networks = []incidents.Network{
		{Name: network, Home: home, RoomName: "#inc-{id}"}, {Name: "other", Home: home, RoomName: "#inc-{id}"},
	}
	s.dispatcher.Relay = &bot.Relay{DB: s.db, Incidents: s.incidents, Queue: s.incidents.Queue, Now: s.Now, Log: slog.New(slog.DiscardHandler)}
	s.hear("ada", home, "!batsignal fire")
	s.hear("bea", home, "!confirm")
	s.wait(time.Minute) // bridges are looked up now and then
	return s
}

// carried is what waits to be said on the other network, of what was carried there.
func (s *stage) carried() string {
	s.Helper()
	return get[string](s, s.db, `select coalesce(string_agg(room || ' ' || text, E'\n' order by id), '') from notice where network = 'other' and text like '[net]%'`)
}

func TestTalkIsCarried(t *testing.T) {
	s := bridge(t)
	say := func(h bot.Heard) {
		h.Network = network
		if h.Room == "" {
			h.Room = "#inc-1"
		}
		s.dispatcher.Hear(ctx, s.door, h)
	}
	say(bot.Heard{Nick: "ada", Account: "ada", Text: "which mirrors?", MessageID: "m1"})
	say(bot.Heard{Nick: "ada", Account: "ada", Text: "which mirrors?", MessageID: "m1"}) // delivered twice
	say(bot.Heard{Nick: "evil> <ada", Text: "!!! no command\r\nin two lines\x02", MessageID: "m2"})
	say(bot.Heard{Nick: "bea", Account: "bea", Text: "under a line", MessageID: "m3", Thread: "m1"})
	say(bot.Heard{Nick: "bea", Account: "bea", Text: strings.Repeat("ä", 3000), MessageID: "m4"})
	say(bot.Heard{Nick: "ada", Account: "ada", Text: "waves at !status", Did: true, MessageID: "m5"})
	say(bot.Heard{Nick: "b b", Text: "hides", Did: true, Addressed: true, MessageID: "m6"})
	say(bot.Heard{Nick: "ada", Account: "ada", Text: "[done] * nothing", MessageID: "m7"}) // a list that somebody writes
	for _, never := range []bot.Heard{
		{Nick: "ada", Account: "ada", Text: "!status", MessageID: "n1"},                           // a command
		{Nick: "ada", Account: "ada", Text: "status", Addressed: true, MessageID: "n2"},           // said to the bot
		{Nick: "robot", Text: "[far] <ada> carried here by somebody else's bot", MessageID: "n3"}, // looks carried
		{Nick: "robot", Text: "[far] * ada did that there", MessageID: "n6"},
		{Nick: "robot", Text: "[far] * ~b_b did that there", Did: true, MessageID: "n7"},
		{Nick: "ada", Account: "ada", Text: "an edit", Change: bot.Edited, MessageID: "m1"},
		{Nick: "ada", Account: "ada", Change: bot.Joined, MessageID: "n8"},
		{Nick: "ada", Account: "ada", Text: "lovelace", Change: bot.Renamed, MessageID: "n9"},
		{Nick: "ada", Account: "ada", Change: bot.Left, MessageID: "n10"},
		{Nick: "ada", Account: "ada", Text: "from the past", Replayed: true, MessageID: "n4"},
		{Nick: "ada", Account: "ada", Text: "in another room", Room: home, MessageID: "n5"},
	} {
		say(never)
	}
	want := "#inc-1 [net] <ada> which mirrors?\n#inc-1 [net] <~evil_ada> !!! no command / in two lines\n#inc-1 [net] <bea> (in a thread) under a line\n#inc-1 [net] <bea> " +
		strings.Repeat("ä", 1800) + "…\n#inc-1 [net] * ada waves at !status\n#inc-1 [net] * ~b_b hides\n#inc-1 [net] <ada> [done] * nothing"
	if got := s.carried(); got != want {
		t.Errorf("carried\n%s", got)
	}
}

// A day after it was said, what was carried is not kept; and some time after its end
// the rooms of an incident are bridged no more.
func TestCarriedTalkIsForgotten(t *testing.T) {
	s := bridge(t)
	line := bot.Heard{Network: network, Room: "#inc-1", Nick: "ada", Account: "ada", Text: "one", MessageID: "m1"}
	s.dispatcher.Hear(ctx, s.door, line)
	if _, err := s.db.Exec(ctx, `update notice set state = 'sent', done_at = $1 where origin is not null`, s.Now()); err != nil {
		t.Fatal(err)
	}
	s.wait(25 * time.Hour)
	s.must(notice.ForgetCarried(ctx, s.db, s.Now().Add(-24*time.Hour)))
	line.Text, line.MessageID = "two", "m2"
	s.dispatcher.Hear(ctx, s.door, line)
	if got := s.carried(); got != "#inc-1 [net] <ada> two" {
		t.Error(got)
	}
	s.hear("ada", "#inc-1", "!role take coordination")
	s.hear("ada", "#inc-1", "!incident resolve")
	s.wait(23 * time.Hour)
	line.Text, line.MessageID = "three", "m3"
	s.dispatcher.Hear(ctx, s.door, line)
	s.wait(2 * time.Hour)
	line.Text, line.MessageID = "four", "m4"
	s.dispatcher.Hear(ctx, s.door, line)
	if got := s.carried(); strings.Contains(got, "four") || !strings.Contains(got, "three") {
		t.Error(got)
	}
}

// Without its database the line is not carried, and nothing else breaks.
func TestNothingIsCarriedWithoutADatabase(t *testing.T) {
	s := bridge(t)
	s.db.Close()
	done := make(chan bool)
	go func() {
		s.dispatcher.Hear(context.Background(), s.door, bot.Heard{Network: network, Room: "#inc-1", Nick: "~x", Text: "hello"})
		close(done)
	}()
	<-done
}
