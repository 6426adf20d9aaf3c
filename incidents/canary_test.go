package incidents_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"batsignal/incidents"
	"batsignal/oncall/contact"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

// canaries names an address of the operator's for each of these ways.
func (s *scene) canaries(kinds ...string) {
	s.Helper()
	addresses := map[string]secret.Text{}
	for _, kind := range kinds {
		addresses[kind] = secret.New(map[string]string{"sms": "+442071838750", "voice": "+442071838751"}[kind])
	}
	s.must(contact.SyncCanaries(ctx, s.db, s.Now(), addresses))
}

// sing sends what is due of the synthetic pages.
func (s *scene) sing(routes ...paging.Route) {
	s.Helper()
	s.must(s.svc.SendCanaries(ctx))
	for _, err := range s.errands(routes...) {
		s.Logf("an errand: %v", err)
	}
}

// arrives has the provider of a route tell that the newest synthetic page arrived.
func (s *scene) arrives(route string) {
	s.Helper()
	id := get[int64](s, s.db, `select max(p.id) from contact_proof p join contact c on c.id = p.contact_id where c.kind = $1`, route)
	s.must(s.svc.Receipt(ctx, paging.Receipt{Route: route, Event: fmt.Sprint("arrived ", id), Key: paging.ProofKey(id), News: paging.NewsDelivered}))
}

// reports is what everybody is told of unproven routes, when it is looked for three times.
func (s *scene) reports() string {
	s.Helper()
	for range 3 {
		s.must(s.svc.ReportUnproven(ctx))
	}
	var found []string
	for _, line := range s.said() {
		if strings.Contains(line, "unproven") {
			found = append(found, line)
		}
	}
	return strings.Join(found, "\n")
}

func (s *scene) route(name string) incidents.RouteNow {
	s.Helper()
	list, err := s.svc.RoutesNow(ctx)
	s.must(err)
	for _, r := range list {
		if r.Name == name {
			return r
		}
	}
	s.Fatalf("there is no route %s", name)
	return incidents.RouteNow{}
}

// Each day one page goes over every route that has an address for it, and to nobody.
func TestASyntheticPageOverEveryRouteEachDay(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix")
	sms, voice := s.phones()
	s.phone("bea", "sms", "voice")
	s.canaries("sms", "voice")
	codes := map[string]bool{}
	for day := range 3 {
		for hour := range 24 {
			s.setNow(start.Add(time.Duration(day)*24*time.Hour + time.Duration(hour)*time.Hour))
			s.sing(sms, voice)
			for _, p := range []*operator{sms, voice} {
				sent := p.take()
				if len(sent) != map[bool]int{true: 1}[hour == 0] {
					t.Fatalf("day %d, %d:00: %d by %s", day, hour, len(sent), p.name)
				}
				for _, m := range sent {
					if m.Kind != paging.KindCanary || m.Page != 0 || m.Person != "" || m.Ref != "" || codes[m.Key] {
						t.Errorf("%+v", m)
					}
					codes[m.Key] = true
				}
			}
		}
	}
	if said := s.said(); len(said) != 0 {
		t.Errorf("somebody was told of it: %s", text(said))
	}
	if got := s.wire.take(); got != "" || get[int](t, s.db, `select count(*) from page`) != 0 {
		t.Errorf("somebody was rung by it: %q", got)
	}

	// What is not configured any more is not sent; what is new begins at once.
	s.canaries("voice")
	s.setNow(s.Now().Add(time.Hour))
	s.sing(sms, voice)
	if n, m := len(sms.take()), len(voice.take()); n != 0 || m != 1 {
		t.Errorf("%d texts without an address, %d calls", n, m)
	}
	s.canaries("sms", "voice")
	s.sing(sms, voice)
	if n, m := len(sms.take()), len(voice.take()); n != 1 || m != 0 {
		t.Errorf("%d texts to a new address, %d calls", n, m)
	}

	// A clock that was a week ahead for a moment does not silence them for a week.
	s.setNow(s.Now().Add(7 * 24 * time.Hour))
	s.sing(sms, voice)
	s.setNow(s.Now().Add(-7 * 24 * time.Hour))
	sms.take()
	s.sing(sms, voice)
	if n := len(sms.take()); n != 1 {
		t.Errorf("%d texts after the clock went back", n)
	}
}

// Two processes that look at the same moment send one, not two.
func TestTwoSendOneCanary(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada")
	sms, voice := s.phones()
	s.canaries("sms", "voice")
	for day := range 5 {
		s.setNow(start.Add(time.Duration(day) * 25 * time.Hour))
		send := func() error { return s.svc.SendCanaries(ctx) }
		for _, err := range together(send, send, send, send) {
			s.must(err)
		}
		s.errands(sms, voice)
		if n, m := len(sms.take()), len(voice.take()); n != 1 || m != 1 {
			t.Errorf("day %d: %d texts, %d calls", day, n, m)
		}
	}
}

// A route is proven by what arrives. When nothing did for 26 hours, everybody is told once,
// and it is tried last; when something arrives again, it is a route as any other, and the
// next silence is told of again.
func TestARouteIsUnprovenAndComesBack(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix")
	sms, voice := s.phones()
	s.svc.Routes[1].Delay, s.svc.Routes[2].Delay = 0, 20*time.Second
	s.exec(`delete from account where person_id = $1`, s.ids["bea"])
	s.phone("bea", "sms", "voice")
	s.canaries("sms", "voice")
	// first tells by which way bea is rung at once, and that the other one follows.
	first := func() string {
		t.Helper()
		inc := s.light("ada", "bea", incidents.Signal{What: "openssl is on fire", Severity: 1, Separate: true}).ID
		s.settle()
		n, m := len(sms.take()), len(voice.take())
		s.advance(time.Minute)
		if n+len(sms.take()) == 0 || m+len(voice.take()) == 0 {
			t.Error("not every way is used")
		}
		s.must(s.svc.Resolve(ctx, s.as("ada"), inc, "", false, true))
		s.settle()
		s.said()
		return map[[2]int]string{{1, 0}: "sms", {0, 1}: "voice"}[[2]int{n, m}]
	}
	for round := range 2 {
		s.sing(sms, voice)
		sms.take()
		voice.take()
		s.arrives("sms")
		s.arrives("voice")
		if got := first(); got != "sms" {
			t.Errorf("round %d: both are proven, and first comes %q", round, got)
		}
		if state := s.route("sms").State(s.Now()); !strings.HasPrefix(state, "works: ") {
			t.Errorf("round %d: sms %s", round, state)
		}

		proven := s.Now()
		s.setNow(proven.Add(24 * time.Hour))
		s.sing(sms, voice)
		sms.take()
		voice.take()
		s.arrives("voice") // and the text does not
		s.setNow(get[time.Time](t, s.db, `select proven_at from route_health where route = 'sms'`).Add(paging.UnprovenAfter - time.Second))
		if got := s.reports(); got != "" {
			t.Errorf("round %d: a second too early: %s", round, got)
		}
		if got := first(); got != "sms" {
			t.Errorf("round %d: a second too early, first comes %q", round, got)
		}
		s.setNow(proven.Add(paging.UnprovenAfter + time.Minute))
		if got, want := s.reports(), home+" Sms is unproven: nothing is known to have arrived there for 26 hours. Pages go there last. !route list says more."; got != want {
			t.Errorf("round %d: %q", round, got)
		}
		if state := s.route("sms").State(s.Now()); !strings.HasPrefix(state, "unproven: ") {
			t.Errorf("round %d: sms %s", round, state)
		}
		if got := first(); got != "voice" {
			t.Errorf("round %d: sms is unproven, and first comes %q", round, got)
		}
		s.setNow(s.Now().Add(time.Hour))
		if got := s.reports(); got != "" {
			t.Errorf("round %d: told again: %s", round, got)
		}
		s.setNow(proven.Add(48 * time.Hour))
	}
}

// Several that fall silent together are one message.
func TestSeveralUnprovenRoutesAreOneMessage(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada")
	s.phones()
	for _, route := range []string{"sms", "voice", "fax"} { // the last one is not configured any more
		s.must(paging.RouteExpected(ctx, s.db, start, route))
		s.must(paging.RouteProven(ctx, s.db, start, route))
	}
	s.must(paging.RouteProven(ctx, s.db, start, "ntfy")) // by a page: nothing more is expected of it
	s.setNow(start.Add(paging.UnprovenAfter))
	if got := s.reports(); !strings.HasPrefix(got, home+" Sms and voice are unproven") || strings.Contains(got, "\n") {
		t.Error(got)
	}
}

// A synthetic page that cannot be sent is the route's failure and nobody's contact's: nobody
// is told that a code of theirs is lost, and it is tried again the next day.
func TestACanaryThatCannotBeSent(t *testing.T) {
	t.Parallel()
	for name, fails := range map[string]error{
		"the provider is down":    fmt.Errorf("%w: it answered 503", paging.ErrProvider),
		"the number is not there": paging.BadAddress{Say: "the number does not exist"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, "ada bea")
			sms, voice := s.phones()
			s.canaries("sms")
			sms.fails(fails)
			s.sing(sms, voice)
			if got := get[string](t, s.db, `select state from contact_proof`); got != contact.ProofFailed {
				t.Errorf("it is %s", got)
			}
			if said := s.said(); len(said) != 0 {
				t.Errorf("somebody was told: %s", text(said))
			}
			sms.fails(nil)
			s.setNow(start.Add(24 * time.Hour))
			s.sing(sms, voice)
			if n := len(sms.take()); n != 1 {
				t.Errorf("%d on the next day", n)
			}
			s.arrives("sms")
			if r := s.route("sms"); r.Health.Failures != 0 || r.Health.ProvenAt == nil || !r.Health.ProvenAt.Equal(s.Now()) {
				t.Errorf("%+v", r.Health)
			}
		})
	}
}
