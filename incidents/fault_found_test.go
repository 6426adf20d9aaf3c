package incidents_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"batsignal/incidents"
	"batsignal/migrations/pgtest"
	"batsignal/oncall"
	"batsignal/oncall/contact"
	"batsignal/oncall/paging"
	"batsignal/oncall/policy"
	"batsignal/oncall/secret"
)

// A role that is retired while somebody has it, or is rung for it, holds up nobody: what
// they answer counts, and whoever has to be looked after is.
func TestARoleIsRetiredMeanwhile(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix cem:fix")
	s.svc.Paging = incidents.DefaultPaging()
	s.lit()
	s.acks("bea")
	s.acks("ada")
	s.must(oncall.SyncRoles(ctx, s.db, s.Now(), twoRoles()[:1]))
	s.advance(15 * time.Minute)
	if got := s.wire.take(); !strings.Contains(got, "ada") {
		t.Errorf("rung: %q", got)
	}
}

func TestAPageForARetiredRoleCanBeAnswered(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix cem:fix")
	s.lit()
	s.must(oncall.SyncRoles(ctx, s.db, s.Now(), twoRoles()[:1]))
	s.said()
	s.advance(urgent)
	if said := s.said(); countOf(said, home+" [INC-1] Nobody can be rung for fixing") != 1 { // its roster counts no more
		t.Errorf("the hunt stands still in silence:%s", text(said))
	}
	if _, err := s.svc.Ack(ctx, s.as("bea"), 0); err != nil {
		t.Errorf("%v", err)
	}
}

// When a provider works again after a rest, all that waited for it leaves at once, and not
// when the pager looks the next time.
func TestAfterARestEverythingLeaves(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix cem:fix dan:fix")
	sms, _ := s.phones()
	s.svc.Routes[1].Delay = 0
	for _, who := range []string{"bea", "cem", "dan"} {
		s.phone(who, "sms")
		s.exec(`delete from account where person_id = $1`, s.ids[who])
	}
	sms.fails(fmt.Errorf("%w: it answered 503", paging.ErrProvider))
	sig := fire()
	sig.Everyone = true
	s.light("ada", "bea", sig)
	s.settle()
	s.advance(9 * time.Second)
	if n := get[int](t, s.db, `select count(*) from delivery where route = 'sms' and state = 'queued'`); n != 3 {
		t.Fatalf("%d texts wait", n)
	}
	sms.fails(nil)
	g := &gate{in: make(chan bool, 1), out: make(chan bool)}
	s.pager.Routes["sms"] = g
	s.setNow(s.Now().Add(2 * time.Minute))
	s.exec(`update escalation set due_at = $1, waits = '1 hour'`, s.Now().Add(time.Hour))
	s.run(s.pager)
	<-g.in
	time.Sleep(time.Second) // until the pager sleeps: what is too early to fail is no failure
	close(g.out)
	began := time.Now()
	eventually(t, "all three have left", func() bool {
		return get[int](t, s.db, `select count(*) from delivery where route = 'sms' and state = 'accepted'`) == 3
	})
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("it took %v: nobody woke the pager", took)
	}
}

// Many messages that were under way when a provider failed are one failure of it: it is
// left alone for a moment, not for the longest time.
func TestABlipIsNoLongRest(t *testing.T) {
	t.Parallel()
	people := "ada:lead"
	for i := range 8 {
		people += fmt.Sprintf(" p%d:fix", i)
	}
	s := newScene(t, people)
	sms, _ := s.phones()
	s.svc.Routes[1].Delay = 0
	for i := range 8 {
		s.phone(fmt.Sprintf("p%d", i), "sms")
	}
	sms.fails(fmt.Errorf("%w: it answered 503", paging.ErrProvider))
	sig := fire()
	sig.Everyone = true
	s.light("ada", "p0", sig)
	_, err := s.pager.Step(ctx)
	s.must(err)
	s.pager.Settle()
	until := get[time.Time](t, s.db, `select down_until from route_health where route = 'sms'`)
	if rest := until.Sub(s.Now()); rest > 10*time.Second {
		t.Errorf("it rests for %v", rest)
	}
}

// Whoever died with a call in the provider's hands leaves a phone that rings. It is hung
// up when somebody else answers, also before anybody has asked for that call.
func TestACallThatNobodyRemembersIsEnded(t *testing.T) {
	t.Parallel()
	s := sceneOn(t, pgtest.Fresh(t).Pool, "ada:lead bea:fix cem:fix")
	_, calls := s.phones()
	voice := &hangUp{operator: calls}
	s.phone("bea", "voice")
	s.lit()
	s.advance(2 * time.Minute)
	call := calls.take()[0]
	s.exec(`update delivery set state = 'queued', ask = true, ref = '', due_at = $1, finished_at = null, tries = 1 where route = 'voice' and page_id = $2`, s.Now().Add(time.Second), call.Page)
	s.exec(`update attempt a set outcome = 'unknown' from delivery d where d.id = a.delivery_id and d.route = 'voice'`)
	_, err := s.svc.Ack(ctx, s.as("cem"), 0)
	s.must(err)
	s.settle()
	if errs := s.errands(voice); len(errs) != 0 {
		t.Fatal(errs)
	}
	if len(voice.ended) != 1 {
		t.Errorf("it rings on: %+v", voice.ended)
	}
}

// Whoever says STOP gets nothing more, not even what was under way already.
func TestStopStopsWhatWaits(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix")
	sms, _ := s.phones()
	_, err := contact.AddProven(ctx, s.db, s.Now(), s.ids["bea"], "sms", secret.New("+442071838750"))
	s.must(err)
	s.lit()
	s.advance(30 * time.Second)
	say := s.says(paging.Reply{Route: "sms", From: secret.New("+442071838750"), Text: "STOP"})
	if n := get[int](t, s.db, `select count(*) from contact where suspended_at is not null`); n != 1 {
		t.Fatalf("%d suspended: %s", n, say)
	}
	s.advance(time.Minute - time.Second)
	if got := sms.take(); len(got) != 0 {
		t.Errorf("%d texts to a number that said STOP", len(got))
	}
}

// A route whose synthetic pages never arrived at all is told of as well.
func TestARouteThatNeverWorkedIsReported(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada")
	sms, _ := s.phones()
	s.must(contact.SyncCanaries(ctx, s.db, s.Now(), map[string]secret.Text{"sms": secret.New("+442071838750")}))
	s.must(s.svc.SendCanaries(ctx))
	s.errands(sms)
	if len(sms.take()) != 1 {
		t.Fatal("no canary")
	}
	s.setNow(start.Add(paging.UnprovenAfter))
	s.must(s.svc.ReportUnproven(ctx))
	s.must(s.svc.ReportUnproven(ctx))
	if said := s.said(); countOf(said, "Sms is unproven") != 1 {
		t.Error(text(said))
	}
}

// A route that works again looks like it, whichever process saw it fail.
func TestAFailureIsOverWhenItWorks(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix")
	sms, _ := s.phones()
	s.phone("bea", "sms")
	s.must(paging.RouteFailed(ctx, s.db, s.Now(), s.Now().Add(time.Minute), "sms", "it answered 503"))
	s.lit()
	s.advance(time.Minute)
	if len(sms.take()) != 1 {
		t.Fatal("no text")
	}
	health, err := paging.HealthOf(ctx, s.db)
	s.must(err)
	if len(health) != 1 || health[0].Failures != 0 || health[0].DownUntil != nil {
		t.Errorf("%+v", health)
	}
}

// A policy that repeats once goes through its people once, also where admins come last.
func TestAPolicyThatEndsIsNotBegunAgainForAdmins(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix cem:fix dan:lead")
	s.svc.Admins = []string{network + "/dan"}
	s.follows(1, policy.Step{Targets: []policy.Target{target(policy.Role, fix)}})
	s.light("ada", "bea", fire())
	s.acks("ada")
	s.acks2("dan")
	s.wire.take()
	s.advance(3 * time.Hour)
	rung := strings.Fields(s.wire.take())
	count := map[string]int{}
	for _, who := range rung {
		count[who]++
	}
	if count["bea"] > 0 || count["cem"] != 1 || count["dan"] == 0 { // bea was rung at once
		t.Errorf("rung: %v", rung)
	}
}

// acks2 answers whatever is open for somebody.
func (s *scene) acks2(handle string) {
	s.Helper()
	open, err := paging.OpenFor(ctx, s.db, s.ids[handle])
	s.must(err)
	for _, p := range open {
		_, err := s.svc.Ack(ctx, s.as(handle), p.ID)
		s.must(err)
	}
}

// "No" behind a code is no refusal.
func TestWordsBehindTheCode(t *testing.T) {
	t.Parallel()
	for words, want := range map[string]string{
		"%s no problem": "acked", "ack %s, no need to ring bea": "acked", "no %s": "declined", "No, %s": "declined", "decline %s": "declined",
	} {
		s := newScene(t, "ada:lead bea:fix cem:fix")
		sms, _ := s.phones()
		s.phone("bea", "sms")
		s.lit()
		s.advance(time.Minute)
		m := sms.take()[0]
		s.says(paging.Reply{Route: "sms", Text: fmt.Sprintf(words, m.Code)})
		if got := s.pageState(m.Page); got != want {
			t.Errorf("%q: %s", words, got)
		}
	}
}
