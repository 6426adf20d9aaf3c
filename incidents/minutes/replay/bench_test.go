package replay_test

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"batsignal/incidents/minutes"
	"batsignal/incidents/minutes/archive"
	"batsignal/incidents/minutes/chatlog"
	"batsignal/incidents/minutes/replay"
	"batsignal/incidents/minutes/write"
)

// longLog is a meeting of many lines, few of which are commands.
func longLog(lines int) string {
	var b strings.Builder
	b.WriteString("20:00:00 <nick00> #startmeeting Weekly\n")
	words := "the patch for the build server is later than we thought so the mirror stays as it is"
	for i := range lines - 2 {
		second := 72000 + i/10
		fmt.Fprintf(&b, "%02d:%02d:%02d <nick%02d> ", second/3600%24, second/60%60, second%60, i%40)
		switch {
		case i%250 == 0:
			fmt.Fprintf(&b, "#action nick%02d %s\n", i%37, words[:50])
		case i%70 == 0:
			fmt.Fprintf(&b, "#info %s\n", words)
		case i%150 == 0:
			fmt.Fprintf(&b, "https://example.org/%d %s\n", i, words[:30])
		default:
			b.WriteString(words + "\n")
		}
	}
	b.WriteString("23:59:59 <nick00> #endmeeting\n")
	return b.String()
}

// BenchmarkReplay is what a line of a log costs, from its text to the minutes.
func BenchmarkReplay(b *testing.B) {
	const lines = 10_000
	text := longLog(lines)
	for _, d := range minutes.Dialects() {
		b.Run(d.Name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				for _, m := range replay.RunSeq(minutes.Setting{Dialect: d, Room: "#ops"}, chatlog.Lines(text, chatlog.Options{}), lines) {
					for _, f := range archive.Select(archive.FormatsFor(d), []string{"txt", "html", "log.html"}) {
						if err := f.Write(io.Discard, write.Doc{Meeting: m.Meeting, Lines: m.Log.Lines}); err != nil {
							b.Fatal(err)
						}
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*lines), "ns/line")
		})
	}
}
