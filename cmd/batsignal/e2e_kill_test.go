package main

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"batsignal/bot/irc/irctest"
	"batsignal/integrations/webhook/webhooktest"
)

// inFlight is how many deliveries of each route the bot has under way at the same time.
const inFlight = 64

// TestKilledWhileSendingEveryPageArrives kills the bot while some pages are being
// taken by their receivers and others still wait for a free hand.
func TestKilledWhileSendingEveryPageArrives(t *testing.T) {
	t.Parallel()
	const letters, hooks = 2, inFlight + 6
	w := newWorld(t, plan{accounts: []string{"jan", "maria"}})
	people := w.join("jan", "maria")
	w.start()
	w.enrol(crowd(w, letters, hooks))
	w.awaitBot(home)

	gate := make(chan struct{})
	for range inFlight {
		w.sink.Script(webhooktest.Answer{Wait: gate})
	}
	letGo := w.mail.Hold()
	light(w, people[0], people[1], "--all everything burns")
	if err := w.mail.WaitHeld(letters, patience); err != nil {
		t.Fatal(err)
	}
	if _, err := w.sink.WaitFor(inFlight, patience); err != nil {
		t.Fatal(err)
	}
	w.bot.kill(t)
	close(gate)
	letGo()

	w.start()
	await(w, letters+hooks, `select count(*)::int from delivery where route in ('mail', 'webhook') and state = 'accepted'`)

	story := func(route, story string) int {
		return one[int](w, `select count(*)::int from (
			select d.id, string_agg(a.outcome || coalesce(': ' || nullif(a.detail, ''), ''), ', ' order by a.n) as story
			from delivery d join attempt a on a.delivery_id = d.id where d.route = $1 group by d.id) s where s.story like $2`, route, story)
	}
	for _, c := range []struct {
		route, story string
		want         int
	}{
		{"webhook", "unknown: the sender went away, accepted%", inFlight},
		{"webhook", "accepted%", hooks - inFlight},
		{"mail", "unknown: the sender went away, accepted%", letters},
	} {
		if got := story(c.route, c.story); got != c.want {
			t.Errorf("%d deliveries by %s tell %q, want %d", got, c.route, c.story, c.want)
		}
	}
	if open := one[int](w, `select count(*)::int from attempt where outcome = 'open'`); open != 0 {
		t.Errorf("%d attempts never ended", open)
	}

	rung := map[string]int{}
	for _, a := range w.sink.Arrivals() {
		rung[a.Page.Person]++
		if again := a.Header.Get("Batsignal-Attempt") != "1"; again != a.Page.Repeat {
			t.Errorf("%s: attempt %s says possible repeat %v", a.Page.Person, a.Header.Get("Batsignal-Attempt"), a.Page.Repeat)
		}
	}
	twice := 0
	for who, n := range rung {
		if n > 2 {
			t.Errorf("%s was rung %d times", who, n)
		}
		twice += n - 1
	}
	if len(rung) != hooks || twice != inFlight {
		t.Errorf("%d people were rung, %d of them twice; want %d and %d, who were in flight", len(rung), twice, hooks, inFlight)
	}
	for i := range letters {
		// The server may have kept the letter that it held when its sender died.
		if n := len(w.mail.Inbox(fmt.Sprintf("letter%d@example.org", i))); n < 1 || n > 2 {
			t.Errorf("letter%d got %d letters", i, n)
		}
	}
}

// crowd is a roster: jan and maria on IRC, then people with a mail address, then
// people with a webhook.
func crowd(w *world, letters, hooks int) string {
	var b strings.Builder
	b.WriteString("people:\n")
	for _, who := range []string{"jan", "maria"} {
		fmt.Fprintf(&b, "  - {handle: %s, accounts: {%s: %[1]s}, roles: [coordination]}\n", who, netID)
	}
	for i := range letters {
		fmt.Fprintf(&b, "  - {handle: letter%d, mail: letter%[1]d@example.org, roles: [coordination]}\n", i)
	}
	for i := range hooks {
		fmt.Fprintf(&b, "  - {handle: hook%d, webhook: %q, roles: [coordination]}\n", i, w.sink.URL().Reveal())
	}
	return b.String()
}

// ask has somebody ask for the bat-signal in the home room, and returns the code.
func askFor(w *world, p *irctest.Person, what string) string {
	w.t.Helper()
	p.Say(home, "!batsignal "+what)
	said := p.Expect(home, "It needs a second person until ").Text()
	found := regexp.MustCompile(`!confirm ([A-Z2-9]{4})`).FindStringSubmatch(said)
	if found == nil {
		w.t.Fatalf("no code in: %s", said)
	}
	return found[1]
}

// light has one person ask and another confirm, and waits for the announcement.
func light(w *world, asker, confirmer *irctest.Person, what string) {
	w.t.Helper()
	code := askFor(w, asker, what)
	confirmer.Say(home, "!confirm "+code)
	asker.Expect(home, "The bat-signal is lit.")
}

// killRoles have one person each, who never answer.
const killRoles = `  - {name: coordination, leads: true, patience_sev1: 1h}
  - {name: communications, patience_sev1: 1h}
  - {name: package-fixing, patience_sev1: 1h}`

// TestKilledAroundAConfirmationNothingIsLost kills the bot again and again, just
// after a confirmation was typed or just after it was answered.
func TestKilledAroundAConfirmationNothingIsLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plan{
		accounts: []string{"jan", "maria"}, roles: killRoles, more: "guard: {per_person: 100, per_organisation: 100}",
	})
	people := w.join("jan", "maria")
	jan, maria := people[0], people[1]
	w.start()
	w.enrol(fmt.Sprintf(`
people:
  - {handle: jan, accounts: {%[1]s: jan}, roles: [coordination], mail: jan@example.org}
  - {handle: maria, accounts: {%[1]s: maria}, roles: [communications], webhook: %[2]q}
  - {handle: li, roles: [package-fixing], webhook: %[2]q, mail: li@example.org}
`, netID, w.sink.URL().Reveal()))
	w.awaitBot(home)

	caught := 0
	for i := range 10 {
		what := fmt.Sprintf("fire number %d", i)
		code := askFor(w, jan, "--separate "+what)
		maria.Say(home, "!confirm "+code)
		if i%2 == 0 {
			jan.Expect(home, "The bat-signal is lit. Severity 1: "+what)
		}
		// The moment is what this test is about; none of it waits for anything.
		time.Sleep(time.Duration(rand.N(60)) * time.Millisecond)
		w.bot.kill(t)
		w.start()
		w.awaitBot(home)

		if one[string](w, `select state from signal_request where what = $1`, what) == "waiting" {
			caught++
			if n := one[int](w, `select count(*)::int from incident where title = $1`, what); n != 0 {
				t.Errorf("%s: nobody has confirmed it, and there is an incident", what)
			}
			maria.Say(home, "!confirm "+code)
			jan.Expect(home, "The bat-signal is lit. Severity 1: "+what)
		}
		mustBeWhole(w, what)
	}
	t.Logf("%d of 10 confirmations died with the bot and were made again", caught)
	await(w, 0, `select count(*)::int from delivery where state <> 'accepted'`)
	await(w, 0, `select count(*)::int from notice where state = 'waiting' and kind <> 'close'`)
	noPageTooFewOrTooMany(w)
	if lines := errorsIn(w.bot.output()); len(lines) > 0 {
		t.Errorf("errors in the last log:\n%s", strings.Join(lines, "\n"))
	}
}

// mustBeWhole checks that an incident has everything that belongs to it: it is
// made in one piece or not at all.
func mustBeWhole(w *world, what string) {
	w.t.Helper()
	const want = "1 incident, 1 use, 1 opening, 1 room, 3 hunts, 3 pages, 6 ways, 4 announcements"
	got := one[string](w, `
		select (select count(*) from incident where title = @what) || ' incident'
			|| ', ' || (select count(*) from signal_use where text = @what and act = 'confirmed') || ' use'
			|| ', ' || (select count(*) from timeline_entry where incident_id = i.id and kind = 'opened') || ' opening'
			|| ', ' || (select count(*) from incident_room where incident_id = i.id) || ' room'
			|| ', ' || (select count(*) from escalation where cause = 'incident:' || i.id) || ' hunts'
			|| ', ' || count(distinct p.id) || ' pages'
			|| ', ' || count(d.id) || ' ways'
			|| ', ' || (select count(*) from notice where incident_id = i.id and kind <> 'open') || ' announcements'
		from signal_request r join incident i on i.id = r.incident_id
			join escalation e on e.cause = 'incident:' || i.id
			join page p on p.escalation_id = e.id join delivery d on d.page_id = p.id
		where r.what = @what and r.state = 'confirmed' group by i.id`, pgx.NamedArgs{"what": what})
	if got != want {
		w.t.Errorf("%s: %s; want %s", what, got, want)
	}
}

// noPageTooFewOrTooMany compares what arrived with what the rows tell: each
// delivery arrives, once for each try at most, and is tried again only after a try
// whose outcome nobody knows.
func noPageTooFewOrTooMany(w *world) {
	w.t.Helper()
	tries := map[string]int{}
	letters, letterTries := 0, 0
	for _, story := range ask[string](w, `
		select d.route || ' page-' || d.id || ' ' || string_agg(a.outcome, ',' order by a.n)
		from delivery d join attempt a on a.delivery_id = d.id where d.route <> $1 group by d.id`, netID) {
		words := strings.Fields(story)
		route, key, outcomes := words[0], words[1], words[2]
		if !regexp.MustCompile(`^(unknown,)*accepted$`).MatchString(outcomes) {
			w.t.Errorf("the tries of %s: %s", key, outcomes)
		}
		n := strings.Count(outcomes, ",") + 1
		if route == "mail" {
			letters++
			letterTries += n
			continue
		}
		tries[key] = n
	}
	hooks := map[string]int{}
	for _, a := range w.sink.Arrivals() {
		hooks[a.Page.Key]++
	}
	for key, n := range tries {
		if hooks[key] < 1 || hooks[key] > n {
			w.t.Errorf("%s arrived %d times in %d tries", key, hooks[key], n)
		}
	}
	mails := map[string]int{}
	for _, letter := range w.mail.All() {
		mails[letter.Header("Message-ID")]++
	}
	if len(mails) != letters || len(w.mail.All()) > letterTries {
		w.t.Errorf("%d letters of %d arrived, %d with repeats, in %d tries", len(mails), letters, len(w.mail.All()), letterTries)
	}
	w.t.Logf("%d pages by webhook arrived %d times, %d by mail %d times", len(tries), len(w.sink.Arrivals()), letters, len(w.mail.All()))
}

// errorsIn lists the errors in a log of JSON lines.
func errorsIn(log string) []string {
	var lines []string
	for line := range strings.SplitSeq(log, "\n") {
		// What an interrupt cuts short says so, and is no error of the program.
		if strings.Contains(line, `"level":"ERROR"`) && !strings.Contains(line, "context canceled") {
			lines = append(lines, line)
		}
	}
	return lines
}
