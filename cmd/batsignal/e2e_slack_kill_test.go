package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"batsignal/bot/slack/slackfake"
)

// TestSlackKilledLosesNothing kills the bot twice in the middle of what people have
// typed and clicked in Slack, and which it has acknowledged.
func TestSlackKilledLosesNothing(t *testing.T) {
	t.Parallel()
	const kills, each = 2, 60
	s := newSlackWorld(t, plan{roles: killRoles, more: "guard: {per_person: 100, per_organisation: 100}"}, patient(), "")
	s.members("kevin", "maria")
	s.start()
	s.enrol(fmt.Sprintf(`
people:
  - {handle: kevin, accounts: {%[1]s: %[2]s}, roles: [communications]}
  - {handle: maria, accounts: {%[1]s: %[3]s}, roles: [coordination]}
`, slackID, s.account("kevin"), s.account("maria")))
	s.awaitSlack()
	s.lightInSlack("kevin", "maria", "everything burns")
	const room = "#inc-1-burns"
	s.await("everybody in "+room, func() bool { return s.exists(room) && len(s.fake.Channel(room).Members) == 3 })

	said := 0
	note := func() string { said++; return fmt.Sprintf("note n%03d", said) }
	var slashes []*slackfake.Invocation
	for kill := range kills {
		request := s.askInSlack("kevin", fmt.Sprintf("--separate fire number %d", kill))
		s.fake.LoseEventAcks(5) // what these acknowledge is delivered again, to the next process
		for range each {
			s.fake.Post("kevin", room, "!incident "+note())
		}
		for range each / 6 {
			slashes = append(slashes, s.fake.Slash("maria", room, "/incident", note()))
		}
		confirmed := s.fake.Click("maria", home, request.TS, "Confirm: ring them")
		s.await("some answers", func() bool {
			return strings.Count(s.slackTranscript(), "Noted on the timeline") >= kill*each+5
		})
		s.acked(confirmed) // Slack will never say it again
		for _, i := range slashes {
			s.acked(i)
		}
		s.bot.kill(t)
		if lines := errorsIn(s.bot.output()); len(lines) > 0 {
			t.Errorf("errors in the log of death %d:\n%s", kill+1, strings.Join(lines, "\n"))
		}
		s.fake.Post("kevin", room, "!incident "+note()) // while nobody is there to hear it
		s.start()
		t.Logf("death %d left %d acknowledged deliveries unfinished", kill+1,
			one[int](s.world, `select count(*)::int from slack_event where done_at is null`))
		s.awaitSlack()
	}

	began := time.Now()
	await(s.world, said, `select count(distinct text)::int from timeline_entry where kind = 'note'`)
	await(s.world, 1+kills, `select count(*)::int from incident`)
	await(s.world, 0, `select count(*)::int from slack_event where done_at is null`)
	await(s.world, 0, `select count(*)::int from notice where state = 'waiting' and kind <> 'close'`)
	t.Logf("everything was done %s after the last start", time.Since(began).Round(100*time.Millisecond))
	twice := ask[string](s.world, `select text || ' ' || count(*) from timeline_entry where kind = 'note' group by text having count(*) > 1 order by text`)
	t.Logf("%d notes; there more than once: %q", said, twice)
	if len(twice) > kills {
		t.Errorf("more notes are there twice than were under way at a death: %q", twice)
	}
	const openPages = `select count(*)::int from page p join escalation e on e.id = p.escalation_id where p.state = 'open'`
	if n := one[int](s.world, openPages); n != 2*(1+kills) {
		t.Errorf("%d pages, want one for each of two people in each of %d incidents", n, 1+kills)
	}
	if s.fake.Lost() != 0 {
		t.Errorf("Slack gave up %d deliveries", s.fake.Lost())
	}
	if lines := errorsIn(s.bot.output()); len(lines) > 0 {
		t.Errorf("errors in the last log:\n%s", strings.Join(lines, "\n"))
	}
}

// askInSlack has somebody ask for the bat-signal in the home channel, and returns the
// answer with its button.
func (s *slackWorld) askInSlack(who, what string) slackfake.Message {
	s.t.Helper()
	s.fake.Post(who, home, "!batsignal "+what)
	_, title, found := strings.Cut(what, "--separate ")
	if !found {
		title = what
	}
	return s.hear(home, "severity 1: "+title)
}

// lightInSlack has one person ask and another confirm by the button.
func (s *slackWorld) lightInSlack(asker, confirmer, what string) {
	s.t.Helper()
	ask := s.askInSlack(asker, what)
	s.acked(s.fake.Click(confirmer, home, ask.TS, "Confirm: ring them"))
	s.hear(home, "The bat-signal is lit. Severity 1: "+what)
}
