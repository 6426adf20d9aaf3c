package pagerduty_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"batsignal/integrations/pagerduty"
	"batsignal/oncall/secret"
)

// glance is one over Web, for packages, and Mail, for nothing of ours, on a clock that is
// moved by hand.
func (w *world) glance() (g *pagerduty.Glance, pass func(time.Duration)) {
	mail := w.fake.AddService("Mail")
	var passed atomic.Int64
	now := func() time.Time { return noon.Add(time.Duration(passed.Load())) }
	return pagerduty.NewGlance(w.rest, []pagerduty.Watched{{Role: "packages", ID: w.web.ID}, {ID: mail.ID}}, now),
		func(d time.Duration) { passed.Add(int64(d)) }
}

func (w *world) says(g *pagerduty.Glance, role, want string) {
	w.Helper()
	if got := g.Say(w.Context(), role, ""); got != want {
		w.Errorf("%q, not %q", got, want)
	}
}

func TestPagerDutySaysWhoIsOnCall(t *testing.T) {
	w := newWorld(t)
	bob := w.fake.AddUser("Bob", "bob@example.org")
	w.web.Until = noon.Add(2 * time.Hour)
	w.web.OnCall = append(w.web.OnCall, bob.ID)
	g, pass := w.glance()
	w.says(g, "", "PagerDuty says: Ada Lovelace until Sun 1 Mar 14:00 UTC and Bob until Sun 1 Mar 14:00 UTC for Web; nobody for Mail.")
	w.says(g, "packages", "PagerDuty says: Ada Lovelace until Sun 1 Mar 14:00 UTC and Bob until Sun 1 Mar 14:00 UTC for Web.")
	w.says(g, "coordination", "")

	asked := w.fake.RESTRequests()
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() { g.Say(t.Context(), "", "") })
	}
	all.Wait()
	if n := w.fake.RESTRequests() - asked; n != 0 {
		t.Errorf("what was said a moment ago was asked again, %d times", n)
	}
	pass(time.Minute)
	w.says(g, "packages", "PagerDuty says: Ada Lovelace until Sun 1 Mar 14:00 UTC and Bob until Sun 1 Mar 14:00 UTC for Web.")
	if n := w.fake.RESTRequests() - asked; n != 4 {
		t.Errorf("%d requests for two services", n)
	}
}

// Whatever is wrong there, our own answer does not wait for it longer than two seconds,
// and the next one not at all.
func TestAPagerDutyThatIsDeadIsSaidToBe(t *testing.T) {
	const dead = "PagerDuty does not answer."
	w := newWorld(t)
	g, pass := w.glance()
	await, release := w.fake.StallREST()
	said := make(chan string)
	go func() { said <- g.Say(t.Context(), "", "") }()
	await()
	if got := <-said; got != dead { // without a limit it would wait for ever
		t.Error(got)
	}
	w.says(g, "packages", dead) // nobody released it: this was not asked
	release()
	pass(time.Minute)
	for _, status := range []int{500, 502, 429} {
		w.fake.FailREST(100, status, 60)
		w.says(g, "packages", dead)
		pass(time.Minute)
	}
	w.fake.FailREST(0, 0, 0)
	w.says(g, "packages", "PagerDuty says: Ada Lovelace for Web.")
}

func TestWhatAnOperatorCanHealIsSaid(t *testing.T) {
	w := newWorld(t)
	g := pagerduty.NewGlance(w.rest, []pagerduty.Watched{{ID: "PGONE"}, {ID: w.web.ID}}, func() time.Time { return noon })
	w.says(g, "", "PagerDuty says: Ada Lovelace for Web. PagerDuty knows no service PGONE, or hides it from our token.")
	_, stranger := w.join(pagerduty.Config{Token: secret.New("not-the-token")})
	g = pagerduty.NewGlance(stranger, []pagerduty.Watched{{ID: w.web.ID}, {ID: w.web.ID, Role: "x"}}, func() time.Time { return noon })
	if got := g.Say(t.Context(), "", ""); !strings.HasPrefix(got, "PagerDuty does not take our token") || strings.Count(got, "token") != 1+strings.Count(got, "token_file") {
		t.Error(got)
	}
}
