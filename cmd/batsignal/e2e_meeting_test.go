package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"batsignal/bot/irc/irctest"
)

// TestAMeetingSurvivesTheBot holds a meeting on a real network: the bot is killed in
// the middle of it, the chair changes the nick meanwhile, and the minutes, the room's
// topic and the files are as if nothing had happened.
func TestAMeetingSurvivesTheBot(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plan{accounts: []string{"anna", "bert"}, more: "minutes: {dir: " + filepath.Join(openDir(t), "minutes") + "}"})
	people := w.join("anna", "bert")
	anna, bert := people[0], people[1]
	anna.Raw("TOPIC " + home + " :what stood here before")
	w.start()
	w.enrol("people:\n  - {handle: anna, accounts: {" + netID + ": anna}}\n  - {handle: bert, accounts: {" + netID + ": bert}}\n")
	w.awaitBot(home)
	if err := w.net.Oper("SAMODE %s +o %s", home, botNick); err != nil {
		t.Fatal(err)
	}

	bert.Say(home, "nobody listens yet")
	anna.Say(home, "#startmeeting Weekly ops")
	anna.Expect(home, "Meeting started")
	topic(anna, "(Meeting topic: Weekly ops)")
	anna.Say(home, "#topic Backups")
	topic(anna, "Backups (Meeting topic: Weekly ops)")
	bert.Do(home, "waves")
	bert.Say(home, "#action bert tests the restore by friday")
	bert.Say(home, "#prposed we buy a second site")
	bert.Expect("", "#prposed is no command")
	anna.Say(home, "#agreed before the crash")
	await(w, 1, `select count(*)::int from meeting_item where text = 'before the crash'`)

	w.bot.kill(t)
	anna.Nick("anna_on_phone")
	w.start()
	w.awaitBot(home)
	if err := w.net.Oper("SAMODE %s +o %s", home, botNick); err != nil {
		t.Fatal(err)
	}
	anna.Say(home, "#info I am still the chair, whatever I am called")
	anna.Say(home, "#topic After the crash")
	topic(anna, "After the crash (Meeting topic: Weekly ops)")
	anna.Nick("anna")
	anna.Say(home, "#endmeeting")
	anna.Expect(home, "Meeting ended")
	topic(anna, "what stood here before")
	link := anna.Expect(home, "Minutes: ").Text()
	await(w, 1, `select count(*)::int from meeting where written_at is not null and not write_due`)

	path := strings.TrimPrefix(strings.Fields(link)[1], w.web+"/minutes/")
	for _, ext := range []string{".html", ".txt", ".log.html", ".log.txt"} {
		name := filepath.Join(w.minutesDir(), strings.TrimSuffix(path, ".html")+ext)
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"before the crash", "still the chair", "tests the restore"} {
			if !strings.Contains(string(b), want) {
				t.Errorf("%s does not have %q", name, want)
			}
		}
		if strings.Contains(string(b), "nobody listens yet") {
			t.Errorf("%s has what was said before the meeting", name)
		}
	}
	if page := w.page("/minutes/" + path); !strings.Contains(page, "before the crash") {
		t.Error("the page on the web does not have the minutes")
	}
	if owner := one[string](w, `select p.handle from action_owner o join person p on p.id = o.person_id`); owner != "bert" {
		t.Errorf("the action is %s's", owner)
	}
	if nicks := one[int](w, `select count(distinct account)::int from meeting_event where nick in ('anna', 'anna_on_phone')`); nicks != 1 {
		t.Errorf("anna is %d people", nicks)
	}
}

// topic waits until somebody sees the home room's topic become text.
func topic(p *irctest.Person, text string) {
	p.ExpectRaw("the topic "+text, func(l irctest.Line) bool { return l.Command == "TOPIC" && l.Text() == text })
}

// minutesDir is where the configuration has the files of minutes.
func (w *world) minutesDir() string {
	w.t.Helper()
	b, err := os.ReadFile(w.config)
	if err != nil {
		w.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), "minutes: {dir: ")
	dir, _, _ := strings.Cut(rest, "}")
	return dir
}
