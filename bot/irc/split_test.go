package irc

import (
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestSplit(t *testing.T) {
	cases := []struct {
		name, text string
		limit      int
		want       []string
	}{
		{"nothing", "", 20, nil},
		{"only blanks", " \n \r\n\t", 20, nil},
		{"fits", "hello all", 20, []string{"hello all"}},
		{"fits exactly", "12345", 5, []string{"12345"}},
		{"two lines", "one\ntwo\r\n\r\nthree\r", 20, []string{"one", "two", "three"}},
		{"between words", "wake the lead now", 9, []string{"wake the", "lead now"}},
		{"a border just behind the limit", "12345 789", 5, []string{"12345", "789"}},
		{"a word that is too long", "abcdefghij", 4, []string{"abcd", "efgh", "ij"}},
		{"between letters, not within", "aüüü", 4, []string{"aü", "üü"}},
		{"big letters", "🦇🦇🦇", 9, []string{"🦇🦇", "🦇"}},
		{"indented", "  code here", 9, []string{"  code", "here"}},
		{"indented long word", "  abcdefghij", 6, []string{"  abcd", "efghij"}},
		{"styles and colours", "\x02bold\x0f \x0304,12red\x03 \x03,x", 99, []string{"bold red ,x"}},
		{"turned writing", "abc\u202etxt.exe\u202c", 99, []string{"abctxt.exe"}},
		{"tab", "a\tb", 99, []string{"a b"}},
		{"broken UTF-8", "a\xffb", 99, []string{"a\uFFFDb"}},
		{"an absurd limit", "üü", -5, []string{"üü"}},
	}
	for _, c := range cases {
		if got := split(c.text, c.limit); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func FuzzSplit(f *testing.F) {
	f.Add("wake the lead now", 9)
	f.Add("störung 🦇🦇\x0304red\n\tx\xff", 5)
	f.Fuzz(func(t *testing.T, text string, limit int) {
		limit %= 600
		lines := split(text, limit)
		for _, l := range lines {
			switch {
			case len(l) > max(limit, utf8.UTFMax):
				t.Fatalf("%q has %d bytes, more than %d", l, len(l), limit)
			case !utf8.ValidString(l):
				t.Fatalf("%q is cut within a letter", l)
			case strings.Trim(l, " ") == "":
				t.Fatal("an empty line")
			case strings.ContainsFunc(l, unicode.IsControl):
				t.Fatalf("%q has control characters", l)
			}
		}
		squeeze := func(s string) string { return strings.ReplaceAll(clean(s), " ", "") }
		if got, want := squeeze(strings.Join(lines, "")), squeeze(joinLines(text)); got != want {
			t.Fatalf("letters were lost or made: %q, want %q", got, want)
		}
	})
}

// joinLines cleans line by line, as a colour does not reach over a line's end.
func joinLines(text string) string {
	var b strings.Builder
	for part := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '\n' || r == '\r' }) {
		b.WriteString(clean(part))
	}
	return b.String()
}

func TestNoCommandCanBeInjected(t *testing.T) {
	for want, got := range map[string]string{
		"PRIVMSG #ops :a b":        line("PRIVMSG", "#ops", "a b"),
		"PRIVMSG #ops :aQUIT :x":   line("PRIVMSG", "#ops", "a\r\nQUIT :x"),
		"PRIVMSG #opsQUIT :x":      line("PRIVMSG", "#ops\r\n QUIT", "x"),
		"PRIVMSG ops :x":           line("PRIVMSG", ":ops", "x"),
		"PRIVMSG * :x":             line("PRIVMSG", "", "x"),
		"TOPIC #ops ::)":           line("TOPIC", "#ops", ":)"),
		"JOIN :#a":                 line("JOIN", "#a"),
		"PRIVMSG #ops :nulisgone.": line("PRIVMSG", "#ops", "nul\x00isgone."),
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
