package incidents_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"batsignal/incidents/alert"
	"batsignal/oncall/paging"
	"batsignal/oncall/policy"
	"batsignal/oncall/secret"
)

// alerts is an intake that rings by the policy "night", with a key of it.
type alerts struct {
	*scene
	intake *alert.Service
	key    secret.Text
}

// newAlerts sets the stage: who is rung, step by step, as "bea cem".
func newAlerts(t testing.TB, people string, repeats int, rung ...string) *alerts {
	t.Helper()
	s := newScene(t, people)
	a := &alerts{scene: s, intake: &alert.Service{DB: s.db, Now: s.Now, Log: s.svc.Log, Engine: s.svc}}
	s.svc.Alerts = a.intake
	p := policy.Policy{Name: "night", Title: "Night", Repeats: repeats}
	for _, handle := range rung {
		p.Steps = append(p.Steps, policy.Step{Targets: []policy.Target{target(policy.Person, handle)}, Wait: urgent})
	}
	_, err := (&policy.Service{DB: s.db, Now: s.Now}).Save(ctx, s.as("ada"), p)
	s.must(err)
	a.key, _, err = a.intake.AddKey(ctx, s.as("ada"), alert.Key{Name: "prometheus", Policy: "night"})
	s.must(err)
	return a
}

// sends has the source say something of alerts, by name, each at severity critical or at
// the one after a colon.
func (a *alerts) sends(what alert.Action, names ...string) []alert.Taken {
	a.Helper()
	var events []alert.Event
	for _, n := range names {
		name, severity, found := strings.Cut(n, ":")
		if !found {
			severity = "critical"
		}
		events = append(events, alert.Event{Action: what, DedupKey: name, Summary: name + " is down", Severity: severity})
	}
	taken, err := a.intake.Take(ctx, a.key, events...)
	a.must(err)
	return taken
}

func (a *alerts) fires(names ...string) []alert.Taken {
	a.Helper()
	return a.sends(alert.Trigger, names...)
}

// pages takes the messages that left since the last call.
func (w *wire) pages() []paging.Message {
	w.mu.Lock()
	defer w.mu.Unlock()
	sent := w.sent
	w.sent = nil
	return sent
}

// names counts how often each alert is named in messages, by its summary.
func names(messages []paging.Message) map[string]int {
	count := map[string]int{}
	for _, m := range messages {
		for _, item := range m.Items {
			_, summary, _ := strings.Cut(item, ": ")
			count[strings.TrimSuffix(summary, " is down")]++
		}
	}
	return count
}

func (a *alerts) hunts() string {
	a.Helper()
	return get[string](a, a.db, `select coalesce(string_agg(state, ' ' order by id), '') from escalation`)
}

func (a *alerts) alertStates() string {
	a.Helper()
	return get[string](a, a.db, `select string_agg(dedup_key || '=' || state, ' ' order by id) from alert`)
}

// One alert rings by its policy, step by step, and says what it is.
func TestAnAlertRingsByItsPolicy(t *testing.T) {
	t.Parallel()
	a := newAlerts(t, "ada bea:fix cem:fix", 0, "bea", "cem")
	a.fires("db1")
	a.settle()
	sent := a.wire.pages()
	if len(sent) != 1 || sent[0].Person != "bea" || sent[0].Severity != 2 || len(sent[0].Items) != 1 || !strings.Contains(sent[0].Items[0], "db1 is down") ||
		!strings.Contains(sent[0].Why, "db1 is down") {
		t.Fatalf("%+v", sent)
	}
	a.rungLater(urgent, "cem")
	if said := a.said(); countOf(said, home+" 1 alert from prometheus") != 1 || countOf(said, "db1 is down") == 0 {
		t.Error(text(said))
	}
	a.rungLater(urgent, "bea") // round 2
}

// A storm: a hundred alerts in a second. The first page names what there was, one more
// message names all the others, and it is one page of one person.
func TestAStormFoldsAndNamesEveryAlert(t *testing.T) {
	t.Parallel()
	a := newAlerts(t, "ada bea:fix cem:fix", 0, "bea", "cem")
	a.fires("n0")
	a.settle()
	for i := 1; i < 100; i++ {
		a.setNow(start.Add(time.Duration(i) * 10 * time.Millisecond))
		a.fires(fmt.Sprintf("n%d", i))
		a.settle()
	}
	first := a.wire.pages()
	if len(first) != 1 || len(first[0].Items) != 1 {
		t.Fatalf("%d messages in the first second", len(first))
	}
	a.setNow(start.Add(time.Second))
	a.advance(alert.DefaultFold)
	second := a.wire.pages()
	if len(second) != 1 || second[0].Page != first[0].Page || second[0].Person != "bea" {
		t.Fatalf("%d further messages", len(second))
	}
	count := names(append(first, second...))
	for i := range 100 {
		if n := count[fmt.Sprintf("n%d", i)]; n != 1 {
			t.Errorf("n%d is named %d times", i, n)
		}
	}
	if n := get[int](t, a.db, `select count(*) from page`); n != 1 {
		t.Errorf("%d pages", n)
	}
	// Whoever is rung later hears of all of them at once.
	a.advance(urgent)
	var cem []paging.Message
	for _, m := range a.wire.pages() {
		if m.Person == "cem" {
			cem = append(cem, m)
		}
	}
	if len(cem) != 1 || len(names(cem)) != 100 {
		t.Errorf("cem is told of %d alerts in %d messages", len(names(cem)), len(cem))
	}
	if said := a.said(); countOf(said, "from prometheus") != 2 {
		t.Error(text(said))
	}
}

// What is more than a message can name is counted in it.
func TestAStormThatIsTooLongForAMessageIsCounted(t *testing.T) {
	t.Parallel()
	a := newAlerts(t, "ada bea:fix", 0, "bea")
	var all []string
	for i := range alert.MostLines + 100 {
		all = append(all, fmt.Sprintf("n%d", i))
	}
	a.fires(all...)
	a.settle()
	sent := a.wire.pages()
	if len(sent) != 1 || len(sent[0].Items) != alert.MostLines+1 || !strings.Contains(sent[0].Items[alert.MostLines], "100 alerts more") {
		t.Errorf("%d lines, the last one %q", len(sent[0].Items), sent[0].Items[len(sent[0].Items)-1])
	}
}

// Each way of somebody names every alert: that one way took a message does not mean that
// anybody read it there.
func TestALaterWayNamesWhatTheFirstOneDid(t *testing.T) {
	t.Parallel()
	a := newAlerts(t, "ada bea:fix", 0, "bea")
	sms, _ := a.phones()
	a.phone("bea", "sms")
	a.fires("first")
	a.settle()
	a.setNow(start.Add(time.Second))
	a.fires("second")
	a.advance(time.Minute)
	texts := sms.take()
	if count := names(texts); len(texts) == 0 || count["first"] == 0 || count["second"] == 0 {
		t.Errorf("%d texts name %v", len(texts), count)
	}
}

// One answer acknowledges all that came, also what came since the message; it is named to
// whoever answered.
func TestAnAckAcknowledgesAllAlerts(t *testing.T) {
	t.Parallel()
	a := newAlerts(t, "ada bea:fix cem:fix", 0, "bea", "cem")
	a.fires("db1", "db2")
	a.settle()
	a.setNow(start.Add(5 * time.Second))
	a.fires("db3")
	a.said()
	a.wire.take()
	a.acks("bea")
	if got := a.alertStates(); got != "db1=acknowledged db2=acknowledged db3=acknowledged" {
		t.Error(got)
	}
	if got := a.hunts(); got != "filled" {
		t.Error(got)
	}
	a.advance(time.Hour)
	if sent := a.wire.take(); sent != "" {
		t.Errorf("rung after the answer: %q", sent)
	}
	if said := a.said(); countOf(said, "@bea ") != 1 || countOf(said, "db3 is down") == 0 {
		t.Error(text(said))
	}
}

// The source says that all is over: the hunt stops, pages are closed, and those who were
// rung are told.
func TestTheSourceEndsItsAlerts(t *testing.T) {
	t.Parallel()
	a := newAlerts(t, "ada bea:fix cem:fix", 0, "bea", "cem")
	a.fires("db1", "db2")
	a.settle()
	a.advance(urgent)
	a.said()
	a.sends(alert.Resolve, "db1")
	a.settle()
	if got := a.hunts(); got != "hunting" {
		t.Error(got)
	}
	a.sends(alert.Resolve, "db2")
	a.settle()
	if got := a.hunts(); got != "stopped" {
		t.Error(got)
	}
	if got := get[string](t, a.db, `select string_agg(state, ' ' order by id) from page`); got != "closed closed" {
		t.Error(got)
	}
	a.wire.take()
	a.advance(time.Hour)
	if sent := a.wire.take(); sent != "" {
		t.Errorf("rung after the end: %q", sent)
	}
	said := a.said()
	if countOf(said, "@bea Its source resolves") != 1 || countOf(said, "@cem Its source resolves") != 1 || countOf(said, home+" Its source resolves") != 1 {
		t.Error(text(said))
	}
	ans, err := a.svc.Ack(ctx, a.as("bea"), a.page("bea"))
	if err != nil || ans.Changed || !strings.Contains(ans.Say, "Thank you") {
		t.Errorf("%+v, %v", ans, err)
	}
}

// What is new after an answer is a new page; what is only repeated is none.
func TestANewAlertAfterAnAnswerRingsAgain(t *testing.T) {
	t.Parallel()
	a := newAlerts(t, "ada bea:fix cem:fix", 0, "bea", "cem")
	a.fires("db1")
	a.settle()
	a.acks("bea")
	a.wire.take()
	a.setNow(start.Add(time.Minute))
	a.fires("db1")
	a.advance(time.Minute)
	if sent := a.wire.take(); sent != "" {
		t.Errorf("a repetition rings %q", sent)
	}
	a.fires("db2")
	a.settle()
	sent := a.wire.pages()
	if len(sent) != 1 || sent[0].Person != "bea" || names(sent)["db2"] != 1 || names(sent)["db1"] != 0 {
		t.Errorf("%+v", sent)
	}
	if got := a.hunts(); got != "filled hunting" {
		t.Error(got)
	}
}

// An alert that is new while the hunt of its group has ended without an answer, since the
// policy says so, rings again: nobody was ever reached.
func TestANewAlertRingsAfterTheHuntHasEnded(t *testing.T) {
	t.Parallel()
	a := newAlerts(t, "ada bea:fix", 1, "bea")
	_, voice := a.phones()
	a.phone("bea", "voice")
	a.exec(`delete from account where person_id = $1`, a.ids["bea"])
	a.fires("db1")
	a.advance(time.Hour)
	if got := a.hunts(); got != "stopped" {
		t.Fatal(got)
	}
	if n := len(voice.take()); n != 1 {
		t.Fatalf("%d calls", n)
	}
	a.fires("db2")
	a.advance(10 * time.Minute)
	if calls := voice.take(); len(calls) != 1 || names(calls)["db2"] != 1 {
		t.Errorf("%d calls name %v", len(calls), names(calls))
	}
}

// The policy is gone while its alerts ring: the admins are rung. With none it is said,
// again and again, and no command is offered that does not exist.
func TestThePolicyOfAlertsIsDeleted(t *testing.T) {
	t.Parallel()
	for _, admins := range []bool{true, false} {
		a := newAlerts(t, "ada:lead bea:fix", 0, "bea")
		if admins {
			a.svc.Admins = []string{network + "/ada"}
		}
		a.fires("db1")
		a.settle()
		a.must(a.intake.RevokeKey(ctx, a.as("ada"), "prometheus"))
		p, err := policy.Get(ctx, a.db, "night")
		a.must(err)
		a.must((&policy.Service{DB: a.db, Now: a.Now}).Remove(ctx, a.as("ada"), p.Name, p.Version))
		a.wire.take()
		a.said()
		a.advance(30 * time.Minute)
		said := a.said()
		if sent := a.wire.take(); strings.Contains(sent, "ada") != admins {
			t.Errorf("admins %v: rung %q", admins, sent)
		}
		if countOf(said, "Nobody has taken the alerts of the policy night") == 0 || countOf(said, "!role take .") > 0 {
			t.Error(text(said))
		}
		if got := a.hunts(); got != "hunting" {
			t.Error(got)
		}
	}
}

// An alert that was answered before it was named, and gets worse, moves to a new group.
// Nothing of the old one is left to tell then, and the pager goes on.
func TestAnAlertThatMovesLeavesNothingToTell(t *testing.T) {
	t.Parallel()
	a := newAlerts(t, "ada bea:fix", 0, "bea")
	a.fires("db1:warning")
	a.settle()
	a.setNow(start.Add(5 * time.Second))
	a.fires("db2:warning")
	a.acks("bea")
	a.setNow(start.Add(7 * time.Second))
	a.fires("db2:critical")
	a.settle()
	a.wire.take()
	a.setNow(start.Add(time.Minute))
	done := make(chan error, 1)
	go func() {
		_, err := a.pager.Step(ctx)
		done <- err
	}()
	select {
	case err := <-done:
		a.must(err)
	case <-time.After(30 * time.Second):
		t.Fatal("the pager tells for ever of a group that has nothing to tell")
	}
	a.pager.Settle()
}

// An alert goes to somebody by hand: an answer by text acknowledges it, a resolution at
// another paging service ends it.
func TestAnswersToAlertsOnTheirWays(t *testing.T) {
	t.Parallel()
	a := newAlerts(t, "ada bea:fix", 0, "bea")
	sms, _ := a.phones()
	a.phone("bea", "sms")
	a.fires("db1")
	a.advance(time.Minute)
	m := sms.take()[0]
	if say := a.says(paging.Reply{Route: "sms", Text: m.Code}); !strings.Contains(say, "Thank you") {
		t.Error(say)
	}
	if got := a.alertStates(); got != "db1=acknowledged" {
		t.Error(got)
	}
	a.fires("db2")
	a.advance(time.Minute)
	m = sms.take()[0]
	if say := a.says(paging.Reply{Route: "sms", Key: m.Key, Means: paging.PageClosed}); !strings.Contains(say, "over") {
		t.Error(say)
	}
	if got := a.alertStates(); got != "db1=acknowledged db2=resolved" {
		t.Error(got)
	}
	if got := a.hunts(); got != "filled stopped" {
		t.Error(got)
	}
}
