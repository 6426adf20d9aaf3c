package irc

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"batsignal/bot"
	"batsignal/bot/irc/irctest"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
	"batsignal/oncall/switchboard"
)

// earOn opens a second connection with an account of its own that only listens.
func earOn(t *testing.T, n *irctest.Network, edits ...func(*Config)) *tester {
	t.Helper()
	return open(t, n, append([]func(*Config){func(c *Config) {
		c.Nick, c.Account, c.Password = "ear", "ear", secret.New("ear-pass")
		c.listen = true
	}}, edits...)...)
}

func withEar() map[string]string {
	all := map[string]string{"ear": "ear-pass"}
	for name, password := range accounts {
		all[name] = password
	}
	return all
}

// The switchboard believes nothing that the bot tells it, so it must hear on its own what
// people say, and whether the bot said what it was to say.
func TestAnEarHearsTheBotAndPeopleWithTheirAccounts(t *testing.T) {
	t.Parallel()
	n := irctest.Run(t, irctest.Options{Accounts: withEar()})
	people := n.People(t, "maria", "stranger")
	maria, stranger := people[0], people[1]
	maria.Join("#ops")
	stranger.Join("#ops")
	b, e := open(t, n).ready(), earOn(t, n).ready()

	// The bot is marked as one, and its line is heard letter by letter.
	line := "K7QX opens up to 10 people's sealed addresses for INC-7, to be dialled. Someone else: !confirm K7QX and your six digits. " + strings.Repeat("…", 70)
	if len(line) > 350 {
		t.Fatalf("a line of %d bytes is longer than a challenge's", len(line))
	}
	if err := b.Say(b.ctx(), "#ops", bot.Message{Text: line}); err != nil {
		t.Fatal(err)
	}
	if h := e.hears(line); h.Account != "batsignal" || h.Room != "#ops" || h.Network != "testnet" || h.MessageID == "" || h.Replayed {
		t.Errorf("the bot's line was heard as %+v", h)
	}

	maria.Say("#ops", "!confirm K7QX 492817")
	seen, heard := b.hears("!confirm K7QX 492817"), e.hears("!confirm K7QX 492817")
	if heard.Account != "maria" || heard.Room != "#ops" || heard.MessageID != seen.MessageID {
		t.Errorf("the bot heard %+v, the ear %+v", seen, heard)
	}
	stranger.Say("#ops", "!confirm K7QX 111111")
	if h := e.hears("!confirm K7QX 111111"); h.Account != "" {
		t.Errorf("somebody without an account was heard as %+v", h)
	}
	// Robots are heard with their accounts too, and forge none.
	maria.Raw("MODE maria +B")
	maria.Raw("@account=batsignal PRIVMSG #ops :Ledger 812 1a2b3c4d5e6f7081")
	if h := e.hears("Ledger 812 1a2b3c4d5e6f7081"); h.Account != "maria" {
		t.Errorf("a robot's line was heard as %+v", h)
	}
	// What nobody else heard is not heard, nor what only some did.
	maria.Tell("ear", "!confirm K7QX 222222")
	maria.Raw("MODE #ops +o ear")
	maria.Raw("PRIVMSG @#ops :Ledger 813 1a2b3c4d5e6f7081")
	maria.Say("#ops", "a last word")
	select {
	case h := <-e.heard:
		if h.Text != "a last word" {
			t.Errorf("the ear heard %+v", h)
		}
	case <-e.ctx().Done():
		t.Fatal("heard nothing")
	}
}

func TestAnEarNeverSpeaks(t *testing.T) {
	t.Parallel()
	n := irctest.Run(t, irctest.Options{Accounts: withEar()})
	maria := n.Person(t, "maria", "maria", "maria-pass")
	maria.Join("#ops")
	e := earOn(t, n).ready()
	ctx := e.ctx()
	// Who has an ear can have it listen, and nothing else.
	can := reflect.TypeFor[*Ear]()
	for i := range can.NumMethod() {
		if name := can.Method(i).Name; name != "Run" && name != "Check" {
			t.Errorf("an ear can %s", name)
		}
	}
	// Even the door behind it lets no line leave that anybody can read.
	for what, err := range map[string]error{
		"Say": e.Say(ctx, "#ops", bot.Message{Text: "a word"}), "SetTopic": e.SetTopic(ctx, "#ops", "a topic"),
	} {
		if fault.KindOf(err) != fault.Forbidden {
			t.Errorf("%s: %v", what, err)
		}
	}
	s := e.online()
	for _, line := range []string{"PRIVMSG #ops :a word", "NOTICE #ops :a word", "TAGMSG #ops", "TOPIC #ops :a word", "INVITE maria #ops", "PART #ops :bye", "privmsg #ops :a word"} {
		if err := s.send(ctx, &outgoing{class: page, line: line}); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("%q: %v", line, err)
		}
		s.mention(page, line)
	}
	for _, asked := range []string{"VERSION", "PING 1", "TIME", "CLIENTINFO"} {
		maria.Tell("ear", "\x01"+asked+"\x01")
	}
	if _, _, err := s.whois(ctx, "maria"); err != nil { // a fence: the server has dealt with all before
		t.Fatal(err)
	}
	maria.Sync()
	for _, l := range maria.Shown() {
		if raw := l.Raw; l.Nick == "ear" && l.Command != "JOIN" && l.Command != "MODE" {
			t.Errorf("maria saw %q of the ear", raw)
		}
	}
	if e.Check() != nil {
		t.Errorf("the ear is not well: %v", e.Check())
	}
}

func TestAnEarBelievesTheTagOnTheLineOnly(t *testing.T) {
	t.Parallel()
	n := irctest.Run(t, irctest.Options{Accounts: withEar(), Without: []string{"ircv3_accounttag"}})
	maria := n.Person(t, "maria", "maria", "maria-pass")
	maria.Join("#ops")
	e := earOn(t, n)
	until(t, "the ear to be in its room", func() bool { return e.Check() == nil || strings.Contains(e.Check().Error(), "does not tell accounts") })
	<-e.online().settled
	if err := e.Check(); err == nil || !strings.Contains(err.Error(), "does not tell accounts") {
		t.Errorf("an ear that cannot know who speaks says %v", err)
	}
	maria.Say("#ops", "it is me")
	if h := e.hears("it is me"); h.Account != "" {
		t.Errorf("heard %+v", h)
	}
}

// Only what was said in a room just now is anything to go by.
func TestAnEarHandsOnLinesOnly(t *testing.T) {
	var got []switchboard.Heard
	ear := spoken(func(h switchboard.Heard) { got = append(got, h) })
	at := time.Date(2026, 12, 1, 3, 0, 0, 0, time.UTC)
	line := bot.Heard{At: at, Network: "libera", Room: "#ops", Nick: "m_away", Account: "maria", Text: "!confirm K7QX 492817", MessageID: "id-1"}
	ear(t.Context(), line)
	for _, odd := range []func(*bot.Heard){
		func(h *bot.Heard) { h.Replayed = true }, func(h *bot.Heard) { h.Did = true }, func(h *bot.Heard) { h.Room = "" },
		func(h *bot.Heard) { h.Change = bot.Edited }, func(h *bot.Heard) { h.Change = bot.Joined }, func(h *bot.Heard) { h.Change = bot.Renamed },
	} {
		h := line
		odd(&h)
		ear(t.Context(), h)
	}
	want := switchboard.Heard{At: at, Network: "libera", Room: "#ops", Account: "maria", Text: "!confirm K7QX 492817", ID: "id-1"}
	if len(got) != 1 || got[0] != want {
		t.Errorf("handed on: %+v", got)
	}
}

func TestAnEarNeedsRooms(t *testing.T) {
	_, err := NewEar(Config{Name: "testnet", Server: "irc.example.org:6697", TLS: true, Nick: "ear"})
	if fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), "rooms to listen in") {
		t.Errorf("an ear without rooms: %v", err)
	}
}

func TestOnlySilentLinesLeaveAnEar(t *testing.T) {
	for _, line := range []string{"PRIVMSG a :b", "NOTICE a :b", "TAGMSG a", "TOPIC #a :b", "PART #a :b", "AWAY :b", "KICK #a b", "INVITE a #b", "", "privmsg a", "@label=1 PRIVMSG a :b"} {
		if !speaks(line) {
			t.Errorf("%q would leave", line)
		}
	}
	for _, line := range []string{"JOIN :#ops", "PONG :1", "WHO #ops %tcna,152", "NICK ear", "MODE ear +B"} {
		if speaks(line) {
			t.Errorf("%q would not leave", line)
		}
	}
}
