package doortest

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"batsignal/bot"
	"batsignal/bot/command"
	"batsignal/bot/console"
	"batsignal/bot/irc/irctest"
	"batsignal/bot/play"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// listen runs a door until the test ends, and returns what it hears.
func listen(t *testing.T, n bot.Network) <-chan bot.Heard {
	t.Helper()
	heard := make(chan bot.Heard, 100)
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		ear := func(_ context.Context, h bot.Heard) {
			if h.Change == bot.Said {
				heard <- h
			}
		}
		if err := n.Run(ctx, ear); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(func() { cancel(); running.Wait() })
	for until := time.Now().Add(irctest.Patience); n.Check() != nil; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatal(n.Check())
		}
	}
	return heard
}

func saw(t *testing.T, th play.Theatre, want ...console.Line) {
	t.Helper()
	got, err := th.Heard(t.Context())
	must(t, err)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what people saw (-want +got):\n%s", diff)
	}
}

func TestIRC(t *testing.T) {
	t.Parallel()
	th := IRC(t, "testnet", []string{"maria", "kevin", "~kevin", "~visitor"})
	n, ctx := th.Network(), t.Context()
	heard := listen(t, n)
	saw(t, th)

	// What people say arrives with the account that the network proves.
	for _, one := range []struct {
		play.Spoken
		nick, account string
		deaf          bool
	}{
		{Spoken: play.Spoken{Who: "maria", Room: play.Home, Text: "hello"}, nick: "maria", account: th.Account("maria")},
		{Spoken: play.Spoken{Who: "maria", Room: play.Home, Text: "waves", Did: true}, nick: "maria", account: th.Account("maria")},
		{Spoken: play.Spoken{Who: "visitor", Borrowed: true, Text: "nods", Did: true}, nick: "visitor"},
		{Spoken: play.Spoken{Who: "maria", Room: "#elsewhere", Text: "hello"}, deaf: true},
		{Spoken: play.Spoken{Who: "kevin", Borrowed: true, Room: play.Home, Text: "it is me"}, nick: "kevin_"},
		{Spoken: play.Spoken{Who: "visitor", Borrowed: true, Text: "psst"}, nick: "visitor"},
	} {
		audible, err := th.Speak(ctx, one.Spoken)
		must(t, err)
		if audible == one.deaf {
			t.Errorf("%+v: audible is %v", one.Spoken, audible)
		}
		if one.deaf {
			continue
		}
		h := <-heard
		if h.Room != one.Room || h.Text != one.Text || h.Did != one.Did || h.Nick != one.nick || h.Account != one.account {
			t.Errorf("%+v was heard as %+v", one.Spoken, h)
		}
		if one.Borrowed {
			must(t, n.Reply(ctx, h, command.Reply{Private: true, Blocks: []command.Block{command.Line("who?")}}))
			saw(t, th, console.Line{Account: one.Who, Act: "say", Text: "who?"})
		}
	}
	if _, err := th.Speak(ctx, play.Spoken{Who: "eve", Text: "hello"}); err == nil {
		t.Error("somebody spoke who is not there")
	}

	// What the bot does is seen in its order, and long texts in one piece.
	long := strings.TrimSpace(strings.Repeat("all work and no play makes Jack a dull boy ", 30))
	opened, err := n.OpenRoom(ctx, "#inc-1-fire", "fire")
	must(t, err)
	if opened != (bot.Opened{Room: "#inc-1-fire"}) {
		t.Errorf("%+v", opened)
	}
	must(t, n.Say(ctx, "#inc-1-fire", bot.Message{Text: long}))
	must(t, n.Say(ctx, "#inc-1-fire", bot.Message{Text: "short"}))
	must(t, n.Invite(ctx, "#inc-1-fire", "maria"))
	must(t, n.SetTopic(ctx, "#inc-1-fire", "more fire"))
	must(t, n.Invite(ctx, "#inc-1-fire", "kevin"))
	must(t, n.Direct(ctx, "maria", bot.Message{Text: long}))
	must(t, n.Direct(ctx, "maria", bot.Message{Text: long}))
	saw(t, th,
		console.Line{Account: "maria", Act: "say", Text: long},
		console.Line{Account: "maria", Act: "say", Text: long},
		console.Line{Room: "#inc-1-fire", Act: "open", Text: "fire"},
		console.Line{Room: "#inc-1-fire", Act: "say", Text: long},
		console.Line{Room: "#inc-1-fire", Act: "say", Text: "short"},
		console.Line{Room: "#inc-1-fire", Account: "maria", Act: "invite"},
		console.Line{Room: "#inc-1-fire", Act: "topic", Text: "more fire"},
		console.Line{Room: "#inc-1-fire", Account: "kevin", Act: "invite"},
	)
	saw(t, th) // once

	// A room that others made is not made by the bot.
	if audible, err := th.Speak(ctx, play.Spoken{Who: "maria", Room: "#theirs", Text: "first"}); err != nil || audible {
		t.Errorf("%v, %v", audible, err)
	}
	_, err = n.OpenRoom(ctx, "#theirs", "")
	must(t, err)
	must(t, n.Say(ctx, "#theirs", bot.Message{Text: "hello"}))
	saw(t, th, console.Line{Room: "#theirs", Act: "say", Text: "hello"})
	if audible, err := th.Speak(ctx, play.Spoken{Who: "kevin", Room: "#theirs", Text: "now it hears"}); err != nil || !audible {
		t.Errorf("%v, %v", audible, err)
	}
}

// An invitation counts only if it arrives, and is shown only where it was told.
func TestInvitationsArrive(t *testing.T) {
	t.Parallel()
	told := irctest.Line{Nick: botNick, Command: "INVITE", Params: []string{"maria", "#inc"}}
	s := sight{invited: map[console.Line]int{}}
	if err := s.room(told); err == nil || !strings.Contains(err.Error(), "did not arrive") {
		t.Error(err)
	}
	s.invited[console.Line{Room: "#inc", Account: "maria", Act: "invite"}] = 1
	must(t, s.room(told))
	if err := s.room(told); err == nil {
		t.Error("one invitation counted twice")
	}
}

func TestPiecesBelongTogether(t *testing.T) {
	t.Parallel()
	limit := func(string) int { return 10 }
	for _, c := range []struct {
		said []string
		want string
	}{
		{[]string{"one two", "three"}, "one two three"}, // "three" did not fit
		{[]string{"one two", "3"}, "one two|3"},         // "3" would have
		{[]string{"one two", "three four", "five"}, "one two three four five"},
		{[]string{"", ""}, "|"},
	} {
		s := sight{limit: limit}
		for _, text := range c.said {
			s.say("#ops", console.Line{Room: "#ops", Act: "say", Text: text})
		}
		s.say("#inc", console.Line{Room: "#inc", Act: "say", Text: "elsewhere"})
		var got []string
		for _, l := range s.lines[:len(s.lines)-1] {
			got = append(got, l.Text)
		}
		if text := strings.Join(got, "|"); text != c.want {
			t.Errorf("%q: %q, want %q", c.said, text, c.want)
		}
	}
}
