package incidents_test

import (
	"strings"
	"testing"
	"time"

	"batsignal/incidents"
	"batsignal/oncall/policy"
)

// Row 31: nobody acknowledges, for a whole night. The list is gone through again and
// again, with pauses that grow and end at some length; the admins are rung as well; each
// round is said aloud, and never is it silent for long.
func TestFault31NobodyAcknowledges(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix cem:fix dan:fix eva:fix")
	s.svc.Admins = []string{network + "/eva"}
	_, err := s.desk.Leave(ctx, s.as("eva"), "eva", fix)
	s.must(err)
	inc := s.light("ada", "bea", fire()).ID
	s.acks("ada")
	s.wire.take()
	s.said()
	var quiet, longest time.Duration // since somebody was rung, or something was said of it
	var rounds []time.Duration
	rung, early, late := map[string]int{}, 0, 0
	for at := time.Duration(0); at < 8*time.Hour; at += 30 * time.Second {
		s.advance(30 * time.Second)
		quiet += 30 * time.Second
		who := strings.Fields(s.wire.take())
		for _, one := range who {
			rung[one]++
		}
		if at < time.Hour {
			early += len(who)
		} else if at >= 7*time.Hour {
			late += len(who)
		}
		said := s.said()
		if countOf(said, "Nobody has taken fixing") > 0 {
			rounds = append(rounds, at)
		}
		if len(who) > 0 || countOf(said, "fixing") > 0 {
			longest, quiet = max(longest, quiet), 0
		}
	}
	longest = max(longest, quiet)
	if longest > 15*time.Minute {
		t.Errorf("silent for %v", longest)
	}
	if len(rounds) < 20 || len(rounds) > 60 {
		t.Errorf("it is said %d times in 8 hours that nobody came", len(rounds))
	}
	for _, who := range []string{"bea", "cem", "dan"} {
		if rung[who] < 20 {
			t.Errorf("%s was rung %d times", who, rung[who])
		}
	}
	if late*2 > early*3 || late == 0 {
		t.Errorf("rung %d times in the first hour and %d in the last", early, late)
	}
	if got := get[string](t, s.db, `select state from escalation where slot = 'role:fix'`); got != "hunting" {
		t.Error(got)
	}
	// Whoever comes in the morning is heard.
	s.acks("dan")
	if got := s.filled(inc); !strings.Contains(got, "fix=dan") {
		t.Error(got)
	}
}

// Row 31: the admins come in the third round, and before a policy that ends, ends.
func TestFault31AdminsBeforeSilence(t *testing.T) {
	t.Parallel()
	for _, repeats := range []int{0, 1, 2} {
		s := newScene(t, "ada:lead bea:fix cem:fix eva:lead")
		s.svc.Admins = []string{network + "/eva"}
		s.follows(repeats, policy.Step{Targets: []policy.Target{target(policy.Role, fix)}})
		s.light("ada", "bea", fire())
		s.settle()
		s.acks("ada")
		s.wire.take()
		s.said()
		after := time.Duration(0)
		for after < time.Hour && !strings.Contains(s.wire.take(), "eva") {
			s.advance(15 * time.Second)
			after += 15 * time.Second
		}
		if want := 10 * time.Minute; after > want {
			t.Errorf("repeats %d: eva is rung after %v", repeats, after)
		}
		s.advance(time.Hour)
		said := s.said()
		ends := countOf(said, home+" [INC-") > 0 && strings.Contains(text(said), "so I stop ringing")
		if ends != (repeats > 0) {
			t.Errorf("repeats %d:%s", repeats, text(said))
		}
		if state := get[string](t, s.db, `select state from escalation where slot = 'role:fix'`); (state == "hunting") != (repeats == 0) {
			t.Errorf("repeats %d: the hunt is %s", repeats, state)
		}
	}
}

// Row 31: whoever holds the baton is told each time, and the role can be taken by a click.
func TestFault31TheLeadIsTold(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix")
	s.light("ada", "bea", fire())
	s.settle()
	s.acks("ada")
	s.said()
	s.advance(30 * time.Minute)
	if said := s.said(); countOf(said, "@ada ") < 3 || countOf(said, "You hold the baton.") < 3 {
		t.Error(text(said))
	}
}

// Row 32: the lead vanishes and holds the baton. They are rung again by name; when that is
// without an answer too, role and baton are free, everybody sees it, and whoever takes
// the lead has both.
func TestFault32TheLeadVanishes(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:lead cem:fix")
	s.svc.Paging = incidents.DefaultPaging()
	inc := s.light("ada", "cem", fire()).ID
	s.settle()
	s.acks("ada")
	s.acks("cem")
	if got := s.holder(inc); got != "ada" {
		t.Fatalf("%q leads", got)
	}
	s.wire.take()
	s.said()
	for range 60 {
		s.advance(30 * time.Second)
		s.hears("cem")
	}
	if rung := s.wire.take(); !strings.Contains(rung, "ada") || !strings.Contains(rung, "bea") {
		t.Errorf("rung: %q", rung)
	}
	if got := s.holder(inc); got != "" {
		t.Errorf("%q holds the baton, and is not there", got)
	}
	if said := s.said(); countOf(said, home+" [INC-") == 0 || countOf(said, "Nobody holds it: !baton take") == 0 {
		t.Error(text(said))
	}
	s.acks("bea")
	if got := s.holder(inc); got != "bea" {
		t.Errorf("%q leads", got)
	}
	if got := s.filled(inc); got != "lead=bea fix=cem" {
		t.Error(got)
	}
	// Who comes back takes nothing away.
	s.hears("ada")
	s.advance(time.Minute)
	if got := s.holder(inc); got != "bea" {
		t.Errorf("%q leads", got)
	}
}

// Row 32: nobody has to wait for that. An absent lead's baton is anybody's at once, and a
// silent one's after a claim; a word of theirs keeps it.
func TestFault32TheBatonIsTaken(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:lead cem:fix")
	inc := s.light("ada", "cem", fire()).ID
	s.settle()
	s.acks("ada")
	s.advance(time.Minute)
	say, err := s.svc.Take(ctx, s.as("cem"), inc)
	s.must(err)
	if s.holder(inc) != "ada" || !strings.Contains(say, "without one it is yours") {
		t.Errorf("%q: %q", s.holder(inc), say)
	}
	s.advance(incidents.DefaultBaton().Patience)
	if got := s.holder(inc); got != "cem" {
		t.Errorf("after the claim %q holds it", got)
	}
	s.hears("cem")
	s.advance(incidents.DefaultBaton().AbsentAfter)
	if _, err := s.svc.Take(ctx, s.as("bea"), inc); err != nil || s.holder(inc) != "bea" {
		t.Errorf("%q, %v", s.holder(inc), err)
	}
}
