package write_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"batsignal/incidents/minutes"
	"batsignal/incidents/minutes/chatlog"
	"batsignal/incidents/minutes/corpustest"
	"batsignal/incidents/minutes/write"
)

// TestLogsMakeTheSameMinutesAgain reads back the log that we write of each meeting and
// holds every file of what comes out against what it was. A log does not tell who was
// edited, who is on the roster and who has which account, so such meetings are not
// among these.
func TestLogsMakeTheSameMinutesAgain(t *testing.T) {
	for _, m := range corpustest.All(t) {
		for _, d := range oursOf(t, m) {
			t.Run(m.Name, func(t *testing.T) { again(t, d) })
		}
	}
}

func again(t testing.TB, d write.Doc) {
	t.Helper()
	s := minutes.Setting{Room: d.Room, Network: d.Network, Files: minutes.Naming{URL: d.BaseURL()}}
	docs := ours(s, drawn(t, d, "log.txt"), chatlog.Options{Zone: time.FixedZone("elsewhere", 3600)})
	if len(docs) != 1 {
		t.Fatalf("the log has %d meetings, want 1:\n%s", len(docs), drawn(t, d, "log.txt"))
	}
	for _, f := range write.OurFormats() {
		want, got := drawn(t, d, f.Ext), drawn(t, docs[0], f.Ext)
		if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")); diff != "" {
			t.Errorf("%s (-before +after):\n%s", f.Ext, diff)
		}
	}
}

// TestLogsOfAnyMeetingMakeTheSameMinutesAgain is the same with meetings that are made
// up, but for what is not in a log.
func TestLogsOfAnyMeetingMakeTheSameMinutesAgain(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		events, _ := madeUp(r, "anna", "bert", "cdecker[m]", "eve_", "Üţá", "will", "3.", "a`")
		kept := events[:0]
		for _, e := range events {
			if e.Kind != minutes.Edited && e.Kind != minutes.Deleted {
				e.ID = ""
				kept = append(kept, e)
			}
		}
		kept = append(kept, minutes.Event{At: kept[len(kept)-1].At, Who: kept[0].Who, Text: "#endmeeting"})
		again(t, heard(minutes.Setting{Room: "#ops"}, kept))
		if t.Failed() {
			r.Fatal("see above")
		}
	})
}

// TestLogLines writes one line for each that was said, in the form that is read back.
func TestLogLines(t *testing.T) {
	at := time.Date(2026, 11, 22, 9, 0, 0, 5e8, time.UTC)
	for _, c := range []struct {
		line minutes.Line
		want string
	}{
		{minutes.Line{Nick: "anna", Text: "hi <b>there</b>"}, "<anna> hi <b>there</b>"},
		{minutes.Line{Nick: "anna", Text: "  indented  "}, "<anna>   indented"},
		{minutes.Line{Nick: "anna", Text: "waves", Did: true}, "* anna waves"},
		{minutes.Line{Nick: "anna", Text: "is now known as bea", Note: true}, "*** anna is now known as bea"},
		{minutes.Line{Nick: "anna", Text: "has joined", Note: true}, "*** anna has joined"},
		{minutes.Line{Nick: "anna", Text: "two\nlines\n"}, "<anna> two ↵ lines"},
		{minutes.Line{Nick: "anna", Text: "no ↵ lines"}, "<anna> no ⏎ lines"},
		{minutes.Line{Nick: "anna", Text: "a\r\nb\tc\x1b[2Jd\u202e"}, "<anna> a ↵ b c[2Jd"},
		{minutes.Line{Nick: "anna", Text: "\x02#topic no command"}, "<anna> \ufffd#topic no command"},
		{minutes.Line{Nick: "anna", Off: true}, "<anna> [off] not for the record"},
		{minutes.Line{Nick: "anna", Gone: true, Edited: true}, "<anna> [taken back]"},
		{minutes.Line{Nick: "anna", Text: "otherwise", Edited: true}, "<anna> otherwise"},
		{minutes.Line{Nick: "anna"}, "<anna>"},
		{minutes.Line{Nick: "@Anna > Smith\n", Text: "x"}, "<_@Anna___Smith_> x"},
		{minutes.Line{Text: "x"}, "<_> x"},
	} {
		c.line.At = at
		got := drawn(t, write.Doc{Meeting: &minutes.Meeting{}, Lines: []minutes.Line{c.line}}, "log.txt")
		if want := "2026-11-22T09:00:00Z " + c.want + "\n"; got != want {
			t.Errorf("%+v\nis  %q\nnot %q", c.line, got, want)
		}
		if read := chatlog.Parse(got, chatlog.Options{}); len(read) != 1 || !read[0].Event.At.Equal(at.Truncate(time.Second)) {
			t.Errorf("%q is read back as %+v", got, read)
		}
	}
}
