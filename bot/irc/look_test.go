package irc

import (
	"strings"
	"testing"

	"batsignal/bot/irc/irctest"
)

// sees looks at a room and compares it with "topic | names | ops".
func (w *tester) sees(room, want string) {
	w.t.Helper()
	state, err := w.Look(w.ctx(), room)
	w.must(err)
	got := strings.Join([]string{state.Topic, strings.Join(state.Names, " "), strings.Join(state.Ops, " ")}, " | ")
	if got != want || state.Self != "batsignal" {
		w.t.Errorf("%s is %q for %s, want %q", room, got, state.Self, want)
	}
}

func TestALookAtARoom(t *testing.T) {
	t.Parallel()
	// Without namesx the server shows the highest sign only, without uhnames no address.
	for _, without := range []string{"", "namesx uhnames"} {
		t.Run("without "+without, func(t *testing.T) {
			t.Parallel()
			n := irctest.Run(t, irctest.Options{Accounts: accounts, Without: strings.Fields(without)})
			people := n.People(t, "maria", "omar", "kofi", "stranger")
			maria, omar, kofi, stranger := people[0], people[1], people[2], people[3]
			maria.Join("#ops")
			omar.Join("#ops")
			maria.Join("#early")
			maria.Raw("TOPIC #early :\x02before\x02 we came")
			maria.Raw("MODE #ops +vo omar omar")
			w := open(t, n)
			w.ready()
			fence := func() {
				t.Helper()
				maria.Say("#ops", "fence")
				w.hears("fence")
			}
			w.sees("#ops", " | batsignal maria omar | maria omar")
			w.must(w.open(w.ctx(), "#early", ""))
			w.sees("#early", "before we came | batsignal maria | maria")

			// Others change the topic, come, go, and take other nicks.
			omar.Raw("TOPIC #ops :on fire")
			kofi.Join("#ops")
			stranger.Join("#ops")
			stranger.Nick("aaron")
			maria.Raw("MODE #ops +bo-o *!*@nowhere aaron omar")
			fence()
			w.sees("#ops", "on fire | aaron batsignal kofi maria omar | aaron maria")
			maria.Raw("KICK #ops kofi :out")
			omar.Quit()
			stranger.Nick("Aaron2")
			maria.Raw("MODE #ops +l-lk+k-b 50 x secret *!*@nowhere") // their parameters are nobody's
			maria.Raw("MODE #ops +tvo batsignal batsignal")
			fence()
			w.sees("#OPS", "on fire | Aaron2 batsignal maria | Aaron2 batsignal maria")

			// So do we. The server takes one topic a second.
			w.must(w.SetTopic(w.ctx(), "#ops", "set by the bot"))
			w.sees("#ops", "set by the bot | Aaron2 batsignal maria | Aaron2 batsignal maria")
			maria.Raw("MODE #ops -ok batsignal secret")
			fence()
			w.sees("#ops", "set by the bot | Aaron2 batsignal maria | Aaron2 maria")
			w.must(w.open(w.ctx(), "#inc-7", "INC-7: openssl"))
			w.sees("#inc-7", "INC-7: openssl | batsignal | batsignal")

			// Put out, and back again, we know it anew.
			maria.Raw("KICK #ops batsignal :out")
			until(t, "the kick to be noticed", func() bool { return contains(w.Check(), "kicked out by maria") })
			stranger.Part("#ops")
			w.ready()
			w.sees("#ops", "set by the bot | batsignal maria | maria")

			// A room that we are not in is entered first, if we may.
			kofi.Join("#theirs")
			w.sees("#theirs", " | batsignal kofi | kofi")
			kofi.Join("#closed")
			kofi.Raw("MODE #closed +i")
			_, err := w.Look(w.ctx(), "#closed")
			wantSay(t, err, "refused")
			_, err = w.Look(w.ctx(), "ops")
			wantSay(t, err, "cannot be a room")
		})
	}
}

func TestWhoRunsTheRoomSpeaks(t *testing.T) {
	t.Parallel()
	n := irctest.Run(t, irctest.Options{Accounts: accounts})
	people := n.People(t, "maria", "omar")
	maria, omar := people[0], people[1]
	maria.Join("#ops")
	w := open(t, n)
	w.ready()
	omar.Join("#ops")
	says := func(p *irctest.Person, room, text string, op bool) {
		t.Helper()
		p.Say(room, text)
		if h := w.hears(text); h.Op != op {
			t.Errorf("%q is heard with Op %v", text, h.Op)
		}
	}
	says(maria, "#ops", "made the room", true)
	says(maria, "batsignal", "in private", false)
	says(omar, "#ops", "came later", false)
	maria.Raw("MODE #ops +v omar")
	says(omar, "#ops", "with a voice", false)
	maria.Raw("MODE #ops +o omar")
	says(omar, "#ops", "runs it too", true)
	omar.Nick("o_o")
	says(omar, "#ops", "by any nick", true)
	omar.Nick("omar")
	maria.Raw("MODE #ops -o omar")
	says(omar, "#ops", "no more", false)
	omar.Join("#omars")
	w.must(w.open(w.ctx(), "#omars", ""))
	says(omar, "#omars", "in his own room", true)
	says(omar, "#ops", "which is another", false)
}

// Founders and the like run a room too, by whatever letters the server calls them; who
// asks before the server has told gets what it tells then.
func TestOtherSigns(t *testing.T) {
	t.Parallel()
	tell := []string{
		":fake 353 batsignal = #ops :~&founder!f@h &admin @op %half +voice plain", ":fake 353 batsignal = #ops :batsignal +@both",
		":fake 366 batsignal #ops :End",
		":fake MODE #ops +qa-o+bY plain half op *!*@* voice", ":fake MODE #ops -q+o founder nobody",
		":fake MODE #ops", ":fake MODE #ops +o", ":fake MODE batsignal +B", ":fake MODE #elsewhere +o voice",
		":fake 353 batsignal = #elsewhere :@x", ":fake 366 batsignal #elsewhere :End",
	}
	addr := fake(t, func(f *fakeServer) {
		f.greets("account-tag message-tags")
		f.say(":fake 005 batsignal PREFIX=(Yqaohv)!~&@%+ CHANMODES=be,k,l,imnpst :are supported")
		f.serves(func(l string) {
			if strings.HasPrefix(l, "NAMES ") {
				f.say(tell...)
			}
		})
	})
	w := openFake(t, addr)
	w.ready()
	w.sees("#ops", " | admin batsignal both founder half op plain voice | admin both founder half plain")
}
