package incidents_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"batsignal/incidents"
	"batsignal/incidents/alert"
	"batsignal/oncall/contact"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

// standing is a provider at which what was sent stands until it is ended.
func (s *scene) standing() *hangUp {
	board := &hangUp{operator: &operator{name: "pagerduty", has: map[string]bool{}}}
	s.svc.Routes = append(s.svc.Routes, paging.Traits{Name: "pagerduty", Ends: true, Stays: true, Loud: true})
	s.pager.Routes["pagerduty"] = staysOn{board}
	s.pager.Worker.Routes = append(s.pager.Worker.Routes, "pagerduty")
	return board
}

// staysOn is a hangUp with the trait.
type staysOn struct{ *hangUp }

func (staysOn) Traits() paging.Traits {
	return paging.Traits{Name: "pagerduty", Ends: true, Stays: true}
}

// told takes how the provider heard that things ended, as "acked page-1, closed proof-2".
func (s *scene) told(board *hangUp) string {
	s.Helper()
	if errs := s.errands(staysOn{board}); len(errs) != 0 {
		s.Fatal(errs)
	}
	var list []string
	for _, e := range board.ended {
		list = append(list, string(e.How)+" "+e.Key)
	}
	board.ended = nil
	return strings.Join(list, ", ")
}

func (s *scene) endsAt(board *hangUp, want string) {
	s.Helper()
	if got := s.told(board); got != want {
		s.Errorf("the provider heard %q, not %q", got, want)
	}
}

const key = "0123456789abcdef0123456789abcdef"

func (s *scene) stands(handle string) {
	s.Helper()
	_, err := contact.AddProven(ctx, s.db, s.Now(), s.ids[handle], "pagerduty", secret.New(key))
	s.must(err)
}

// An acknowledgement at a paging service runs out, and then it rings again: so it is told
// once more when what it was about is over.
func TestWhatWasAcknowledgedIsResolvedAtTheEnd(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix")
	board := s.standing()
	s.stands("bea")
	inc := s.light("ada", "bea", fire())
	s.settle()
	page := board.take()[0].Key
	s.acks("bea")
	s.endsAt(board, "acked "+page)
	s.must(s.svc.Resolve(ctx, s.as("bea"), inc.ID, "", false, false))
	s.endsAt(board, "closed "+page)

	// The acknowledgement is told late, when all is over.
	inc = s.light("ada", "bea", fire())
	s.settle()
	page = board.take()[0].Key
	s.acks("bea")
	s.must(s.svc.Resolve(ctx, s.as("bea"), inc.ID, "", false, false))
	s.endsAt(board, "closed "+page+", closed "+page)
}

// A call without an incident is about nothing that goes on.
func TestAnAnsweredCallIsOver(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix")
	board := s.standing()
	s.stands("bea")
	_, err := s.call(s.as("ada"), "bea", "come to the phone")
	s.must(err)
	s.settle()
	page := board.take()[0].Key
	s.acks("bea")
	s.endsAt(board, "closed "+page)
}

func TestAlertsThatEndAreTold(t *testing.T) {
	t.Parallel()
	a := newAlerts(t, "ada bea:fix", 0, "bea")
	board := a.standing()
	a.stands("bea")
	a.fires("db1")
	a.settle()
	page := board.take()[0].Key
	a.acks("bea")
	a.endsAt(board, "acked "+page)
	a.sends(alert.Resolve, "db1")
	a.endsAt(board, "closed "+page)
}

// A code stands at a paging service as an incident: it goes when the code came back, or
// when it is too late for that.
func TestACodeDoesNotStandForEver(t *testing.T) {
	t.Parallel()
	s := newScene(t, "bea:fix cem:fix dan:fix")
	board := s.standing()
	for _, who := range []string{"bea", "cem", "dan"} {
		_, _, err := s.svc.AddContact(ctx, s.as(who), "pagerduty", secret.New(key))
		s.must(err)
	}
	// What is due only later waits for then.
	const sqlLater = `select count(*) from river_job where args->>'what' = 'proof-end' and state = 'scheduled' and scheduled_at = $1`
	if n := get[int](t, s.db, sqlLater, s.Now().Add(time.Hour)); n != 3 {
		t.Errorf("%d ends are planned", n)
	}
	s.exec(`delete from river_job where args->>'what' = 'proof-end'`)
	s.endsAt(board, "")
	codes := map[string]paging.Message{}
	for _, m := range board.take() {
		codes[m.Person] = m
	}
	_, err := s.svc.ProveByCode(ctx, s.as("bea"), codes["bea"].Code)
	s.must(err)
	s.endsAt(board, "closed "+codes["bea"].Key)
	s.says(paging.Reply{Route: "pagerduty", Key: codes["cem"].Key, Account: "PCEM", Means: paging.PageAcked})
	s.endsAt(board, "closed "+codes["cem"].Key)

	s.advance(time.Hour)
	_, proof, _ := paging.ParseKey(codes["dan"].Key)
	late := incidents.Errand{What: incidents.ErrandProofEnd, Route: "pagerduty", Proof: proof}
	e := &incidents.Errands{Service: s.svc, Routes: map[string]paging.Route{"pagerduty": staysOn{board}}, Log: s.svc.Log}
	for range 2 {
		s.must(e.Do(ctx, late, 1, false))
	}
	s.endsAt(board, fmt.Sprintf("closed %[1]s, closed %[1]s", codes["dan"].Key))
	// Its owner took the address away: nobody can say anything there any more.
	s.exec(`delete from contact where person_id = $1`, s.ids["dan"])
	s.must(e.Do(ctx, late, 1, false))
	s.endsAt(board, "")
}
