package write_test

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"batsignal/incidents/minutes"
	"batsignal/incidents/minutes/write"
)

// longMeeting is a meeting of many lines as they come: 40 people, about 105 bytes a line
// of log, and 27 commands in a thousand lines.
func longMeeting(d *minutes.Dialect, lines int) write.Doc {
	words := strings.Fields(`the rack is warm again so we should look at fan four before the night shift
		leaves because nobody wants another page about temperature`)
	commands := []string{"#info", "#action nick7", "#link https://status.example.org/rack4", "#idea", "#action someone"}
	at := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	said := func(n int, text string) minutes.Event {
		return minutes.Event{At: at.Add(time.Duration(n) * time.Second), Who: minutes.Who{Nick: fmt.Sprintf("nick%d", n*7%40)}, Text: text}
	}
	start := said(0, "#startmeeting The long meeting")
	m, _ := minutes.Start(minutes.Setting{Dialect: d, Room: "#ops", Files: minutes.Naming{URL: "https://example.org/ops/ops.2026-11-22-09.00"}}, start)
	var log minutes.Log
	log.Hear(m, start)
	for n := 1; n < lines; n++ {
		var text strings.Builder
		switch {
		case n%1000 == 999:
			start.Who.Nick = "nick0"
			text.WriteString("#topic ")
		case n%37 == 0:
			text.WriteString(commands[n/37%len(commands)] + " ")
		case n%5 == 0:
			fmt.Fprintf(&text, "nick%d: ", n%40)
		}
		for i := n; text.Len() < 85; i++ {
			text.WriteString(words[i%len(words)] + " ")
		}
		e := said(n, strings.TrimSpace(text.String()))
		if strings.HasPrefix(e.Text, "#topic") {
			e.Who = start.Who // the chair
		}
		log.Hear(m, e)
		m.Hear(e)
	}
	return write.Doc{Meeting: m, Lines: log.Lines}
}

// BenchmarkPeerFiles writes what a bot writes after a meeting of 100,000 lines: the three
// files of each dialect together, and then each kind of file. Beside the time on the wall
// it tells the processor's, which a busy machine changes less.
func BenchmarkPeerFiles(b *testing.B) {
	const lines = 100_000
	for _, d := range peers() {
		benchmarkFiles(b, d.Name, longMeeting(d, lines), "txt", "html", "log.html")
	}
	doc := longMeeting(minutes.Debian(), lines)
	for _, f := range write.PeerFormats() {
		benchmarkFiles(b, f.Ext, doc, f.Ext)
	}
}

func benchmarkFiles(b *testing.B, name string, doc write.Doc, exts ...string) {
	b.Run(name, func(b *testing.B) {
		before := processorTime(b)
		for b.Loop() {
			for _, f := range write.PeerFormats() {
				if !slices.Contains(exts, f.Ext) {
					continue
				}
				if err := f.Write(io.Discard, doc); err != nil {
					b.Fatal(err)
				}
			}
		}
		b.ReportMetric(float64((processorTime(b)-before).Milliseconds())/float64(b.N), "cpu-ms/op")
	})
}

func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		b.Fatal(err)
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}
