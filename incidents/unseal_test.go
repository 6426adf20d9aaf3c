package incidents_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"batsignal/incidents"
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
	s.svc.Switchboard = &challenger{codes: []string{"K7QX", "M2PW"}}
	return s, voice
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
	if _, err := s.svc.Unseal(ctx, s.as("ada"), inc.ID); err != nil {
		t.Fatal(err)
	}
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
	s.grants("M2PW", inc.ID)
	if got := granted(voice.take()); got != "cem:M2PW " {
		t.Errorf("dialled by %q", got)
	}
	// Who is being called already is not called twice for it.
	s.setNow(s.Now().Add(time.Second))
	s.grants("P9RT", inc.ID)
	if got := granted(voice.take()); got != "" {
		t.Errorf("dialled again by %q", got)
	}
}

// A policy that rings everybody once is at its end the moment it begins, where people have
// sealed addresses only: it waits for them once these may be used.
func TestAHuntThatWasOverIsGoneOnWith(t *testing.T) {
	t.Parallel()
	s, voice := unsealable(t, "ada:lead bea:lead cem:fix")
	s.follows(1, policy.Step{Targets: []policy.Target{target(policy.Role, fix)}})
	inc := s.light("ada", "bea", fire())
	s.settle()
	hunt := func() string {
		return get[string](s, s.db, `select string_agg(state, ' ' order by id) from escalation where slot = 'role:fix'`)
	}
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
	s.grants("M2PW", inc.ID)
	if got := granted(voice.take()); got != "" {
		t.Errorf("dialled by %q, %s", got, hunt())
	}
	page()
	s.advance(urgent + time.Second)
	_, err = s.svc.TakeRole(ctx, s.as("bea"), inc.ID, fix)
	s.must(err)
	s.grants("P9RT", inc.ID)
	if got := granted(voice.take()); got != "" {
		t.Errorf("dialled by %q, %s", got, hunt())
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
	if got := granted(voice.take()); got != "cem:K7QX " {
		t.Errorf("dialled by %q", got)
	}
}
