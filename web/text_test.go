package web

import (
	"strings"
	"testing"
	"time"
	"unicode"
)

func TestVisible(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"remote code execution in openssl", "remote code execution in openssl"},
		{"Grüße, 你好, שלום, 🔥", "Grüße, 你好, שלום, 🔥"},
		{"a\tb\nc\r\nd", "a b c  d"},
		{"moc.live\u202e//:sptth", "moc.live[U+202E]//:sptth"},
		{"pay\u200bpal", "pay[U+200B]pal"},
		{"pay\u200dpal", "pay[U+200D]pal"},
		{"می\u200cخواهم", "می\u200cخواهم"},
		{"👩\u200d🚒", "👩\u200d🚒"},
		{"م\u200c\u200c\u200cخ", "م\u200c[U+200C][U+200C]خ"},
		{"\x00\x1b[31m\u0085", "[U+0000][U+001B][31m[U+0085]"},
		{"\U000e0041\ufeff\u3164", "[U+E0041][U+FEFF][U+3164]"},
	} {
		if got := visible(c.in); got != c.want {
			t.Errorf("%q: got %q, want %q", c.in, got, c.want)
		}
	}
}

func FuzzVisible(f *testing.F) {
	f.Add("plain")
	f.Add("\u202e\x00\xff\u200d")
	f.Fuzz(func(t *testing.T, text string) {
		got := visible(text)
		for _, r := range got {
			if unicode.In(r, unicode.Cc, unicode.Cf) && !isJoiner(r) {
				t.Errorf("%q still holds U+%04X", got, r)
			}
		}
		if visible(got) != got {
			t.Errorf("%q is changed twice", text)
		}
	})
}

func TestDurationsInWords(t *testing.T) {
	now := time.Date(2026, 3, 1, 3, 14, 0, 0, time.UTC)
	for _, c := range []struct {
		at   time.Duration
		want string
	}{
		{0, "just now"},
		{-500 * time.Millisecond, "just now"},
		{-time.Second, "1 second ago"},
		{-59 * time.Second, "59 seconds ago"},
		{-90 * time.Second, "1 minute ago"},
		{-2 * time.Hour, "2 hours ago"},
		{-47 * time.Hour, "47 hours ago"},
		{-72 * time.Hour, "3 days ago"},
		{15 * time.Minute, "in 15 minutes"},
	} {
		if got := ago(now.Add(c.at), now); got != c.want {
			t.Errorf("%s: %q, want %q", c.at, got, c.want)
		}
	}
}

// What somebody's database holds that this version does not know must still be shown.
func TestUnknownWordsAreShownAsTheyAre(t *testing.T) {
	for _, fn := range []func(string) string{actWord, kindWord} {
		if got := fn("sung"); got != "sung" {
			t.Errorf("%q", got)
		}
	}
	if !strings.Contains(attemptWord("open"), "under way") {
		t.Error("an open attempt is not under way")
	}
}
