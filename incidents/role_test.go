package incidents_test

import (
	"strings"
	"testing"
	"time"

	"batsignal/incidents"
	"batsignal/oncall/fault"
)

func TestAnAckFillsARole(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix cem:fix")
	inc := s.light("ada", "bea", fire())
	s.settle()
	s.said()
	ans, err := s.svc.Ack(ctx, s.as("bea"), s.page("bea"))
	s.must(err)
	if ans.Say != "Thank you. You have fixing in INC-1." || !ans.Changed || ans.Rooms[0].Room != "#inc-1-fire" || len(ans.Others) != 0 {
		t.Errorf("%+v", ans)
	}
	if got := s.filled(inc.ID); got != "lead= fix=bea" {
		t.Error(got)
	}
	if said := s.said(); !one(said, "#ops [INC-1] bea answers P2 and has fixing. Still empty: the lead.") {
		t.Error(text(said))
	}
	s.wire.take()
	s.advance(time.Hour)
	if sent := s.wire.take(); strings.Contains(sent, "cem") || strings.Contains(sent, "bea") {
		t.Errorf("still ringing for a role that is filled: %s", sent)
	}
	// The second answer of the same person changes nothing.
	lines := len(s.timeline(inc.ID))
	ans, err = s.svc.Ack(ctx, s.as("bea"), s.page("bea"))
	if err != nil || ans.Changed || ans.Say != "You acknowledged P2 already." || len(s.timeline(inc.ID)) != lines {
		t.Errorf("%+v, %v", ans, err)
	}
}

func TestTheOthersAreTold(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix cem:fix")
	inc := s.light("ada", "bea", fire())
	s.advance(urgent) // bea sleeps on, cem is rung
	s.said()
	_, err := s.svc.Ack(ctx, s.as("cem"), 0)
	s.must(err)
	if said := s.said(); !one(said, "@bea [INC-1] cem answers P") || !one(said, "You are not needed for it any more. Page P2 is closed.") || countOf(said, "@cem") != 0 {
		t.Error(text(said))
	}
	// Late, and thanked; recorded, and nothing changes by it.
	before := s.filled(inc.ID)
	ans, err := s.svc.Ack(ctx, s.as("bea"), s.page("bea"))
	if err != nil || ans.Changed || !strings.HasPrefix(ans.Say, "Thank you. P2 is closed") {
		t.Errorf("%+v, %v", ans, err)
	}
	if s.filled(inc.ID) != before || !one(s.timeline(inc.ID), "ack: bea answers page P2, which was closed.") {
		t.Error(text(s.timeline(inc.ID)))
	}
	s.must(s.svc.Resolve(ctx, s.as("cem"), inc.ID, "", false, false))
	ans, err = s.svc.Ack(ctx, s.as("ada"), s.page("ada"))
	if err != nil || ans.Changed || s.filled(inc.ID) != before {
		t.Errorf("after the end: %+v, %v", ans, err)
	}
}

func TestWhoseAPageIs(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix cem")
	s.light("ada", "bea", fire())
	_, err := s.svc.Ack(ctx, s.as("ada"), s.page("bea"))
	s.refused(err, fault.Forbidden)
	_, err = s.svc.Decline(ctx, s.as("cem"), s.page("bea"))
	s.refused(err, fault.Forbidden)
	_, err = s.svc.Ack(ctx, s.as("cem"), 0)
	s.refused(err, fault.NotFound)
	_, err = s.svc.Ack(ctx, s.as("cem"), 999)
	s.refused(err, fault.NotFound)
	if s.pageState(s.page("bea")) != "open" {
		t.Error("somebody else answered it")
	}
}

// Somebody acks while somebody else takes the role, and a third one's page is open:
// one hunt ends once, and whoever was not needed is told.
func TestAckCrossesTake(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix cem:fix dan")
	for round := range 10 {
		inc := s.light("ada", "dan", fire())
		s.advance(urgent)
		page := s.page("bea")
		errs := together(
			func() error { _, err := s.svc.Ack(ctx, s.as("bea"), page); return err },
			func() error { _, err := s.svc.TakeRole(ctx, s.as("dan"), inc.ID, fix); return err },
		)
		s.must(errs[0])
		s.must(errs[1])
		ended := get[int](t, s.db, `select count(*) from escalation where cause = 'incident:' || $1::bigint and slot = 'role:fix' and state = 'filled'`, inc.ID)
		open := get[int](t, s.db, `select count(*) from page p join escalation e on e.id = p.escalation_id where e.slot = 'role:fix' and p.state = 'open'`)
		if ended != 1 || open != 0 || !strings.Contains(s.filled(inc.ID), "dan") {
			t.Fatalf("round %d: %d hunts ended, %d pages open, %s", round, ended, open, s.filled(inc.ID))
		}
		if said := s.said(); countOf(said, "@cem [INC-"+inc.Ref()[4:]+"] ") != 1 {
			t.Fatal(text(said))
		}
		s.must(s.svc.Resolve(ctx, s.as("ada"), inc.ID, "", false, true))
		s.said()
	}
}

func TestADeclineRingsTheNextAtOnce(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix cem:fix")
	inc := s.light("ada", "ada2", fire2(s))
	s.settle()
	s.wire.take()
	ans, err := s.svc.Decline(ctx, s.as("bea"), 0)
	if err != nil || !strings.Contains(ans.Say, "I ring the next one") {
		t.Errorf("%+v, %v", ans, err)
	}
	s.settle()
	if sent := s.wire.take(); sent != "cem" {
		t.Errorf("rung: %q", sent)
	}
	if !one(s.timeline(inc.ID), "decline: bea declines the page for fixing.") {
		t.Error(text(s.timeline(inc.ID)))
	}
	_, err = s.svc.Decline(ctx, s.as("bea"), s.page("bea"))
	s.refused(err, fault.Conflict)
	s.advance(2 * time.Hour)
	if sent := s.wire.take(); strings.Contains(sent, "bea") {
		t.Error("who declined was rung again")
	}
	// But may change their mind, in plain words.
	ans, err = s.svc.Ack(ctx, s.as("bea"), s.page("bea"))
	if err != nil || ans.Changed || !strings.Contains(ans.Say, "!role take") {
		t.Errorf("%+v, %v", ans, err)
	}
}

// fire2 adds a second person who may confirm, and has no role.
func fire2(s *scene) incidents.Signal {
	s.person("ada2")
	return fire()
}

// When everybody has declined it is said, and said again, until somebody comes.
func TestAllDeclined(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix cem")
	s.light("ada", "cem", fire())
	_, err := s.svc.Decline(ctx, s.as("bea"), 0)
	s.must(err)
	s.advance(30 * time.Minute)
	if n := countOf(s.said(), "#ops [INC-1] Nobody has taken fixing. Asked: bea. Nobody is left to ring. Whoever can do it: !role take fix."); n < 3 {
		t.Errorf("said %d times in half an hour", n)
	}
}

func TestLeavingARoleHuntsAgain(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix cem:fix")
	inc := s.light("ada", "cem", fire())
	_, err := s.svc.Ack(ctx, s.as("bea"), 0)
	s.must(err)
	s.settle()
	s.wire.take()
	_, err = s.svc.LeaveRole(ctx, s.as("cem"), inc.ID, fix)
	s.refused(err, fault.Conflict)
	_, err = s.svc.LeaveRole(ctx, s.as("bea"), inc.ID, fix)
	s.must(err)
	s.settle()
	// Whoever just gave it back is not the one to be asked.
	if sent := s.wire.take(); sent != "cem" {
		t.Errorf("rung: %q", sent)
	}
	s.advance(time.Hour)
	if sent := s.wire.take(); strings.Contains(sent, "bea") {
		t.Errorf("rung: %q", sent)
	}
	// They may take it again, and after a new start they are asked as before.
	s.must(s.svc.Resolve(ctx, s.as("ada"), inc.ID, "", false, true))
	s.must(s.svc.Reopen(ctx, s.as("ada"), inc.ID))
	s.settle()
	if sent := s.wire.take(); !strings.Contains(sent, "bea") {
		t.Errorf("rung: %q", sent)
	}
}

func TestASecondResponderIsNoReasonToRing(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix cem:fix")
	inc := s.light("ada", "cem", fire())
	for _, who := range []string{"bea", "cem"} {
		_, err := s.svc.TakeRole(ctx, s.as(who), inc.ID, "fixing")
		s.must(err)
	}
	s.settle()
	s.wire.take()
	_, err := s.svc.LeaveRole(ctx, s.as("bea"), inc.ID, fix)
	s.must(err)
	s.advance(time.Hour)
	if sent := s.wire.take(); strings.Contains(sent, "bea") || strings.Contains(sent, "cem") || s.filled(inc.ID) != "lead= fix=cem" {
		t.Errorf("rung: %q, %s", sent, s.filled(inc.ID))
	}
}

func TestAssigning(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix cem")
	inc := s.light("ada", "cem", fire())
	_, err := s.svc.AssignRole(ctx, s.as("ada"), inc.ID, "cem", fix)
	s.refused(err, fault.Conflict) // never heard: a name in a list must not hide an empty role
	s.hears("cem")
	_, err = s.svc.AssignRole(ctx, s.as("ada"), inc.ID, "cem", fix)
	s.must(err)
	if said := s.said(); s.filled(inc.ID) != "lead= fix=cem" || !one(said, "@cem [INC-1] ada gave you fixing. If you cannot: !role leave fix.") {
		t.Error(text(said))
	}
	_, err = s.svc.AssignRole(ctx, s.as("ada"), inc.ID, "nobody", fix)
	s.refused(err, fault.NotFound)
	_, err = s.svc.TakeRole(ctx, s.as("ada"), inc.ID, "no-such-role")
	s.refused(err, fault.NotFound)
}

// Where everybody is wanted one answer fills the role, and the others are rung on,
// three times; who came without a page counts as well.
func TestEverybodyIsWanted(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix cem:fix dan:fix eva")
	sig := fire()
	sig.Everyone = true
	inc := s.light("ada", "eva", sig)
	s.settle()
	if sent := s.wire.take(); sent != "ada bea cem dan" {
		t.Errorf("rung: %s", sent)
	}
	_, err := s.svc.TakeRole(ctx, s.as("bea"), inc.ID, fix) // she did not look at her page
	s.must(err)
	_, err = s.svc.Ack(ctx, s.as("cem"), 0)
	s.must(err)
	if got := s.filled(inc.ID); got != "lead= fix=bea,cem" || s.pageState(s.page("bea")) != "acked" || s.pageState(s.page("dan")) != "open" {
		t.Error(got)
	}
	_, err = s.svc.Ack(ctx, s.as("ada"), 0)
	s.must(err)
	s.advance(2 * time.Hour)
	if sent := s.wire.take(); sent != "dan dan" {
		t.Errorf("rung on: %q", sent)
	}
	if said := s.said(); !one(said, "#ops [INC-1] No answer yet for fixing from dan. I stop ringing.") {
		t.Error(text(said))
	}
}

func TestEverybodyCame(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix cem:fix eva")
	sig := fire()
	sig.Everyone = true
	inc := s.light("ada", "eva", sig)
	s.settle()
	for _, who := range []string{"bea", "cem"} {
		_, err := s.svc.Ack(ctx, s.as(who), 0)
		s.must(err)
	}
	if n := get[int](t, s.db, `select count(*) from escalation where slot = 'role:fix' and state = 'filled'`); n != 1 {
		t.Error("everybody is there, and the hunt goes on")
	}
	if got := s.filled(inc.ID); got != "lead= fix=bea,cem" {
		t.Error(got)
	}
}

// A helper without a page takes a role where everybody is wanted: the role is
// taken, so the others are not rung for ever.
func TestAHelperWhereEverybodyIsWanted(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix eva")
	sig := fire()
	sig.Everyone = true
	inc := s.light("ada", "eva", sig)
	_, err := s.svc.TakeRole(ctx, s.as("eva"), inc.ID, fix)
	s.must(err)
	s.advance(5 * time.Hour)
	if n := strings.Count(s.wire.take(), "bea"); n != 3 {
		t.Errorf("rung %d times", n)
	}
}

func TestOneAnswerOfTwo(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead,fix bea")
	s.light("ada", "bea", fire())
	s.settle()
	ans, err := s.svc.Ack(ctx, s.as("ada"), 0)
	if err != nil || len(ans.Others) != 1 || ans.Others[0].Slot != "role:fix" {
		t.Errorf("%+v, %v", ans, err)
	}
	if s.pageState(ans.Others[0].ID) != "open" {
		t.Error("one answer counted twice")
	}
}
