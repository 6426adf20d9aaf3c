package bot_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"batsignal/bot"
)

func TestReplayedLinesAreNotObeyed(t *testing.T) {
	s := newStage(t, roster(), "ada:coordination bea:coordination")
	s.dispatcher.Hear(ctx, s.door, bot.Heard{Network: network, Room: home, Nick: "ada", Account: "ada", Text: "!batsignal fire", Replayed: true})
	if said := s.door.take(); len(said) != 0 {
		t.Error(said)
	}
	if n := get[int](t, s.db, `select (select count(*) from signal_use) + (select count(*) from command_call) + (select count(*) from person where heard_at is not null)`); n != 0 {
		t.Errorf("%d traces of a line from the past", n)
	}
	s.answered("ada", home, "!batsignal fire", "#ops This rings ")
}

// What somebody does is no command, whatever it says and wherever, and who comes and
// goes says nothing; but whoever does something is there.
func TestWhatIsDoneIsNeverACommand(t *testing.T) {
	s := newStage(t, roster(), "ada:coordination")
	traces := func() int {
		return get[int](t, s.db, `select (select count(*) from signal_use) + (select count(*) from command_call)`)
	}
	ada := bot.Heard{Network: network, Nick: "ada", Account: "ada"}
	for _, change := range []bot.Change{bot.Edited, bot.Deleted, bot.Joined, bot.Left, bot.Renamed} {
		h := ada
		h.Room, h.Text, h.Change = home, "!batsignal fire", change
		s.dispatcher.Hear(ctx, s.door, h)
	}
	if n := get[int](t, s.db, `select count(*) from person where heard_at is not null`); n != 0 {
		t.Error("who comes and goes has said something")
	}
	for _, room := range []string{home, ""} {
		for _, text := range []string{"!batsignal fire", "batsignal fire", "!statu", "waves"} {
			for _, addressed := range []bool{false, true} {
				h := ada
				h.Room, h.Text, h.Did, h.Addressed = room, text, true, addressed
				s.dispatcher.Hear(ctx, s.door, h)
				h.Account = ""
				s.dispatcher.Hear(ctx, s.door, h)
			}
		}
	}
	if said := s.door.take(); len(said) != 0 || traces() != 0 {
		t.Errorf("%q, and %d traces", said, traces())
	}
	if n := get[int](t, s.db, `select count(*) from person where heard_at is not null`); n != 1 {
		t.Error("whoever does something is not there")
	}
}

func TestRoomsHearNothingOfWhatIsNoCommand(t *testing.T) {
	s := newStage(t, roster(), "ada:coordination")
	for _, line := range []string{
		"good morning", "", " ", "!", "!!", "!?", "! no", "!1", "!zzzzzz", "!xyzzy please", "look: !status", "status", "!42 is the answer", "\x00", "!\xff\xfe",
	} {
		s.silent("ada", home, line)
		s.silent("~mallory", home, line)
	}
	s.answered("ada", home, "!statu", "#ops ") // near to one: it is said which
	s.answered("ada", "", "whoami", "@ada ")   // in private the prefix may be missing
	if said := s.hear("ada", "", "xyzzy"); len(said) != 1 {
		t.Errorf("an unknown word in private is answered %q", said)
	}
}

// A stranger is told why, in private, and not again for an hour.
func TestStrangersAreRefusedInPrivateAndSeldom(t *testing.T) {
	s := newStage(t, roster(), "ada:coordination")
	s.answered("~ada", home, "!batsignal fire", "@ada I only trust accounts")
	for range 3 {
		s.silent("~ada", home, "!batsignal fire")
		s.silent("~ada", "", "batsignal fire")
	}
	s.answered("~other", home, "!ack", "@other I only trust")
	s.wait(time.Hour - time.Second)
	s.silent("~ada", home, "!ack")
	s.wait(time.Second)
	s.answered("~ada", home, "!ack", "@ada I only trust")
	// Whoever proves their account is answered each time: it is theirs to learn from.
	for range 2 {
		s.answered("mallory", home, "!batsignal fire", "#ops I do not know yet which person")
	}
	uses := get[string](t, s.db, `select string_agg(act || ' ' || who, ', ' order by id) from signal_use`)
	if uses != "refused ada (unproven) on net, refused mallory on net" {
		t.Error(uses)
	}
	if n := get[int](t, s.db, `select count(*) from incident`) + get[int](t, s.db, `select count(*) from signal_request`); n != 0 {
		t.Error("a stranger was obeyed")
	}
}

func TestTheMemoryForStrangersIsBounded(t *testing.T) {
	s := newStage(t, roster(), "")
	for i := range 10_050 {
		s.dispatcher.Hear(ctx, s.door, bot.Heard{Network: network, Room: home, Nick: fmt.Sprint("n", i), Text: "!ack"})
	}
	if n := len(s.door.take()); n != 10_050 {
		t.Errorf("%d of 10050 were told", n)
	}
	s.silent("~n10049", home, "!ack") // still remembered
}

func TestSignsOfLife(t *testing.T) {
	s := newStage(t, roster(), "ada:coordination bea")
	at := func(who string) string {
		t.Helper()
		return get[string](t, s.db, `select coalesce(heard_at::text, 'never') from person where handle = $1`, who)
	}
	s.silent("~ada", home, "hello")
	if got := at("ada"); got != "never" {
		t.Errorf("a borrowed nick counts as a word of ada: %s", got)
	}
	s.silent("ada", home, "hello")
	if got := at("ada"); got != "2026-03-01 12:00:00+00" {
		t.Error(got)
	}
	s.wait(500 * time.Millisecond)
	s.silent("ada", home, "and more")
	if got := at("ada"); got != "2026-03-01 12:00:00+00" {
		t.Errorf("each line touches the database: %s", got)
	}
	s.wait(500 * time.Millisecond)
	s.silent("ada", home, "and more")
	if got := at("ada"); got != "2026-03-01 12:00:01+00" {
		t.Error(got)
	}
	s.silent("bea", "#elsewhere", "a word in any room counts")
	if got := at("bea"); got != "2026-03-01 12:00:01+00" {
		t.Error(got)
	}
}

// Without its database the bot says so, in a plain sentence, and does not fall over.
func TestTheDatabaseIsDown(t *testing.T) {
	s := newStage(t, roster(), "ada:coordination")
	s.db.Close()
	s.silent("ada", home, "only chatting")
	s.answered("ada", home, "!batsignal fire", "#ops I cannot reach my database right now")
	s.answered("ada", home, "!status", "#ops I cannot reach my database right now")
	// A stranger learns nothing new from it.
	s.answered("~mallory", home, "!batsignal fire", "@mallory I only trust")
	for _, line := range s.hear("ada", home, "!help") {
		if strings.Contains(line, "pool") || strings.Contains(line, "SQL") {
			t.Errorf("%q", line)
		}
	}
}

func TestALostAnswerLosesNothingElse(t *testing.T) {
	s := newStage(t, roster(), "ada:coordination bea:coordination")
	s.door.fail = func(string) error { return errors.New("gone") }
	s.hear("ada", home, "!batsignal fire")
	s.door.fail = nil
	s.hear("bea", home, "!confirm") // its answer is the announcement
	if n := get[int](t, s.db, `select count(*) from incident`); n != 1 {
		t.Errorf("%d incidents", n)
	}
}

// Whom the network cannot name just now is told so, and not blamed.
func TestSomebodyWhoCannotBeNamed(t *testing.T) {
	s := newStage(t, roster(), "ada:coordination")
	s.dispatcher.Hear(ctx, s.door, bot.Heard{Network: network, Room: home, Nick: "ada", Text: "!confirm", Unsure: true})
	if said := s.door.take(); len(said) != 1 || !strings.Contains(said[0], "net does not tell me just now who you are, so I did nothing.") {
		t.Error(said)
	}
	s.dispatcher.Hear(ctx, s.door, bot.Heard{Network: network, Room: home, Nick: "ada", Text: "hello", Unsure: true})
	if said := s.door.take(); len(said) != 0 {
		t.Error(said)
	}
	if n := get[int](t, s.db, `select count(*) from signal_use`); n != 0 {
		t.Errorf("%d lines on the record", n)
	}
}
