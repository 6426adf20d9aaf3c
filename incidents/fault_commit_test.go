package incidents_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"batsignal/migrations/pg"
	"batsignal/migrations/pgtest"
	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
)

// cuts are the two sides of a commit at which a connection can be cut. Whoever waits for
// its outcome is told the same: it is unknown.
var cuts = map[string]func(*proxied, []byte) error{"before": cutBefore, "after": cutAfter}

// cutScene is a scene whose service talks to the database through a proxy.
func cutScene(t *testing.T, people string) (*scene, *proxy) {
	t.Helper()
	db := pgtest.Fresh(t)
	s := sceneOn(t, db.Pool, people)
	pool, p := proxyPool(t, db.BotDSN, pg.Options{})
	s.svc.DB = pool
	return s, p
}

// unknown checks that whoever did something was told that its outcome is unknown.
func (s *scene) unknown(err error, p *proxy) {
	s.Helper()
	if !p.passed() {
		s.Fatal("no commit was cut")
	}
	if !errors.Is(err, pg.ErrCommitUnknown) {
		s.Fatalf("cut at the commit: %v", err)
	}
}

// answeredOnce checks that bea's answer counted, and once.
func (s *scene) answeredOnce(inc, page int64) {
	s.Helper()
	if got := s.pageState(page); got != "acked" {
		s.Errorf("the page is %s", got)
	}
	if lines := s.timeline(inc); !one(lines, "ack: bea answers P") {
		s.Error(text(lines))
	}
	if n := get[int](s, s.db, `select count(*) from responder where role = 'fix'`); n != 1 {
		s.Errorf("%d responders", n)
	}
	if said := s.said(); countOf(said, home+" [INC-1] bea answers") != 1 {
		s.Error(text(said))
	}
}

// Row 3: the outcome of a commit is unknown. An acknowledgement that is said again counts
// once, whether the first one was written or not.
func TestFault03CommitOfAnAckIsCut(t *testing.T) {
	t.Parallel()
	for name, cut := range cuts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, p := cutScene(t, "ada:lead bea:fix cem:fix")
			inc := s.light("ada", "cem", fire())
			s.settle()
			page := s.page("bea")
			p.nextCommit(cut)
			_, err := s.svc.Ack(ctx, s.as("bea"), page)
			s.unknown(err, p)
			again, err := s.svc.Ack(ctx, s.as("bea"), page)
			s.must(err)
			if again.Changed != (name == "before") || again.Say == "" {
				t.Errorf("the second time: %+v", again)
			}
			s.answeredOnce(inc.ID, page)
		})
	}
}

// Row 3, for an answer by text: the provider repeats what we did not confirm, under the
// same name, and that is how we know it again.
func TestFault03CommitOfAReplyIsCut(t *testing.T) {
	t.Parallel()
	for name, cut := range cuts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, p := cutScene(t, "ada:lead bea:fix cem:fix")
			inc := s.light("ada", "cem", fire())
			s.settle()
			page := s.page("bea")
			said := paging.Reply{Route: "sms", Event: "SM1", Text: get[string](t, s.db, `select code from page where id = $1`, page)}
			p.nextCommit(cut)
			_, err := s.svc.Reply(ctx, said)
			s.unknown(err, p)
			for range 3 {
				if out, err := s.svc.Reply(ctx, said); err != nil || out.Say == "" {
					t.Errorf("%+v, %v", out, err)
				}
			}
			s.answeredOnce(inc.ID, page)
			if n := get[int](t, s.db, `select count(*) from provider_event`); n != 1 {
				t.Errorf("%d events", n)
			}
		})
	}
}

// Row 3, for the confirmation of a signal: whoever confirms again, or somebody else who
// does, opens the incident that is not there, or is told of the one that is.
func TestFault03CommitOfAConfirmationIsCut(t *testing.T) {
	t.Parallel()
	for name, cut := range cuts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, p := cutScene(t, "ada:lead bea:fix cem:fix")
			asked, err := s.svc.Ask(ctx, s.as("ada"), fire())
			s.must(err)
			p.nextCommit(cut)
			_, err = s.svc.Confirm(ctx, s.as("bea"), asked.Code)
			s.unknown(err, p)
			for i, who := range []string{"bea", "cem", "bea"} {
				_, err := s.svc.Confirm(ctx, s.as(who), asked.Code)
				ref := get[string](t, s.db, `select 'INC-' || id from incident`)
				if i == 0 && name == "before" {
					s.must(err)
					continue
				}
				s.refused(err, fault.Conflict)
				if !strings.Contains(fmt.Sprint(err), ref) {
					t.Errorf("it does not say which incident it is: %v", err)
				}
			}
			s.settle()
			if sent := s.wire.take(); sent != "ada bea" {
				t.Errorf("rung: %q", sent)
			}
			for what, want := range map[string]int{"incident": 1, "escalation": 2, "page": 2} {
				if n := get[int](t, s.db, `select count(*) from `+what); n != want {
					t.Errorf("%d of %s", n, what)
				}
			}
		})
	}
}

// Row 3, for the step of a hunt: whom it rang they were rung, and the next one waits for
// their turn.
func TestFault03CommitOfAStepIsCut(t *testing.T) {
	t.Parallel()
	for name, cut := range cuts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, p := cutScene(t, "ada:lead bea:fix cem:fix dan:fix")
			s.svc.Log = quietLog()
			s.light("ada", "dan", fire())
			s.settle()
			s.acks("ada")
			s.wire.take()
			s.setNow(start.Add(urgent))
			p.nextCommit(cut)
			s.settle()
			if !p.passed() {
				t.Fatal("no commit was cut")
			}
			s.advance(urgent / 2) // a step that failed is taken again soon, within that time
			if sent := s.wire.take(); sent != "cem" {
				t.Errorf("%q rung for the second step", sent)
			}
			s.advance(urgent)
			if sent := s.wire.take(); sent != "dan" {
				t.Errorf("%q rung for the third", sent)
			}
		})
	}
}
