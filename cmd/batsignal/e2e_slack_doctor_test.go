package main

import (
	"fmt"
	"strings"
	"testing"
)

// TestSlackDoctor has the doctor look at a workspace while a bot works there, and at
// everything that may be wrong with one.
func TestSlackDoctor(t *testing.T) {
	t.Parallel()
	s := newSlackWorld(t, plan{roles: killRoles}, patient(), "")
	s.members("kevin")
	s.start()
	s.awaitSlack()

	// What people say while the doctor is there is heard by the bot, all of it.
	asked := make(chan result, 1)
	go func() { asked <- s.cli("doctor") }()
	said := 0
	var beside result
	for done := false; !done; {
		said++
		s.fake.Post("kevin", home, fmt.Sprintf("!incident show %d", 1000+said))
		s.hear(home, fmt.Sprintf("There is no INC-%d.", 1000+said))
		select {
		case beside = <-asked:
			done = true
		default:
		}
	}
	t.Logf("%d commands were typed meanwhile", said)
	if beside.status != exitOK {
		t.Errorf("the doctor beside a bot: %s", beside)
	}
	wantLines(t, beside.stdout, "ok       configuration", "ok       network "+netID, "ok       network "+slackID, "ok       web")
	if s.fake.Connections() != 1 || s.fake.Lost() != 0 {
		t.Errorf("%d connections, %d deliveries lost", s.fake.Connections(), s.fake.Lost())
	}

	t.Run("broken", func(t *testing.T) {
		bad := func(prefix string) string { return writeFile(t, s.dir, prefix+"canary", prefix+"canary-xq7\n", 0o600) }
		for _, c := range []struct {
			name    string
			replace []string
			want    string
		}{
			{
				"no-such-channel", []string{"    home: '#ops'\n    api_url", "    home: '#nowhere'\n    api_url"},
				"There is no channel #nowhere that the app may see. Make it; if it is private, invite the app there.",
			},
			{
				"wrong-app-token", []string{"slack-app-token", bad("xapp-")},
				"The app token does not work. It must begin with xapp-, be of this app, and have the scope connections:write.",
			},
			{
				"wrong-bot-token", []string{"slack-bot-token", bad("xoxb-")},
				"Slack does not accept our token (invalid_auth): install the app again.",
			},
			{"slack-is-away", []string{s.fake.APIURL(), "http://" + freeAddress(t) + "/api/"}, "Slack cannot be reached, or does not work just now."},
		} {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				prepare(t, s.state()+"-"+c.name)
				s.doctorSays(t, s.variant(c.name, c.replace...), c.want)
			})
		}
	})
	s.fake.RevokeToken()
	prepare(t, s.state()+"-revoked")
	s.doctorSays(t, s.variant("revoked"), "Slack does not accept our token (invalid_auth): install the app again.")

	// A bot whose token is revoked says so where it is still heard, and does not end.
	s.bot.stop(t)
	s.start()
	eventually(t, "the bot to tell of its token", func() bool {
		return strings.Contains(s.bot.output(), "Slack does not let us in; trying again")
	}, s.bot.output)
	jan := s.join("jan")[0]
	s.awaitBot(home)
	jan.Say(home, "!status")
	jan.Expect(home, "Slack does not accept our token (invalid_auth): install the app again.")
}

// doctorSays has the doctor find something wrong with the workspace.
func (s *slackWorld) doctorSays(t *testing.T, config, want string) {
	t.Helper()
	r := shell(t, s.dir, "doctor", "--config", config)
	if r.status != exitFailed {
		t.Errorf("want exit status %d", exitFailed)
	}
	if !strings.Contains(r.stdout, "broken   network "+slackID+": "+want) || !strings.Contains(r.stdout, "docs/slack.md is the way there.") {
		t.Errorf("no %q", want)
	}
	for what, secret := range s.passwords {
		if strings.Contains(r.stdout+r.stderr, secret) {
			t.Errorf("the %s was printed", what)
		}
	}
	if strings.Contains(r.stdout+r.stderr, "canary-xq7") {
		t.Error("the wrong token was printed")
	}
	if r.stderr != "" {
		t.Errorf("beside what is said there is a log: %s", r.stderr)
	}
	t.Log(r)
}
