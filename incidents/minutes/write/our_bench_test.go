package write_test

import (
	"fmt"
	"io"
	"testing"
	"time"

	"batsignal/incidents/minutes"
	"batsignal/incidents/minutes/write"
)

// long is a meeting of so many lines by forty people, of which some are commands and
// links.
func long(lines int) write.Doc {
	const talk = "this is what somebody says on IRC, it's neither short nor long, and has some signs in it: 1 < 2 (see there)"
	events := []minutes.Event{{At: evening, Who: minutes.Who{Nick: "nick0"}, Text: "#startmeeting long"}}
	for n := 1; n < lines; n++ {
		e := minutes.Event{At: evening.Add(time.Duration(n) * time.Second), Who: minutes.Who{Nick: fmt.Sprintf("nick%d", n%40)}, Text: talk}
		switch n % 111 {
		case 0:
			e.Text = fmt.Sprintf("#action nick%d does number %d of what there is to do", n%40, n)
		case 1:
			e.Text = "#info something that is to be known afterwards"
		case 2:
			e.Text = "https://example.org/some/where/?number=12&more=yes is where it is"
		}
		events = append(events, e)
	}
	return heard(minutes.Setting{Room: "#ops"}, events)
}

// BenchmarkOurs writes the minutes of 100,000 lines.
func BenchmarkOurs(b *testing.B) {
	d := long(100_000)
	formats := map[string]write.Format{}
	for _, f := range write.OurFormats() {
		formats[f.Ext] = f
		b.Run(f.Ext, func(b *testing.B) {
			for b.Loop() {
				if err := f.Write(io.Discard, d); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("txt+html+log.html", func(b *testing.B) {
		for b.Loop() {
			for _, ext := range []string{"txt", "html", "log.html"} {
				if err := formats[ext].Write(io.Discard, d); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}
