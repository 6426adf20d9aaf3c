package incidents

import (
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestSlugOf(t *testing.T) {
	for title, want := range map[string]string{
		"remote code execution in openssl":       "openssl",
		"OpenSSL is on fire":                     "fire",
		"CVE-2014-0160, heartbleed!":             "heartbleed",
		"the security update":                    "the",
		"":                                       "incident",
		"!!! ???":                                "incident",
		"Größe":                                  "e",
		"a-very-long-word-that-goes-on-for-ever": "a-very-long-word-tha",
		"nineteen-letters-xx--more":              "nineteen-letters-xx",
		"#ops <script> ../../etc/passwd":         "passwd",
		"日本語":                                    "incident",
		"-":                                      "incident",
		strings.Repeat("x", 300):                 strings.Repeat("x", 20),
		"a name\r\nJOIN #evil":                   "evil",
		"one two":                                "two",
		"critical bug in the kernel with remote issue": "kernel",
	} {
		if got := slugOf(title); got != want {
			t.Errorf("%q becomes %q, want %q", title, got, want)
		}
	}
}

// Whatever people type, a room can be named after it: the database holds this too.
func FuzzSlugOf(f *testing.F) {
	valid := regexp.MustCompile(`^[a-z0-9-]{1,24}$`)
	for _, seed := range []string{"openssl", "", "--", "\x00 ,", "Ünïcödé", strings.Repeat("-x", 50)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, title string) {
		if slug := slugOf(title); !valid.MatchString(slug) || strings.HasPrefix(slug, "-") || strings.HasSuffix(slug, "-") {
			t.Errorf("%q becomes %q", title, slug)
		}
	})
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		time.Second:                    "1 second",
		90 * time.Second:               "90 seconds",
		time.Minute:                    "1 minute",
		3 * time.Minute:                "3 minutes",
		4*time.Minute + 30*time.Second: "4 minutes 30 seconds",
		time.Hour:                      "1 hour",
		24 * time.Hour:                 "24 hours",
		48 * time.Hour:                 "2 days",
	} {
		if got := span(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
}

func TestAgoText(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	if got := agoText(nil, now); got != "never heard so far" {
		t.Error(got)
	}
	for ago, want := range map[time.Duration]string{
		0: "heard just now", 29 * time.Second: "heard just now", -time.Minute: "heard just now",
		time.Minute: "last heard 1m ago", 10*time.Minute + 20*time.Second: "last heard 10m ago", 90 * time.Minute: "last heard 1h30m ago",
	} {
		then := now.Add(-ago)
		if got := agoText(&then, now); got != want {
			t.Errorf("%v: %q, want %q", ago, got, want)
		}
	}
}

func TestCauses(t *testing.T) {
	if id, ok := incidentOf(cause(42)); !ok || id != 42 {
		t.Errorf("%d, %v", id, ok)
	}
	for _, other := range []string{"", "incident:", "incident:x", "call:net/#ops", "incident:1 or 1=1"} {
		if _, ok := incidentOf(other); ok {
			t.Errorf("%q is no incident", other)
		}
	}
	if n, place := placeOf("call:net/#a/b"); n != "net" || place != "#a/b" {
		t.Errorf("%q, %q", n, place)
	}
}

// A text that is too long for its column is cut at a letter, never refused.
func TestClipped(t *testing.T) {
	if got := clipped("short"); got != "short" {
		t.Error(got)
	}
	got := clipped(strings.Repeat("ü", 3000))
	if utf8.RuneCountInString(got) != longestText || !strings.HasSuffix(got, "ü…") || !utf8.ValidString(got) {
		t.Errorf("%d letters", utf8.RuneCountInString(got))
	}
}

func TestEnded(t *testing.T) {
	for text, want := range map[string]string{"x": "x.", "x.": "x.", "x?": "x?", "x!": "x!", "": "."} {
		if got := ended(text); got != want {
			t.Errorf("%q becomes %q", text, got)
		}
	}
}
