package incidents_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"batsignal/oncall/fault"
)

// led is a scene in which ada holds the baton and was just heard.
func led(t *testing.T, people string) (*scene, int64) {
	t.Helper()
	s := newScene(t, people)
	inc := s.light("ada", "bea", fire())
	_, err := s.svc.Ack(ctx, s.as("ada"), 0)
	s.must(err)
	s.hears("ada")
	s.said()
	if s.holder(inc.ID) != "ada" {
		t.Fatal("whoever leads did not get the baton")
	}
	return s, inc.ID
}

func TestTakingABatonThatNobodyHolds(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix")
	inc := s.light("ada", "bea", fire())
	say, err := s.svc.Take(ctx, s.as("bea"), inc.ID)
	if err != nil || say != "You hold the baton of INC-1." || s.holder(inc.ID) != "bea" {
		t.Errorf("%q, %v", say, err)
	}
	_, err = s.svc.Take(ctx, s.as("bea"), inc.ID)
	s.refused(err, fault.Conflict)
	// Whoever fills the leading role later does not take it away.
	_, err = s.svc.Ack(ctx, s.as("ada"), 0)
	s.must(err)
	if s.holder(inc.ID) != "bea" {
		t.Error("the baton moved by itself")
	}
}

func TestAClaimIsDefeatedByAWord(t *testing.T) {
	t.Parallel()
	s, inc := led(t, "ada:lead bea:fix cem")
	_, err := s.svc.Take(ctx, s.as("bea"), inc)
	s.must(err)
	if said := s.said(); !one(said, "@ada [INC-1] bea asks for the baton.") || !one(said, "#ops [INC-1] bea asks") || !one(said, "#inc-1-fire [INC-1] bea asks") {
		t.Error(text(said))
	}
	s.advance(time.Minute)
	s.hears("ada")
	s.advance(3 * time.Minute)
	if s.holder(inc) != "ada" || !one(s.said(), "#ops [INC-1] ada was heard and keeps the baton.") {
		t.Error("a word did not keep it")
	}
}

func TestAClaimWinsAgainstSilence(t *testing.T) {
	t.Parallel()
	s, inc := led(t, "ada:lead bea:fix cem")
	s.advance(time.Second)
	_, err := s.svc.Take(ctx, s.as("bea"), inc)
	s.must(err)
	s.advance(3*time.Minute - time.Second)
	if s.holder(inc) != "ada" {
		t.Error("it moved too early")
	}
	s.advance(time.Second)
	if s.holder(inc) != "bea" || !one(s.said(), "#ops [INC-1] ada did not answer: the baton moves to bea.") {
		t.Error("it did not move")
	}
}

// Asking again, or somebody else's asking, does not put the first claim off.
func TestTheFirstClaimStands(t *testing.T) {
	t.Parallel()
	s, inc := led(t, "ada:lead bea:fix cem")
	s.advance(time.Second)
	_, err := s.svc.Take(ctx, s.as("bea"), inc)
	s.must(err)
	s.advance(2 * time.Minute)
	for who, says := range map[string]string{"bea": "You asked for the baton of INC-1 already", "cem": "bea was first to ask"} {
		_, err = s.svc.Take(ctx, s.as(who), inc)
		s.refused(err, fault.Conflict)
		if !strings.HasPrefix(fault.Say(err), says) {
			t.Error(err)
		}
	}
	s.advance(time.Minute)
	if s.holder(inc) != "bea" {
		t.Errorf("%q holds it", s.holder(inc))
	}
}

func TestAnAbsentHolderIsPassedOver(t *testing.T) {
	t.Parallel()
	s, inc := led(t, "ada:lead bea:fix")
	s.setNow(start.Add(10*time.Minute - time.Second))
	if _, err := s.svc.Take(ctx, s.as("bea"), inc); err != nil || s.holder(inc) != "ada" {
		t.Errorf("%v", err)
	}
	s2, inc2 := led(t, "ada:lead bea:fix")
	s2.setNow(start.Add(10 * time.Minute))
	say, err := s2.svc.Take(ctx, s2.as("bea"), inc2)
	if err != nil || s2.holder(inc2) != "bea" || !strings.Contains(say, "ada was absent (last heard 10m ago)") {
		t.Errorf("%q, %v", say, err)
	}
}

func TestPassing(t *testing.T) {
	t.Parallel()
	s, inc := led(t, "ada:lead bea:fix cem")
	pass := func(from, to string) error { _, err := s.svc.Pass(ctx, s.as(from), inc, to); return err }
	accept := func(who string) error { _, err := s.svc.Accept(ctx, s.as(who), inc); return err }
	s.refused(pass("bea", "cem"), fault.Forbidden)
	s.refused(pass("ada", "nobody"), fault.NotFound)
	s.refused(pass("ada", "ada"), fault.Invalid)
	s.must(pass("ada", "bea"))
	if s.holder(inc) != "ada" {
		t.Error("it moved without a yes")
	}
	s.refused(accept("cem"), fault.Conflict)
	s.must(pass("ada", "cem")) // changed her mind
	s.refused(accept("bea"), fault.Conflict)
	s.must(accept("cem"))
	s.refused(accept("cem"), fault.Conflict)
	if s.holder(inc) != "cem" {
		t.Error("it did not move")
	}
	s.hears("cem")
	// An offer lapses.
	s.must(pass("cem", "bea"))
	s.advance(3 * time.Minute)
	if s.holder(inc) != "cem" || !one(s.said(), "#ops [INC-1] bea did not accept the baton. cem keeps it.") {
		t.Error("the offer did not lapse aloud")
	}
	s.refused(accept("bea"), fault.Conflict)
	// While an offer waits nobody else can claim, and taking is accepting.
	s.hears("cem")
	s.must(pass("cem", "bea"))
	_, err := s.svc.Take(ctx, s.as("ada"), inc)
	s.refused(err, fault.Conflict)
	_, err = s.svc.Take(ctx, s.as("bea"), inc)
	if err != nil || s.holder(inc) != "bea" || !one(s.said(), "#ops [INC-1] bea accepts the baton from cem.") {
		t.Errorf("%v", err)
	}
	// Whoever asked for it needs not be asked.
	s.hears("bea")
	s.advance(time.Second)
	_, err = s.svc.Take(ctx, s.as("cem"), inc)
	s.must(err)
	s.must(pass("bea", "cem"))
	if s.holder(inc) != "cem" {
		t.Error("a claim was not granted at once")
	}
	history, err := s.svc.BatonHistory(ctx, inc)
	if err != nil || !slices.Equal(history, []string{"ada", "cem", "bea", "cem"}) {
		t.Errorf("%v, %v", history, err)
	}
}

func TestDropping(t *testing.T) {
	t.Parallel()
	s, inc := led(t, "ada:lead bea:fix cem")
	drop := func(who string) error { _, err := s.svc.Drop(ctx, s.as(who), inc); return err }
	s.refused(drop("bea"), fault.Forbidden)
	s.advance(time.Second)
	_, err := s.svc.Take(ctx, s.as("bea"), inc)
	s.must(err)
	s.must(drop("ada"))
	if s.holder(inc) != "" || !one(s.said(), "#ops [INC-1] ada lays the baton down. Nobody holds it") {
		t.Error("visibly nobody, it should be")
	}
	s.refused(drop("ada"), fault.Conflict)
	s.advance(10 * time.Minute)
	if s.holder(inc) != "" {
		t.Error("a claim outlived what it was a claim to")
	}
	s.must(s.svc.Resolve(ctx, s.as("ada"), inc, "", false, true))
	_, err = s.svc.Take(ctx, s.as("bea"), inc)
	s.refused(err, fault.Conflict)
}

// Many people take at the same moment, many times: one of them has it, and the
// database has one open row.
func TestOneOfManyTakersWins(t *testing.T) {
	t.Parallel()
	people := []string{"ada", "bea", "cem", "dan", "eva", "fay"}
	s := newScene(t, "ada:lead bea:lead cem dan eva fay")
	for round := range 12 {
		inc := s.light("ada", "bea", fire())
		var takes []func() error
		for _, who := range people {
			takes = append(takes, func() error { _, err := s.svc.Take(ctx, s.as(who), inc.ID); return err })
		}
		errs := together(takes...)
		holder, held := s.holder(inc.ID), 0
		for i, err := range errs {
			switch {
			case err == nil: // took it, or asked for it
			case people[i] == holder:
				t.Errorf("%s holds it and was told: %v", holder, err)
			default:
				s.refused(err, fault.Conflict)
			}
		}
		held = get[int](t, s.db, `select count(*) from baton where incident_id = $1`, inc.ID)
		if holder == "" || held != 1 || countOf(s.timeline(inc.ID), "takes the baton.") != 1 {
			t.Fatalf("round %d: %q holds it, %d rows", round, holder, held)
		}
		s.said()
	}
}

// An accept, a take by somebody else, and the end of the offer cross each other.
func TestAcceptCrossesTakeAndExpiry(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:lead cem dan")
	s.svc.Baton.AbsentAfter = time.Minute
	for round := range 20 {
		inc := s.light("ada", "bea", fire())
		_, err := s.svc.Take(ctx, s.as("ada"), inc.ID)
		s.must(err)
		_, err = s.svc.Pass(ctx, s.as("ada"), inc.ID, "cem")
		s.must(err)
		// ada has not been heard for so long that dan's take is decided at once.
		s.setNow(s.Now().Add(3*time.Minute - time.Millisecond))
		late := *s.svc
		due := s.Now().Add(time.Millisecond)
		late.Now = func() time.Time { return due }
		pager := s.newPager("late")
		pager.Service = &late
		errs := together(
			func() error { _, err := s.svc.Accept(ctx, s.as("cem"), inc.ID); return err },
			func() error { _, err := s.svc.Take(ctx, s.as("dan"), inc.ID); return err },
			func() error { _, err := pager.Step(ctx); return err },
		)
		s.must(errs[2])
		open := get[int](t, s.db, `select count(*) from baton where incident_id = $1 and ended_at is null`, inc.ID)
		holder := s.holder(inc.ID)
		stray := get[int](t, s.db, `
			select count(*) from baton_move m join person p on p.id = m.from_person
			where m.incident_id = $1 and m.state = 'open' and p.handle <> $2`, inc.ID, holder)
		if open != 1 || stray != 0 || holder == "ada" {
			t.Fatalf("round %d: %d holders, %d moves of somebody else's baton, %s has it; %v", round, open, stray, holder, errs)
		}
		if errs[0] == nil && !one(s.timeline(inc.ID), "cem accepts the baton from ada.") {
			t.Fatal("told that he has it, and no line says so")
		}
		pager.Settle()
		s.must(s.svc.Resolve(ctx, s.as("ada"), inc.ID, "", false, true))
		s.said()
	}
}
