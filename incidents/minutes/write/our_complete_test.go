package write_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"batsignal/incidents/minutes"
	"batsignal/incidents/minutes/corpustest"
	"batsignal/incidents/minutes/write"
)

// TestNoActionIsMissing holds every file of our minutes, of every meeting that we have,
// against the actions that the machine knows.
func TestNoActionIsMissing(t *testing.T) {
	actions := 0
	for _, m := range corpustest.All(t) {
		for _, d := range oursOf(t, m) {
			actions += len(d.Actions())
			complete(t, m.Name, d)
		}
	}
	complete(t, "the story", evenings())
	if actions < 20 {
		t.Errorf("only %d actions were looked for", actions)
	}
}

// complete tells which actions a file lacks.
func complete(t testing.TB, name string, d write.Doc) {
	t.Helper()
	for _, f := range write.OurFormats() {
		if f.Log {
			continue
		}
		page := drawn(t, d, f.Ext)
		seen := letters(readBack(t, f.Ext, page))
		for _, action := range d.Actions() {
			if !strings.Contains(seen, strings.TrimRight(letters(action.Text), " ")) {
				t.Errorf("%s.%s lacks the text of action %d: %q", name, f.Ext, action.ID, action.Text)
			}
			if f.Ext != "json" && !strings.Contains(readBack(t, f.Ext, page), fmt.Sprintf("#%d", action.ID)) {
				t.Errorf("%s.%s lacks the number of action %d", name, f.Ext, action.ID)
			}
		}
		if f.Ext == "json" {
			var m write.Minutes
			if err := json.Unmarshal([]byte(page), &m); err != nil {
				t.Fatal(err)
			}
			for _, action := range d.Actions() {
				if !slices.Contains(m.Actions, action.ID) {
					t.Errorf("%s.json: action %d is not listed", name, action.ID)
				}
			}
			if len(m.Actions) != len(d.Actions()) {
				t.Errorf("%s.json lists %d actions, want %d", name, len(m.Actions), len(d.Actions()))
			}
		}
	}
}

// TestNoActionOfAnyMeetingIsMissing makes meetings up. Beside the actions it looks for
// what must not be there: words that were taken back, or said off the record.
func TestNoActionOfAnyMeetingIsMissing(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		events, secrets := madeUp(r, "anna", "bert", "cdecker[m]", "eve_", "<b>", "Üţá", "will", "3.", "@x")
		d := heard(minutes.Setting{Room: "#ops"}, events)
		complete(t, "made up", d)
		for _, f := range write.OurFormats() {
			page := readBack(t, f.Ext, drawn(t, d, f.Ext))
			for _, secret := range secrets {
				if strings.Contains(page, secret) {
					r.Fatalf("%s shows %q, which was taken back", f.Ext, secret)
				}
			}
		}
		if t.Failed() {
			r.Fatal("see above")
		}
	})
}

// madeUp are the events of some meeting, and words that nobody may see in the end.
func madeUp(r *rapid.T, nicks ...string) (events []minutes.Event, secrets []string) {
	noise := rapid.SampledFrom([]string{"", "by friday", "<script>", "**bold**", "`x`", "https://example.org/a_b(c)", "javascript:alert(1)", "@everyone",
		"\x02bert\x02", "\u202eabc", "a\tb", "anna:", "nobody", "::", "..", "| a |", "{{x}}", "''", "#12", "שלום", "long " + strings.Repeat("word ", 30)})
	at := evening
	add := func(e minutes.Event) {
		at = at.Add(rapid.SampledFrom([]time.Duration{time.Second, 50 * time.Millisecond, 3 * time.Hour}).Draw(r, "pause"))
		e.At = at
		if e.ID == "" {
			e.ID = fmt.Sprint(len(events) + 1)
		}
		events = append(events, e)
	}
	add(minutes.Event{Who: minutes.Who{Nick: "anna"}, Text: "#startmeeting " + noise.Draw(r, "topic")})
	for n := range rapid.IntRange(0, 20).Draw(r, "events") {
		who := minutes.Who{Nick: rapid.SampledFrom(nicks).Draw(r, "nick")}
		said := noise.Draw(r, "a") + fmt.Sprintf(" word%dq ", n) + noise.Draw(r, "b")
		switch rapid.IntRange(0, 9).Draw(r, "kind") {
		case 0:
			add(minutes.Event{Who: who, Kind: minutes.Renamed, Text: rapid.SampledFrom(nicks).Draw(r, "new")})
		case 1, 2, 3:
			add(minutes.Event{Who: who, Text: "#action " + said})
		case 4:
			add(minutes.Event{Who: minutes.Who{Nick: "anna"}, Text: "#undo"})
		case 5:
			add(minutes.Event{Who: minutes.Who{Nick: "anna"}, Text: "#topic " + said})
		case 6:
			id := rapid.SampledFrom(events).Draw(r, "edited").ID
			secrets = append(secrets, saidIn(events, id)...)
			add(minutes.Event{Who: who, Kind: minutes.Edited, ID: id, Text: "#action " + said})
		case 7:
			id := rapid.SampledFrom(events).Draw(r, "deleted").ID
			secrets = append(secrets, saidIn(events, id)...)
			add(minutes.Event{Who: who, Kind: minutes.Deleted, ID: id})
		case 8:
			add(minutes.Event{Who: who, Text: "[off] " + said})
			secrets = append(secrets, madeUpWord.FindString(said))
		default:
			add(minutes.Event{Who: who, Kind: minutes.Did, Text: said})
		}
	}
	return events, secrets
}

var madeUpWord = regexp.MustCompile(`word[0-9]+q`)

// saidIn are the words that the line with that id said so far.
func saidIn(events []minutes.Event, id string) (list []string) {
	for _, e := range events {
		if word := madeUpWord.FindString(e.Text); e.ID == id && word != "" {
			list = append(list, word)
		}
	}
	return list
}
