package paging

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

const patience = 90 * time.Second

// people makes candidates out of words: "maria", "jan/asleep", "li/busy/r1" (rung in
// round 1 and silent), "tom/declined", "ann/acked", "eve/t2" (of step 2), "kim/t2/all"
// (with everybody of step 2), "sam/20s" (waited for 20 seconds).
func people(words string) []Candidate {
	var list []Candidate
	for i, word := range strings.Fields(words) {
		parts := strings.Split(word, "/")
		c := Candidate{PersonID: int64(i + 1), Handle: parts[0], Place: i + 1}
		for _, p := range parts[1:] {
			switch p {
			case "asleep":
				c.Asleep = true
			case "busy":
				c.Busy = true
			case "all":
				c.Together = true
			case "acked", "declined", "closed":
				c.State = PageState(p)
				c.Round = max(c.Round, 1)
			default:
				if wait, err := time.ParseDuration(p); err == nil {
					c.Wait = wait
				} else if n, _ := fmt.Sscanf(p, "t%d", &c.Tier); n == 0 {
					c.State = PageOpen
					_, _ = fmt.Sscanf(p, "r%d", &c.Round)
				}
			}
		}
		list = append(list, c)
	}
	return list
}

// told writes a step as one reads it.
func told(s Step) string {
	var parts []string
	for _, c := range s.Ring {
		parts = append(parts, c.Handle)
	}
	text := "ring " + strings.Join(parts, "+")
	if len(parts) == 0 {
		text = "ring nobody"
	}
	text += fmt.Sprintf(", round %d", s.Round)
	if s.Tier > 0 {
		text += fmt.Sprintf(", tier %d", s.Tier)
	}
	if s.Exhausted {
		text += ", exhausted"
	}
	if s.Stop {
		return text + ", stop"
	}
	return text + ", wait " + s.Wait.String()
}

func TestNext(t *testing.T) {
	for _, c := range []struct {
		story  string
		round  int
		people string
		want   string
	}{
		{"the first of the list", 1, "maria jan li", "ring maria, round 1, wait 1m30s"},
		{"then the second", 1, "maria/r1 jan li", "ring jan, round 1, wait 1m30s"},
		{"the last", 1, "maria/r1 jan/r1 li", "ring li, round 1, wait 1m30s"},
		{"around again at once, and it is said", 1, "maria/r1 jan/r1 li/r1", "ring maria, round 2, exhausted, wait 1m30s"},
		{"the second round goes on", 2, "maria/r2 jan/r1 li/r1", "ring jan, round 2, wait 1m30s"},
		{"after it a pause", 2, "maria/r2 jan/r2 li/r2", "ring nobody, round 3, exhausted, wait 1m30s"},
		{"then the third", 3, "maria/r2 jan/r2 li/r2", "ring maria, round 3, wait 1m30s"},
		{"pauses grow", 3, "maria/r3 jan/r3 li/r3", "ring nobody, round 4, exhausted, wait 3m0s"},
		{"but not for ever", 40, "maria/r40", "ring nobody, round 41, exhausted, wait 10m0s"},
		{"who is better in the list is rung in their sleep", 1, "maria/asleep jan", "ring maria, round 1, wait 1m30s"},
		{"who is rung for another role comes last, even awake", 1, "maria/busy jan/asleep", "ring jan, round 1, wait 1m30s"},
		{"but comes", 1, "maria/busy jan/asleep/r1", "ring maria, round 1, wait 1m30s"},
		{"who declined is left in peace", 1, "maria/declined jan", "ring jan, round 1, wait 1m30s"},
		{"also in the next round", 1, "maria/declined jan/r1", "ring jan, round 2, exhausted, wait 1m30s"},
		{"somebody new is rung at once", 3, "maria/r3 jan/r3 new", "ring new, round 3, wait 1m30s"},
		{"all declined: said, and said again", 2, "maria/declined jan/declined", "ring nobody, round 2, exhausted, wait 10m0s"},
		{"nobody at all: the same", 1, "", "ring nobody, round 1, exhausted, wait 10m0s"},
	} {
		got := told(Next(Escalation{Slot: RoleSlot("x"), Patience: patience, Round: c.round}, people(c.people)))
		if got != c.want {
			t.Errorf("%s: %s", c.story, got)
		}
	}
}

func TestNextByThePolicy(t *testing.T) {
	for _, c := range []struct {
		story   string
		round   int
		repeats int
		people  string
		want    string
	}{
		{"the first step first, whatever the list", 1, 0, "maria/t2 jan/t1", "ring jan, round 1, tier 1, wait 1m30s"},
		{"then the second", 1, 0, "maria/t2 jan/t1/r1", "ring maria, round 1, tier 2, wait 1m30s"},
		{"a step waits as long as it says", 1, 0, "maria/t1/20s jan/t2", "ring maria, round 1, tier 1, wait 20s"},
		{"also for hours", 1, 0, "maria/t1/5h", "ring maria, round 1, tier 1, wait 5h0m0s"},
		{"everybody of a step at once", 1, 0, "maria/t1/all jan/t1/all li/t2", "ring maria+jan, round 1, tier 1, wait 1m30s"},
		{"but no other step with them", 1, 0, "maria/t1/r1 jan/t2/all li/t2/all", "ring jan+li, round 1, tier 2, wait 1m30s"},
		{"who is busy is left for last", 1, 0, "maria/t1/all/busy jan/t1/all li/t2", "ring jan, round 1, tier 1, wait 1m30s"},
		{"who declined is not of the step", 1, 0, "maria/t1/all/declined jan/t1/all", "ring jan, round 1, tier 1, wait 1m30s"},
		{"who comes on mid-way is rung before the next step", 1, 0, "maria/t1/r1 new/t1 jan/t2", "ring new, round 1, tier 1, wait 1m30s"},
		{"around again: the first step", 1, 0, "maria/t1/r1/20s jan/t2/r1", "ring maria, round 2, tier 1, exhausted, wait 20s"},
		{"as often as the policy says", 1, 2, "maria/t1/r1", "ring maria, round 2, tier 1, exhausted, wait 1m30s"},
		{"and no more, aloud", 2, 2, "maria/t1/r2", "ring nobody, round 3, exhausted, stop"},
		{"a policy of one round", 1, 1, "maria/t1/r1", "ring nobody, round 2, exhausted, stop"},
		{"nobody to ring is no round", 1, 1, "maria/t1/declined", "ring nobody, round 1, exhausted, wait 10m0s"},
	} {
		got := told(Next(Escalation{Slot: RoleSlot("x"), Patience: patience, Round: c.round, Repeats: c.repeats}, people(c.people)))
		if got != c.want {
			t.Errorf("%s: %s", c.story, got)
		}
	}
}

func TestNextWhereEverybodyIsWanted(t *testing.T) {
	for _, c := range []struct {
		story  string
		round  int
		people string
		want   string
	}{
		{"all at once", 1, "maria jan/asleep li/busy", "ring maria+jan+li, round 1, wait 1m30s"},
		{"who has answered is not rung again", 1, "maria/acked jan/r1 li/r1", "ring jan+li, round 2, exhausted, wait 1m30s"},
		{"who came is enough after three rounds", 3, "maria/acked jan/r3 li/r3", "ring nobody, round 4, exhausted, stop"},
		{"one came, the others declined: done, in silence", 1, "maria/acked jan/declined", "ring nobody, round 2, stop"},
		{"nobody came: on and on", 3, "maria/r3 jan/declined", "ring nobody, round 4, exhausted, wait 3m0s"},
	} {
		got := told(Next(Escalation{Slot: RoleSlot("x"), Patience: patience, Round: c.round, Everyone: true}, people(c.people)))
		if got != c.want {
			t.Errorf("%s: %s", c.story, got)
		}
	}
}

func TestNextForOnePersonByName(t *testing.T) {
	for _, c := range []struct {
		story  string
		round  int
		people string
		want   string
	}{
		{"once", 1, "maria", "ring maria, round 1, wait 1m30s"},
		{"twice", 1, "maria/r1", "ring maria, round 2, exhausted, wait 1m30s"},
		{"a pause", 2, "maria/r2", "ring nobody, round 3, exhausted, wait 1m30s"},
		{"three times", 3, "maria/r2", "ring maria, round 3, wait 1m30s"},
		{"and that is it", 3, "maria/r3", "ring nobody, round 4, exhausted, stop"},
		{"a refusal ends it", 1, "maria/declined", "ring nobody, round 2, exhausted, stop"},
	} {
		got := told(Next(Escalation{Slot: PersonSlot("maria"), Patience: patience, Round: c.round}, people(c.people)))
		if got != c.want {
			t.Errorf("%s: %s", c.story, got)
		}
	}
}

// play is a hunt as the stores would keep it: who was rung in which round.
type play struct {
	e     Escalation
	list  []Candidate
	steps int
}

func (p *play) step() Step {
	s := Next(p.e, p.list)
	for _, c := range s.Ring {
		i := slices.IndexFunc(p.list, func(o Candidate) bool { return o.PersonID == c.PersonID })
		p.list[i].Round, p.list[i].State = s.Round, PageOpen
	}
	p.e.Round, p.e.Tier = s.Round, s.Tier
	p.steps++
	return s
}

func (p *play) willing() (n int) {
	for _, c := range p.list {
		if c.State == "" || c.State == PageOpen {
			n++
		}
	}
	return n
}

// What must hold of every hunt, whoever is in the list and whatever they do.
func TestNextProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := &play{e: Escalation{
			Slot: RoleSlot("x"), Round: 1, Everyone: rapid.Bool().Draw(t, "everyone"),
			Patience: time.Duration(rapid.IntRange(1, 600).Draw(t, "patience")) * time.Second,
		}}
		named := !p.e.Everyone && rapid.IntRange(0, 4).Draw(t, "named") == 0
		most := 6
		if named {
			p.e.Slot, most = PersonSlot("p1"), 1
		} else {
			p.e.Repeats = rapid.SampledFrom([]int{0, 0, 1, 3}).Draw(t, "repeats")
		}
		together := []bool{false, rapid.Bool().Draw(t, "together 1"), rapid.Bool().Draw(t, "together 2")}
		waits := []time.Duration{0, time.Duration(rapid.IntRange(0, 3).Draw(t, "hours")) * time.Hour, 0}
		place := func(c *Candidate) {
			c.Tier = rapid.IntRange(0, 2).Draw(t, "tier")
			c.Together, c.Wait = together[c.Tier], waits[c.Tier]
		}
		for i := range rapid.IntRange(0, most).Draw(t, "people") {
			p.list = append(p.list, Candidate{
				PersonID: int64(i + 1), Handle: fmt.Sprintf("p%d", i+1), Place: rapid.IntRange(1, 4).Draw(t, "place"),
				Asleep: rapid.Bool().Draw(t, "asleep"), Busy: rapid.Bool().Draw(t, "busy"),
			})
			place(&p.list[i])
		}
		sinceRing := 0
		for range rapid.IntRange(1, 25).Draw(t, "steps") {
			before, round := slices.Clone(p.list), p.e.Round
			willing, taken := p.willing(), slices.ContainsFunc(p.list, func(c Candidate) bool { return c.State == PageAcked })
			s := p.step()

			if s.Stop {
				enough := p.e.Repeats > 0 && round >= p.e.Repeats && s.Exhausted // the policy says so, aloud
				if len(s.Ring) > 0 || !named && !taken && !enough {
					t.Fatalf("stopped while ringing, or while nobody came: %s", told(s))
				}
				return
			}
			if s.Wait <= 0 || s.Wait > max(p.e.Patience, longestPause, waits[1]) {
				t.Fatalf("waits %v", s.Wait)
			}
			if len(s.Ring) > 1 && !p.e.Everyone {
				for _, c := range s.Ring {
					if !c.Together || c.Tier != s.Ring[0].Tier {
						t.Fatalf("rings more than one: %s", told(s))
					}
				}
			}
			for _, c := range s.Ring {
				was := before[slices.IndexFunc(before, func(o Candidate) bool { return o.PersonID == c.PersonID })]
				switch {
				case was.State != "" && was.State != PageOpen:
					t.Fatalf("rings %s, who %s", c.Handle, was.State)
				case was.Round >= s.Round:
					t.Fatalf("rings %s twice in round %d", c.Handle, s.Round)
				}
				for _, o := range before { // nobody better was passed over
					able := (o.State == "" || o.State == PageOpen) && o.Round < s.Round
					rung := slices.ContainsFunc(s.Ring, func(r Candidate) bool { return r.PersonID == o.PersonID })
					if !able || rung || o.Busy && !c.Busy {
						continue
					}
					switch {
					case o.Busy != c.Busy, o.Round < c.Round:
						t.Fatalf("rings %s before %s, who was left in peace so far", c.Handle, o.Handle)
					case o.Round == c.Round && o.Tier < c.Tier:
						t.Fatalf("rings %s of step %d before %s of step %d", c.Handle, c.Tier, o.Handle, o.Tier)
					case o.Round == c.Round && o.Tier == c.Tier && (o.Place < c.Place || c.Together):
						t.Fatalf("rings %s before %s, or without", c.Handle, o.Handle)
					}
				}
			}
			if s.Round > round { // a round ends only after everybody willing was rung in it
				for _, c := range before {
					if (c.State == "" || c.State == PageOpen) && c.Round < round {
						t.Fatalf("round %d ended without %s", round, c.Handle)
					}
				}
			}
			if (s.Round > round || len(s.Ring) == 0) && !s.Exhausted {
				t.Fatalf("went through the list in silence: %s", told(s))
			}
			if sinceRing++; len(s.Ring) > 0 {
				sinceRing = 0
			}
			if willing > 0 && sinceRing >= 2 {
				t.Fatalf("%d willing people, and two steps without a ring", willing)
			}
			if willing == 0 {
				sinceRing = 0
			}
			// Then somebody may answer, fall asleep, or join.
			if len(p.list) > 0 {
				c := &p.list[rapid.IntRange(0, len(p.list)-1).Draw(t, "who")]
				switch rapid.IntRange(0, 7).Draw(t, "does") {
				case 0:
					if c.State == PageOpen {
						c.State = PageDeclined
					}
				case 1:
					if c.State == PageOpen && p.e.Everyone {
						c.State = PageAcked
					}
				case 2:
					c.Asleep = !c.Asleep
				case 3:
					c.Busy = !c.Busy
				case 5: // a shift ends or begins
					place(c)
				case 4:
					if !named && len(p.list) < 8 {
						p.list = append(p.list, Candidate{PersonID: int64(len(p.list) + 1), Handle: "new", Place: 9})
						place(&p.list[len(p.list)-1])
					}
				}
			}
		}
	})
}

// A page to one person ends, after ringing them three times.
func TestANamedPageRingsThreeTimes(t *testing.T) {
	p := &play{e: Escalation{Slot: PersonSlot("maria"), Round: 1, Patience: patience}, list: people("maria")}
	rings := 0
	for {
		s := p.step()
		rings += len(s.Ring)
		if s.Stop {
			break
		}
		if p.steps > 20 {
			t.Fatal("it never ends")
		}
	}
	if rings != 3 {
		t.Errorf("rung %d times", rings)
	}
}

func TestOrderDoesNotChangeItsArgument(t *testing.T) {
	list := people("a/asleep b/busy c")
	before := slices.Clone(list)
	_ = Order(list)
	_ = Next(Escalation{Round: 1, Patience: patience, Slot: RoleSlot("x")}, list)
	if !slices.Equal(before, list) {
		t.Errorf("%v", list)
	}
}

func TestRetryAfter(t *testing.T) {
	last := time.Duration(0)
	for try := -1; try <= 3*MostTries; try++ {
		d := RetryAfter(try)
		if d < time.Second || d > 30*time.Second || d < last {
			t.Errorf("try %d rests %v after %v", try, d, last)
		}
		if d >= absurdAfter {
			t.Errorf("a rest of %v would be taken for a mistake of the clock", d)
		}
		last = d
	}
}

func TestSlots(t *testing.T) {
	if r, ok := RoleSlot("qa").Role(); !ok || r != "qa" {
		t.Error(r)
	}
	if _, ok := RoleSlot("qa").Person(); ok {
		t.Error("a role is no person")
	}
	if p, ok := PersonSlot("maria").Person(); !ok || p != "maria" {
		t.Error(p)
	}
	if _, ok := PersonSlot("role:x").Role(); ok {
		t.Error("a person is no role, whatever they are called")
	}
}

// Among people who are neither busy nor new, a round goes through the steps of the
// policy in their order, and rings everybody once.
func TestARoundGoesStepByStep(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := &play{e: Escalation{Slot: RoleSlot("x"), Round: 1, Patience: patience}}
		together := rapid.SliceOfN(rapid.Bool(), 4, 4).Draw(t, "together")
		for i := range rapid.IntRange(1, 8).Draw(t, "people") {
			tier := rapid.IntRange(1, 4).Draw(t, "tier")
			p.list = append(p.list, Candidate{PersonID: int64(i + 1), Place: i, Tier: tier, Together: together[tier-1]})
		}
		for round := 1; round <= 3; {
			var rung []int64
			last := 0
			for len(rung) < len(p.list) {
				s := p.step()
				for _, c := range s.Ring {
					if s.Round != round || c.Tier < last || slices.Contains(rung, c.PersonID) {
						t.Fatalf("round %d: %s of step %d after step %d", round, told(s), c.Tier, last)
					}
					last = c.Tier
					rung = append(rung, c.PersonID)
				}
				round = s.Round
			}
			round++
		}
	})
}
