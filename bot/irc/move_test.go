package irc

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"batsignal/bot"
	"batsignal/bot/irc/irctest"
)

// moves is who came, went or took another nick until somebody says the fence, which
// the server hands on after all that.
func (w *tester) moves(fence func()) string {
	w.t.Helper()
	fence()
	w.hears("fence")
	var all []string
	for {
		select {
		case h := <-w.moved:
			verb := map[bot.Change]string{bot.Joined: "joins", bot.Left: "leaves", bot.Renamed: "is " + h.Text + " in"}[h.Change]
			line := fmt.Sprintf("%s (%s) %s %s", h.Nick, h.Account, verb, h.Room)
			if h.Op {
				line = "@" + line
			}
			if h.Replayed {
				line += " long ago"
			}
			all = append(all, line)
			if since := time.Since(h.At); h.Network == "testnet" && (since < 0 || since > patience) {
				w.t.Errorf("%s: at %v", line, h.At)
			}
		default:
			return strings.Join(all, ", ")
		}
	}
}

func TestWhoComesAndGoes(t *testing.T) {
	t.Parallel()
	for _, without := range []string{"", "ircv3_accounttag"} {
		t.Run("without "+without, func(t *testing.T) {
			t.Parallel()
			n := irctest.Run(t, irctest.Options{Accounts: accounts, Without: []string{without}})
			people := n.People(t, "maria", "omar", "kofi", "stranger")
			maria, omar, kofi, stranger := people[0], people[1], people[2], people[3]
			maria.Join("#ops") // runs the room, and was there first: nothing is told of that
			w := open(t, n)
			w.ready()
			<-w.online().settled
			w.must(w.open(w.ctx(), "#inc-7", ""))
			fence := func() { maria.Say("#ops", "fence") }
			step := func(what, want string) {
				t.Helper()
				if got := w.moves(fence); got != want {
					t.Errorf("%s: heard %q, want %q", what, got, want)
				}
			}
			step("before anybody moves, our own coming included", "")
			omar.Join("#ops")
			stranger.Join("#ops")
			omar.Join("#elsewhere")
			step("two come", "omar (omar) joins #ops, stranger () joins #ops")
			omar.Join("#inc-7")
			omar.Nick("o_o")
			step("a nick in two rooms", "omar (omar) joins #inc-7, omar (omar) is o_o in #inc-7, omar (omar) is o_o in #ops")
			maria.Raw("KICK #ops o_o :out")
			step("a kick is of who is kicked", "o_o (omar) leaves #ops")
			omar.Join("#ops")
			omar.Part("#ops")
			step("there and back", "o_o (omar) joins #ops, o_o (omar) leaves #ops")
			omar.Join("#ops")
			omar.Quit()
			step("a quit leaves every room", "o_o (omar) joins #ops, o_o (omar) leaves #inc-7, o_o (omar) leaves #ops")
			maria.Raw("MODE #ops +o stranger")
			stranger.Nick("chair")
			stranger.Part("#ops")
			step("somebody who runs the room", "@stranger () is chair in #ops, @chair () leaves #ops")
			kofi.Join("#ops")
			if err := n.Oper("KILL kofi :begone"); err != nil {
				t.Fatal(err)
			}
			kofi.Gone()
			step("killed", "kofi (kofi) joins #ops, kofi (kofi) leaves #ops")
			// We ourselves are put out and come back, and what comes after is told.
			maria.Raw("KICK #ops batsignal :out")
			until(t, "the kick to be noticed", func() bool { return contains(w.Check(), "kicked out by maria") })
			w.ready()
			s := w.online()
			until(t, "maria to be known again", func() bool {
				s.mu.Lock()
				defer s.mu.Unlock()
				m := s.people.byNick["maria"]
				return m != nil && m.known
			})
			maria.Nick("m2")
			step("back again", "@maria (maria) is m2 in #ops")
		})
	}
}

func TestASplitIsTold(t *testing.T) {
	t.Parallel()
	n := irctest.Run(t, irctest.Options{Accounts: accounts, Linked: true})
	w := open(t, n)
	maria := n.Person(t, "maria", "maria", "maria-pass")
	omar := n.PersonOnSecond(t, "omar", "omar", "omar-pass")
	w.ready()
	maria.Join("#ops")
	omar.Join("#ops")
	maria.ExpectRaw("omar's join", func(l irctest.Line) bool { return l.Command == "JOIN" && l.Nick == "omar" })
	fence := func() { maria.Say("#ops", "fence") }
	if got := w.moves(fence); got != "maria (maria) joins #ops, omar (omar) joins #ops" {
		t.Error(got)
	}
	w.must(n.Split())
	if got := w.moves(fence); !strings.HasPrefix(got, "omar (") || !strings.HasSuffix(got, ") leaves #ops") {
		t.Error(got)
	}
	w.must(n.Heal())
	maria.ExpectRaw("omar's return", func(l irctest.Line) bool { return l.Command == "JOIN" && l.Nick == "omar" })
	if got := w.moves(fence); !strings.HasPrefix(got, "omar (") || !strings.HasSuffix(got, ") joins #ops") {
		t.Error(got)
	}
}

// What somebody does is heard as that, and tells who it is as any line.
func TestWhatPeopleDo(t *testing.T) {
	t.Parallel()
	n := irctest.Run(t, irctest.Options{Accounts: accounts, History: 20})
	people := n.People(t, "maria", "stranger")
	maria, stranger := people[0], people[1]
	maria.Join("#ops")
	maria.Raw("MODE #ops +H 10:1h")
	maria.Do("#ops", "waved before")
	w := open(t, n).ready()
	if h := w.hears("waved before"); !h.Did || !h.Replayed {
		t.Errorf("%+v", h)
	}
	stranger.Join("#ops")
	for _, p := range []*irctest.Person{maria, stranger} {
		p.Do("#ops", "waves\x02 at !status\x0f")
		h := w.hears("waves at !status")
		want := bot.Heard{
			At: h.At, Network: "testnet", Room: "#ops", Nick: p.Nickname(), Text: "waves at !status", MessageID: h.MessageID,
			Did: true, Op: p == maria,
		}
		if p == maria {
			want.Account = "maria"
		}
		if h != want || h.MessageID == "" {
			t.Errorf("%+v", h)
		}
	}
	maria.Raw("PRIVMSG #ops :\x01ACTION has no end")
	w.hears("has no end")
	maria.Do("batsignal", "nods")
	if h := w.hears("nods"); !h.Did || h.Room != "" || h.Op || h.Account != "maria" {
		t.Errorf("%+v", h)
	}
	maria.Say("#ops", "only talk")
	if h := w.hears("only talk"); h.Did {
		t.Errorf("%+v", h)
	}
}

// What a bouncer plays back of comings and goings is history; what a server groups
// because of a split happens now.
func TestOldMovesAreHistory(t *testing.T) {
	t.Parallel()
	old := time.Now().UTC().Add(-time.Hour).Format("2006-01-02T15:04:05.000Z")
	addr := fake(t, func(f *fakeServer) {
		f.greets("account-tag message-tags batch server-time")
		f.reads("JOIN")
		f.say(":batsignal!b@h JOIN #ops", ":fake 353 batsignal = #ops :@maria omar batsignal", ":fake 366 batsignal #ops :End",
			":fake BATCH +h chathistory #ops", "@batch=h :ghost!g@h JOIN #ops", "@batch=h :ghost!g@h NICK spirit", "@batch=h :spirit!g@h PART #ops", ":fake BATCH -h",
			"@time="+old+" :late!l@h JOIN #ops",
			":fake BATCH +s netsplit a.example b.example", "@batch=s;account=omar :omar!o@h QUIT :a.example b.example", ":fake BATCH -s",
			":fake BATCH +j netjoin a.example b.example", "@batch=j;account=omar :omar!o@h JOIN #ops", ":fake BATCH -j",
			":nobody!n@h PART #ops", ":nobody!n@h QUIT :bye", ":nobody!n@h NICK somebody", ":maria!m@h KICK #ops nobody", ":nobody!n@h JOIN #elsewhere",
			":maria!m@h PRIVMSG #ops :fence")
		f.serves(nothing)
	})
	w := openFake(t, addr)
	want := "ghost () joins #ops long ago, ghost () is spirit in #ops long ago, spirit () leaves #ops long ago, late () joins #ops long ago, " +
		"omar (omar) leaves #ops, omar (omar) joins #ops"
	if got := w.moves(func() {}); got != want {
		t.Errorf("heard %q,\nwant  %q", got, want)
	}
}
