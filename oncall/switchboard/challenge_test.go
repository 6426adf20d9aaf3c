package switchboard

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"batsignal/oncall/fault"
	"batsignal/oncall/unseal"
)

func TestTheLineOfAChallenge(t *testing.T) {
	w := start(t)
	c := w.asked("ada", "remote code execution in openssl")
	if want := `K001 opens sealed contacts of up to 12 people, for a new incident: "remote code execution in openssl". Asked for by ada. ` +
		`Somebody else: !confirm K001 and a code, until 12:15 UTC.`; c.Line != want {
		t.Errorf("%s\nwant\n%s", c.Line, want)
	}
	if c.People != 12 || !c.Expires.Equal(noon.Add(15*time.Minute)) {
		t.Errorf("%+v", c)
	}
	w.count = 1
	d := w.challenge(unseal.Ask{Network: "libera", Room: "#fire", Account: `zo"e`, Incident: 7})
	if want := `K002 opens sealed contacts of up to 1 person, for INC-7. Asked for by the account "zo'e" on libera, whom I did not hear. ` +
		`Two people: !confirm K002 and a code, each, until 12:15 UTC.`; d.Line != want {
		t.Errorf("%s\nwant\n%s", d.Line, want)
	}
	e := w.challenge(unseal.Ask{Network: "acme", Account: "ada", What: "glibc"})
	if !strings.HasSuffix(e.Line, "Two people: a code at https://seal.example.org/confirm, each, until 12:15 UTC.") {
		t.Error(e.Line)
	}
}

// Whatever somebody calls the fire, and whatever they are called: the line is one line of
// IRC, begins with what is ours, and nothing in it can be taken for another part of it.
func TestTheLineHoldsForAnyText(t *testing.T) {
	a := &Authority{o: Options{Prefix: "!", Confirms: []string{"confirm"}, Ears: []string{"libera"}, Page: "https://seal.example.org/confirm"}}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringOfN(rapid.RuneFrom([]rune("\"“”'\u202e\u200b\x03\n\r\x00aж🔥 ")), 0, 500, -1))
		c := challenge{
			Code: "K7QX", What: unseal.Plain(text.Draw(t, "what")), Account: fold(text.Draw(t, "account")), Network: rapid.SampledFrom([]string{"libera", "acme"}).Draw(t, "network"),
			Room: "#fire", Incident: rapid.Int64Range(0, 1<<62).Draw(t, "incident"), People: rapid.IntRange(1, 1000).Draw(t, "people"),
			Heard: rapid.Bool().Draw(t, "heard"), Declared: rapid.SampledFrom([]string{"", "ada", strings.Repeat("a", 32)}).Draw(t, "declared"),
			Span: newSpan(reading{wall: noon}, unseal.ChallengeHolds),
		}
		line := a.words(c)
		switch quotes := strings.Count(line, `"`); {
		case len(line) > longestLine:
			t.Fatalf("%d bytes: %s", len(line), line)
		case !utf8.ValidString(line) || strings.ContainsFunc(line, unicode.IsControl) || unseal.Plain(line) != line:
			t.Fatalf("%q", line)
		case !strings.HasPrefix(line, fmt.Sprintf("K7QX opens sealed contacts of up to %d p", c.People)) || !strings.HasSuffix(line, " until 12:15 UTC."):
			t.Fatal(line)
		case quotes%2 != 0 || quotes > 4 || c.Declared != "" && quotes > 2:
			t.Fatal(line)
		}
	})
}

// The challenge is made as soon as the ear has heard who asks, however late, and at the
// latest after three seconds. The clock is the test's: nobody sleeps.
func TestTheChallengeWaitsForTheEar(t *testing.T) {
	w := start(t)
	waits, over := make(chan time.Duration), make(chan time.Time)
	w.a.o.After = func(d time.Duration) <-chan time.Time {
		waits <- d
		return over
	}
	type answer struct {
		c   unseal.Challenge
		err error
	}
	answers := make(chan answer, 1)
	ask := func(ctx context.Context, a unseal.Ask) {
		go func() {
			c, err := w.a.Challenge(ctx, a)
			answers <- answer{c, err}
		}()
	}
	ask(t.Context(), w.ask("ada", "openssl"))
	if d := <-waits; d != waitForEar {
		t.Errorf("waits %v", d)
	}
	w.say("#fire", "ben", "!batsignal openssl") // somebody else's
	w.say("#fire", "ada", "!batsignal glibc")   // something else
	w.say("#fire", "ada", "!batsignal openssl")
	if got := <-answers; got.err != nil || !got.c.Heard {
		t.Fatalf("%+v", got)
	}
	ask(t.Context(), w.ask("ada", "bash"))
	<-waits
	over <- noon
	if got := <-answers; got.err != nil || got.c.Heard {
		t.Fatalf("%+v", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ask(ctx, w.ask("ada", "zlib"))
	<-waits
	cancel()
	if got := <-answers; fault.KindOf(got.err) != fault.Unready {
		t.Fatalf("%+v", got)
	}
	// Where there is no ear, and for whom we do not know, there is nothing to wait for.
	if c := w.challenge(unseal.Ask{Network: "acme", Room: "#ops", Account: "ada", What: "bash"}); c.Heard {
		t.Errorf("%+v", c)
	}
}

func TestTheEarHearsOnlyWhatIsSaidNow(t *testing.T) {
	w := start(t)
	h := w.line("#fire", "ada", "!batsignal openssl")
	for _, late := range []time.Duration{-2 * time.Minute, 2 * time.Minute} {
		h.At = w.wall.Add(late)
		w.a.Hear(h)
	}
	h.At = time.Time{}
	w.a.Hear(h)
	if c := w.challenge(w.ask("ada", "openssl")); c.Heard {
		t.Fatal("a line of another time was heard")
	}
	// What the network delivers twice was said once.
	h = w.line("#fire", "ada", "!batsignal zlib")
	w.a.Hear(h)
	c := w.challenge(w.ask("ada", "zlib"))
	w.bot("#fire", c.Line)
	w.confirm("ben", c.Code, w.fresh("ben"))
	w.live(c.Code, 1)
	w.told = nil
	w.a.Hear(h)
	if c := w.challenge(w.ask("ada", "zlib")); c.Heard {
		t.Fatal("one line was heard twice")
	}
	w.say("#fire", "ada", "!batsignal glibc")
	w.wait(freshFor + time.Second)
	if c := w.challenge(w.ask("ada", "glibc")); c.Heard {
		t.Fatal("a line of a minute ago was heard")
	}
	// Who floods pushes out nobody's line but their own.
	w.wait(rememberFor)
	w.say("#fire", "ada", "!batsignal bash")
	for n := range 1000 {
		w.say("#fire", "ben", "!batsignal flood %d", n)
		w.say("#fire", fmt.Sprint("mallory", n), "!batsignal flood %d", n)
	}
	if len(w.a.ear.asks) > 2*mostOfOne {
		t.Errorf("%d lines are kept", len(w.a.ear.asks))
	}
	if c := w.challenge(w.ask("ada", "bash")); !c.Heard {
		t.Fatal("ada's line was pushed out")
	}
	for n := range 100 {
		w.confirm("mallory", w.asked("ben", "flood 999").Code, fmt.Sprintf("%06d", n))
	}
	if len(w.told) > refusals {
		t.Errorf("%d refusals in one minute", len(w.told))
	}
}

func TestCodesAreNoWords(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		code := newCode()
		if !validCode.MatchString(code) || strings.ContainsAny(code, "01IO") || !strings.ContainsAny(code, "23456789") || onlyDigits(code) {
			t.Fatal(code)
		}
		seen[code] = true
	}
	if len(seen) < 900 {
		t.Errorf("only %d codes", len(seen))
	}
	w := start(t)
	w.codes = -1
	w.a.o.NewCode = func() string { w.codes++; return fmt.Sprintf("K%03d", w.codes/3) }
	if c, d := w.asked("ada", "openssl"), w.asked("ada", "glibc"); c.Code == d.Code {
		t.Error("one code twice")
	}
	w.a.o.NewCode = func() string { return "K000" }
	_, err := w.a.Challenge(context.Background(), w.ask("ben", "bash"))
	wantKind(t, err, fault.Internal, "no code that is not in use")
}
