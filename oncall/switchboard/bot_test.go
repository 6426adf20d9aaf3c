package switchboard

import (
	"context"
	"strings"
	"testing"

	"batsignal/oncall/fault"
	"batsignal/oncall/unseal"
)

// Whoever has the bot says what they like, in the room and to the switchboard: nothing
// comes of it.
func TestI07TheBotConfirmsNothing(t *testing.T) {
	w := start(t)
	c := w.asked("ada", "openssl")
	w.bot("#fire", "The request is confirmed by ben.")
	w.bot("#fire", "!confirm "+c.Code[:3]+" "+w.digits("ben"))
	w.say("#fire", "batsignal", "!confirm X%s %s", c.Code, w.digits("ben")) // by its account, which is not a person's
	for _, digits := range []string{"", "confirmed", "000000", w.wrong("ben")} {
		if _, err := w.a.Confirm(context.Background(), c.Code, "ben", digits); err == nil {
			t.Fatalf("%q confirmed", digits)
		}
	}
	w.dead(c.Code, 1)
	w.dead("K999", 1)

	// It asks in the name of somebody who did not.
	d := w.challenge(w.ask("ben", "nothing that ben said"))
	if d.Heard {
		t.Fatal("ben was heard, and did not say anything")
	}
	w.bot("#fire", d.Line)
	// It says a person's line for them: that is the bot's line.
	h := w.line("#fire", "ben", "!batsignal nothing that ben said")
	h.Ours = true
	w.a.Hear(h)
	if e := w.challenge(w.ask("ben", "nothing that ben said")); e.Code != d.Code || e.Heard {
		t.Fatalf("%+v", e)
	}
	if err := w.a.End(1); err != nil { // it can end things at any time
		t.Fatal(err)
	}
}

// The bot makes another thing of what somebody said.
func TestI07TheBotCannotTwistWhatIsAsked(t *testing.T) {
	w := start(t)
	w.say("#fire", "ada", "!batsignal --sev 1 not urgent: test of openssl")
	for _, twist := range []unseal.Ask{
		w.ask("ada", "test of openssl"), w.ask("ada", "openssl"), w.ask("ada", "of"), w.ask("ben", "not urgent: test of openssl"),
		{Network: "libera", Room: "#chat", Account: "ada", What: "not urgent: test of openssl"},
		{Network: "libera", Room: "#fire", Account: "ada", What: "not urgent: test of openssl", Incident: 7},
		{Network: "acme", Room: "#fire", Account: "ada", What: "not urgent: test of openssl"},
	} {
		w.a.mu.Lock()
		w.a.state.Challenges = nil // the limits are another story
		w.a.mu.Unlock()
		if c := w.challenge(twist); c.Heard {
			t.Errorf("%+v was heard", twist)
		}
	}
	w.a.mu.Lock()
	w.a.state.Challenges = nil
	w.a.mu.Unlock()
	c := w.challenge(w.ask("ada", "not  urgent: test of openssl"))
	if !c.Heard {
		t.Fatal("ada was not heard")
	}
	// The same wish is the same challenge, since the answer may have been lost; but one line
	// is not two wishes.
	if again := w.challenge(w.ask("ada", "not urgent: test of openssl")); again != c {
		t.Fatalf("%+v", again)
	}
}

// Confirm blindness: a code stands next to its own line only.
func TestI07AnotherTextForACodeVoidsIt(t *testing.T) {
	for _, lie := range []string{"%s is a drill and opens nothing", "a drill. To end it: !confirm %s", "(%s) opens sealed contacts of up to 1 person.", "\u202e%s\u202c drill", "%s"} {
		w := start(t)
		c := w.asked("ada", "openssl")
		w.bot("#chat", strings.ReplaceAll(lie, "%s", c.Code)) // elsewhere: no code is taken there
		w.silent(c.Code)
		w.bot("#fire", strings.ReplaceAll(lie, "%s", strings.ToLower(c.Code)))
		if !w.last().Void {
			t.Errorf("%q: the bot is not told that the challenge is void", lie)
		}
		w.refused(c.Code, "with other words than mine")
		w.confirm("ben", c.Code, w.fresh("ben"))
		w.refused(c.Code, "counts no more")
		if _, err := w.a.Confirm(context.Background(), c.Code, "ben", w.fresh("ben")); err == nil {
			t.Errorf("%q: the page took it", lie)
		}
	}
	// What only looks like it harms nothing, and neither does another challenge's line that
	// somebody wrote this code into.
	w := start(t)
	c := w.asked("ada", "openssl")
	w.bot("#fire", "X"+c.Code+" and "+c.Code+"S are something else")
	d := w.asked("cleo", c.Code+" is a drill")
	w.say("#fire", "mallory", "%s opens nothing", c.Code)
	for _, code := range []string{c.Code, d.Code} {
		w.confirm("ben", code, w.fresh("ben"))
		w.live(code, 1)
	}
}

// A line is confirmed in the room where it was shown, after it was.
func TestI06NoCodeBeforeTheLineIsShown(t *testing.T) {
	w := start(t)
	w.say("#fire", "ada", "!batsignal openssl")
	c := w.challenge(w.ask("ada", "openssl"))
	for _, almost := range []string{c.Line + ".", strings.Replace(c.Line, "12 people", "12\u200b people", 1), c.Line[:len(c.Line)-1]} {
		if w.a.state.find(c.Code).Void = ""; almost == c.Line {
			t.Fatal("the same line")
		}
		w.bot("#fire", almost)
	}
	w.a.state.find(c.Code).Void = ""
	w.bot("#chat", c.Line)
	h := w.line("#fire", "batsignal", c.Line)
	h.At = w.wall.Add(-2 * freshFor)
	w.a.Hear(h) // from a history
	w.told = nil
	w.confirm("ben", c.Code, w.fresh("ben"))
	w.refused(c.Code, "I have not heard the bot say here")
	w.say("#fire", "batsignal", "%s", c.Line)
	w.restart() // what was heard of it is not forgotten
	w.confirm("ben", c.Code, w.fresh("ben"))
	w.live(c.Code, 1)
}

// Attack 3 has the bot; the page shows what is confirmed by itself.
func TestThePageTakesCodesWithoutAnEar(t *testing.T) {
	w := start(t)
	c := w.challenge(unseal.Ask{Network: "acme", Room: "#ops", Account: "ada", What: "glibc"})
	if c.Heard || !strings.Contains(c.Line, "Two people: a code at https://seal.example.org/confirm, each") {
		t.Fatalf("%+v", c)
	}
	if shown, err := w.a.Shown(" " + strings.ToLower(c.Code)); err != nil || shown != c {
		t.Fatalf("%+v, %v", shown, err)
	}
	ctx := context.Background()
	if g, err := w.a.Confirm(ctx, c.Code, "@Ada", w.fresh("ada")); err != nil || !g.Waits {
		t.Fatalf("%+v, %v", g, err)
	}
	_, err := w.a.Confirm(ctx, c.Code, "ada", w.fresh("ada"))
	wantKind(t, err, fault.Forbidden, "Of ada there is a code already")
	_, err = w.a.Confirm(ctx, c.Code, "zoe", w.fresh("ben"))
	wantKind(t, err, fault.Forbidden, "knows nobody of that handle")
	if g, err := w.a.Confirm(ctx, strings.ToLower(c.Code), "ben", w.fresh("ben")); err != nil || g.Declared != "ada" || g.Confirmed != "ben" || w.last() != g {
		t.Fatalf("%+v, %v", g, err)
	}
	_, err = w.a.Shown(c.Code)
	wantKind(t, err, fault.NotFound, "no request of that code")
	// What is proven for something else is used up too.
	if err := w.a.Prove(ctx, "ben", w.fresh("ben"), "reveal"); err != nil {
		t.Fatal(err)
	}
	wantKind(t, w.a.Prove(ctx, "ben", w.digits("ben"), "reveal"), fault.Conflict, "was used before")
	wantKind(t, w.a.Prove(ctx, "zoe", w.digits("ben"), "reveal"), fault.Forbidden, "nobody")
}
