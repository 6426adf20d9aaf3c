package command

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                      "plain",
		"  ends  ":                   "ends",
		"a\r\nb\tc":                  "a  b c",
		"nul\x00 bell\a del\x7f":     "nul bell del",
		"\x02bold\x02 \x1funder\x0f": "bold under",
		"\x0304,05red\x03 \x03,5":    "red ,5",
		"\x0312345":                  "345",
		"\x04ff0000,00ff00x":         "x",
		"\x1b[1;31mred\x1b[0m":       "red",
		"\x1b]0;title":               "]0;title",
		"pay\u202efdp.exe":           "payfdp.exe",
		"ma\u200bri\ufeffa\u00ad":    "maria",
		"\u2066isolated\u2069":       "isolated",
		"tag\U000e0041s":             "tags",
		"heart\ufe0f":                "heart",
		"line\u2028break":            "line break",
		"bad \xff utf8":              "bad \ufffd utf8",
		"Łódź, Ελλάδα, 東京":           "Łódź, Ελλάδα, 東京",
		"\u0600١٢":                   "\u0600١٢",
	} {
		if got := Clean(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func FuzzClean(f *testing.F) {
	for _, s := range []string{"", "plain", "\x0304,05x", "\x04abcdef,", "\x1b[", "\x1b\x1b[3[1m", "\u202e\u00a0x", "\xff\xfe", "\x03\x031"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Clean(s)
		if bad := flaw(got); bad != "" {
			t.Errorf("%q: %q has %s", s, got, bad)
		}
		if again := Clean(got); again != got {
			t.Errorf("%q: cleaned twice %q becomes %q", s, got, again)
		}
		if !strings.ContainsFunc(s, func(r rune) bool { return r == utf8.RuneError || !unicode.IsGraphic(r) || invisible(r) }) && got != strings.TrimSpace(s) {
			t.Errorf("%q: harmless, but became %q", s, got)
		}
	})
}

// flaw names what must never be in a value or a line, "" if there is nothing.
func flaw(s string) string {
	if !utf8.ValidString(s) {
		return "broken UTF-8"
	}
	for _, r := range s {
		switch {
		case unicode.IsControl(r):
			return "a control character"
		case r >= 0x200b && r <= 0x200f, r >= 0x2028 && r <= 0x202e, r >= 0x2060 && r <= 0x2069, r == 0xfeff:
			return "a character that hides or turns"
		}
	}
	return ""
}
