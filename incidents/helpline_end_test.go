package incidents_test

import (
	"strings"
	"testing"
	"time"

	"batsignal/incidents"
	"batsignal/oncall/policy"
)

// stoppedHelp is an incident whose policy rang bea once and stopped: the exchange, which was
// called for her role, is the last hope.
func stoppedHelp(t *testing.T) (*scene, *exchange, incidents.Incident) {
	s, x := helped(t, "ada:lead bea:fix cem")
	s.follows(1, policy.Step{Targets: []policy.Target{target(policy.Person, "bea")}, Wait: urgent})
	inc := s.light("ada", "bea", fire())
	s.settle()
	s.errands(x)
	s.advance(10 * time.Minute)
	if s.errands(x); x.stands() == "" {
		t.Fatal("put away with policy")
	}
	return s, x, inc
}

// Who declines a page that nobody waits for any more does not send the last hope away.
func TestADeclineLeavesTheLastHope(t *testing.T) {
	t.Parallel()
	s, x, _ := stoppedHelp(t)
	_, err := s.svc.Decline(ctx, s.as("bea"), 0)
	s.must(err)
	if s.errands(x); x.stands() == "" {
		t.Error("a decline ended the last hope")
	}
}

// When somebody takes the role after its hunt was stopped, the helpline is told.
func TestWhoTakesTheRoleEndsTheHelpline(t *testing.T) {
	t.Parallel()
	s, x, inc := stoppedHelp(t)
	_, err := s.svc.TakeRole(ctx, s.as("cem"), inc.ID, fix)
	s.must(err)
	if s.errands(x); x.stands() != "" {
		t.Error("the role is taken, and the phone there rings on")
	}
}

// A helpline that was taken out of the configuration is told of the end as well.
func TestARemovedHelplineIsToldOfTheEnd(t *testing.T) {
	t.Parallel()
	s, x := helped(t, "ada:lead bea:fix cem")
	inc := s.light("ada", "bea", fire())
	s.settle()
	s.errands(x)
	s.svc.Helplines = nil
	s.must(s.svc.Resolve(ctx, s.as("ada"), inc.ID, "", true, true))
	if s.errands(x); x.stands() != "" {
		t.Error("it rings for ever")
	}
}

// When it turns out to be worse, a helpline is called at once.
func TestARaisedSeverityCallsTheHelpline(t *testing.T) {
	t.Parallel()
	s, x := helped(t, "ada:lead bea:fix cem:fix")
	sig := fire()
	sig.Severity = 3
	inc := s.light("ada", "bea", sig)
	s.settle()
	s.errands(x)
	s.must(s.svc.SetSeverity(ctx, s.as("ada"), inc.ID, 1))
	s.settle()
	s.errands(x)
	if x.stands() == "" {
		t.Error("at severity 1 it is not called at once")
	}
}

// A role of which nobody of ours can be rung is called for elsewhere by !page too.
func TestAPageCallsTheHelplineAlone(t *testing.T) {
	t.Parallel()
	s, x := helped(t, "ada:lead bea:lead cem")
	inc := s.light("ada", "bea", fire())
	s.settle()
	s.errands(x)
	_, err := s.svc.CancelPage(ctx, s.as("ada"), incidents.Call{To: fix, Incident: inc.ID})
	s.must(err)
	s.errands(x)
	say, err := s.svc.Page(ctx, s.as("ada"), incidents.Call{To: fix, Incident: inc.ID, Why: "again"})
	if s.must(err); !strings.HasPrefix(say, "Nobody of ours can be rung for fixing now") {
		t.Error(say)
	}
	s.errands(x)
	if x.stands() == "" {
		t.Error("the helpline is not called")
	}
}
