package irc

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"batsignal/bot"
	"batsignal/bot/command"
	"batsignal/bot/irc/irctest"
)

func TestAnnouncementsPagesAndRooms(t *testing.T) {
	t.Parallel()
	for _, without := range []string{"", "ircv3_labeledresponse"} {
		t.Run("without "+without, func(t *testing.T) {
			t.Parallel()
			n := irctest.Run(t, irctest.Options{Accounts: accounts, Without: []string{without}})
			w := open(t, n)
			people := n.People(t, "maria", "omar")
			maria, omar := people[0], people[1]
			borrower := n.Person(t, "kofi", "", "")
			w.ready()
			maria.Join("#ops")

			w.must(w.Say(w.ctx(), "#ops", bot.Message{Text: "An announcement.\nIn two lines."}))
			maria.Expect("#ops", "An announcement.")
			maria.Expect("#ops", "In two lines.")

			w.must(w.Direct(w.ctx(), "MARIA", bot.Message{Text: "a page to somebody in the room"}))
			maria.Expect("", "a page to somebody in the room")
			w.must(w.Direct(w.ctx(), "omar", bot.Message{Text: "a page to somebody elsewhere"}))
			omar.Expect("", "a page to somebody elsewhere")
			omar.Nick("o_o")
			omar.Tell("batsignal", "this is where I am")
			w.hears("this is where I am")
			w.must(w.Direct(w.ctx(), "omar", bot.Message{Text: "found by the last private line"}))
			omar.Expect("", "found by the last private line")
			for _, absent := range []string{"kofi", "nobody", "", "*", "a b"} {
				if err := w.Direct(w.ctx(), absent, bot.Message{Text: "secret"}); !errors.Is(err, bot.ErrAbsent) {
					t.Fatalf("Direct to %q: %v", absent, err)
				}
			}
			borrower.ExpectNot("", "secret")

			w.must(w.open(w.ctx(), "#inc-7", "INC-7: openssl"))
			w.must(w.Invite(w.ctx(), "#inc-7", "maria"))
			maria.ExpectRaw("the invitation", func(l irctest.Line) bool { return l.Command == "INVITE" && l.Text() == "#inc-7" })
			maria.Join("#inc-7")
			maria.ExpectRaw("the topic", func(l irctest.Line) bool { return l.Command == "332" && l.Text() == "INC-7: openssl" })
			w.must(w.Invite(w.ctx(), "#inc-7", "maria")) // is there: nothing to do
			if err := w.Invite(w.ctx(), "#inc-7", "kofi"); !errors.Is(err, bot.ErrAbsent) {
				t.Fatalf("Invite of an absent account: %v", err)
			}
			w.must(w.SetTopic(w.ctx(), "#inc-7", "INC-7: resolved"))
			maria.ExpectRaw("the new topic", func(l irctest.Line) bool { return l.Command == "TOPIC" && l.Text() == "INC-7: resolved" })
			w.must(w.open(w.ctx(), "#inc-7", "INC-7: resolved")) // again: nothing to do

			maria.Say("#inc-7", "!status")
			asked := w.hears("!status")
			w.must(w.Reply(w.ctx(), asked, command.Reply{Blocks: []command.Block{command.Line("All is well.")}}))
			maria.Expect("#inc-7", "All is well.")
			w.must(w.Reply(w.ctx(), asked, command.Reply{Private: true, Blocks: []command.Block{command.Line("For you alone.")}}))
			maria.Expect("", "For you alone.")
			omar.ExpectNot("", "For you alone.")
			maria.Nick("maria_")
			borrower.Nick("maria")
			borrower.Join("#ops") // so that the server tells us who that is
			borrower.Say("#ops", "I am here")
			w.hears("I am here")
			if err := w.Reply(w.ctx(), asked, command.Reply{Private: true, Blocks: []command.Block{command.Line("For maria.")}}); !errors.Is(err, bot.ErrAbsent) {
				t.Fatalf("a private reply to a nick that changed hands: %v", err)
			}
			borrower.ExpectNot("", "For maria.")

			// The network's own refusal comes back.
			op := n.Person(t, "op", "", "")
			op.Join("#closed")
			op.Raw("MODE #closed +i")
			wantSay(t, w.open(w.ctx(), "#closed", "x"), "refused")
			wantSay(t, w.Say(w.ctx(), "#closed", bot.Message{Text: "x"}), "refused")
			op.Join("#quiet")
			w.must(w.open(w.ctx(), "#quiet", ""))
			wantSay(t, w.SetTopic(w.ctx(), "#quiet", "not ours"), "refused")
			op.Raw("MODE #quiet +m")
			wantSay(t, w.Say(w.ctx(), "#quiet", bot.Message{Text: "x"}), "refused")
			wantSay(t, w.open(w.ctx(), "ops", "x"), "cannot be a room")
			wantSay(t, w.Say(w.ctx(), "#a,#b", bot.Message{Text: "x"}), "cannot be a room")
		})
	}
}

// A room that is closed is left, and not entered again by itself.
func TestAClosedRoomIsLeft(t *testing.T) {
	t.Parallel()
	n := irctest.Run(t, irctest.Options{Accounts: accounts})
	w := open(t, n)
	maria := n.Person(t, "maria", "maria", "maria-pass")
	w.ready()
	w.must(w.open(w.ctx(), "#inc-7", "INC-7: resolved"))
	maria.Join("#inc-7")
	w.must(w.CloseRoom(w.ctx(), "#inc-7"))
	maria.ExpectRaw("the bot's leaving", func(l irctest.Line) bool {
		return l.Command == "PART" && l.Nick == "batsignal" && l.Params[0] == "#inc-7"
	})
	w.must(w.CloseRoom(w.ctx(), "#inc-7")) // again: nothing to do
	for _, room := range w.wantedRooms() {
		if room == "#inc-7" {
			t.Error("it would be joined again after a reconnect")
		}
	}
	if err := w.Check(); err != nil {
		t.Errorf("a room that was left is missed: %v", err)
	}
	// It is entered again when it is wanted; the topic is maria's by now.
	wantSay(t, w.open(w.ctx(), "#inc-7", "INC-7: open again"), "refused")
	maria.ExpectRaw("the bot's return", func(l irctest.Line) bool { return l.Command == "JOIN" && l.Nick == "batsignal" })
}

func TestLongTextsArriveWhole(t *testing.T) {
	t.Parallel()
	n := irctest.Run(t, irctest.Options{Accounts: accounts})
	w := open(t, n)
	maria := n.Person(t, "maria", "maria", "maria-pass")
	w.ready()
	maria.Join("#ops")
	for name, word := range map[string]string{"ascii": "incident", "two bytes": "störungsmeldung", "three": "障害対応です", "four": "🦇🦇🦇"} {
		var words []string
		for i := range 200 {
			words = append(words, fmt.Sprintf("%s%d", word, i))
		}
		text := strings.Join(words, " ")
		w.must(w.Say(w.ctx(), "#ops", bot.Message{Text: text + " end"}))
		var got []string
		for len(got) == 0 || !strings.HasSuffix(got[len(got)-1], " end") {
			got = append(got, maria.ExpectRaw("a part", func(l irctest.Line) bool { return l.Command == "PRIVMSG" }).Text())
		}
		if whole := strings.Join(got, " "); whole != text+" end" {
			t.Fatalf("%s: arrived as %q", name, whole)
		}
	}
	endless := strings.Repeat("ü", 700) // no space to cut at
	w.must(w.Say(w.ctx(), "#ops", bot.Message{Text: endless + "\nend"}))
	var got string
	for {
		l := maria.ExpectRaw("a part", func(l irctest.Line) bool { return l.Command == "PRIVMSG" })
		if l.Text() == "end" {
			break
		}
		got += l.Text()
	}
	if got != endless {
		t.Fatalf("arrived as %q", got)
	}
	w.must(w.Say(w.ctx(), "#ops", bot.Message{Text: "harmless\r\nQUIT :injected\x00\r\nPRIVMSG #ops :x"}))
	maria.Expect("#ops", "QUIT :injected")
	w.must(w.Say(w.ctx(), "#ops", bot.Message{Text: ""})) // nothing to say
}

func TestAPageOvertakesChatter(t *testing.T) {
	t.Parallel()
	n := irctest.Run(t, irctest.Options{Accounts: accounts, FakeLag: true})
	w := open(t, n, func(c *Config) { c.Pace = Pace{} })
	maria := n.Person(t, "maria", "maria", "maria-pass")
	w.ready()
	maria.Join("#ops")
	maria.Say("#ops", "here")
	w.hears("here") // the door knows where maria is

	ctx, enough := context.WithCancel(w.ctx())
	var talking sync.WaitGroup
	results := make([]error, 40)
	for i := range results {
		talking.Go(func() { results[i] = w.Say(ctx, "#ops", bot.Message{Text: fmt.Sprintf("chatter %d", i)}) })
	}
	maria.Expect("#ops", "chatter")
	w.must(w.Direct(w.ctx(), "maria", bot.Message{Text: "wake up"}))
	maria.Expect("", "wake up")
	enough()
	talking.Wait()
	said, unsaid := 1, 0
	for _, err := range results {
		switch {
		case err == nil:
			said++
		case errors.Is(err, context.Canceled):
			unsaid++
		default:
			t.Errorf("Say: %v", err)
		}
	}
	if unsaid < 20 {
		t.Fatalf("the page came after %d of 40 lines of chatter", said)
	}
	w.ready() // and the server has not thrown us out
}

func TestManyTalkAtOnce(t *testing.T) {
	t.Parallel()
	n := irctest.Run(t, irctest.Options{Accounts: accounts})
	w := open(t, n)
	maria := n.Person(t, "maria", "maria", "maria-pass")
	w.ready()
	maria.Join("#ops")
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			for j := range 5 {
				if err := w.Say(w.ctx(), "#ops", bot.Message{Text: fmt.Sprintf("line %d of %d.", j, i)}); err != nil {
					t.Error(err)
				}
			}
			if err := w.Direct(w.ctx(), "maria", bot.Message{Text: fmt.Sprintf("page %d.", i)}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Go(func() {
		for range 50 {
			_ = w.Check()
		}
	})
	all.Wait()
	for i := range 20 {
		for j := range 5 {
			maria.Expect("#ops", fmt.Sprintf("line %d of %d.", j, i))
		}
		maria.Expect("", fmt.Sprintf("page %d.", i))
	}
}
