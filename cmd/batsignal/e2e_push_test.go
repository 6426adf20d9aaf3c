package main

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"batsignal/integrations/ntfy/ntfyfake"
)

// TestAnEmergencyByPush is what somebody lives through who has ntfy on two telephones: a
// code, a push that wakes, and a button. The second telephone's button comes late, and
// changes nothing.
func TestAnEmergencyByPush(t *testing.T) {
	t.Parallel()
	const topic = "li-canary-topic"
	fake := ntfyfake.Start(t, ntfyfake.Options{Token: "tk_canary"})
	w := newWorld(t, plan{
		accounts: []string{"maria", "li"},
		roles:    twoRoles,
		more:     fmt.Sprintf("\nntfy: {url: %q, token_file: ntfy-token}", fake.URL) + anybodyLights,
	})
	writeFile(t, w.dir, "ntfy-token", "tk_canary\n", 0o600)
	phone, tablet := fake.Phone(topic), fake.Phone(topic)
	people := w.join("maria", "li")
	maria, li := people[0], people[1]
	w.start()
	w.awaitBot(home)
	rostered(maria, "coordination")
	rostered(li, "package-fixing")

	li.Tell(botNick, "!contact add ntfy "+topic)
	li.Expect("", "No page goes there before it is proven")
	eventually(t, "the code to arrive", func() bool { return len(phone.Shows()) == 1 }, w.bot.output)
	proof := phone.Shows()[0]
	if len(proof.Actions) != 0 {
		t.Errorf("a code has buttons: %+v", proof.Actions)
	}
	li.Tell(botNick, "!contact prove "+regexp.MustCompile(`\b[A-HJ-NP-Z2-9]{5}\b`).FindString(proof.Message))
	li.Expect("", "is proven. Pages go there from now on.")

	light(w, maria, li, "remote code execution in openssl")
	li.Expect("", "You are needed for package fixing.")
	eventually(t, "the page to arrive", func() bool { return len(tablet.Shows()) == 2 }, w.bot.output)
	page := tablet.Shows()[1]
	if page.Priority != 5 || !strings.HasPrefix(page.Title, "[INC-1] ") || !strings.Contains(page.Message, "remote code execution in openssl") || phone.Rung() != 2 {
		t.Errorf("%+v, and it rang %d times", page, phone.Rung())
	}

	if status, err := phone.Press(browser, "Acknowledge"); err != nil || status != http.StatusOK {
		t.Errorf("the button: %d, %v", status, err)
	}
	maria.Expect(home, "li answers P")
	eventually(t, "both telephones to say that it is over", func() bool {
		for _, p := range []*ntfyfake.Phone{phone, tablet} {
			shown := p.Shows()
			if last := shown[len(shown)-1]; last.Sequence != page.Sequence || !strings.Contains(last.Message, "li has answered this page.") || len(last.Actions) != 0 {
				return false
			}
		}
		return true
	}, func() string { return fmt.Sprintf("%+v\n%s", tablet.Shows(), tail(w.bot)) })
	if phone.Rung() != 2 {
		t.Errorf("that it is over makes a sound: %d", phone.Rung())
	}

	// The tablet was offline, shows the page still, and somebody presses there, twice.
	before := acksOf(w)
	for range 2 {
		if status, body := w.pressed(page.Actions, "Acknowledge"); status != http.StatusGone || !strings.Contains(body, "This link was used already") {
			t.Errorf("the button of a page that is over: %d %s", status, body)
		}
	}
	maria.Sync()
	if n := len(botSaid(everythingShown(maria), home, []string{"li answers P"})); n != 0 {
		t.Errorf("it was announced %d times more", n)
	}
	if now := acksOf(w); now != before || !strings.Contains(now, "li=acked") || strings.Contains(now, "maria=acked") {
		t.Errorf("%s became %s", before, now)
	}
	w.neverLogged("canary") // neither the topic nor the token
}

// acksOf is who answered, and what came of it.
func acksOf(w *world) string {
	w.t.Helper()
	return one[string](w, `select (select string_agg(h.handle || '=' || p.state, ' ' order by p.id) from page p join person h on h.id = p.person_id)
		|| ', ' || (select count(*) from timeline_entry) || ' lines, ' || (select count(*) from responder) || ' responders'`)
}

// pressed is a request as ntfy's app makes it for a button.
func (w *world) pressed(actions []ntfyfake.Action, label string) (status int, body string) {
	w.t.Helper()
	for _, a := range actions {
		if a.Label == label {
			return answered(browser.Post(a.URL, "", strings.NewReader(a.Body)))
		}
	}
	w.t.Fatalf("no button %q in %+v", label, actions)
	return 0, ""
}
