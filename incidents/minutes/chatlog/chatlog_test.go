package chatlog_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"batsignal/incidents/minutes"
	"batsignal/incidents/minutes/chatlog"
	"batsignal/incidents/minutes/corpustest"
)

var words = map[minutes.EventKind]string{minutes.Said: "<>", minutes.Did: "*", minutes.Renamed: "->", minutes.Joined: "+", minutes.Left: "-"}

// shown is a line in one form: number, time in UTC, kind, nick, text.
func shown(l chatlog.Line) string {
	e := l.Event
	return strings.TrimSpace(fmt.Sprintf("%d %s %s %s %q", l.Number, e.At.UTC().Format("2006-01-02 15:04:05"), words[e.Kind], e.Who.Nick, e.Text))
}

func read(text string, o chatlog.Options) (list []string) {
	for _, l := range chatlog.Parse(text, o) {
		list = append(list, shown(l))
	}
	return list
}

// TestEveryFormOfALineIsRead has one line of each; none is a line of no form.
func TestEveryFormOfALineIsRead(t *testing.T) {
	day := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	for line, want := range map[string]string{
		"09:00:01 <anna> hi":                                 `09:00:01 <> anna "hi"`,
		"09:00:01 <anna>":                                    `09:00:01 <> anna ""`,
		"09:00:01 <anna>   hi  \r":                           `09:00:01 <> anna "  hi"`,
		"09:00 <anna> hi":                                    `09:00:00 <> anna "hi"`,
		"[09:00] <@anna> hi":                                 `09:00:00 <> anna "hi"`,
		"[09:00:01] <+anna> hi":                              `09:00:01 <> anna "hi"`,
		"09:00 < anna> hi":                                   `09:00:00 <> anna "hi"`,
		"  \t09:00 <&anna> hi":                               `09:00:00 <> anna "hi"`,
		"<anna> hi":                                          `00:00:00 <> anna "hi"`,
		"* anna waves":                                       `00:00:00 * anna "waves"`,
		"09:00 * anna waves * twice":                         `09:00:00 * anna "waves * twice"`,
		"09:00  *  anna waves":                               `09:00:00 * anna "waves"`,
		"09:00 <anna> * bert waves":                          `09:00:00 <> anna "* bert waves"`,
		"09:00 <anna> 10:00 <bert> hi":                       `09:00:00 <> anna "10:00 <bert> hi"`,
		"09:00 <a[m]`> x":                                    "09:00:00 <> a[m]` \"x\"",
		"09:00 <@@> x":                                       `09:00:00 <> @@ "x"`,
		"09:00:60 <anna> leap":                               `09:00:59 <> anna "leap"`,
		"2026-11-23 09:00:01 <anna> hi":                      `2026-11-23 09:00:01 <> anna "hi"`,
		"2026-11-23T09:00:01 <anna> hi":                      `2026-11-23 09:00:01 <> anna "hi"`,
		"2026-11-23T09:00:01Z <anna> hi":                     `2026-11-23 09:00:01 <> anna "hi"`,
		"[2026-11-23 09:00:01] <anna> hi":                    `2026-11-23 09:00:01 <> anna "hi"`,
		"2026-11-23 [09:00] <anna> hi":                       `2026-11-23 09:00:00 <> anna "hi"`,
		"2026-11-23 <anna> hi":                               `2026-11-23 00:00:00 <> anna "hi"`,
		"09:00 *** anna is now known as bea":                 `09:00:00 -> anna "bea"`,
		"09:00 -!- anna is now known as bea":                 `09:00:00 -> anna "bea"`,
		"09:00 -!- anna [~a@b.org] has joined #x":            `09:00:00 + anna ""`,
		"09:00 -!- anna [~a@b.org] has quit [bye]":           `09:00:00 - anna ""`,
		"09:00 *** anna (~a@b.org) has left #x":              `09:00:00 - anna ""`,
		"[09:00:01] *** Joins: anna (a@b.org)":               `09:00:01 + anna ""`,
		"[09:00:01] *** Parts: anna (a@b.org) ()":            `09:00:01 - anna ""`,
		"[09:00:01] *** Quits: anna (a@b.org) (x)":           `09:00:01 - anna ""`,
		"2026-11-23 09:00:01\tanna\thi":                      `2026-11-23 09:00:01 <> anna "hi"`,
		"2026-11-23 09:00:01\t@anna\thi":                     `2026-11-23 09:00:01 <> anna "hi"`,
		"2026-11-23 09:00:01\t *\tanna waves":                `2026-11-23 09:00:01 * anna "waves"`,
		"2026-11-23 09:00:01\t-->\tanna (a@b) has joined #x": `2026-11-23 09:00:01 + anna ""`,
		"2026-11-23 09:00:01\t<--\tanna (a@b) has quit (x)":  `2026-11-23 09:00:01 - anna ""`,
		"2026-11-23 09:00:01\t--\tanna is now known as bea":  `2026-11-23 09:00:01 -> anna "bea"`,
		"\ufeff09:00 <anna> hi":                              `09:00:00 <> anna "hi"`,
		"09:00 <anna> caf\xe9 \x00au lait":                   "09:00:00 <> anna \"caf\ufffd au lait\"",
		"09:00 <anna> one" + chatlog.Break + "two":           `09:00:00 <> anna "one\ntwo"`,
		"":                                       "",
		"09:00":                                  "",
		"hello":                                  "",
		"09:00 hello there":                      "",
		"25:00 <anna> hi":                        "",
		"09:61 <anna> hi":                        "",
		"09:00:xx <anna> hi":                     "",
		"[09:00 <anna> hi":                       "",
		"09:00<anna> hi":                         "",
		"09:00 <anna hi":                         "",
		"09:00 <> hi":                            "",
		"09:00 *":                                "",
		"09:00 -!- Irssi: #x: Total of 78 nicks": "",
		"09:00 -!- mode/#x [+o anna] by bert":    "",
		"1969-11-23 09:00 <anna> hi":             "",
		"an ordinary\tline with tabs":            "",
		"2026-11-23 09:00:01\t\tcontinued":       "",
		"2026-11-23 09:00:01\t--\tTopic for #x is y": "",
	} {
		if want != "" && !strings.HasPrefix(want, "2026") {
			want = "2026-11-22 " + want
		}
		if want != "" {
			want = "1 " + want
		}
		if got := strings.Join(read(line, chatlog.Options{Date: day}), "; "); got != want {
			t.Errorf("%q\nis  %s\nnot %s", line, got, want)
		}
	}
}

// TestDaysGoOn has midnights, clocks that were set and dates.
func TestDaysGoOn(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	day := time.Date(2026, 3, 28, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		text string
		zone *time.Location
		want string
	}{
		{"23:59 <a> x\n00:01 <a> x", nil, "28 23:59, 29 00:01"},
		{"12:00 <a> x\n11:00 <a> x\n23:59 <a> x\n00:00 <a> x", nil, "28 12:00, 28 11:00, 28 23:59, 29 00:00"},
		{"23:59 <a> x\n<a> x\n00:01 <a> x", nil, "28 23:59, 28 23:59, 29 00:01"},
		{"23:59 <a> x\n--- Day changed Mon Mar 30 2026\n09:00 <a> x", nil, "28 23:59, 30 09:00"},
		{"--- Log opened Mon Mar 30 09:00:00 2026\n09:00 <a> x\n--- Log closed Tue Mar 31 09:00:00 2026\n09:01 <a> x", nil, "30 09:00, 30 09:01"},
		{"2026-03-30 23:00 <a> x\n2026-03-30 01:00 <a> x\n00:30 <a> x", nil, "30 23:00, 30 01:00, 30 00:30"},
		{"2026-03-30 23:00 <a> x\n00:30 <a> x\n2026-03-30 23:59 <a> x", nil, "30 23:00, 31 00:30, 30 23:59"},
		{"2026-13-30 23:00 <a> x", nil, "28 23:00"},
		{"12:00 <a> x\n23:59 <a> x\n12:01 <a> x", berlin, "28 11:00, 28 22:59, 28 11:01"}, // less than half a day back
		{"12:00 <a> x\n23:59 <a> x\n01:59 <a> x\n03:00 <a> x", berlin, "28 11:00, 28 22:59, 29 00:59, 29 01:00"},
		{"2026-03-28T12:00:00Z <a> x", berlin, "28 12:00"},
	} {
		var got []string
		for _, l := range chatlog.Parse(c.text, chatlog.Options{Date: day, Zone: c.zone}) {
			got = append(got, l.Event.At.UTC().Format("2 15:04"))
		}
		if strings.Join(got, ", ") != c.want {
			t.Errorf("%q\nis  %s\nnot %s", c.text, strings.Join(got, ", "), c.want)
		}
	}
}

func TestDated(t *testing.T) {
	for text, want := range map[string]bool{
		"": false, "09:00 <a> x\n": false, "09:00 <a> 2026-11-22 x": false, "09:00 <a> x\n2026-11-22T09:00:00Z <a> x": true,
		"[2026-11-22 09:00] <a> x": true, "09:00 <a> x\n--- Day changed Mon Mar 30 2026\n": true, "2026-11-22 is the day": true,
	} {
		if got := chatlog.Dated(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// FuzzParse holds every log to what readers rely on.
func FuzzParse(f *testing.F) {
	for _, m := range corpustest.All(f) {
		if text := m.Log(f); strings.HasPrefix(m.Name, "s") {
			f.Add(text, int64(0))
		}
	}
	f.Add("09:00 <a> x\n2026-11-22 23:59:59\t-->\ta (b) has joined #x\n[00:00] *** Quits: a\n--- Day changed Mon Mar 30 2026\n* a\n\x00\xff", int64(1_800_000_000))
	f.Fuzz(func(t *testing.T, text string, date int64) {
		o := chatlog.Options{Date: time.Unix(min(max(date, 0), 1<<33), 0).UTC()}
		last, most := 0, strings.Count(text, "\n")+1
		for _, l := range chatlog.Parse(text, o) {
			e := l.Event
			switch {
			case l.Number <= last || l.Number > most:
				t.Fatalf("line %d after line %d of %d", l.Number, last, most)
			case e.Who.Nick == "":
				t.Fatalf("nobody: %+v", l)
			case e.At.Year() < 1970:
				t.Fatalf("before there was chat: %+v", l)
			case strings.ContainsAny(e.Who.Nick+e.Text, "\x00") || strings.ToValidUTF8(e.Text+e.Who.Nick, "") != e.Text+e.Who.Nick:
				t.Fatalf("no text: %+v", l)
			case e.Kind == minutes.Renamed && e.Text == "":
				t.Fatalf("called nothing: %+v", l)
			case words[e.Kind] == "":
				t.Fatalf("a kind that no log has: %+v", l)
			}
			last = l.Number
		}
		chatlog.Dated(text)
	})
}
