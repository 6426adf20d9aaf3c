package irc

import (
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"batsignal/bot"
)

// BenchmarkTake is the way of one line of talk from the wire to the ear.
func BenchmarkTake(b *testing.B) {
	d, err := New(Config{Name: "bench", Server: "127.0.0.1:6667", Nick: "batsignal", Rooms: []string{"#ops"}})
	if err != nil {
		b.Fatal(err)
	}
	heard := 0
	s := d.newSession(newWire(nil), func(bot.Heard) { heard++ })
	s.nick = "batsignal"
	s.caps["account-tag"] = true
	s.log = slog.New(slog.DiscardHandler)
	s.place("#ops").joined = true
	talk := "@time=" + time.Now().UTC().Format("2006-01-02T15:04:05.000Z") +
		";msgid=abc123;account=maria :maria!maria@users.example.org PRIVMSG #ops :has anybody looked at the build on arm64?\r\n"
	lines := newLineReader(endless(talk))
	b.SetBytes(int64(len(talk)))
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		raw, err := lines.next()
		if err != nil {
			b.Fatal(err)
		}
		if err := s.take(raw); err != nil {
			b.Fatal(err)
		}
	}
	if heard != b.N {
		b.Fatalf("%d lines of %d were heard", heard, b.N)
	}
}

// endless repeats a text for ever.
func endless(text string) io.Reader { return &repeated{text: text} }

type repeated struct {
	text string
	at   int
}

func (r *repeated) Read(p []byte) (n int, err error) {
	for n < len(p) {
		c := copy(p[n:], r.text[r.at:])
		n += c
		r.at = (r.at + c) % len(r.text)
	}
	return n, nil
}

func BenchmarkSplit(b *testing.B) {
	text := strings.Repeat("Ein langer Satz, größer als eine Zeile, über den Bäumen. ", 30)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if len(split(text, 400)) < 4 {
			b.Fatal("too few lines")
		}
	}
}
