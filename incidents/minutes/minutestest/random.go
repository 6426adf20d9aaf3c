// Package minutestest owns meetings that nobody held, for tests: random ones, in which
// everything happens that the machine knows of.
package minutestest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"batsignal/incidents/minutes"
)

var (
	nicks = []string{"anna", "bert", "cleo", "dora[m]", "eve_", "Zoë", "will", "t-bast", "{curly}", "fred|away"}
	verbs = []string{
		"#topic", "#info", "#action", "#agreed", "#idea", "#link", "#help", "#undo", "#chair", "#unchair", "#nick", "#startvote", "#vote",
		"#showvote", "#endvote", "#meetingtopic", "#meetingname", "#save", "#lurk", "#unlurk", "#motion", "#owner", "#due", "#here", "#accepted",
		"#rejected", "#commands", "#pingall", "#voters", "#quorum", "#agenda", "#next", "#halp", "#actoin", "#startmeeting", "#restrictlogs",
	}
	words = strings.Fields("the restore of the backups by friday anna bert will dora[m] @cleo https://example.org/a +1 -1 yes no Ship it? a, b é 障害 <b> none 3 12")
)

// Events is a random meeting of n events after the one that starts it, the same for
// the same r. Times pass midnight now and then. If plain, there is only what a log of
// IRC can hold.
func Events(r *rand.Rand, n int, plain bool) []minutes.Event {
	at := time.Date(2026, 11, 28, 20, 0, 0, 0, time.UTC)
	list := []minutes.Event{{At: at, Who: minutes.Who{Nick: pick(r, nicks)}, Text: "#startmeeting " + text(r)}}
	for i := range n {
		at = at.Add(time.Duration(r.IntN(200)) * time.Second)
		e := minutes.Event{At: at, Who: minutes.Who{Nick: pick(r, nicks)}, Text: text(r), ID: fmt.Sprint("id", i)}
		switch r.IntN(20) {
		case 0:
			e.Kind = minutes.Did
		case 1:
			e.Kind, e.Text = minutes.Renamed, pick(r, nicks)
		case 2:
			e.Kind, e.Text = minutes.Joined, ""
		case 3:
			e.Kind, e.Text = minutes.Left, ""
		case 4:
			if !plain {
				e.Kind, e.ID = minutes.Edited, fmt.Sprint("id", r.IntN(i+1))
			}
		case 5:
			if !plain {
				e.Kind, e.ID, e.Text = minutes.Deleted, fmt.Sprint("id", r.IntN(i+1)), ""
			}
		case 6, 7, 8:
			e.Who = list[0].Who // the chair, who has most to say
		}
		if e.Kind == minutes.Said && r.IntN(3) > 0 {
			e.Text = pick(r, verbs) + " " + e.Text
		}
		if plain {
			e.ID = ""
		}
		list = append(list, e)
	}
	if r.IntN(3) > 0 {
		list = append(list, minutes.Event{At: at, Who: list[0].Who, Text: "#endmeeting"})
	}
	return list
}

func pick(r *rand.Rand, list []string) string { return list[r.IntN(len(list))] }

func text(r *rand.Rand) string {
	list := make([]string, r.IntN(8))
	for i := range list {
		list[i] = pick(r, words)
	}
	return strings.Join(list, " ")
}
