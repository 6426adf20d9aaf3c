package incidents_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"batsignal/incidents"
	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
)

// steps of the clock on the wall.
var steps = []time.Duration{time.Hour, -time.Hour}

// Row 9: the clock steps by an hour while pages are on their way by several routes, one of
// them in the hands of a provider, one waiting for its delay and one to be tried again.
// Nothing is lost and nothing is held back by that hour; whoever is next is rung in time.
func TestFault09ClockStepsWhilePaging(t *testing.T) {
	t.Parallel()
	for _, step := range steps {
		t.Run(step.String(), func(t *testing.T) {
			t.Parallel()
			s := newScene(t, "ada:lead bea:fix cem:fix")
			sms, voice := s.phones()
			s.phone("bea", "sms", "voice")
			s.wire.fail = func(m paging.Message) error {
				if m.Attempt == 1 {
					return errors.New("come again")
				}
				return nil
			}
			inc := s.light("ada", "cem", fire())
			s.settle()
			// A process died with a page in its hands.
			s.exec(`update delivery set state = 'leased', leased_by = 'dead', leased_until = $2 where page_id = $1 and route = 'net'`,
				s.page("ada"), s.Now().Add(6*time.Second))
			s.setNow(s.Now().Add(step))
			s.wire.take()
			s.advance(10 * time.Second)
			first := s.wire.take()
			if !strings.Contains(first, "ada") || !strings.Contains(first, "bea") {
				t.Errorf("rung again: %q", first)
			}
			s.advance(2*time.Minute + 10*time.Second)
			if n, m := len(sms.take()), len(voice.take()); n == 0 || m == 0 {
				t.Errorf("%d texts and %d calls", n, m)
			}
			if all := first + s.wire.take(); !strings.Contains(all, "cem") {
				t.Errorf("rung next: %q", all)
			}
			s.acks("cem")
			if got := s.filled(inc.ID); !strings.Contains(got, "fix=cem") {
				t.Error(got)
			}
			if n := get[int](t, s.db, `select count(*) from delivery where state in ('leased', 'submitted')`); n != 0 {
				t.Errorf("%d deliveries are in nobody's hands", n)
			}
		})
	}
}

// Row 9: it steps there and back while nobody looks. What was due is done, once.
func TestFault09ClockStepsThereAndBack(t *testing.T) {
	t.Parallel()
	for _, step := range steps {
		t.Run(step.String(), func(t *testing.T) {
			t.Parallel()
			s := newScene(t, "ada:lead bea:fix cem:fix")
			s.light("ada", "cem", fire())
			s.settle()
			s.wire.take()
			s.setNow(start.Add(step))
			s.settle()
			s.setNow(start.Add(time.Second))
			s.advance(2 * urgent)
			rung := s.wire.take()
			if !strings.Contains(rung, "cem") {
				t.Errorf("rung: %q", rung)
			}
			if n := len(strings.Fields(rung)); n > 8 {
				t.Errorf("%d messages in 3 minutes: %s", n, rung)
			}
		})
	}
}

// Row 9: a request for the signal waits as long as it says. A clock that steps back does
// not make an old one good again for an hour.
func TestFault09ARequestIsNotProlonged(t *testing.T) {
	t.Parallel()
	for _, step := range steps {
		t.Run(step.String(), func(t *testing.T) {
			t.Parallel()
			s := newScene(t, "ada:lead bea:fix")
			asked, err := s.svc.Ask(ctx, s.as("ada"), fire())
			s.must(err)
			s.settle()
			s.setNow(start.Add(step))
			s.advance(incidents.DefaultGuard().Window)
			_, err = s.svc.Confirm(ctx, s.as("bea"), asked.Code)
			s.refused(err, fault.NotFound)
			if said := s.said(); countOf(said, "was not confirmed") != 1 {
				t.Error(text(said))
			}
		})
	}
}
