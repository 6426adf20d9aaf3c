package minutes_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"batsignal/incidents/minutes"
	"batsignal/incidents/minutes/minutestest"
)

func TestRemains(t *testing.T) {
	for text, want := range map[string]string{
		"#info secret": "#info", " #Action secret": "#action", "#help": "", "#help me": "#help", "#topic x": "#topic", "https://secret.example/": "https://erased.invalid/",
		"talk": "", "#actoin x": "", "[off] x": "[off]", "+1 secret": "+1", "-1": "-1", "0": "+0", "-0 x": "+0", "0 x": "",
		"#chair bert": "!", "#startmeeting x": "!", "#meetingname x": "!", "#vote x": "!", "#startvote x? a": "!", "#motion x": "!", "#endmeeting": "!", "#undo": "!",
	} {
		left, may := minutes.Batsignal().Remains(text)
		if !may {
			left = "!"
		}
		if left != want {
			t.Errorf("of %q remains %q, want %q", text, left, want)
		}
	}
}

// TestErasedWordsChangeNoNumbers: a meeting one of whose lines is erased comes to the same
// items and votes, whether the line is read with its words or with what remains of it.
func TestErasedWordsChangeNoNumbers(t *testing.T) {
	dialects, erased := minutes.Dialects(), 0
	for seed := range uint64(10_000) {
		r := rand.New(rand.NewPCG(seed, 2))
		d := dialects[0]
		if seed%5 == 4 {
			d = dialects[1+seed/5%3]
		}
		s := minutes.Setting{Dialect: d, Room: "#ops", Names: []string{"anna", "bert"}, Carried: []string{"A1: left over"}, Agenda: []string{"Backups"}}
		events := minutestest.Events(r, 5+r.IntN(60), false)
		i := 1 + r.IntN(len(events)-1)
		e := events[i]
		left, may := d.Remains(e.Text)
		if !may || !e.Kind.IsLine() || e.ID == "" {
			continue
		}
		erased++
		gone := minutes.Event{At: events[len(events)-1].At, Kind: minutes.Erased, ID: e.ID, Who: minutes.Who{Nick: "admin"}}
		blank := append(slices.Clone(events), gone)
		blank[i].Text, blank[i].Blank = left, true
		for j := range blank { // what the line was edited to is erased with it
			if blank[j].Kind == minutes.Edited && blank[j].ID == e.ID {
				blank[j].Text = ""
			}
		}
		a, aLog, _ := hold(t, s, append(slices.Clone(events), gone))
		b, bLog, _ := hold(t, s, blank)
		if a.Lines != b.Lines || len(a.Items) != len(b.Items) || len(aLog.Lines) != len(bLog.Lines) || a.Now != b.Now || a.Over != b.Over {
			t.Fatalf("seed %d: %q erased: %d lines and %d items, or %d and %d; now %q or %q", seed, e.Text, a.Lines, len(a.Items), b.Lines, len(b.Items), a.Now, b.Now)
		}
		for k, x := range a.Items {
			y := b.Items[k]
			if x.ID != y.ID || x.Kind != y.Kind || x.Text != y.Text || x.Line != y.Line || x.Gone != y.Gone || !slices.Equal(x.Owners, y.Owners) || !x.Due.Equal(y.Due) {
				t.Fatalf("seed %d: %q erased: item %+v is %+v", seed, e.Text, *x, *y)
			}
		}
		if !slices.Equal(aLog.Lines, bLog.Lines) {
			t.Fatalf("seed %d: %q erased: another log", seed, e.Text)
		}
	}
	if erased < 2000 {
		t.Errorf("only %d lines were erased", erased)
	}
}
