package irc

import (
	"context"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"batsignal/bot"
)

// strict fails a test when something is logged as an error: that is how a panic
// that was caught shows.
type strict struct{ t *testing.T }

func (s strict) Enabled(context.Context, slog.Level) bool { return true }
func (s strict) Handle(_ context.Context, r slog.Record) error {
	if r.Level >= slog.LevelError {
		r.Attrs(func(a slog.Attr) bool { s.t.Errorf("%s: %v", r.Message, a); return true })
	}
	return nil
}
func (s strict) WithAttrs([]slog.Attr) slog.Handler { return s }
func (s strict) WithGroup(string) slog.Handler      { return s }

// listening is a session as it is after the welcome, with nobody at the other end.
func listening(t testing.TB, log *slog.Logger, hear func(bot.Heard)) *session {
	d, err := New(Config{Name: "fuzz", Server: "127.0.0.1:6667", Nick: "batsignal", Rooms: []string{"#ops"}, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := net.Pipe()
	t.Cleanup(func() { _ = ours.Close(); _ = theirs.Close() })
	s := d.newSession(newWire(ours), hear)
	s.nick = "batsignal"
	for _, c := range []string{"account-tag", "message-tags", "batch", "labeled-response", "extended-join", "account-notify"} {
		s.caps[c] = true
	}
	s.entered("#ops")
	return s
}

func FuzzServer(f *testing.F) {
	f.Add(strings.Join(malformed, "\r\n"), true)
	f.Add("@account=maria;time=2026-01-01T00:00:00.000Z;msgid=x :maria!m@h PRIVMSG #ops :!ack\n:maria!m@h NICK m2\n:m2!m@h QUIT :a.b c.d", true)
	f.Add(":s 353 batsignal = #ops :@maria!m@h +omar batsignal\n:maria!m@h MODE #ops +bo-o *!*@* omar maria\n:omar!o@h KICK #ops maria\n:omar!o@h PRIVMSG #ops :\x01ACTION waves\x01", true)
	f.Add(":a!b@c JOIN #ops Maria :r\n:batsignal!b@h PART #ops\n:s 354 batsignal 152 #ops m2 maria\n:s CAP * DEL :account-tag", false)
	f.Fuzz(func(t *testing.T, text string, tags bool) {
		s := listening(t, slog.New(strict{t}), func(h bot.Heard) {
			switch {
			case h.Nick == "" || h.Network != "fuzz" || (h.Text == "") != (h.Change == bot.Joined || h.Change == bot.Left):
				t.Errorf("heard %+v", h)
			case !utf8.ValidString(h.Text+h.Nick+h.Room+h.Account+h.MessageID) || strings.ContainsRune(h.Text, 0):
				t.Errorf("heard what a database refuses: %+v", h)
			case foldName(h.Nick, true) == "batsignal" && !strings.Contains(text, "NICK"):
				t.Errorf("heard ourselves: %+v", h)
			case h.Account != foldAccount(h.Account):
				t.Errorf("the account is not folded: %+v", h)
			}
		})
		if !tags {
			delete(s.caps, "account-tag")
		}
		waiting := &outgoing{target: "#ops", done: make(chan error, 1), token: "b1"}
		s.labels["b1"] = waiting
		s.fences = append(s.fences, &outgoing{target: "x", done: make(chan error, 1), token: "b2"})
		in := newLineReader(strings.NewReader(text))
		for {
			raw, err := in.next()
			if err != nil {
				return
			}
			if s.take(raw) != nil {
				return // the server ended it
			}
		}
	})
}

func FuzzWelcome(f *testing.F) {
	f.Add(strings.Join(malformed, "\r\n"))
	f.Add(":s CAP * LS :sasl account-tag\r\n:s CAP * ACK :sasl\r\nAUTHENTICATE +\r\n:s 903 x :ok\r\n:s 433 * x :taken\r\n:s 001 x :hi\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		d, err := New(Config{Name: "fuzz", Server: "127.0.0.1:6667", Nick: "batsignal", Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		ours, theirs := net.Pipe()
		dropped := make(chan struct{})
		go func() {
			defer close(dropped)
			b := make([]byte, 4096)
			for {
				if _, err := theirs.Read(b); err != nil {
					return
				}
			}
		}()
		go func() {
			_ = theirs.SetWriteDeadline(time.Now().Add(patience))
			_, _ = theirs.Write([]byte(text))
			_ = theirs.Close()
		}()
		began := time.Now()
		_ = d.newSession(newWire(ours), func(bot.Heard) {}).register()
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("the server held us up for %s", took)
		}
		_ = ours.Close()
		<-dropped
	})
}

func BenchmarkLine(b *testing.B) {
	heard := 0
	s := listening(b, slog.New(slog.DiscardHandler), func(bot.Heard) { heard++ })
	const raw = "@time=2026-11-23T09:05:36.945Z;account=maria;msgid=1AA~1795424608~3 :maria!m@host.example.org PRIVMSG #ops :has anybody looked at the disks of web3 yet?"
	b.ReportAllocs()
	for b.Loop() {
		if err := s.take(raw); err != nil {
			b.Fatal(err)
		}
	}
	if heard == 0 {
		b.Fatal("nothing was heard")
	}
	b.ReportMetric(float64(heard)/b.Elapsed().Seconds(), "lines/s")
}
