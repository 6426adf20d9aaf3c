package incidents_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"batsignal/oncall/contact"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

// Row 28: a provider says yes to everything and delivers nothing, as one did for a day in
// 2014. The next one is rung when the patience is over, all the same; what was never
// heard of again is no delivery; the daily synthetic page shows the route dead, which is
// said, and it is used last.
func TestFault28AcceptedAndNeverDelivered(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix cem:fix")
	sms, voice := s.phones()
	s.svc.Routes[1].Delay, s.svc.Routes[2].Delay = 0, 0
	s.exec(`delete from account where person_id = $1 or person_id = $2`, s.ids["bea"], s.ids["cem"])
	s.phone("bea", "sms")
	s.phone("cem", "sms")
	s.must(paging.RouteExpected(ctx, s.db, s.Now(), "sms"))
	s.must(paging.RouteProven(ctx, s.db, s.Now(), "sms"))
	s.must(paging.RouteProven(ctx, s.db, s.Now().Add(30*time.Hour), "voice"))
	s.must(contact.SyncCanaries(ctx, s.db, s.Now(), map[string]secret.Text{"sms": secret.New("+442071838750")}))
	inc := s.light("ada", "bea", fire()).ID
	s.settle()
	if got := sms.take(); len(got) != 1 || got[0].Person != "bea" {
		t.Fatalf("%+v", got)
	}
	s.advance(urgent - time.Second)
	if got := sms.take(); len(got) != 0 {
		t.Errorf("%+v", got)
	}
	s.advance(time.Second)
	if got := sms.take(); len(got) != 1 || got[0].Person != "cem" {
		t.Errorf("accepted counts as reached: %+v", got)
	}
	if got := s.filled(inc); got != "lead= fix=" {
		t.Error(got)
	}
	s.acks("ada")
	s.advance(10 * time.Minute)
	s.must(s.svc.ExpireSilent(ctx))
	if got := get[string](t, s.db, `select state from delivery where route = 'sms' order by id limit 1`); got != "expired" {
		t.Errorf("a message of which nobody spoke again is %s", got)
	}
	health, err := paging.HealthOf(ctx, s.db)
	s.must(err)
	if health[0].Route != "sms" || health[0].Failures == 0 || !strings.Contains(health[0].Detail, "never told") {
		t.Errorf("%+v", health)
	}

	// Each day a synthetic page goes out, is accepted, and never arrives.
	s.must(s.svc.Resolve(ctx, s.as("ada"), inc, "", false, true))
	s.must(s.svc.SendCanaries(ctx))
	if errs := s.errands(sms); len(errs) != 0 {
		t.Fatal(errs)
	}
	s.said()
	sms.take()
	s.setNow(start.Add(26 * time.Hour))
	for range 3 {
		s.must(s.svc.ReportUnproven(ctx))
	}
	if said := s.said(); countOf(said, home+" Sms is unproven") != 1 {
		t.Error(text(said))
	}
	s.phone("bea", "voice")
	s.light("ada", "bea", fire())
	s.settle()
	if n, m := len(sms.take()), len(voice.take()); n != 0 || m != 1 {
		t.Errorf("%d texts by the dead route first, %d calls", n, m)
	}
	s.advance(30 * time.Second)
	if n := len(sms.take()); n != 1 {
		t.Errorf("it is not used last but never: %d texts", n)
	}

	// The first page that arrives after all is proof.
	proof := get[int64](t, s.db, `select max(id) from contact_proof`)
	s.must(s.svc.Receipt(ctx, paging.Receipt{Route: "sms", Event: "late", Key: paging.ProofKey(proof), Seq: 5, News: paging.NewsDelivered}))
	if health, err = paging.HealthOf(ctx, s.db); err != nil || health[0].Unproven(s.Now()) {
		t.Errorf("%+v, %v", health, err)
	}
}

// Row 29: callbacks that are repeated, out of order, or of what is not theirs. That they
// are signed is checked before they come here: see integrations/twilio.
func TestFault29CallbacksForgedRepeatedAndUnordered(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix cem:fix")
	sms, voice := s.phones()
	s.phone("bea", "sms", "voice")
	inc := s.light("ada", "cem", fire()).ID
	s.advance(2 * time.Minute)
	m, call := sms.take()[0], voice.take()[0]
	s.wire.take()
	state := func() string {
		return get[string](t, s.db, `select string_agg(route || ' ' || state || ' ' || news_seq, ', ' order by d.id) from delivery d where page_id = $1 and route <> 'net'`, m.Page)
	}
	tell := func(event, key string, seq int, news paging.News, want string) {
		t.Helper()
		hunts := get[string](t, s.db, `select string_agg(state || due_at, ',' order by id) from escalation`)
		s.must(s.svc.Receipt(ctx, paging.Receipt{Route: "sms", Event: event, Key: key, Ref: "SM1", Seq: seq, News: news}))
		s.settle()
		if got := state(); got != want {
			t.Errorf("%s makes it %s, not %s", event, got, want)
		}
		if now := get[string](t, s.db, `select string_agg(state || due_at, ',' order by id) from escalation`); now != hunts {
			t.Errorf("%s: %s became %s", event, hunts, now)
		}
	}
	was := state()
	tell("nobody's", "page-999999", 5, paging.NewsDelivered, was)
	tell("nonsense", "page-01", 5, paging.NewsDelivered, was)
	tell("another provider's", call.Key, 4, paging.NewsFailed, was)
	tell("delivered", m.Key, 5, paging.NewsDelivered, strings.Replace(was, "sms accepted 0", "sms delivered 5", 1))
	was = state()
	for _, late := range []string{"sent", "sending", "queued"} {
		tell(late, m.Key, 4, paging.NewsAccepted, was)
	}
	tell("failed after all", m.Key, 5, paging.NewsFailed, was)
	tell("failed, much later", m.Key, 6, paging.NewsFailed, was)
	tell("delivered", m.Key, 5, paging.NewsDelivered, was) // the same event again
	if got := s.filled(inc); got != "lead= fix=" {
		t.Errorf("news are no answer: %s", got)
	}

	// The same for answers: an event counts once, and never for a message of another way.
	forged := paging.Reply{Route: "sms", Event: "forged", Key: call.Key, Means: paging.PageAcked}
	_, err := s.svc.Reply(ctx, forged)
	s.must(err)
	if got := s.pageState(m.Page); got != "open" {
		t.Errorf("a click on one way answers the message of another: %s", got)
	}
	no := paging.Reply{Route: "voice", Event: "CA1/1/no", Key: call.Key, Text: call.Keys.Decline}
	first, err := s.svc.Reply(ctx, no)
	s.must(err)
	yes := no
	yes.Text = call.Keys.Ack // the same event, with other words
	for _, again := range []paging.Reply{no, yes} {
		out, err := s.svc.Reply(ctx, again)
		s.must(err)
		if out.Say == first.Say || !out.Done {
			t.Errorf("a repetition is told %+v", out)
		}
	}
	if got := s.pageState(m.Page); got != "declined" {
		t.Error(got)
	}
	if lines := s.timeline(inc); countOf(lines, "decline: bea") != 1 || countOf(lines, "ack: ") != 0 {
		t.Error(text(lines))
	}
}

// Row 29: whatever order the news of one message come in, and however often, they end in
// the same state.
func TestFault29EveryOrderEndsAlike(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix")
	sms, _ := s.phones()
	s.phone("bea", "sms")
	s.lit()
	s.advance(time.Minute)
	m := sms.take()[0]
	news := []paging.Receipt{
		{Seq: 2, News: paging.NewsAccepted}, {Seq: 4, News: paging.NewsAccepted}, {Seq: 5, News: paging.NewsDelivered},
	}
	for i, order := range [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}, {2, 2, 2}} {
		s.exec(`update delivery set state = 'accepted', news_seq = 0 where route = 'sms'`)
		for _, n := range order {
			r := news[n]
			r.Route, r.Event, r.Key = "sms", fmt.Sprint(i, "/", n), m.Key
			s.must(s.svc.Receipt(ctx, r))
		}
		if got := get[string](t, s.db, `select state || ' ' || news_seq from delivery where route = 'sms'`); got != "delivered 5" {
			t.Errorf("%v: %s", order, got)
		}
	}
}

// Row 30: a number that is invalid, a landline, or somebody else's by now. It is marked,
// its owner is asked for another one, and the next way is used at once.
func TestFault30NumbersThatCannotWork(t *testing.T) {
	t.Parallel()
	for name, why := range map[string]string{
		"invalid": "the number does not exist", "a landline": "it is a landline, which gets no texts", "unknown": "nobody has this number now",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, "ada:lead bea:fix cem:fix")
			sms, voice := s.phones()
			s.phone("bea", "sms", "voice")
			s.light("ada", "cem", fire())
			s.advance(time.Minute)
			m := sms.take()[0]
			s.said()
			s.must(s.svc.Receipt(ctx, paging.Receipt{
				Route: "sms", Event: "SM1/undelivered", Key: m.Key, Seq: 5, News: paging.NewsFailed, Detail: "the carrier could not deliver the text", Bad: why,
			}))
			s.settle()
			if calls := voice.take(); len(calls) != 1 || calls[0].Person != "bea" {
				t.Errorf("%d calls at once", len(calls))
			}
			if c := s.contact("bea", "sms"); c.Usable() || c.Fault != why {
				t.Errorf("%+v", c)
			}
			said := s.said()
			if countOf(said, "@bea Pages do not reach you by sms: "+why) != 1 || !strings.Contains(text(said), "!contact") || strings.Contains(text(said), "+1555") {
				t.Error(text(said))
			}
			s.advance(30 * time.Minute) // several rounds
			if got := sms.take(); len(got) != 0 {
				t.Errorf("%d more texts there", len(got))
			}
			s.must(s.svc.Receipt(ctx, paging.Receipt{Route: "sms", Event: "again", Key: m.Key, Seq: 6, News: paging.NewsFailed, Bad: why}))
			if said := s.said(); countOf(said, "Pages do not reach you") != 0 {
				t.Error("told twice")
			}
		})
	}
}

// Row 30: whoever has the number by now writes STOP. Nothing goes there any more, and the
// page is somebody's all the same.
func TestFault30ARecycledNumberSaysStop(t *testing.T) {
	t.Parallel()
	s := newScene(t, "ada:lead bea:fix")
	sms, voice := s.phones()
	number := secret.New("+442071838750")
	for _, kind := range []string{"sms", "voice"} {
		_, err := contact.AddProven(ctx, s.db, s.Now(), s.ids["bea"], kind, number)
		s.must(err)
	}
	s.lit()
	s.advance(time.Minute)
	sms.take()
	s.says(paging.Reply{Route: "sms", From: number, Text: "Stop."})
	if c := s.contact("bea", "sms"); c.Usable() {
		t.Errorf("%+v", c)
	}
	s.advance(30 * time.Minute)
	if n, m := len(sms.take()), len(voice.take()); n != 0 || m == 0 {
		t.Errorf("%d texts and %d calls after it", n, m)
	}
}
