package switchboard_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"batsignal/integrations/switchboard/switchboardfake"
	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
	"batsignal/oncall/unseal"
)

// patience is how long a test waits for what must happen.
const patience = 60 * time.Second

// halfBytes is a half that stands out wherever it is printed.
var halfBytes = []byte("HALF-OF-A-KEY-is-not-to-be-seen!")

func sealedPage(key string, attempt int) paging.Message {
	return paging.Message{
		Key: key, Attempt: attempt, Page: 12, Person: "kofi", Ref: "INC-7", Severity: 1, Role: "release engineering",
		Why: "CVE-2026-1 in openssl", Items: []string{"host a", "host b"}, Rooms: []string{"#inc-7"}, Code: "K7QXM",
		AckLink: secret.New("https://bat.example.org/ack/token"), Keys: paging.Keys{Ack: "12", Decline: "43", Join: "77"},
		Sealed: &paging.Sealed{
			Record: "018f5d0e-0000-7000-8000-000000000001", Epoch: 2, Half: secret.NewBytes([]byte(string(halfBytes))),
			Incident: 7, Grant: "K7QX", Slot: "role:release-engineering",
		},
	}
}

func TestAPageGoesToTheSwitchboardAndItsOutcomeComesBack(t *testing.T) {
	t.Parallel()
	board := &switchboardfake.Board{Is: unseal.Status{Ears: map[string]string{"libera": "connected"}, Head: "812 1a2b3c4d5e6f7081", Openings: 3, Confirmers: 5}}
	bot := switchboardfake.Run(t, board)

	asked := unseal.Ask{Network: "libera", Room: "#ops", Account: "maria", What: "openssl is on fire", Incident: 7}
	c, err := bot.Challenge(t.Context(), asked)
	if err != nil || c.Code != "C001" || !strings.Contains(c.Line, "C001") || !c.Heard || c.People != 10 || c.Expires.IsZero() {
		t.Fatalf("challenge %+v: %v", c, err)
	}
	if got := board.Asks(); len(got) != 1 || got[0] != asked {
		t.Errorf("the switchboard was asked %+v", got)
	}
	m := sealedPage("page-57", 1)
	d, err := bot.Dial(t.Context(), "voice", m, false)
	if err != nil || d.Outcome != "" || d.Handed.Ref != "ref-1" {
		t.Fatalf("dialled %+v: %v", d, err)
	}
	got := board.Dials()
	if len(got) != 1 || got[0].Route != "voice" || got[0].Ask || !got[0].Message.Sealed.Half.Equal(m.Sealed.Half) || got[0].Message.Why != m.Why {
		t.Fatalf("the switchboard was told %+v", got)
	}
	if string(m.Sealed.Half.RevealBytes()) != string(halfBytes) {
		t.Error("the half of the caller was touched")
	}
	if err := bot.End(t.Context(), "voice", paging.Ended{Key: "page-57", Ref: "ref-1", How: paging.PageAcked, By: "kofi"}); err != nil {
		t.Fatal(err)
	}
	if ends := board.Ends(); len(ends) != 1 || ends[0].Ended.By != "kofi" || ends[0].Ended.How != paging.PageAcked {
		t.Errorf("ended: %+v", ends)
	}
	if err := bot.Check(t.Context(), "voice"); err != nil {
		t.Error(err)
	}
	if s, err := bot.Status(t.Context()); err != nil || s.Openings != 3 || s.Ears["libera"] != "connected" {
		t.Errorf("status %+v: %v", s, err)
	}
}

func TestWhatComesBackGoesToTheBot(t *testing.T) {
	t.Parallel()
	w := switchboardfake.NewWire(t)
	bot := &switchboardfake.Bot{
		Answer: paging.Response{Say: "Thank you, kofi.", Done: true, Contact: 9},
		Halves: map[string]paging.Sealed{"r1": {Record: "r1", Epoch: 2, Half: secret.NewBytes([]byte(string(halfBytes)))}},
		Leads:  map[string]paging.Sealed{"page-57": {Record: "r2", Epoch: 2, Half: secret.NewBytes([]byte(string(halfBytes)))}},
	}
	address, _ := w.ServeBot(bot)
	board := w.BotClient(address)
	ctx := t.Context()

	if out, err := board.Reply(ctx, paging.Reply{Route: "voice", Event: "CA1/12", Key: "page-57", From: secret.New("+4915112345678"), Contact: 4, Text: "12"}); err != nil || out != bot.Answer {
		t.Errorf("answered %+v: %v", out, err)
	}
	at := time.Date(2026, 12, 1, 3, 0, 0, 0, time.UTC)
	for what, err := range map[string]error{
		"receipt": board.Receipt(ctx, paging.Receipt{Route: "voice", Event: "CA1", Key: "page-57", News: paging.NewsDelivered, At: at}),
		"granted": board.Granted(ctx, unseal.Grant{Code: "K7QX", Declared: "maria", Confirmed: "omar", Since: at, Until: at.Add(time.Hour)}),
		"say":     board.Say(ctx, "Ledger 812 1a2b3c4d5e6f7081"),
		"alarm":   board.Alarm(ctx, "No room shows the head of the ledger."),
		"enrol":   board.Enrol(ctx, secret.New("token"), "-----BEGIN BATSIGNAL SEALED-----"),
	} {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	for range 2 { // what it gives once it has wiped only in its own copy
		s, err := board.Release(ctx, unseal.Release{Record: "r1", Lane: unseal.LaneOwner, Key: "show-1", Proof: 3})
		if err != nil || string(s.Half.RevealBytes()) != string(halfBytes) {
			t.Errorf("released %+v: %v", s, err)
		}
		if s, err = board.Lead(ctx, 9, "page-57"); err != nil || s.Record != "r2" || s.Half.Len() != 32 {
			t.Errorf("the lead is %+v: %v", s, err)
		}
	}
	if _, err := board.Release(ctx, unseal.Release{Record: "r9"}); fault.KindOf(err) != fault.NotFound {
		t.Errorf("a record that is not there: %v", err)
	}
	if first := bot.Heard()[0].Reply; first == nil || !first.From.Empty() || first.Contact != 4 {
		t.Errorf("the bot heard %+v", first)
	}
}

// What is refused is told in the words of whoever refuses, and in its kind.
func TestFaultsTravel(t *testing.T) {
	t.Parallel()
	var say error
	board := &switchboardfake.Board{OnChallenge: func(context.Context, unseal.Ask) (unseal.Challenge, error) { return unseal.Challenge{}, say }}
	bot := switchboardfake.Run(t, board)
	for _, kind := range []fault.Kind{fault.Invalid, fault.Forbidden, fault.NotFound, fault.Conflict, fault.Limited, fault.Unready} {
		say = fault.Wrap(kind, errors.New("+4915112345678"), "Not now: try it in %d minutes.", 15)
		_, err := bot.Challenge(t.Context(), unseal.Ask{})
		if fault.KindOf(err) != kind || fault.Say(err) != "Not now: try it in 15 minutes." || strings.Contains(err.Error(), "+49") {
			t.Errorf("%s became %s: %v", kind, fault.KindOf(err), err)
		}
	}
	// Of what broke there nothing is told but that it did.
	say = errors.New("connection to 10.0.0.7 refused for +4915112345678")
	_, err := bot.Challenge(t.Context(), unseal.Ask{})
	if fault.KindOf(err) != fault.Internal || strings.Contains(err.Error(), "10.0.0.7") || !strings.Contains(err.Error(), "our side") {
		t.Errorf("an inner failure became %v", err)
	}
	say = fault.New(fault.Limited, "%s", "\x02Ha\u202e\r\nPRIVMSG #ops :"+strings.Repeat("x", 5000))
	if _, err = bot.Challenge(t.Context(), unseal.Ask{}); strings.ContainsAny(err.Error(), "\x02\r\n\u202e") || len(err.Error()) > 1000 {
		t.Errorf("a wild sentence became %q", err)
	}
	say = fault.New(fault.Limited, "")
	if _, err = bot.Challenge(t.Context(), unseal.Ask{}); fault.Say(err) == "" {
		t.Error("a refusal without words has none for people either")
	}
}

// A bot that is killed while somebody is dialled is seen to be gone, which the switchboard
// is free to pass over; the bot that comes after it asks by the same key.
func TestABotThatDiesAsksAgain(t *testing.T) {
	t.Parallel()
	w := switchboardfake.NewWire(t)
	began, gone := make(chan bool, 2), make(chan error, 1)
	board := &switchboardfake.Board{OnDial: func(ctx context.Context, d switchboardfake.Dial) (unseal.Dialled, error) {
		began <- d.Ask
		if !d.Ask {
			<-ctx.Done()
			gone <- ctx.Err()
		}
		return unseal.Dialled{Handed: paging.Handed{Note: "rings", Ref: "CA1"}}, nil
	}}
	address, _ := w.ServeBoard(board)
	dying, kill := context.WithCancel(t.Context())
	lost := make(chan error, 1)
	go func() {
		_, err := w.Client(address).Dial(dying, "voice", sealedPage("page-57", 1), false)
		lost <- err
	}()
	<-began
	kill()
	if err := <-lost; fault.KindOf(err) != fault.Unready || !errors.Is(err, context.Canceled) {
		t.Errorf("the bot that gave up was told %v", err)
	}
	if err := <-gone; err == nil {
		t.Error("the switchboard does not see that its caller is gone")
	}
	d, err := w.Client(address).Dial(t.Context(), "voice", sealedPage("page-57", 2), true)
	if err != nil || d.Handed.Ref != "CA1" || !<-began {
		t.Errorf("the bot that came after got %+v: %v", d, err)
	}
}

// A switchboard that dies under a call says nothing; the bot asks again, as often as it
// takes, and the key keeps that one dial.
func TestASwitchboardThatDiesIsAskedAgain(t *testing.T) {
	t.Parallel()
	w := switchboardfake.NewWire(t)
	board := &switchboardfake.Board{}
	address, stop := w.ServeBoard(board)
	bot := w.Client(address)
	first, err := bot.Dial(t.Context(), "voice", sealedPage("page-57", 1), false)
	if err != nil {
		t.Fatal(err)
	}
	stop()
	if _, err := bot.Dial(t.Context(), "voice", sealedPage("page-57", 2), true); fault.KindOf(err) != fault.Unready || strings.Contains(err.Error(), "127.0.0.1") {
		t.Errorf("of a switchboard that is down is said %v", err)
	}
	address, _ = w.ServeBoard(board) // its database remembers
	again, err := w.Client(address).Dial(t.Context(), "voice", sealedPage("page-57", 3), true)
	if err != nil || again != first {
		t.Errorf("dialled %+v, then %+v: %v", first, again, err)
	}
}

func TestTheOtherBotIsTriedWhenOneIsDown(t *testing.T) {
	t.Parallel()
	w := switchboardfake.NewWire(t)
	one, two := &switchboardfake.Bot{}, &switchboardfake.Bot{}
	first, stopFirst := w.ServeBot(one)
	second, _ := w.ServeBot(two)
	board := w.BotClient(first, second)
	say := func(line string) error { return board.Say(t.Context(), line) }
	count := func() [2]int { return [2]int{len(one.Heard()), len(two.Heard())} }

	if err := say("one"); err != nil || count() != [2]int{1, 0} {
		t.Fatalf("%v %v", count(), err)
	}
	one.Script(func(b *switchboardfake.Bot) {
		b.Refuse = func(switchboardfake.Heard) error { return switchboardfake.ErrDown } // not the leader
	})
	if err := say("two"); err != nil || count() != [2]int{1, 1} {
		t.Fatalf("%v %v", count(), err)
	}
	one.Script(func(b *switchboardfake.Bot) { b.Refuse = nil })
	if err := say("three"); err != nil || count() != [2]int{1, 2} { // whoever answered last is asked first
		t.Fatalf("%v %v", count(), err)
	}
	// What a bot refuses is refused: the other one is not asked for its opinion.
	two.Script(func(b *switchboardfake.Bot) {
		b.Refuse = func(switchboardfake.Heard) error { return fault.New(fault.Forbidden, "This link was used.") }
	})
	if err := board.Enrol(t.Context(), secret.New("t"), "record"); fault.KindOf(err) != fault.Forbidden || count() != [2]int{1, 2} {
		t.Errorf("%v %v", count(), err)
	}
	stopFirst()
	two.Script(func(b *switchboardfake.Bot) {
		b.Refuse = func(switchboardfake.Heard) error { return errors.New("the incident is not there yet") }
	})
	if err := board.Granted(t.Context(), unseal.Grant{Code: "K7QX"}); err == nil {
		t.Error("a grant that nobody took was taken")
	}
	two.Script(func(b *switchboardfake.Bot) { b.Refuse = nil })
	if err := board.Granted(t.Context(), unseal.Grant{Code: "K7QX"}); err != nil || count() != [2]int{1, 3} {
		t.Errorf("%v %v", count(), err)
	}
}

// A bot that takes connections and answers none, as a frozen host does, uses up the time of
// one call: the next one goes to the other.
func TestAFrozenBotDoesNotKeepTheOtherFromHearing(t *testing.T) {
	t.Parallel()
	w := switchboardfake.NewWire(t)
	frozen, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer frozen.Close()
	bot := &switchboardfake.Bot{}
	address, _ := w.ServeBot(bot)
	board := w.BotClient("https://"+frozen.Addr().String(), address)
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := board.Say(short, "one"); err == nil {
		t.Fatal("nobody was there to hear it")
	}
	// As impatient as before: were it asked first again, there would be no time for the other.
	// On a slow machine the one that answers needs some tries.
	eventually(t, "the other bot to hear it", func() bool {
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		return board.Say(short, "two") == nil
	})
	if heard := bot.Heard(); heard[len(heard)-1].Say != "two" {
		t.Errorf("%+v", heard)
	}
}

// A dial that breaks tells nobody what it broke on.
func TestADialThatPanicsIsOver(t *testing.T) {
	t.Parallel()
	board := &switchboardfake.Board{OnDial: func(_ context.Context, d switchboardfake.Dial) (unseal.Dialled, error) {
		panic("with " + string(d.Message.Sealed.Half.RevealBytes()))
	}}
	bot := switchboardfake.Run(t, board)
	for range 2 {
		_, err := bot.Dial(t.Context(), "voice", sealedPage("page-57", 1), false)
		if fault.KindOf(err) != fault.Internal || strings.Contains(err.Error(), string(halfBytes)) {
			t.Errorf("a panic became %v", err)
		}
	}
}
