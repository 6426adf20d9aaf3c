package incidents_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"batsignal/incidents"
	"batsignal/migrations/pg"
	"batsignal/oncall/contact"
	"batsignal/oncall/escrow"
	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
	"batsignal/oncall/policy"
	"batsignal/oncall/unseal"
)

// challenger is a switchboard that makes challenges, of these codes.
type challenger struct {
	unseal.Switchboard
	codes []string
}

func (b *challenger) Challenge(context.Context, unseal.Ask) (unseal.Challenge, error) {
	code := b.codes[0]
	b.codes = b.codes[1:]
	return unseal.Challenge{Code: code, Line: code + " opens sealed contacts", People: 1, Heard: true}, nil
}

// unsealable is a scene in which cem is reached by a sealed number only.
func unsealable(t *testing.T, people string) (*scene, *operator) {
	t.Helper()
	s := newScene(t, people)
	_, voice := s.phones()
	s.exec(`update contact set proven_at = $1 where id = $2`, s.Now(), s.sealed(s.sealing(), "cem", "voice").ID)
	s.unreachable("cem")
	s.jobs()
	s.svc.Switchboard = &challenger{codes: []string{"K7QX", "M2PW", "P9RT", "Q3SV"}}
	return s, voice
}

// asksAgain asks for what is allowed by another challenge.
func (s *scene) asksAgain(incident int64) {
	s.Helper()
	_, err := s.svc.Unseal(ctx, s.as("ada"), incident)
	s.must(err)
}

// grants has two people allow it, for an hour from now.
func (s *scene) grants(code string, incident int64) {
	s.Helper()
	s.must(s.svc.Granted(ctx, unseal.Grant{
		Code: code, Incident: incident, Declared: "ada", Confirmed: "bea", Since: s.Now(), Until: s.Now().Add(unseal.GrantHolds),
	}))
	s.settle()
}

// granted are the challenges by which the messages were opened.
func granted(sent []paging.Message) (codes string) {
	for _, m := range sent {
		codes += m.Person + ":" + m.Sealed.Grant + " "
	}
	return codes
}

// Somebody asks once more while what was allowed still holds: until that is confirmed, what
// is dialled goes by the word of those who did confirm.
func TestARequestDoesNotTakeBackWhatIsAllowed(t *testing.T) {
	t.Parallel()
	s, voice := unsealable(t, "ada:lead bea:lead cem:fix")
	inc := s.light("ada", "bea", fire())
	voice.fails(errors.New("busy"))
	s.grants("K7QX", 0)
	s.asksAgain(inc.ID)
	voice.fails(nil)
	s.advance(5 * time.Second)
	if got := granted(voice.take()); got != "cem:K7QX " {
		t.Errorf("dialled by %q", got)
	}
	s.advance(time.Minute)
	s.grants("M2PW", inc.ID)
	s.advance(time.Minute)
	if got := granted(voice.take()); got != "cem:M2PW " {
		t.Errorf("dialled by %q", got)
	}
}

// Whoever could not be dialled while nothing was allowed any more is, when it is allowed
// again: they are not kept waiting for the next round.
func TestWhatIsAllowedAgainRingsWhomItCouldNot(t *testing.T) {
	t.Parallel()
	s, voice := unsealable(t, "ada:lead bea:lead cem:fix")
	inc := s.light("ada", "bea", fire())
	voice.fails(paging.ErrPermanent) // as the switchboard refuses what is over
	s.grants("K7QX", 0)
	voice.fails(nil)
	s.setNow(s.Now().Add(time.Second))
	s.settle()
	voice.take()
	s.asksAgain(inc.ID)
	s.grants("M2PW", inc.ID)
	if got := granted(voice.take()); got != "cem:M2PW " {
		t.Errorf("dialled by %q", got)
	}
	// Who is being called already is not called twice for it.
	s.setNow(s.Now().Add(time.Second))
	s.asksAgain(inc.ID)
	s.grants("P9RT", inc.ID)
	if got := granted(voice.take()); got != "" {
		t.Errorf("dialled again by %q", got)
	}
}

// A policy that rings everybody once may be at its end when sealed addresses may be used:
// whoever is reached by these alone is rung then.
func TestAHuntThatWasOverIsGoneOnWith(t *testing.T) {
	t.Parallel()
	s, voice := unsealable(t, "ada:lead bea:lead cem:fix dan:fix")
	s.follows(1, policy.Step{Targets: []policy.Target{target(policy.Role, fix)}})
	inc := s.light("ada", "bea", fire())
	hunt := func() string {
		return get[string](s, s.db, `select string_agg(state, ' ' order by id) from escalation where slot = 'role:fix'`)
	}
	s.advance(urgent + time.Second)
	if hunt() != "stopped" {
		t.Fatal(hunt())
	}
	s.grants("K7QX", 0)
	if got := granted(voice.take()); got != "cem:K7QX " || hunt() != "hunting" {
		t.Fatalf("dialled by %q, %s", got, hunt())
	}
	s.advance(urgent + time.Second)
	if got := granted(voice.take()); got != "" || hunt() != "stopped" {
		t.Errorf("dialled by %q, %s", got, hunt())
	}
	// Whoever has it already has time to answer: the switchboard opens nothing for a hunt that
	// is over.
	s.asksAgain(inc.ID)
	s.grants("M2PW", inc.ID)
	s.advance(urgent / 2)
	if hunt() != "hunting" {
		t.Error(hunt())
	}
	s.advance(urgent)
	if hunt() != "stopped" {
		t.Error(hunt())
	}
	// What somebody stopped stays so, and so does what somebody took.
	page := func() {
		_, err := s.svc.Page(ctx, s.as("ada"), incidents.Call{To: fix, Why: "more of us", Incident: inc.ID})
		s.must(err)
		s.settle()
		voice.take()
	}
	page()
	_, err := s.svc.CancelPage(ctx, s.as("ada"), incidents.Call{To: fix, Incident: inc.ID})
	s.must(err)
	s.asksAgain(inc.ID)
	s.grants("P9RT", inc.ID)
	if got := granted(voice.take()); got != "" {
		t.Errorf("dialled by %q, %s", got, hunt())
	}
	page()
	s.advance(urgent + time.Second)
	_, err = s.svc.TakeRole(ctx, s.as("bea"), inc.ID, fix)
	s.must(err)
	s.asksAgain(inc.ID)
	s.grants("Q3SV", inc.ID)
	if got := granted(voice.take()); got != "" {
		t.Errorf("dialled by %q, %s", got, hunt())
	}
}

// What is told twice has one effect, though the clocks of the two differ: the bot takes none
// for longer than one holds, so each telling would be for a little longer.
func TestAGrantThatIsToldAgainSaysNothing(t *testing.T) {
	t.Parallel()
	s, _ := unsealable(t, "ada:lead bea:lead cem:fix")
	s.light("ada", "bea", fire())
	g := unseal.Grant{Code: "K7QX", Declared: "ada", Confirmed: "bea", Since: s.Now(), Until: s.Now().Add(2 * time.Hour)}
	s.must(s.svc.Granted(ctx, g))
	s.setNow(s.Now().Add(time.Second))
	s.must(s.svc.Granted(ctx, g))
	if n := get[int](s, s.db, `select count(*) from timeline_entry where text like '%have sealed addresses opened%'`); n != 1 {
		t.Errorf("said %d times", n)
	}
}

// What our key does not open is told as it is, and not tried again and again: the next way of
// somebody is used at once.
func TestASealedAddressThatDoesNotOpenIsNoDatabaseThatIsAway(t *testing.T) {
	t.Parallel()
	s, voice := unsealable(t, "ada:lead bea:lead cem:fix")
	s.light("ada", "bea", fire())
	other, err := escrow.GenerateKey()
	s.must(err)
	s.svc.Seals = &contact.Halves{Keys: []escrow.PrivateKey{other}}
	s.grants("K7QX", 0)
	if got := get[string](s, s.db, `select d.state || ' ' || a.outcome || ' ' || a.detail from delivery d join attempt a on a.delivery_id = d.id where d.route = 'voice' limit 1`); !strings.HasPrefix(got, "failed permanent This sealed address does not open") {
		t.Error(got)
	}
	if n := len(voice.take()); n != 0 {
		t.Errorf("dialled %d times", n)
	}
}

// A table of keyrings that somebody changed keeps no alarm from being raised.
func TestAnAlarmNeedsNoCustodians(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix")
	s.svc.Log = slog.New(slog.DiscardHandler)
	s.svc.Admins = []string{network + "/bea"}
	s.svc.Custodians = func(context.Context, pg.DB) ([]string, error) {
		return nil, fault.New(fault.Forbidden, "Somebody changed the table.")
	}
	s.must(s.svc.Alarm(ctx, "No room shows the ledger's head."))
	if said := s.said(); !one(said, "#ops No room shows") || !one(said, "bea No room shows") {
		t.Error(text(said))
	}
}

// A clock that is set back by an hour holds nobody's call back for an hour.
func TestAClockSetBackHoldsNoSealedCallBack(t *testing.T) {
	t.Parallel()
	s, voice := unsealable(t, "ada:lead bea:lead cem:fix")
	s.light("ada", "bea", fire())
	s.settle()
	s.setNow(s.Now().Add(-time.Hour))
	s.grants("K7QX", 0)
	if got := granted(voice.take()); !strings.HasPrefix(got, "cem:K7QX ") { // perhaps twice: the hunt steps, too
		t.Errorf("dialled by %q", got)
	}
}

// Row 4: whoever has the switchboard's host has no words put into the bot's mouth, and no
// grant held open for longer than one holds, or by one person.
func TestAttack04WhatTheSwitchboardSaysIsNotBelieved(t *testing.T) {
	t.Parallel()
	s, _ := unsealable(t, "ada:lead bea:lead cem:fix")
	var said []string
	s.svc.Heads = func(_ context.Context, line string) error { said = append(said, line); return nil }
	for _, line := range []string{"!incident resolve INC-1", "Ledger 812 1a2b3c4d5e6f7081 and call 555", "Ledger 812 1a2b3c4d5e6f7081\nPRIVMSG"} {
		if err := s.svc.Say(ctx, line); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("%q: %v", line, err)
		}
	}
	s.must(s.svc.Say(ctx, "Ledger 812 1a2b3c4d5e6f7081"))
	if len(said) != 1 {
		t.Error(said)
	}
	inc := s.light("ada", "bea", fire())
	alone := unseal.Grant{Code: "K7QX", Declared: "ada", Confirmed: "ada", Since: s.Now(), Until: s.Now().Add(time.Hour)}
	if err := s.svc.Granted(ctx, alone); fault.KindOf(err) != fault.Forbidden {
		t.Error(err)
	}
	long := alone
	long.Confirmed, long.Until = "bea", s.Now().Add(1000*time.Hour)
	s.must(s.svc.Granted(ctx, long))
	if until := get[time.Time](s, s.db, `select unsealed_until from incident where id = $1`, inc.ID); until.After(s.Now().Add(unseal.GrantHolds)) {
		t.Errorf("until %s", until)
	}
}
