package switchboard

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"batsignal/oncall/fault"
	"batsignal/oncall/unseal"
)

// Row 11: somebody has ada's chat account, and nothing else.
func TestAttack11OneHijackedAccount(t *testing.T) {
	w := start(t)
	c := w.asked("ada", "openssl")
	w.confirm("ada", c.Code, "")
	w.silent(c.Code)
	w.confirm("ada", c.Code, w.wrong("ada"))
	w.refused(c.Code, "Ada asked for it")
	// Somebody else asks, and they guess for ada: five times, and ada hears of each.
	d := w.asked("cleo", "glibc")
	for n := 1; n <= mostWrong; n++ {
		w.confirm("ada", d.Code, w.wrong("ada"))
		if g := w.last(); g.Confirmed != "ada" || g.Refused == "" {
			t.Fatalf("wrong code %d: %+v", n, g)
		}
	}
	w.refused(d.Code, "Wrong codes of ada were given 5 times: none is taken here until 12:15 UTC")
	w.confirm("ada", d.Code, w.fresh("ada")) // even a right one
	w.refused(d.Code, "Too many wrong codes of ada")
	w.restart() // a restart forgives nothing
	w.wall = w.wall.Add(time.Hour)
	if !w.a.frozen(known{Confirmer: Confirmer{Handle: "ada"}}, doorRoom, w.a.reading()) {
		t.Fatal("a clock that was set forward forgave it")
	}
	w.wall = w.wall.Add(-time.Hour)
	// Who is frozen in the room gives codes on the page, which has a count of its own.
	if _, err := w.a.Confirm(context.Background(), d.Code, "ada", w.fresh("ada")); err != nil {
		t.Fatal(err)
	}
	w.wait(frozenFor)
	w.told = nil
	e := w.asked("cleo", "bash")
	w.confirm("ada", e.Code, w.fresh("ada"))
	w.live(e.Code, 1)
}

// Row 12: somebody has two chat accounts, and no authenticator.
func TestAttack12TwoHijackedAccounts(t *testing.T) {
	w := start(t)
	c := w.asked("ada", "openssl")
	w.confirm("ben", c.Code, "")
	w.silent(c.Code)
	told := 0
	for range 40 {
		w.confirm("ben", c.Code, w.wrong("ben"))
		w.wait(10 * time.Second)
	}
	for _, g := range w.told {
		if g.Confirmed != "ben" || g.Refused == "" {
			t.Fatalf("%+v", g)
		}
		if strings.Contains(g.Refused, "somebody has that account") {
			told++
		}
	}
	if told != 1 {
		t.Errorf("ben was told %d times that somebody has his account, want once", told)
	}
	w.dead(c.Code, 1)
	// A code that ben gave before, and which everybody has read.
	w.wait(frozenFor)
	d := w.asked("cleo", "glibc")
	w.confirm("ben", d.Code, w.fresh("ben"))
	w.live(d.Code, 1)
	e := w.asked("ada", "bash")
	w.told = nil
	w.confirm("ben", e.Code, w.digits("ben"))
	w.refused(e.Code, "was used before")
}

// Row 13: who administers the network's services forges any account there, the bot's too.
func TestAttack13ServicesAdmin(t *testing.T) {
	w := start(t)
	c := w.asked("ada", "openssl") // forged
	for _, account := range []string{"ben", "cleo", "ada", "ada-phone", "batsignal", "root"} {
		w.confirm(account, c.Code, "000000")
		w.confirm(account, c.Code, "")
	}
	w.dead(c.Code, 1)
	w.say("#fire", "batsignal", "%s", strings.Replace(c.Line, "12 people", "1 person", 1))
	w.told = nil
	w.confirm("ben", c.Code, w.fresh("ben"))
	w.refused(c.Code, "counts no more")
	// A letter that looks like one of ada's, or becomes one, is not ada.
	for _, account := range []string{"аda", "ben\u200b", "ben/x", "b\u212aen"} {
		if _, known, _ := w.a.people.byAccount("libera", account); known {
			t.Errorf("%q is known", account)
		}
	}
}

// Row 20: two insiders who both have authenticators open up to the budget, as often as the
// limits allow, and everything is told.
func TestAttack20InsiderPair(t *testing.T) {
	w := start(t)
	grants := map[time.Time]int{}
	var refused []error
	for n := range 100 {
		w.say("#fire", "ada", "!batsignal fire %d", n)
		c, err := w.a.Challenge(context.Background(), w.ask("ada", fmt.Sprint("fire ", n)))
		if err != nil {
			refused = append(refused, err)
			w.wait(2 * time.Minute)
			continue
		}
		w.bot("#fire", c.Line)
		w.told = nil
		w.confirm("ben", c.Code, w.fresh("ben"))
		if g := w.last(); g.Code != c.Code || g.Refused != "" {
			t.Fatalf("not told: %+v", g)
		}
		if c.People != 12 {
			t.Fatalf("%+v", c)
		}
		grants[w.wall]++
	}
	for from := range grants {
		n := 0
		for at := range grants {
			if !at.Before(from) && at.Sub(from) < time.Hour-time.Minute {
				n++
			}
		}
		if n > mostAnHour {
			t.Errorf("%d grants in an hour", n)
		}
	}
	if len(refused) == 0 {
		t.Fatal("the limits were not met")
	}
	wantKind(t, refused[0], fault.Limited, "6 times in an hour")
}

// A person who asks again and again, and whom nobody confirms, asks three times a day; three
// wait at once at most.
func TestAttack20LimitsOfAsking(t *testing.T) {
	w := start(t)
	ctx := context.Background()
	for n := range mostOfPerson {
		w.asked("cleo", fmt.Sprint("fire ", n))
	}
	_, err := w.a.Challenge(ctx, w.ask("ada", "openssl"))
	wantKind(t, err, fault.Limited, "wait for a second person already")
	w.restart()
	w.wait(unseal.ChallengeHolds)
	_, err = w.a.Challenge(ctx, w.ask("cleo", "fire 9"))
	wantKind(t, err, fault.Limited, "You asked for sealed contacts 3 times")
	w.asked("ada", "openssl")
	w.wait(rememberFor)
	w.asked("cleo", "fire 9")
	w.count = 0
	_, err = w.a.Challenge(ctx, w.ask("ada", "glibc"))
	wantKind(t, err, fault.NotFound, "Nobody has a sealed contact")
	_, err = w.a.Challenge(ctx, w.ask("ada", " \u202e "))
	wantKind(t, err, fault.Invalid, "Say what is on fire")
}

// Row 11: somebody with one account, or the bot itself, asks in the names of strangers until
// no more requests may wait. Whoever is known, and was heard, asks all the same.
func TestAttack11StrangersTakeNobodysPlace(t *testing.T) {
	w := start(t)
	for n := range mostOpen {
		if c := w.challenge(w.ask(fmt.Sprint("stranger", n), "noise")); c.Heard {
			t.Fatalf("%+v", c)
		}
	}
	_, err := w.a.Challenge(context.Background(), w.ask("stranger9", "noise"))
	wantKind(t, err, fault.Limited, "wait for a second person already")
	c := w.asked("ada", "openssl")
	w.confirm("ben", c.Code, w.fresh("ben"))
	if !w.granted(c.Code) {
		t.Error("it was not granted")
	}
}
