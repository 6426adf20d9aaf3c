package switchboard

import (
	"context"
	"testing"
	"time"

	"pgregory.net/rapid"

	"batsignal/oncall/fault"
	"batsignal/oncall/unseal"
)

// grantOf is the code of a grant that was just given.
func (w *world) grantOf() string {
	c := w.asked("ada", "openssl")
	w.confirm("ben", c.Code, w.fresh("ben"))
	if !w.granted(c.Code) {
		w.t.Fatalf("not granted: %+v", w.told)
	}
	return c.Code
}

// However the clock on the wall is set, and however often the process is killed, a grant
// is dead after an hour, and when its incident ended; with a clock that nobody touches it
// lives until then.
func TestI13AGrantEnds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		defer w.end()
		code := w.grantOf()
		var truly time.Duration // since the grant
		touched, ended, bound := false, false, int64(0)
		t.Repeat(map[string]func(*rapid.T){
			"time passes": func(t *rapid.T) {
				d := time.Duration(rapid.IntRange(1, 40*60).Draw(t, "seconds")) * time.Second
				truly += d
				w.wait(d)
			},
			"the clock is set": func(t *rapid.T) {
				w.wall = w.wall.Add(time.Duration(rapid.IntRange(-3600, 3600).Draw(t, "by")) * time.Second)
				touched = true
			},
			"kill": func(*rapid.T) { w.restart() },
			"the machine starts again": func(t *rapid.T) {
				w.up = Uptime{w.up.Boot + "'", time.Duration(rapid.IntRange(0, 7200).Draw(t, "up")) * time.Second}
				touched = true
				w.restart()
			},
			"the incident ends": func(*rapid.T) {
				if err := w.a.End(7); err != nil {
					t.Fatal(err)
				}
				ended = ended || bound == 7
			},
			"": func(t *rapid.T) {
				incident := rapid.SampledFrom([]int64{7, 7, 8}).Draw(t, "incident")
				g, err := w.a.Live(code, incident)
				switch {
				case err == nil && (ended || truly >= unseal.GrantHolds || bound != 0 && bound != incident || !w.wall.Before(g.Until)):
					t.Fatalf("live for INC-%d after %v, bound to %d, ended %v", incident, truly, bound, ended)
				case err != nil && !touched && !ended && truly < unseal.GrantHolds && (bound == 0 || bound == incident):
					t.Fatalf("dead for INC-%d after %v: %v", incident, truly, err)
				case err == nil:
					bound = incident
				}
			},
		})
	})
}

// The steps of an hour, one by one, with a restart after each.
func TestI13ClockSteps(t *testing.T) {
	for name, one := range map[string]struct {
		step, passes time.Duration
		live         bool
	}{
		"untouched":                        {0, 59 * time.Minute, true},
		"untouched, over":                  {0, time.Hour, false},
		"an hour back does not prolong it": {-time.Hour, time.Hour, false},
		"an hour back does not end it":     {-time.Hour, 59 * time.Minute, true},
		"an hour forward ends it early":    {time.Hour, time.Second, false},
	} {
		w := start(t)
		code := w.grantOf()
		w.wall = w.wall.Add(one.step)
		w.wait(one.passes)
		for range 2 {
			if _, err := w.a.Live(code, 7); (err == nil) != one.live {
				t.Errorf("%s: %v", name, err)
			}
			w.restart()
		}
	}
	// Where nobody knows how long the machine was off, it is over.
	w := start(t)
	code := w.grantOf()
	w.live(code, 7)
	w.up.Boot = "boot 2"
	w.dead(code, 7)
	w.up = Uptime{"boot 1", time.Minute} // less than when it began
	w.dead(code, 7)
	w.up = Uptime{}
	w.dead(code, 7)
}

func TestI13AGrantIsOneIncidents(t *testing.T) {
	w := start(t)
	code := w.grantOf()
	_, err := w.a.Live(code, 0)
	wantKind(t, err, fault.Invalid, "for an incident only")
	w.live(code, 7)
	_, err = w.a.Live(code, 8)
	wantKind(t, err, fault.Forbidden, "for INC-7, not for INC-8")
	w.restart()
	w.dead(code, 8)
	w.told = nil
	w.a.Again()
	if g := w.last(); len(w.told) != 1 || g.Code != code || g.Incident != 7 {
		t.Fatalf("%+v", w.told)
	}
	if err := w.a.End(7); err != nil {
		t.Fatal(err)
	}
	w.restart()
	_, err = w.a.Live(code, 7)
	wantKind(t, err, fault.Forbidden, "is over")
	w.told = nil
	w.a.Again()
	w.silent("")

	// One that was asked for an incident is bound from the beginning, and what waits for it
	// ends with it.
	w.say("#fire", "ada", "!unseal INC-9")
	ask := unseal.Ask{Network: "libera", Room: "#fire", Account: "ada", Incident: 9}
	c := w.challenge(ask)
	if !c.Heard {
		t.Fatal(c.Line)
	}
	w.bot("#fire", c.Line)
	w.confirm("ben", c.Code, w.fresh("ben"))
	w.dead(c.Code, 8)
	w.live(c.Code, 9)
	w.say("#fire", "ada", "batsignal: unseal")
	d := w.challenge(ask)
	w.bot("#fire", d.Line)
	if err := w.a.End(9); err != nil {
		t.Fatal(err)
	}
	w.told = nil
	w.confirm("ben", d.Code, w.fresh("ben"))
	w.refused(d.Code, "counts no more: the incident is over")
	w.say("#fire", "ada", "!unseal 10")
	if e := w.challenge(unseal.Ask{Network: "libera", Room: "#fire", Account: "ada", Incident: 11}); e.Heard {
		t.Error("heard for another incident")
	}
}

// Many dials at once, each judged under the lock of what is written: never more people than
// was said, never more than 8 of a slot.
func TestI16BudgetsHoldUnderConcurrency(t *testing.T) {
	limits := map[fault.Kind]int{}
	rapid.Check(t, func(t *rapid.T) {
		people := rapid.IntRange(0, 20).Draw(t, "people")
		var history []Opening
		// Whoever read the history before another one wrote reads it again: that is what the
		// lock is for. The order in which they get it is drawn.
		t.Repeat(map[string]func(*rapid.T){
			"dial": func(t *rapid.T) {
				next := Opening{
					rapid.Int64Range(1, 25).Draw(t, "person"),
					rapid.SampledFrom([]string{"role:lead", "role:kernel"}).Draw(t, "slot"),
				}
				if err := Judge(people, history, next); err != nil {
					limits[fault.KindOf(err)]++
					return
				}
				history = append(history, next)
			},
			"": func(t *rapid.T) {
				all, slots := map[int64]bool{}, map[string]map[int64]bool{}
				for _, o := range history {
					all[o.Person] = true
					if slots[o.Slot] == nil {
						slots[o.Slot] = map[int64]bool{}
					}
					slots[o.Slot][o.Person] = true
				}
				if len(all) > people {
					t.Fatalf("%d people of %d", len(all), people)
				}
				for slot, in := range slots {
					if len(in) > PeoplePerSlot {
						t.Fatalf("%d people for %s", len(in), slot)
					}
				}
			},
		})
	})
	t.Log("refused:", limits)
}

// Whoever was opened for a slot already takes no further place, in whatever way.
func TestI16PlacesOfASlot(t *testing.T) {
	var history []Opening
	for n := range int64(PeoplePerSlot) {
		history = append(history, Opening{n, "role:lead"})
	}
	if err := Judge(12, history, Opening{1, "role:lead"}); err != nil {
		t.Error("another way of the same person:", err)
	}
	late := Opening{20, "role:lead"}
	wantKind(t, Judge(12, history, late), fault.Forbidden, "the most of one request")
	late.Slot = "role:kernel"
	wantKind(t, Judge(8, history, late), fault.Forbidden, "allowed sealed contacts of 8 people")
	if err := Judge(9, history, late); err != nil {
		t.Error(err)
	}
}

// Confirmations that come at the same time are one.
func TestI16TwoConfirmationsAtOnceAreOne(t *testing.T) {
	w := start(t)
	c := w.asked("cleo", "openssl")
	w.wait(time.Minute)
	results := make(chan error)
	w.a.o.Granted = func(unseal.Grant) {} // it comes from many goroutines
	codes := map[string]string{"ada": w.digits("ada"), "ben": w.digits("ben")}
	for handle, digits := range codes {
		for range 4 {
			go func() {
				_, err := w.a.Confirm(context.Background(), c.Code, handle, digits)
				results <- err
			}()
		}
	}
	good := 0
	for range 8 {
		if err := <-results; err == nil {
			good++
		} else {
			wantKind(t, err, fault.Conflict, "")
		}
	}
	if good != 1 {
		t.Errorf("%d confirmations", good)
	}
}
