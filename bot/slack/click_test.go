package slack_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"batsignal/bot/slack"
	"batsignal/bot/slack/slackfake"
	"batsignal/incidents"
	"batsignal/oncall"
	"batsignal/oncall/civil"
	"batsignal/oncall/schedule"
)

// A whole emergency without typing a command: form, buttons, menus.
func TestAnEmergencyByClicking(t *testing.T) {
	t.Parallel()
	w := newWorld(t)

	// The emergency command alone opens the form.
	w.acked(w.Fake.Slash("maria", "ops", "/batsignal", ""))
	forms := w.Fake.Views("maria")
	if len(forms) != 1 || forms[0].CallbackID != "declare" {
		t.Fatalf("%+v", forms)
	}
	w.acked(w.Fake.Submit("maria", forms[0].ID, map[string]any{"what": "remote code execution in openssl", "severity": "1"}))
	if left := w.Fake.Views("maria"); len(left) != 0 {
		t.Fatalf("the form stays open: %+v", left)
	}
	asked := w.last("ops", "It needs a second person")

	// The asker's own click is refused, and seen by them alone.
	w.acked(w.Fake.Click("maria", "ops", asked.TS, "Confirm: ring them"))
	if m := w.last("ops", "You asked for it yourself"); m.EphemeralTo != w.Fake.User("maria").ID {
		t.Errorf("%+v", m)
	}
	w.acked(w.Fake.Click("kevin", "ops", asked.TS, "Confirm: ring them"))
	w.last("ops", "The bat-signal is lit. Severity 1")
	// Twice is once, for whoever clicks late.
	w.acked(w.Fake.Click("li", "ops", asked.TS, "Confirm: ring them"))
	if m := w.last("ops", "kevin confirmed it already: INC-1."); m.EphemeralTo != w.Fake.User("li").ID {
		t.Errorf("%+v", m)
	}

	// A page is answered where it arrived, and its buttons go.
	page := w.last(w.Fake.IM("li"), "You are needed for package fixing")
	w.acked(w.Fake.Click("li", page.Channel, page.TS, "I take it"))
	after, _ := w.Fake.Message(page.Channel, page.TS)
	if text := w.Plain(after.Text); !strings.Contains(text, "You have package fixing in INC-1") || strings.Contains(string(after.Blocks), `"actions"`) || !strings.Contains(text, "Page P") {
		t.Errorf("%s\n%s", text, after.Blocks)
	}
	page = w.last(w.Fake.IM("sam"), "You are needed for quality assurance")
	w.acked(w.Fake.Click("sam", page.Channel, page.TS, "I cannot"))
	if n := count(w.timeline(1), "decline sam"); n != 1 {
		t.Errorf("%q", w.timeline(1))
	}

	// The summary: a role from the menu, the baton, an update, the end.
	summary := w.summary("inc-1-openssl")
	w.acked(w.Fake.Select("kevin", "inc-1-openssl", summary.TS, "command:role", "role take --inc 1 coordination"))
	w.acked(w.Fake.Click("li", "inc-1-openssl", summary.TS, "Take the baton"))
	if text := w.Plain(w.summary("inc-1-openssl").Text); !strings.Contains(text, "coordination: kevin") || !strings.Contains(text, "Baton moves: to li") {
		t.Error(text)
	}
	w.acked(w.Fake.Click("kevin", "inc-1-openssl", summary.TS, "Update"))
	form := w.Fake.Views("kevin")[0]
	w.acked(w.Fake.Submit("kevin", form.ID, map[string]any{"title": "RCE in openssl 3", "severity": "2", "note": "the fix is\nin testing"}))
	got := w.timeline(1)
	for _, line := range []string{"renamed kevin: kevin renames the incident: RCE in openssl 3", "severity kevin: kevin changes the severity from 1 to 2", "note kevin: the fix is in testing"} {
		if count(got, line) != 1 {
			t.Errorf("%q is not in %q", line, got)
		}
	}
	// A form that does nothing wrong and changes nothing does nothing.
	summary = w.summary("inc-1-openssl")
	w.acked(w.Fake.Click("kevin", "inc-1-openssl", summary.TS, "Update"))
	w.acked(w.Fake.Submit("kevin", w.Fake.Views("kevin")[0].ID, map[string]any{}))
	if after := w.timeline(1); len(after) != len(got) {
		t.Errorf("%q", after)
	}

	// Somebody without the right reads why in the form, which stays open.
	w.acked(w.Fake.Click("zed", "inc-1-openssl", summary.TS, "Resolve"))
	form = w.Fake.Views("zed")[0]
	i := w.Fake.Submit("zed", form.ID, map[string]any{"why": "I want to sleep"})
	w.acked(i)
	if why := i.Errors()["why"]; !strings.Contains(why, "I do not know yet which person") || len(w.Fake.Views("zed")) != 1 {
		t.Errorf("%q", i.Errors())
	}
	w.acked(w.Fake.Click("li", "inc-1-openssl", summary.TS, "Resolve"))
	w.acked(w.Fake.Submit("li", w.Fake.Views("li")[0].ID, map[string]any{"why": "fixed packages are on the mirrors", "false_alarm": []string{"false-alarm"}}))
	w.last("ops", "li resolves the incident as a false alarm. fixed packages are on the mirrors.")
	if m := w.summary("inc-1-openssl"); strings.Contains(string(m.Blocks), `"actions"`) || !strings.Contains(m.Text, "INC-1 resolved") {
		t.Errorf("%s", m.Blocks)
	}

	// Each of these is on the same record as what is typed.
	var verbs string
	w.must(w.db.QueryRow(t.Context(), `select string_agg(verb, ', ' order by id) from command_call where finished_at is not null`).Scan(&verbs))
	if verbs != "batsignal, confirm, confirm, confirm, ack, decline, role take, baton take, incident rename, incident sev, incident note, incident resolve" {
		t.Error(verbs)
	}
}

// summary is the one message that shows how an incident stands.
func (w *world) summary(channel string) slackfake.Message {
	w.Helper()
	pins := w.Fake.Channel(channel).Pins
	if len(pins) != 1 {
		w.Fatalf("%d pins", len(pins))
	}
	m, _ := w.Fake.Message(channel, pins[0])
	return m
}

// The live summary is one message, edited in place, with the incident's page among the
// bookmarks.
func TestTheSummaryIsOneMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.emergency()
	first := w.summary("inc-1-openssl")
	w.says("li", "", "!ack")
	w.says("sam", "", "!ack")
	w.says("sam", "#inc-1-openssl", "!baton take")
	now := w.summary("inc-1-openssl")
	text := w.Plain(now.Text)
	if now.TS != first.TS || !now.Edited || !strings.Contains(text, "Baton: sam, since 2026-03-01 12:00 UTC") || !strings.Contains(text, "package fixing: li") ||
		!strings.Contains(text, "coordination: empty, ringing maria") {
		t.Errorf("%s", text)
	}
	if c := w.Fake.Channel("inc-1-openssl"); len(c.Bookmarks) != 1 || c.Bookmarks[0].Link != "https://batsignal.example.org/incidents/1" {
		t.Errorf("%+v", c.Bookmarks)
	}
	// What nobody can see is not shown again and again: many changes, few edits.
	if n := w.Fake.CallCount("chat.update"); n > 12 {
		t.Errorf("%d edits", n)
	}
	// Somebody deletes it: it is shown anew.
	w.Fake.Delete(w.Fake.BotUserID(), "inc-1-openssl", now.TS)
	w.says("li", "#inc-1-openssl", "!incident note still here")
	shown := 0
	for _, m := range w.Fake.Spoken("inc-1-openssl") {
		if strings.Contains(string(m.Metadata), "batsignal_summary") {
			shown++
		}
	}
	if shown != 1 {
		t.Errorf("shown %d times", shown)
	}
}

// Slash commands are commands: what everybody may read is read by everybody.
func TestSlashCommands(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Fake.AddChannel("elsewhere", "maria")
	for _, c := range []struct {
		who, room, command, text string
		want                     string
		private                  bool
	}{
		{"maria", "ops", "/whoami", "", "You are: maria", false},
		{"maria", "ops", "/batsignal-status", "", "No incident is open.", false},
		{"maria", "ops", "/contact", "mail maria@example.org", "Your mail address is stored, and nobody else sees it.", true},
		{"maria", "ops", "/page", "zed now", "Refused: \"zed\" is neither a person nor a role here.", true},
		{"zed", "ops", "/confirm", "", "I do not know yet which person", true},
		{"maria", "ops", "/roster", "add @zed qa", "I asked zed about quality-assurance.", false},
		{"maria", "elsewhere", "/whoami", "", "You are: maria", true}, // where the bot is not
	} {
		before := len(w.Fake.Messages(c.room))
		w.acked(w.Fake.Slash(c.who, c.room, c.command, c.text))
		all := w.Fake.Messages(c.room)
		if len(all) != before+1 {
			t.Errorf("%s %s: %d messages", c.command, c.text, len(all)-before)
			continue
		}
		if m := all[len(all)-1]; !strings.HasPrefix(w.Plain(m.Text), c.want) || (m.EphemeralTo != "") != c.private {
			t.Errorf("%s %s: %q to %q", c.command, c.text, m.Text, m.EphemeralTo)
		}
	}
	// Slack made the mention of somebody unknown into a person with a usable name, whose
	// yes is a click, and never a mere reaction.
	ask := w.last(w.Fake.IM("zed"), "maria asks whether you can be rung for quality assurance")
	w.Fake.React("zed", ask.Channel, ask.TS, "white_check_mark")
	w.worked()
	agreed := func() (n int) {
		w.must(w.db.QueryRow(t.Context(), `select count(*) from consent_entry where act = 'agreed' and role = 'quality-assurance' and account like '%/uzed'`).Scan(&n))
		return n
	}
	if agreed() != 0 {
		t.Error("a reaction was taken for a yes")
	}
	w.acked(w.Fake.Click("zed", ask.Channel, ask.TS, "Yes, ring me"))
	if agreed() != 1 {
		t.Error("the yes is not recorded")
	}
}

// By name, in a channel and in a thread: answered where it was said.
func TestSpokenToByName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	us := "<@" + w.Fake.BotUserID() + ">"
	w.Fake.Post("maria", "ops", us+" whoami")
	w.worked()
	if m := w.last("ops", "You are: maria"); m.ThreadTS != "" {
		t.Errorf("%+v", m)
	}
	root := w.Fake.Post("kevin", "ops", "who am I?")
	w.Fake.Reply("kevin", "ops", root, us+": whoami")
	w.worked()
	if m := w.last("ops", "You are: kevin"); m.ThreadTS != root {
		t.Errorf("%+v", m)
	}
	w.Fake.Post("maria", "ops", us+" contact mail maria@example.org")
	w.worked()
	w.last("ops", "treat what you typed here as seen by everybody")
	// A message that mentions us comes as two events, and is answered once.
	n := 0
	for _, m := range w.Fake.Messages("ops") {
		n += strings.Count(m.Text, "You are: maria")
	}
	if n != 1 {
		t.Errorf("answered %d times", n)
	}
}

// Shortcuts on a message, and a pin as an extra: onto the timeline, with its link.
func TestOntoTheTimeline(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.emergency()
	ts := w.Fake.Post("sam", "inc-1-openssl", "the arm64 builders\nare <stuck> again")
	w.worked()
	link := "https://fake.slack.com/archives/" + w.Fake.Channel("inc-1-openssl").ID + "/p" + strings.ReplaceAll(ts, ".", "")
	w.acked(w.Fake.MessageShortcut("maria", "timeline_add", "inc-1-openssl", ts))
	w.acked(w.Fake.MessageShortcut("li", "action_add", "inc-1-openssl", ts))
	w.Fake.React("kevin", "inc-1-openssl", ts, "pushpin")
	w.worked()
	w.Fake.React("zed", "inc-1-openssl", ts, "pushpin") // who is nobody here
	w.Fake.React("kevin", "inc-1-openssl", ts, "tada")
	w.worked()
	got := w.timeline(1)
	for _, line := range []string{
		"note maria: sam wrote: the arm64 builders are <stuck> again " + link,
		"action li: sam wrote: the arm64 builders are <stuck> again " + link,
		"note kevin: sam wrote: the arm64 builders are <stuck> again " + link,
	} {
		if count(got, line) != 1 {
			t.Errorf("%q is not in %q", line, got)
		}
	}
	if n := count(got, "the arm64 builders"); n != 3 {
		t.Errorf("%d lines", n)
	}
	// The global shortcut opens the form.
	w.acked(w.Fake.Shortcut("maria", "declare"))
	if v := w.Fake.Views("maria"); len(v) != 1 || v[0].CallbackID != "declare" {
		t.Errorf("%+v", v)
	}
}

// A reaction to one's own page is an extra way to take it.
func TestAReactionTakesAPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.emergency()
	page := w.last(w.Fake.IM("li"), "You are needed for package fixing")
	w.Fake.React("li", page.Channel, page.TS, "eyes")
	w.worked()
	if n := count(w.timeline(1), "li answers P"); n != 1 {
		t.Errorf("%q", w.timeline(1))
	}
	w.Fake.React("li", page.Channel, page.TS, "white_check_mark") // again: it is said so
	w.worked()
	if n := count(w.timeline(1), "li answers P"); n != 1 {
		t.Errorf("%q", w.timeline(1))
	}
}

// The app's home: my pages, what I am rung for, open incidents.
func TestHome(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	show := func(who string) string {
		t.Helper()
		w.Fake.OpenHome(who)
		w.worked()
		return string(w.Fake.Home(who))
	}
	if h := show("zed"); !strings.Contains(h, "I do not know yet who you are") || !strings.Contains(h, "No incident is open.") {
		t.Error(h)
	}
	w.emergency()
	h := show("li")
	for _, want := range []string{"You are li.", "package-fixing (yes)", "07:00-23:00 Asia/Shanghai", "I take it", "[INC-1]", "Light the bat-signal"} {
		if !strings.Contains(h, want) {
			t.Errorf("%q is not in %s", want, h)
		}
	}
	w.acked(w.Fake.ClickView("li", w.homeID("li"), "I take it"))
	if n := count(w.timeline(1), "li answers P"); n != 1 {
		t.Errorf("%q", w.timeline(1))
	}
	if h := string(w.Fake.Home("li")); strings.Contains(h, "I take it") || !strings.Contains(h, "No page waits for your answer.") {
		t.Error(h)
	}
	show("maria")
	w.acked(w.Fake.ClickView("maria", w.homeID("maria"), "Light the bat-signal"))
	if v := w.Fake.Views("maria"); len(v) != 1 || v[0].CallbackID != "declare" {
		t.Errorf("%+v", v)
	}
}

// The app's home says when I am on by schedules.
func TestHomeTellsMyShifts(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	w := newWorld(t, func(c *slack.Config) {
		c.Incidents = &incidents.Service{DB: c.DB, Now: func() time.Time { return noon }}
	})
	li, err := oncall.PersonByHandle(t.Context(), w.db, "li")
	w.must(err)
	kevin, err := oncall.PersonByHandle(t.Context(), w.db, "kevin")
	w.must(err)
	_, _, err = w.Rota.Save(t.Context(), oncall.Actor{}, 0, schedule.Schedule{
		Name: "weekly", Title: "Packages", Zone: "UTC", Layers: []schedule.Layer{{
			Name: "first", Starts: civil.DateTime{Year: 2026, Month: 2, Day: 23, Hour: 9}, Unit: schedule.Week, Turns: []int{1}, Members: []int64{kevin.ID, li.ID},
		}},
	})
	w.must(err)
	show := func(who string) string {
		w.Fake.OpenHome(who)
		w.worked()
		return string(w.Fake.Home(who))
	}
	if h := show("li"); !strings.Contains(h, "Mon 2 Mar 09:00 to Mon 9 Mar 09:00 UTC, 17:00 to Mon 9 Mar 17:00 in Asia/Shanghai by weekly") {
		t.Error(h)
	}
	if h := show("sam"); strings.Contains(h, "You are on:") {
		t.Error(h)
	}
}

// homeID is the id of what somebody sees in the app's home.
func (w *world) homeID(who string) string {
	w.Helper()
	var view struct{ ID string }
	w.must(json.Unmarshal(w.Fake.Home(who), &view))
	return view.ID
}
