package main

import (
	"fmt"
	"strings"
	"testing"
)

// TestTheMinutesOfAnIncidentInSlack: the minutes of an incident begin and end with it,
// the baton is the chair, edits and deletions change what is on record, what is noted
// is on the timeline, and the retrospective is drafted at the end.
func TestTheMinutesOfAnIncidentInSlack(t *testing.T) {
	t.Parallel()
	s := newSlackWorld(t, plan{roles: killRoles}, patient(), "")
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

	s.fake.Post("kevin", room, "#agreed kevin is no chair")
	s.whisper("kevin", room, "#agreed is for chairs")
	s.fake.Post("maria", room, "!baton take")
	s.hear(room, "maria takes the baton")
	s.fake.Post("maria", room, "#agreed we roll back")
	action := s.fake.Post("kevin", room, "#action kevin calls the vendor")
	secret := s.fake.Post("kevin", room, "the password is hunter2")
	wrong := s.fake.Post("kevin", room, "#info it is the disk")
	s.fake.Reply("maria", room, wrong, "#info said in the thread")
	await(s.world, 4, `select count(*)::int from meeting_item`)

	s.fake.Edit("kevin", room, action, "#action maria calls the vendor by 2030-01-02")
	s.fake.Delete("kevin", room, secret)
	s.fake.Delete("kevin", room, wrong)
	await(s.world, 1, `select count(*)::int from action_item a join action_owner o on o.action_id = a.id where o.name = 'maria' and a.due = '2030-01-02'`)
	await(s.world, 1, `select count(*)::int from meeting_item where gone`)
	s.fake.Post("maria", room, "!incident resolve rolled back")
	s.hear(room, "Minutes: 1 decision, 1 action.")
	s.hear(room, "retrospective")

	path := one[string](s.world, `select path from meeting where ended_at is not null`)
	for ext, page := range map[string]string{"html": "", "txt": "", "md": "", "json": "", "log.html": "", "log.txt": ""} {
		page = s.page("/minutes/" + path + "." + ext)
		if strings.Contains(page, "hunter2") || strings.Contains(page, "it is the disk") {
			t.Errorf("%s has what was deleted:\n%s", ext, page)
		}
		if !strings.Contains(page, "maria calls the vendor by") || strings.Contains(page, "kevin calls the vendor") {
			t.Errorf("%s does not have what was edited:\n%s", ext, page)
		}
		if ext == "html" && !strings.Contains(page, "/archives/") {
			t.Errorf("no item links to its message in Slack:\n%s", page)
		}
	}
	kinds := one[string](s.world, `select string_agg(kind || ': ' || text, '; ' order by id) from timeline_entry where kind in ('decision', 'action', 'info')`)
	if want := "decision: we roll back; action: kevin calls the vendor; info: it is the disk; info: said in the thread"; kinds != want {
		t.Errorf("on the timeline is %q, want %q", kinds, want)
	}
	if found := ask[string](s.world, `select text from meeting_event where search @@ to_tsquery('simple', 'hunter2')`); len(found) > 0 {
		t.Errorf("a search finds what was deleted: %q", found)
	}
	if retro := s.page("/incidents/1/retro.md"); !strings.Contains(retro, "we roll back") || !strings.Contains(retro, "calls the vendor") {
		t.Errorf("the retrospective is:\n%s", retro)
	}
	if lines := errorsIn(s.bot.output()); len(lines) > 0 {
		t.Errorf("errors in the log:\n%s", strings.Join(lines, "\n"))
	}
}
