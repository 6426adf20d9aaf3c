package switchboard

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
	"batsignal/oncall/switchboard/totp"
	"batsignal/oncall/unseal"
)

// tester is a test, or one run of a property.
type tester interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// world is a switchboard with a room: ada and ben may confirm, ada has two accounts, cleo
// may only ask.
type world struct {
	t     tester
	dir   string
	wall  time.Time
	up    Uptime
	a     *Authority
	o     Options
	told  []unseal.Grant
	seeds map[string]secret.Bytes
	lines int
	codes int
	count int // people with sealed contacts
}

var noon = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

// folder is where what is written need not reach a disk: that it would is not tested by
// being slow.
func folder(t tester) string {
	base := "/dev/shm"
	if _, err := os.Stat(base); err != nil {
		base = ""
	}
	dir, err := os.MkdirTemp(base, "batsignal-switchboard-")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func newWorld(t tester) *world {
	t.Helper()
	w := &world{t: t, dir: folder(t), wall: noon, up: Uptime{"boot 1", time.Hour}, seeds: map[string]secret.Bytes{}, count: 12}
	w.o = Options{
		Dir: w.dir, Now: func() time.Time { return w.wall }, Uptime: func() Uptime { return w.up },
		After: func(time.Duration) <-chan time.Time {
			c := make(chan time.Time)
			close(c)
			return c
		},
		Names: []string{"batsignal"}, Bots: map[string]string{"libera": "batsignal"}, Ears: []string{"libera"}, Page: "https://seal.example.org/confirm",
		Count:   func(context.Context, int64) (int, error) { return w.count, nil },
		Granted: func(g unseal.Grant) { w.told = append(w.told, g) },
		NewCode: func() string { w.codes++; return fmt.Sprintf("K%03d", w.codes) },
	}
	w.open()
	w.add("ada", true, "libera/ada", "libera/ada-phone", "acme/ada")
	w.add("ben", true, "libera/ben")
	w.add("cleo", false, "libera/cleo", "acme/cleo")
	return w
}

func (w *world) open() {
	w.t.Helper()
	a, err := New(w.o)
	if err != nil {
		w.t.Fatal(err)
	}
	w.a = a
}

func (w *world) restart() {
	w.t.Helper()
	w.close()
	w.open()
}

func (w *world) close() { _ = w.a.Close() }

// end also removes the folder.
func (w *world) end() {
	w.close()
	_ = os.RemoveAll(w.dir)
}

// start is a world for a whole test.
func start(t *testing.T) *world {
	w := newWorld(t)
	t.Cleanup(w.end)
	return w
}

func (w *world) add(handle string, may bool, accounts ...string) {
	w.t.Helper()
	seed, err := OpenConfirmers(w.dir).Add(w.wall, handle, accounts, may)
	if err != nil {
		w.t.Fatal(err)
	}
	w.seeds[handle] = seed
}

// wait lets time pass, on both clocks.
func (w *world) wait(d time.Duration) { w.wall, w.up.For = w.wall.Add(d), w.up.For+d }

// line is one that was just said in a room of libera.
func (w *world) line(room, account, text string) Heard {
	w.lines++
	return Heard{At: w.wall, Network: "libera", Room: room, Account: account, Text: text, ID: fmt.Sprint(w.lines)}
}

func (w *world) say(room, account, format string, args ...any) {
	w.a.Hear(w.line(room, account, fmt.Sprintf(format, args...)))
}

func (w *world) bot(room, text string) {
	h := w.line(room, "", text)
	h.Ours = true
	w.a.Hear(h)
}

func (w *world) digits(handle string) string { return totp.Code(w.seeds[handle], w.wall).Reveal() }

// fresh is a code that was not used: it waits for the next one.
func (w *world) fresh(handle string) string {
	w.wait(totp.Period)
	return w.digits(handle)
}

// wrong is no code of theirs, not now nor soon.
func (w *world) wrong(handle string) string {
	for n := 0; ; n++ {
		code := fmt.Sprintf("%06d", n)
		if _, err := totp.Verify(w.seeds[handle], code, w.wall, 0); err != nil {
			return code
		}
	}
}

func (w *world) ask(account, what string) unseal.Ask {
	return unseal.Ask{Network: "libera", Room: "#fire", Account: account, What: what}
}

func (w *world) challenge(a unseal.Ask) unseal.Challenge {
	w.t.Helper()
	c, err := w.a.Challenge(context.Background(), a)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// asked is a challenge of somebody who was heard, shown in the room.
func (w *world) asked(account, what string) unseal.Challenge {
	w.t.Helper()
	w.say("#fire", account, "!batsignal %s", what)
	c := w.challenge(w.ask(account, what))
	if !c.Heard {
		w.t.Fatalf("%s was not heard: %s", account, c.Line)
	}
	w.bot("#fire", c.Line)
	return c
}

func (w *world) confirm(account, code, digits string) {
	w.say("#fire", account, "!confirm %s %s", code, digits)
}

// last is what was told last.
func (w *world) last() unseal.Grant {
	w.t.Helper()
	if len(w.told) == 0 {
		w.t.Fatal("nothing was told")
	}
	return w.told[len(w.told)-1]
}

func (w *world) granted(code string) bool {
	w.a.mu.Lock()
	defer w.a.mu.Unlock()
	c := w.a.state.find(code)
	return c != nil && c.granted()
}

// refused wants that nothing is granted, and that a sentence with these words says so.
func (w *world) refused(code, words string) {
	w.t.Helper()
	if w.granted(code) {
		w.t.Fatalf("granted, and it should be refused: %s", words)
	}
	if g := w.last(); !strings.Contains(g.Refused, words) || g.Code != code {
		w.t.Fatalf("told %+v, want a refusal with %q", g, words)
	}
	w.told = nil
}

// silent wants that nothing was told or granted.
func (w *world) silent(code string) {
	w.t.Helper()
	if w.granted(code) || len(w.told) > 0 {
		w.t.Fatalf("told %+v, want nothing", w.told)
	}
}

func (w *world) live(code string, incident int64) unseal.Grant {
	w.t.Helper()
	g, err := w.a.Live(code, incident)
	if err != nil {
		w.t.Fatalf("%s for INC-%d: %v", code, incident, err)
	}
	return g
}

func (w *world) dead(code string, incident int64) {
	w.t.Helper()
	if g, err := w.a.Live(code, incident); err == nil {
		w.t.Fatalf("%s is live for INC-%d: %+v", code, incident, g)
	}
}

func wantKind(t tester, err error, kind fault.Kind, words string) {
	t.Helper()
	if err == nil || fault.KindOf(err) != kind || !strings.Contains(fault.Say(err), words) {
		t.Fatalf("%v, want a %s with %q", err, kind, words)
	}
}
