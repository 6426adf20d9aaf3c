package incidents_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"batsignal/incidents"
	"batsignal/migrations/pgtest"
	"batsignal/oncall/contact"
	"batsignal/oncall/paging"
	"batsignal/oncall/policy"
	"batsignal/oncall/secret"
)

// provider is a route with an address that remembers what it was handed, in place of a
// provider of phones.
type operator struct {
	name string
	mu   sync.Mutex
	sent []paging.Message
	fail error // what it answers instead
	has  map[string]bool
	asks int
}

func (p *operator) Name() string { return p.name }

func (p *operator) Send(_ context.Context, m paging.Message) (paging.Handed, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fail != nil {
		return paging.Handed{}, p.fail
	}
	p.sent = append(p.sent, m)
	p.has[m.Key] = true
	return paging.Handed{Note: "taken", Ref: "ref-" + m.Key}, nil
}

func (p *operator) Ask(_ context.Context, m paging.Message) (paging.Handed, bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asks++
	return paging.Handed{Note: "had it", Ref: "ref-" + m.Key}, p.has[m.Key], p.fail
}

func (p *operator) take() []paging.Message {
	p.mu.Lock()
	defer p.mu.Unlock()
	sent := p.sent
	p.sent = nil
	return sent
}

func (p *operator) fails(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fail = err
}

// phones gives the scene a provider of texts and one of calls.
func (s *scene) phones() (sms, voice *operator) {
	sms, voice = &operator{name: "sms", has: map[string]bool{}}, &operator{name: "voice", has: map[string]bool{}}
	s.svc.Routes = append(s.svc.Routes,
		paging.Traits{Name: "sms", Delay: time.Minute, Receipts: true, Asks: true},
		paging.Traits{Name: "voice", Delay: 2 * time.Minute, Receipts: true, Asks: true, Ends: true, Loud: true},
	)
	for _, p := range []*operator{sms, voice} {
		s.pager.Routes[p.name] = p
		s.pager.Worker.Routes = append(s.pager.Worker.Routes, p.name)
	}
	return sms, voice
}

// phone gives somebody a proven number.
func (s *scene) phone(handle string, kinds ...string) {
	s.Helper()
	for _, kind := range kinds {
		_, err := contact.AddProven(ctx, s.db, s.Now(), s.ids[handle], kind, secret.New("+15550100123"))
		s.must(err)
	}
}

// lit lights the signal at severity 1, and does what is due by it.
func (s *scene) lit() {
	s.Helper()
	s.light("ada", "bea", incidents.Signal{What: "openssl is on fire", Severity: 1})
	s.settle()
}

// acks acknowledges somebody's oldest page.
func (s *scene) acks(handle string) {
	s.Helper()
	_, err := s.svc.Ack(ctx, s.as(handle), 0)
	s.must(err)
	s.settle()
}

func (s *scene) exec(sql string, args ...any) {
	s.Helper()
	_, err := s.db.Exec(ctx, sql, args...)
	s.must(err)
}

// says hears an answer on a route, as an event of its own.
func (s *scene) says(r paging.Reply) string {
	s.Helper()
	r.Event = fmt.Sprintf("E%d", get[int](s, s.db, `select count(*) from provider_event`)+1)
	out, err := s.svc.Reply(ctx, r)
	s.must(err)
	s.settle()
	return out.Say
}

func (s *scene) stateOf(page int64) string {
	s.Helper()
	story, found, err := s.svc.PageStory(ctx, page)
	s.must(err)
	if !found {
		s.Fatalf("there is no page P%d", page)
	}
	ways := make([]string, 0, len(story.Ways))
	for _, w := range story.Ways {
		ways = append(ways, w.Route+" "+w.State)
	}
	slices.Sort(ways)
	return string(story.State) + ": " + strings.Join(ways, ", ")
}

func TestSomebodyIsReachedByOneWayAfterTheOther(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix")
	sms, voice := s.phones()
	s.phone("bea", "sms", "voice")
	s.lit()
	if got := s.wire.take(); got != "ada bea" || len(sms.take()) != 0 {
		t.Fatalf("%q was told in chat", got)
	}
	s.advance(time.Minute)
	texts := sms.take()
	if len(texts) != 1 || len(voice.take()) != 0 {
		t.Fatalf("%d texts after a minute", len(texts))
	}
	s.advance(time.Minute)
	calls := voice.take()
	if len(calls) != 1 {
		t.Fatalf("%d calls after two", len(calls))
	}
	if calls[0].Keys.Empty() || calls[0].Code == "" || calls[0].Code != texts[0].Code || calls[0].Page != texts[0].Page {
		t.Errorf("%+v and %+v are not the same page", calls[0], texts[0])
	}
	say := s.says(paging.Reply{Route: "voice", Key: calls[0].Key, Text: calls[0].Keys.Ack})
	if !strings.Contains(say, "You have fixing") {
		t.Error(say)
	}
	if got := s.stateOf(calls[0].Page); got != "acked: net accepted, net accepted, sms accepted, sms cancelled, voice acked" {
		t.Error(got)
	}
}

func TestOnlyTheRightWordsAnswer(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix")
	sms, _ := s.phones()
	s.phone("bea", "sms")
	s.lit()
	s.advance(time.Minute)
	page := sms.take()[0]
	for _, text := range []string{"", "yes", "ok I am coming", "ZZZZZ", "12", page.Keys.Ack, "P" + fmt.Sprint(page.Page)} {
		say := s.says(paging.Reply{Route: "sms", Text: text})
		if got := s.stateOf(page.Page); !strings.HasPrefix(got, "open") {
			t.Fatalf("%q answers the page (%s): %s", text, say, got)
		}
	}
	if say := s.says(paging.Reply{Route: "sms", Text: "thank you, " + strings.ToLower(page.Code) + "."}); !strings.Contains(say, "You have fixing") {
		t.Error(say)
	}
}

func TestTheSameEventTwiceHasOneEffect(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix cem:fix")
	sms, _ := s.phones()
	s.phone("bea", "sms")
	s.lit()
	s.advance(time.Minute)
	page := sms.take()[0]
	no := paging.Reply{Route: "sms", Event: "SM9", Text: "no " + page.Code}
	for range 2 {
		_, err := s.svc.Reply(ctx, no)
		s.must(err)
	}
	got := get[int](s, s.db, `select count(*) from timeline_entry where kind = 'decline'`)
	if got != 1 {
		t.Errorf("declined %d times", got)
	}
}

// A provider that fails is given a rest; whoever was to be reached by it is reached by
// their other way at once, and nobody else's page waits for it.
func TestADeadProviderHoldsUpNobody(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix")
	sms, voice := s.phones()
	s.phone("bea", "sms", "voice")
	s.exec(`delete from account where person_id = $1`, s.ids["bea"])
	sms.fails(fmt.Errorf("%w: it answered 503", paging.ErrProvider))
	s.lit()
	if got := len(voice.take()); got != 1 {
		t.Fatalf("%d calls at once after the text failed", got)
	}
	s.advance(time.Minute)
	health, err := paging.HealthOf(ctx, s.db)
	s.must(err)
	if len(health) != 1 || health[0].Route != "sms" || health[0].Failures < 3 || health[0].DownUntil == nil {
		t.Fatalf("%+v", health)
	}
	tries := get[int](s, s.db, `select count(*) from attempt a join delivery d on d.id = a.delivery_id where d.route = 'sms'`)
	sms.fails(nil)
	s.advance(3 * time.Minute)
	if len(sms.take()) == 0 {
		t.Error("it works again and is not used")
	}
	if health, err = paging.HealthOf(ctx, s.db); err != nil || health[0].Failures != 0 || health[0].DownUntil != nil {
		t.Errorf("%+v after it works again, %d tries", health, tries)
	}
}

func TestABadAddressIsNotUsedAgain(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix")
	sms, voice := s.phones()
	s.phone("bea", "sms", "voice")
	s.exec(`delete from account where person_id = $1`, s.ids["bea"])
	sms.fails(paging.BadAddress{Say: "the number does not exist"})
	s.lit()
	if got := len(voice.take()); got != 1 {
		t.Fatalf("%d calls at once", got)
	}
	s.advance(20 * time.Minute) // several rounds
	if got := get[int](s, s.db, `select count(*) from delivery where route = 'sms'`); got != 1 {
		t.Errorf("%d texts to a number that does not exist", got)
	}
	if got := get[int](s, s.db, `select count(*) from contact where fault = 'the number does not exist'`); got != 1 {
		t.Error("it is not marked")
	}
}

func TestAProviderIsAskedBeforeItIsToldAgain(t *testing.T) {
	t.Parallel()
	for _, had := range []bool{true, false} {
		s := sceneOn(t, pgtest.Fresh(t).Pool, "ada:lead bea:fix")
		_, voice := s.phones()
		s.phone("bea", "voice")
		s.exec(`delete from account where person_id = $1`, s.ids["bea"])
		s.lit()
		first := voice.take()[0]
		// The process died before it could write down that the call was taken.
		s.exec(`update delivery set state = 'submitted', leased_until = $1, leased_by = 'dead', ref = '' where route = 'voice'`, s.Now())
		s.exec(`update attempt set outcome = 'open', finished_at = null, detail = ''`)
		voice.has[first.Key] = had
		s.settle()
		if again := voice.take(); voice.asks != 1 || (len(again) == 0) != had || !had && again[0].Key != first.Key {
			t.Errorf("had %v: asked %d times, called again %+v", had, voice.asks, again)
		}
		if got := s.stateOf(first.Page); got != "open: voice accepted" {
			t.Error(got)
		}
	}
}

func TestSeveralMustAnswerWhereThePolicySaysSo(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix cem:fix dan:fix")
	s.follows(0, policy.Step{Targets: []policy.Target{target(policy.Role, fix)}})
	s.exec(`update escalation_policy set needs = 2`)
	s.lit()
	s.settle()
	s.acks("bea")
	if got := get[int](s, s.db, `select count(*) from escalation where state = 'hunting' and slot = 'role:fix'`); got != 1 {
		t.Fatal("one is not enough")
	}
	s.advance(urgent)
	s.acks("cem")
	if got := get[int](s, s.db, `select count(*) from escalation where state = 'hunting' and slot = 'role:fix'`); got != 0 {
		t.Error("two are enough")
	}
	if got := get[int](s, s.db, `select count(*) from responder where role = 'fix'`); got != 2 {
		t.Errorf("%d responders", got)
	}
}

func TestAdminsAreRungWhenNobodyElseAnswers(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix cem:fix")
	s.svc.Admins = []string{network + "/ada"}
	s.lit()
	s.acks("ada") // has the lead
	s.wire.take()
	s.advance(2*2*urgent - time.Second)
	if got := s.wire.take(); strings.Contains(got, "ada") {
		t.Fatalf("rung too early: %s", got)
	}
	s.advance(4 * urgent)
	if got := s.wire.take(); !strings.Contains(got, "ada") {
		t.Fatalf("nobody answers, and %q are rung", got)
	}
	s.acks("ada")
	if got := get[int](s, s.db, `select count(*) from escalation where state = 'hunting' and slot = 'role:fix'`); got != 1 {
		t.Error("an admin helps: the role stays open")
	}
}

// Somebody who acknowledges and is not heard of again is rung again, and then their role
// is looked for anew.
func TestAcknowledgedAndForgotten(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix cem:fix")
	s.svc.Paging = incidents.DefaultPaging()
	sms, _ := s.phones()
	s.phone("bea", "sms")
	s.lit()
	s.acks("ada")
	s.advance(time.Minute)
	text := sms.take()[0]
	s.hears("ada")
	s.says(paging.Reply{Route: "sms", Text: text.Code})
	s.wire.take()
	s.advance(14 * time.Minute)
	if got := s.wire.take(); got != "" {
		t.Fatalf("%q rung too early", got)
	}
	s.advance(time.Minute)
	if got := s.wire.take(); got != "bea" {
		t.Fatalf("%q rung, not whoever fell silent", got)
	}
	s.advance(6 * time.Minute)
	if got := s.wire.take(); !strings.Contains(got, "cem") {
		t.Errorf("%q rung after bea does not answer at all", got)
	}
	if got := get[int](s, s.db, `select count(*) from responder where role = 'fix' and left_at is null`); got != 0 {
		t.Error("the role looks filled")
	}
}
