package replay_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"batsignal/incidents/minutes"
	"batsignal/incidents/minutes/chatlog"
	"batsignal/incidents/minutes/replay"
	"batsignal/incidents/minutes/write"
)

// TestTenThousandMeetingsAreReplayedFromTheirLogs makes meetings up, writes the log of
// each, makes the minutes again from it, and holds what comes out against what it was.
func TestTenThousandMeetingsAreReplayedFromTheirLogs(t *testing.T) {
	const chunks = 100 // of the 100 meetings that one check makes
	for range chunks {
		rapid.Check(t, func(r *rapid.T) {
			original := replay.Run(setting(), somebodys(r))
			log := drawn(r, "log.txt", original[0])
			again := replay.Run(setting(), chatlog.Parse(log, chatlog.Options{}))
			if len(again) != 1 {
				r.Fatalf("%d meetings are in the log:\n%s", len(again), log)
			}
			for _, ext := range []string{"log.txt", "txt", "json"} { // the others tell no more
				if diff := cmp.Diff(drawn(r, ext, original[0]), drawn(r, ext, again[0])); diff != "" {
					r.Fatalf("%s (-before +after)\n%s\nof the log\n%s", ext, diff, log)
				}
			}
		})
		if t.Failed() {
			return
		}
	}
}

func setting() minutes.Setting {
	return minutes.Setting{Dialect: minutes.Batsignal(), Room: "#ops", Files: minutes.Naming{URL: "https://example.org/ops"}}
}

func drawn(r *rapid.T, ext string, m *replay.Meeting) string {
	var out strings.Builder
	for _, f := range write.OurFormats() {
		if f.Ext == ext {
			if err := f.Write(&out, write.Doc{Meeting: m.Meeting, Lines: m.Log.Lines}); err != nil {
				r.Fatal(err)
			}
		}
	}
	return out.String()
}

// somebodys is a meeting as a live bot hears it: with parts of seconds, blanks and
// signs that nobody sees, and whatever people say by chance.
func somebodys(r *rapid.T) (lines []chatlog.Line) {
	nick := rapid.SampledFrom([]string{"anna", "bert", "cdecker[m]", "eve_", "Üţá", "will", "a`", "fred|away", "3."})
	command := rapid.SampledFrom(append(minutes.Batsignal().CommandList(), "#nothing", "#", "##", "", "", "", "https://example.org/", "+1", "-1", "* anna", "12:30 <bert>", "[off]", "\t#info"))
	rest := rapid.OneOf(
		rapid.SampledFrom([]string{"", "anna", "anna, bert", "1", "2 bert", "1 friday", "Shall we? a, b", "anna tests by friday", "60", "unset", "#agreed so", "first; second"}),
		rapid.String(),
		rapid.StringOfN(rapid.RuneFrom([]rune("ab #<>*:&'\"\t\n\r\x00\x02\x1b⏎[]|`_-é\u202e\ufeff")), 0, 20, -1),
	)
	at := time.Date(2026, 11, 22, 20, 0, 0, 0, time.UTC)
	add := func(e minutes.Event) {
		at = at.Add(time.Duration(rapid.IntRange(0, 12).Draw(r, "pause")) * 11 * time.Minute / 4)
		e.At, e.Text = at, carried(e.Text)
		lines = append(lines, chatlog.Line{Number: len(lines) + 1, Event: e})
	}
	add(minutes.Event{Who: minutes.Who{Nick: "anna"}, Text: "#startmeeting " + rapid.SampledFrom([]string{"", "Weekly ops", "<b>", "x ↲ y"}).Draw(r, "topic")})
	for range rapid.IntRange(0, 15).Draw(r, "lines") {
		e := minutes.Event{Who: minutes.Who{Nick: nick.Draw(r, "nick")}}
		switch rapid.IntRange(0, 9).Draw(r, "kind") {
		case 0:
			e.Kind, e.Text = minutes.Renamed, nick.Draw(r, "new nick")
		case 1:
			e.Kind = rapid.SampledFrom([]minutes.EventKind{minutes.Joined, minutes.Left}).Draw(r, "move")
		case 2:
			e.Kind, e.Text = minutes.Did, rest.Draw(r, "deed")
		default:
			e.Text = command.Draw(r, "command") + rapid.SampledFrom([]string{" ", " ", "", "  ", ": "}).Draw(r, "between") + rest.Draw(r, "text")
		}
		add(e)
	}
	if rapid.Bool().Draw(r, "ended") {
		add(minutes.Event{Who: minutes.Who{Nick: "anna"}, Text: "#endmeeting"})
	}
	return lines
}

// carried is a text as far as a log carries it: without what nobody sees, every blank
// one that can be seen, and without the sign that stands for the end of a line.
func carried(text string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c == '\n':
			return c
		case unicode.IsSpace(c):
			return ' '
		case !unicode.IsGraphic(c), strings.ContainsRune(chatlog.Break, c):
			return -1
		}
		return c
	}, text)
}

// TestEveryBatchingIsTheSame feeds a log in pieces: what was said at the lines so far
// does not depend on the lines after them, nor on how many come at once.
func TestEveryBatchingIsTheSame(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		lines := somebodys(r)
		whole := replay.Run(setting(), lines)[0]
		n := rapid.IntRange(1, len(lines)).Draw(r, "lines")
		part := replay.Run(setting(), lines[:n])[0]
		var want []replay.Said
		for _, s := range whole.Said {
			if s.Line <= n {
				want = append(want, s)
			}
		}
		if diff := cmp.Diff(want, part.Said); diff != "" {
			r.Fatalf("after %d lines (-whole +part):\n%s", n, diff)
		}
		var streamed []*replay.Meeting
		heard := 0
		streamed = replay.Follow(setting(), func(yield func(chatlog.Line) bool) {
			for _, l := range lines {
				if !yield(l) {
					return
				}
			}
		}, rapid.IntRange(0, 100).Draw(r, "most"), func(*replay.Meeting, minutes.Event) { heard++ })
		if fmt.Sprint(streamed[0].Said) != fmt.Sprint(whole.Said) || drawn(r, "json", streamed[0]) != drawn(r, "json", whole) || heard == 0 {
			r.Fatal("a log that is read meanwhile makes another meeting")
		}
	})
}
