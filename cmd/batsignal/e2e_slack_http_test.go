package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"batsignal/bot/slack/slackfake"
)

// TestSlackByHTTP is a workspace that posts to us, since there is no app token.
func TestSlackByHTTP(t *testing.T) {
	t.Parallel()
	o := slackfake.Options{AckTimeout: patience} // signatures need a right clock
	s := newSlackWorld(t, plan{roles: killRoles}, o, "    signing_secret_file: slack-signing-secret\n")
	s.members("kevin", "maria", "omar")
	s.fake.AddChannel("random", "maria")
	hooks := s.web + "/slack/" + slackID
	s.start()
	s.fake.UseHTTP(hooks+"/events", hooks+"/commands", hooks+"/actions")
	s.enrol(fmt.Sprintf(`
people:
  - {handle: kevin, accounts: {%[1]s: %[2]s}, roles: [communications]}
  - {handle: maria, accounts: {%[1]s: %[3]s}, roles: [coordination]}
`, slackID, s.account("kevin"), s.account("maria")))
	s.await("the bot in "+home, func() bool { return len(s.fake.Channel(home).Members) == 4 })
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := s.fake.VerifyURL(ctx); err != nil {
		t.Error(err)
	}

	// A slash command, an event, a form, a button. Where we are not, the form's answer
	// comes in private.
	s.acked(s.fake.Slash("kevin", home, "/whoami", ""))
	s.hear(home, "You are: kevin")
	s.acked(s.fake.Slash("kevin", home, "/contact", "list"))
	s.whisper("kevin", home, "private message on acme")
	s.fake.Post("omar", home, "<@"+s.fake.BotUserID()+"> status")
	s.hear(home, "No incident is open")
	s.acked(s.fake.Slash("omar", home, "/batsignal", ""))
	refused := s.fillIn("omar", map[string]any{"what": "the mirrors are down"})
	if !strings.Contains(refused.Errors()["what"], "I do not know yet which person") {
		t.Errorf("omar's form says %v", refused.Errors())
	}
	s.acked(s.fake.Slash("kevin", home, "/batsignal", ""))
	if mistakes := s.fillIn("kevin", map[string]any{"what": "the mirrors are down", "severity": "2"}).Errors(); mistakes != nil {
		t.Errorf("kevin's form says %v", mistakes)
	}
	request := s.hear(home, "severity 2: the mirrors are down")
	s.acked(s.fake.Slash("maria", "random", "/batsignal", ""))
	s.fillIn("maria", map[string]any{"what": "another fire", "how": []string{"separate"}})
	s.hear(home, "maria asks for the bat-signal, severity 1: another fire")
	s.direct("maria", "It needs a second person until ")
	s.acked(s.fake.Click("maria", home, request.TS, "Confirm: ring them"))
	s.hear(home, "The bat-signal is lit. Severity 2: the mirrors are down.")
	page := s.direct("maria", "You are needed for coordination.")
	s.acked(s.fake.Click("maria", page.Channel, page.TS, "I take it"))
	s.becomes(page, "Thank you. You have coordination in INC-1.")

	// A thief has overheard every request so far, and sends them all again: at once,
	// and when the bot was started anew and has forgotten the signatures.
	if err := s.fake.Settled(ctx); err != nil {
		t.Error(err)
	}
	await(s.world, 0, `select count(*)::int from slack_event where done_at is null`)
	const calls = `select count(*)::int from command_call where network = 'acme'`
	before := one[int](s.world, calls)
	statuses := s.fake.Replay(100)
	for i, status := range statuses {
		if status != http.StatusUnauthorized {
			t.Errorf("request %d, sent again, was answered %d", i, status)
		}
	}
	s.bot.stop(t)
	s.start()
	if again := s.fake.Replay(100); len(again) < 15 || len(statuses) < 15 {
		t.Errorf("only %d and %d requests were sent again", len(statuses), len(again))
	}
	await(s.world, 0, `select count(*)::int from slack_event where done_at is null`)
	if after := one[int](s.world, calls); after != before {
		t.Errorf("requests that were sent again ran %d commands", after-before)
	}

	s.forgeries(hooks)
	if lines := errorsIn(s.bot.output()); len(lines) > 0 {
		t.Errorf("errors in the log:\n%s", strings.Join(lines, "\n"))
	}
	t.Logf("Slack:\n%s", s.slackTranscript())
}

// fillIn waits for somebody's form, and sends it.
func (s *slackWorld) fillIn(who string, values map[string]any) *slackfake.Invocation {
	s.t.Helper()
	s.await("a form", func() bool { return len(s.fake.Views(who)) == 1 })
	return s.acked(s.fake.Submit(who, s.fake.Views(who)[0].ID, values))
}

// forgeries sends what Slack did not send.
func (s *slackWorld) forgeries(hooks string) {
	s.t.Helper()
	event := fmt.Sprintf(`{"type":"event_callback","team_id":%q,"event_id":"Ev1","event":{"type":"message","channel":%q,"user":%q,"ts":"%d.000001","text":"!incident resolve"}}`,
		s.fake.TeamID(), s.fake.Channel(home).ID, s.fake.User("maria").ID, time.Now().Unix())
	right := s.fake.SigningSecret()
	for _, c := range []struct {
		what, method, path, body, secret string
		age                              time.Duration
		want                             int
	}{
		{"another secret", "POST", "/events", event, "another", 0, http.StatusUnauthorized},
		{"no secret", "POST", "/events", event, "", 0, http.StatusUnauthorized},
		{"an old signature", "POST", "/events", event, right, 6 * time.Minute, http.StatusUnauthorized},
		{"a signature of tomorrow", "POST", "/events", event, right, -24 * time.Hour, http.StatusUnauthorized},
		{"a challenge without signature", "POST", "/events", `{"type":"url_verification","challenge":"x"}`, "", 0, http.StatusUnauthorized},
		{"too much", "POST", "/events", strings.Repeat("x", 1<<20+1), right, 0, http.StatusRequestEntityTooLarge},
		{"too much, unsigned", "POST", "/actions", strings.Repeat("x", 8<<20), "", 0, http.StatusRequestEntityTooLarge},
		{"no interaction", "POST", "/actions", "payloaf=x", right, 0, http.StatusBadRequest},
		{"no JSON", "POST", "/events", "hello", right, 0, http.StatusOK}, // nothing to us; Slack must not try again
		{"a browser", "GET", "/events", "", "", 0, http.StatusMethodNotAllowed},
		{"elsewhere", "POST", "/admin", event, right, 0, http.StatusNotFound},
	} {
		r, err := http.NewRequest(c.method, hooks+c.path, strings.NewReader(c.body))
		if err != nil {
			s.t.Fatal(err)
		}
		stamp := fmt.Sprint(time.Now().Add(-c.age).Unix())
		if c.secret != "" {
			mac := hmac.New(sha256.New, []byte(c.secret))
			fmt.Fprintf(mac, "v0:%s:%s", stamp, c.body)
			r.Header.Set("X-Slack-Request-Timestamp", stamp)
			r.Header.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
		}
		if status, body := answered(browser.Do(r)); status != c.want {
			s.t.Errorf("%s: answered %d, want %d: %s", c.what, status, c.want, body)
		}
	}
	// The same event, rightly signed, would have been obeyed: the forgery was not.
	if n := one[int](s.world, `select count(*)::int from incident where resolved_at is not null`); n != 0 {
		s.t.Error("a forged event resolved the incident")
	}
}
