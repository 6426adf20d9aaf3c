package incidents_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"batsignal/incidents"
	"batsignal/oncall"
	"batsignal/oncall/paging"
	"batsignal/oncall/policy"
)

// exchange is another paging service with a memory: a key that is open there is not
// opened again.
type exchange struct {
	mu    sync.Mutex
	open  map[string]bool
	calls []paging.HelpCall
	fail  error
	then  func() // done when a call was taken, before it is answered
}

func (x *exchange) Name() string { return "exchange" }

func (x *exchange) Send(context.Context, paging.Message) (paging.Handed, error) {
	return paging.Handed{}, errors.New("it is no way to anybody of ours")
}

func (x *exchange) CallHelp(_ context.Context, h paging.HelpCall) (paging.HelpCalled, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.fail != nil {
		return paging.HelpCalled{}, x.fail
	}
	x.calls = append(x.calls, h)
	x.open[h.Key] = true
	if x.then != nil {
		x.then()
	}
	return paging.HelpCalled{Name: "31", Link: "https://exchange.example.org/31"}, nil
}

func (x *exchange) EndHelp(_ context.Context, h paging.HelpEnd) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	delete(x.open, h.Key)
	return nil
}

// stands tells which keys are open there.
func (x *exchange) stands() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	var keys []string
	for key := range x.open {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return strings.Join(keys, " ")
}

// helped is a scene in which the place Q1 at the exchange stands for whoever fixes.
func helped(t *testing.T, people string) (*scene, *exchange) {
	t.Helper()
	s := newScene(t, people)
	x := &exchange{open: map[string]bool{}}
	s.svc.Routes = append(s.svc.Routes, paging.Traits{Name: x.Name(), Ends: true, Stays: true})
	s.svc.Helplines = []paging.Helpline{{Role: fix, Route: x.Name(), Title: "The exchange", Place: "Q1", AtOnce: 2}}
	return s, x
}

func (s *scene) does(x *exchange, e incidents.Errand, attempt int, last bool) error {
	return (&incidents.Errands{Service: s.svc, Routes: map[string]paging.Route{x.Name(): x}, Log: quietLog()}).Do(ctx, e, attempt, last)
}

// hunt is the newest hunt for whoever fixes.
func (s *scene) hunt() int64 {
	s.Helper()
	return get[int64](s, s.db, `select max(id) from escalation where slot = 'role:fix'`)
}

// there has somebody do something with the newest call at the exchange.
func (s *scene) there(account, called string, means paging.PageState) {
	s.Helper()
	s.says(paging.Reply{Route: "exchange", Key: paging.HelpKey(s.hunt(), "Q1"), Account: account, Text: called, Means: means})
}

// From the signal to its end: whoever is on call elsewhere is called beside our own
// people, takes the role there, and keeps it there until all is over.
func TestAHelplineFillsARole(t *testing.T) {
	t.Parallel()
	s, x := helped(t, "ada:lead bea:fix cem")
	s.must(oncall.BindAccount(ctx, s.db, s.Now(), s.ids["cem"], oncall.Account{Network: "exchange", Name: "UCEM"}))
	inc := s.light("ada", "bea", fire())
	s.settle()
	if errs := s.errands(x); len(errs) != 0 {
		t.Fatal(errs)
	}
	key := paging.HelpKey(s.hunt(), "Q1")
	if got := s.wire.take(); got != "ada bea" || x.stands() != key {
		t.Fatalf("%s were rung here, %s there", got, x.stands())
	}
	want := paging.HelpCall{
		Key: key, Attempt: 1, Place: "Q1", Ref: inc.Ref(), Severity: 1, Role: "fixing", Why: "openssl is on fire",
		Rooms: []string{"#inc-1-fire on net"},
	}
	if fmt.Sprint(x.calls) != fmt.Sprint([]paging.HelpCall{want}) {
		t.Errorf("%+v", x.calls)
	}
	const line = "The exchange calls whoever is on call there for fixing: its incident 31, https://exchange.example.org/31"
	if !one(s.timeline(inc.ID), "page: "+line) || !one(s.said(), line) {
		t.Error(text(s.timeline(inc.ID)))
	}

	s.there("ucem", "Cem", paging.PageAcked)
	if got := s.filled(inc.ID); got != "lead= fix=cem" {
		t.Error(got)
	}
	if said := s.said(); !one(said, home+" [INC-1] cem answers at The exchange and has fixing.") || !one(said, "@bea [INC-1]") {
		t.Error(text(said))
	}
	s.errands(x)
	if x.stands() != key {
		t.Error("it is taken from whoever has it there")
	}
	s.must(s.svc.Resolve(ctx, s.as("cem"), inc.ID, "", false, false))
	s.errands(x)
	if x.stands() != "" {
		t.Error("it is over, and stands there")
	}
	before := text(s.timeline(inc.ID))
	s.there("ucem", "Cem", paging.PageClosed) // what we ended there comes back to us
	if after := text(s.timeline(inc.ID)); after != before {
		t.Error(after)
	}
}

// Our own answer ends the call there, whoever hears of it first.
func TestAHelplineIsToldThatARoleIsFilled(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(s *scene, inc incidents.Incident){
		"by an answer": func(s *scene, _ incidents.Incident) { s.acks("bea") },
		"by a command": func(s *scene, inc incidents.Incident) {
			_, err := s.svc.TakeRole(ctx, s.as("cem"), inc.ID, fix)
			s.must(err)
		},
		"by a command, after everybody declined": func(s *scene, inc incidents.Incident) {
			_, err := s.svc.Decline(ctx, s.as("bea"), 0)
			s.must(err)
			_, err = s.svc.TakeRole(ctx, s.as("cem"), inc.ID, fix)
			s.must(err)
		},
		"by who stops it": func(s *scene, inc incidents.Incident) {
			_, err := s.svc.CancelPage(ctx, s.as("ada"), incidents.Call{To: fix, Incident: inc.ID})
			s.must(err)
		},
		"by the end": func(s *scene, inc incidents.Incident) {
			s.must(s.svc.Resolve(ctx, s.as("ada"), inc.ID, "", true, true))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, x := helped(t, "ada:lead bea:fix cem")
			inc := s.light("ada", "bea", fire())
			s.settle()
			s.errands(x)
			if x.stands() == "" {
				t.Fatal("it is not called")
			}
			end(s, inc)
			s.errands(x)
			if x.stands() != "" {
				t.Error("their phone rings on")
			}
		})
		t.Run(name+", while it is called", func(t *testing.T) {
			t.Parallel()
			s, x := helped(t, "ada:lead bea:fix cem")
			inc := s.light("ada", "bea", fire())
			s.settle()
			call := s.jobs()[0]
			x.then = func() {
				x.mu.Unlock() // the other side is not ours to hold
				defer x.mu.Lock()
				open := x.open
				x.open = map[string]bool{} // nothing is there yet for whoever looks
				end(s, inc)
				for _, e := range s.jobs() {
					s.must(s.does(x, e, 1, false))
				}
				x.open = open
			}
			s.must(s.does(x, call, 1, false))
			x.then = nil
			s.errands(x)
			if x.stands() != "" {
				t.Error("who called did not look again")
			}
		})
	}
}

// Killed after the other side was asked and before that was written down: the errand
// comes again, asks with the same key, and it is told once.
func TestAHelplineIsCalledAgainAfterAKill(t *testing.T) {
	t.Parallel()
	s, x := helped(t, "ada:lead bea:fix")
	inc := s.light("ada", "bea", fire())
	call := s.jobs()[0]
	for attempt := range 3 {
		s.must(s.does(x, call, attempt+1, false))
	}
	if len(x.calls) != 3 || x.calls[0].Key != x.calls[2].Key || x.calls[2].Attempt != 3 {
		t.Errorf("%+v", x.calls)
	}
	if !one(s.timeline(inc.ID), "The exchange calls") {
		t.Error(text(s.timeline(inc.ID)))
	}
	s.must(s.svc.TakeOverHelp(ctx)) // it was called
	if n := len(s.jobs()); n != 0 {
		t.Errorf("%d errands after a call that was written down", n)
	}
	s.exec(`delete from provider_event where event like '%/called'`) // it died before that
	s.must(s.svc.TakeOverHelp(ctx))
	again := s.jobs()
	if len(again) != 1 || !again[0].Again {
		t.Fatalf("%+v", again)
	}
	s.must(s.does(x, again[0], 1, false))
	if len(x.calls) != 4 || x.calls[3].Attempt != 2 || x.calls[3].Key != x.calls[0].Key {
		t.Errorf("%+v", x.calls)
	}
	// The process died with the call on its way, and all was over when the next one came.
	s.acks("bea")
	s.jobs()
	s.must(s.does(x, call, 4, false))
	if len(x.calls) != 4 || x.stands() != "" {
		t.Errorf("%+v", x.calls)
	}
}

func TestAMildHuntCallsAHelplineWhenNobodyIsLeft(t *testing.T) {
	t.Parallel()
	s, x := helped(t, "ada:lead bea:fix cem")
	sig := fire()
	sig.Severity = 3
	s.light("ada", "bea", sig)
	s.settle()
	s.advance(patient - time.Second)
	if s.errands(x); x.stands() != "" {
		t.Fatal("it was called before our own people were asked")
	}
	s.advance(time.Second)
	if s.errands(x); x.stands() == "" {
		t.Error("nobody is left, and it is not called")
	}
	s.advance(time.Hour)
	if s.errands(x); len(x.calls) != 1 {
		t.Errorf("called %d times", len(x.calls))
	}

	// A role that nobody of ours has agreed to.
	s, x = helped(t, "ada:lead bea:lead")
	sig.Severity = 4
	s.light("ada", "bea", sig)
	s.settle()
	if s.errands(x); x.stands() == "" {
		t.Error("nobody can be rung, and it is not called")
	}
}

// A policy that stops ringing leaves the helpline as the last hope, and whoever answers
// there is heard.
func TestAHelplineOutlivesAPolicyThatStops(t *testing.T) {
	t.Parallel()
	s, x := helped(t, "ada:lead bea:fix cem")
	s.must(oncall.BindAccount(ctx, s.db, s.Now(), s.ids["cem"], oncall.Account{Network: "exchange", Name: "UCEM"}))
	s.follows(1, policy.Step{Targets: []policy.Target{target(policy.Person, "bea")}, Wait: urgent})
	inc := s.light("ada", "bea", fire())
	s.settle()
	s.errands(x)
	s.advance(10 * time.Minute)
	if got := get[string](t, s.db, `select state from escalation where id = $1`, s.hunt()); got != "stopped" {
		t.Fatal(got)
	}
	if s.errands(x); x.stands() == "" {
		t.Fatal("it was put away with the policy")
	}
	s.there("UCEM", "Cem", paging.PageAcked)
	if got := s.filled(inc.ID); got != "lead= fix=cem" {
		t.Error(got)
	}
}

// Whoever nobody here knows fills no role, and is named.
func TestAStrangerAnswersAHelpline(t *testing.T) {
	t.Parallel()
	s, x := helped(t, "ada:lead bea:fix cem:fix")
	inc := s.light("ada", "bea", fire())
	s.settle()
	s.errands(x)
	s.wire.take()
	s.said()
	event := paging.Reply{
		Route: "exchange", Event: "again", Key: paging.HelpKey(s.hunt(), "Q1"), Account: "UEVE", Text: "STOP", Means: paging.PageAcked,
	}
	for range 3 {
		_, err := s.svc.Reply(ctx, event)
		s.must(err)
	}
	if said := s.said(); !one(said, home+" [INC-1] At The exchange STOP (UEVE) answers for fixing. Nobody here has that account, so I ring on. If it is one of us: !role take fix.") {
		t.Error(text(said))
	}
	if got := s.filled(inc.ID); got != "lead= fix=" {
		t.Error(got)
	}
	s.rungLater(urgent, "ada cem")
	s.there("UEVE", "Eve", paging.PageClosed)
	if said := s.said(); !one(said, home+" [INC-1] At The exchange Eve (UEVE) puts the call for fixing away. Fixing is still looked for.") {
		t.Error(text(said))
	}
	// News of what was never called, and of what is no hunt at all.
	for _, key := range []string{paging.HelpKey(s.hunt(), "Q2"), paging.HelpKey(9999, "Q1")} {
		if _, err := s.svc.Reply(ctx, paging.Reply{Route: "exchange", Event: key, Key: key, Account: "UEVE", Means: paging.PageAcked}); err != nil {
			t.Error(err)
		}
	}
	if said := s.said(); len(said) != 0 {
		t.Error(text(said))
	}
}

func TestWhatIsWrongWithAHelplineIsSaid(t *testing.T) {
	t.Parallel()
	s, x := helped(t, "ada:lead bea:fix")
	s.light("ada", "bea", fire())
	s.settle()
	call := s.jobs()[0]
	s.said()
	x.fail = fmt.Errorf("%w: it answered 503", paging.ErrProvider)
	for attempt := 1; attempt <= 20; attempt++ {
		if err := s.does(x, call, attempt, attempt == 20); !errors.Is(err, paging.ErrProvider) {
			t.Fatal(err)
		}
		want := map[int]string{
			3:  " [INC-1] The exchange could not be called for fixing yet, and I go on trying. It answered 503.",
			20: " [INC-1] The exchange cannot be called for fixing: whoever is on call there does not know. It answered 503.",
		}[attempt]
		if said := s.said(); want == "" && len(said) > 0 || want != "" && !one(said, home+want) {
			t.Errorf("%d: %s", attempt, text(said))
		}
	}
	s, x = helped(t, "ada:lead bea:fix")
	s.light("ada", "bea", fire())
	s.settle()
	x.fail = fmt.Errorf("%w: The exchange does not take our token.", paging.ErrPermanent)
	if err := s.does(x, s.jobs()[0], 1, false); !errors.Is(err, paging.ErrPermanent) {
		t.Fatal(err)
	}
	if said := s.said(); !one(said, home+" [INC-1] The exchange cannot be called for fixing: whoever is on call there does not know. The exchange does not take our token.") {
		t.Error(text(said))
	}
}

// Who leaves a role that they took there is not its owner there any more.
func TestAHelplineIsCalledAnewForARoleThatWasLeft(t *testing.T) {
	t.Parallel()
	s, x := helped(t, "ada:lead bea:fix cem:fix")
	s.must(oncall.BindAccount(ctx, s.db, s.Now(), s.ids["cem"], oncall.Account{Network: "exchange", Name: "UCEM"}))
	inc := s.light("ada", "bea", fire())
	s.settle()
	s.errands(x)
	first := x.stands()
	s.there("UCEM", "Cem", paging.PageAcked)
	s.errands(x)
	_, err := s.svc.LeaveRole(ctx, s.as("cem"), inc.ID, fix)
	s.must(err)
	s.settle()
	s.errands(x)
	if got := x.stands(); got == first || got != paging.HelpKey(s.hunt(), "Q1") {
		t.Errorf("%q stands there, after %q", got, first)
	}
}

// Where several must answer, one who answers there is one of them.
func TestAHelplineIsOneOfSeveral(t *testing.T) {
	t.Parallel()
	s, x := helped(t, "ada:lead bea:fix cem")
	s.must(oncall.BindAccount(ctx, s.db, s.Now(), s.ids["cem"], oncall.Account{Network: "exchange", Name: "UCEM"}))
	p, err := (&policy.Service{DB: s.db, Now: s.Now}).Save(ctx, s.as("ada"), policy.Policy{
		Name: "two", Title: "Two", Needs: 2, Steps: []policy.Step{{Targets: []policy.Target{target(policy.Role, fix)}, Wait: urgent}},
	})
	s.must(err)
	s.must((&policy.Service{DB: s.db, Now: s.Now}).Assign(ctx, s.as("ada"), policy.Use{Role: fix, Policy: p.Name}))
	inc := s.light("ada", "bea", fire())
	s.settle()
	s.errands(x)
	s.there("UCEM", "Cem", paging.PageAcked)
	if said := s.said(); !one(said, home+" [INC-1] cem answers at The exchange and has fixing. One more must answer for fixing.") {
		t.Error(text(said))
	}
	s.acks("bea")
	s.errands(x)
	if got := s.filled(inc.ID); got != "lead= fix=cem,bea" || x.stands() == "" {
		t.Error(got, x.stands())
	}
}
