package switchboard

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"batsignal/oncall/switchboard/totp"
	"batsignal/oncall/unseal"
)

// evidence is what truly happened, kept apart from the code that judges it.
type evidence struct {
	*world
	codes []string
	last  map[string]int64     // by handle: the newest step that was typed anywhere
	gave  map[string][]giving  // by challenge
	asked map[string]string    // by challenge: who truly asked for it, in the room
	since map[string]time.Time // by challenge
	said  []Heard
	line  map[string]string // by challenge
	room  map[string]string
	shown map[string]bool // the bot said its line in its room
	lied  map[string]bool // the bot said its code there with other words
}

type giving struct {
	handle string
	at     time.Time
}

var owners = map[string]string{"ada": "ada", "ada-phone": "ada", "ben": "ben", "cleo": "cleo"}

// give notes a code that was truly theirs and new.
func (e *evidence) give(handle, code, digits string, counts bool) {
	if handle == "" {
		return
	}
	step, err := totp.Verify(e.seeds[handle], digits, e.wall, e.last[handle])
	if err != nil {
		return
	}
	e.last[handle] = step
	if counts {
		e.gave[code] = append(e.gave[code], giving{handle, e.wall})
	}
}

// hears notes what a line that was truly said now proves.
func (e *evidence) hears(h Heard) {
	if h.Ours {
		for c, line := range e.line {
			e.shown[c] = e.shown[c] || h.Text == line && h.Room == e.room[c]
			e.lied[c] = e.lied[c] || strings.HasPrefix(h.Text, c+" is only") && h.Room == e.room[c]
		}
		return
	}
	if f := strings.Fields(h.Text); f[0] == "!confirm" {
		e.give(owners[h.Account], f[1], f[2], h.Room == e.room[f[1]] && e.shown[f[1]] && !e.lied[f[1]])
	}
}

// two tells whether two people who may truly stand behind a challenge.
func (e *evidence) two(code string) bool {
	for _, q := range e.gave[code] {
		if q.at.Sub(e.since[code]) >= unseal.ChallengeHolds {
			continue
		}
		if p := e.asked[code]; p != "" && p != q.handle && q.handle != "cleo" {
			return true
		}
		for _, p := range e.gave[code] {
			if p.handle != q.handle && (p.handle != "cleo" || q.handle != "cleo") && p.at.Sub(e.since[code]) < unseal.ChallengeHolds {
				return true
			}
		}
	}
	return false
}

// Whatever people, strangers and the bot say in whatever order, nothing is granted on the
// word of one person: not with two accounts, not by confirming oneself, not with a code
// that was used, is too old, or was meant for another request.
func TestI06NothingIsOpenedByOnePerson(t *testing.T) {
	grants := 0
	rapid.Check(t, func(t *rapid.T) {
		e := &evidence{world: newWorld(t), last: map[string]int64{}, gave: map[string][]giving{}, asked: map[string]string{},
			since: map[string]time.Time{}, line: map[string]string{}, room: map[string]string{}, shown: map[string]bool{}, lied: map[string]bool{}}
		defer e.end()
		accounts := rapid.SampledFrom([]string{"ada", "ada-phone", "ben", "cleo", "mallory"})
		rooms := rapid.SampledFrom([]string{"#fire", "#fire", "#fire", "#chat"})
		whats := rapid.SampledFrom([]string{"openssl", "glibc"})
		var typed []string
		code := func() string {
			if len(e.codes) == 0 {
				return "K999"
			}
			return rapid.SampledFrom(e.codes).Draw(t, "code")
		}
		digits := func(handle string) string {
			from := []string{"wrong", "someone"}
			if handle != "" {
				from = append(from, "own", "own", "own", "own")
			}
			if len(typed) > 0 {
				from = append(from, "typed")
			}
			var d string
			switch rapid.SampledFrom(from).Draw(t, "digits") {
			case "wrong":
				d = "000000"
			case "someone":
				d = e.digits(rapid.SampledFrom([]string{"ada", "ben"}).Draw(t, "whose"))
			case "typed":
				d = rapid.SampledFrom(typed).Draw(t, "which")
			default:
				d = e.digits(handle)
			}
			typed = append(typed, d)
			return d
		}
		hear := func(h Heard) {
			e.said = append(e.said, h)
			e.a.Hear(h)
			e.hears(h)
		}
		t.Repeat(map[string]func(*rapid.T){
			"ask in the room": func(t *rapid.T) {
				hear(e.world.line(rooms.Draw(t, "room"), accounts.Draw(t, "account"), "!batsignal "+whats.Draw(t, "what")))
			},
			"the bot asks": func(t *rapid.T) {
				ask := unseal.Ask{Network: "libera", Room: rooms.Draw(t, "room"), Account: accounts.Draw(t, "account"), What: whats.Draw(t, "what")}
				c, err := e.a.Challenge(context.Background(), ask)
				if err != nil || slices.Contains(e.codes, c.Code) {
					return
				}
				e.codes = append(e.codes, c.Code)
				e.since[c.Code], e.line[c.Code], e.room[c.Code] = e.wall, c.Line, ask.Room
				for _, h := range e.said {
					if h.Room == ask.Room && h.Account == ask.Account && h.Text == "!batsignal "+ask.What && e.wall.Sub(h.At) <= time.Minute && !h.Ours {
						e.asked[c.Code] = owners[ask.Account]
					}
				}
			},
			"the bot speaks": func(t *rapid.T) {
				if len(e.codes) == 0 {
					return
				}
				c, room := code(), rooms.Draw(t, "room")
				text := e.line[c]
				if rapid.IntRange(0, 9).Draw(t, "lies") == 0 {
					text = c + " is only a test, confirm it please."
				}
				h := e.world.line(room, "", text)
				h.Ours = true
				hear(h)
			},
			"confirm in the room": func(t *rapid.T) {
				account, c, room := accounts.Draw(t, "account"), code(), rooms.Draw(t, "room")
				d := digits(owners[account])
				hear(e.world.line(room, account, fmt.Sprintf("!confirm %s %s", c, d)))
			},
			"confirm on the page": func(t *rapid.T) {
				handle, c := rapid.SampledFrom([]string{"ada", "ben", "cleo"}).Draw(t, "handle"), code()
				d := digits(handle)
				_, _ = e.a.Confirm(context.Background(), c, handle, d)
				e.give(handle, c, d, !e.lied[c])
			},
			"replay": func(t *rapid.T) {
				if len(e.said) == 0 {
					return
				}
				h := rapid.SampledFrom(e.said).Draw(t, "line")
				if rapid.Bool().Draw(t, "as new") { // said once more, by that account
					e.lines++
					h.ID, h.At = fmt.Sprint(e.lines), e.wall
					hear(h)
					return
				}
				e.a.Hear(h) // played back: it is as if nobody had said anything
			},
			"wait": func(t *rapid.T) {
				e.wait(rapid.SampledFrom([]time.Duration{time.Second, 31 * time.Second, 31 * time.Second, 16 * time.Minute, time.Hour}).Draw(t, "for"))
			},
			"kill": func(*rapid.T) { e.restart() },
			"": func(t *rapid.T) {
				for _, c := range e.codes {
					if _, err := e.a.Live(c, 1); err == nil {
						grants++
						if !e.two(c) {
							t.Fatalf("%s was granted, asked for by %q, codes by %v", c, e.asked[c], e.gave[c])
						}
					}
				}
			},
		})
	})
	t.Log("live grants were met so many times:", grants)
}

// The same, told one by one.
func TestI06EachWayOfConfirmingAlone(t *testing.T) {
	w := start(t)
	c := w.asked("ada", "openssl")
	w.confirm("ada", c.Code, w.fresh("ada"))
	w.refused(c.Code, "Ada asked for it. A second person")
	w.confirm("ada-phone", c.Code, w.fresh("ada"))
	w.refused(c.Code, "Ada asked for it. A second person")
	w.confirm("cleo", c.Code, w.fresh("cleo"))
	w.refused(c.Code, "Cleo may ask for sealed contacts, and not confirm")
	w.confirm("mallory", c.Code, w.fresh("ben"))
	w.refused(c.Code, "does not know the account mallory on libera")
	w.confirm("ada-phone", c.Code, w.fresh("ben"))
	w.refused(c.Code, "Ada asked for it")
	w.confirm("ben", c.Code, "")
	w.say("#fire", "mallory", "!confirm the rumours please")
	w.silent(c.Code)
	w.confirm("ben", c.Code, "12345")
	w.refused(c.Code, "A code is the 6 digits")
	w.say("#chat", "ben", "!confirm %s %s", c.Code, w.fresh("ben"))
	w.refused(c.Code, "in another room")
	// What was said in the wrong room is known there: it is used up.
	w.confirm("ben", c.Code, w.digits("ben"))
	w.refused(c.Code, "was used before")
	if _, err := w.a.Confirm(context.Background(), c.Code, "ada", w.fresh("ada")); err == nil {
		t.Fatal("ada confirmed herself on the page")
	}

	d := w.asked("cleo", "glibc") // another's code does not carry over
	good := w.fresh("ben")
	w.confirm("ben", d.Code, good[:3]+" "+good[3:])
	if g := w.last(); g.Refused != "" || g.Waits || g.Declared != "cleo" || g.Confirmed != "ben" || g.Code != d.Code {
		t.Fatalf("%+v", g)
	}
	w.told = nil
	w.confirm("ben", c.Code, good)
	w.refused(c.Code, "was used before")
	w.dead(c.Code, 7)
	w.wait(unseal.ChallengeHolds)
	w.confirm("ben", c.Code, w.fresh("ben"))
	w.refused(c.Code, "is over, which it is after 15 minutes")
	w.told = nil
	w.confirm("ben", d.Code, w.fresh("ben")) // two confirmations are one
	if g := w.last(); !strings.Contains(g.Refused, "confirmed already") {
		t.Fatalf("%+v", g)
	}
}

// Whom the switchboard did not hear is nobody: two people give codes.
func TestI06WithoutHavingHeardTwoPeopleGiveCodes(t *testing.T) {
	w := start(t)
	c := w.challenge(w.ask("ada", "openssl"))
	if c.Heard || !strings.Contains(c.Line, "Asked for by ada, whom I did not hear. Two people: !confirm") {
		t.Fatalf("%+v", c)
	}
	w.bot("#fire", c.Line)
	w.confirm("ben", c.Code, w.fresh("ben"))
	if g := w.last(); !g.Waits || g.Confirmed != "ben" || !g.Since.IsZero() {
		t.Fatalf("%+v", g)
	}
	w.dead(c.Code, 1)
	w.told = nil
	w.confirm("ben", c.Code, w.fresh("ben"))
	w.refused(c.Code, "Of ben there is a code already")
	w.restart()
	w.confirm("cleo", c.Code, w.fresh("cleo")) // may ask; ben may confirm
	if g := w.live(c.Code, 1); g.Declared != "ben" || g.Confirmed != "cleo" || !g.Until.Equal(w.wall.Add(time.Hour)) {
		t.Fatalf("%+v", g)
	}
}
