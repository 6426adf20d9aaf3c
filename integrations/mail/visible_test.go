package mail

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func FuzzVisible(f *testing.F) {
	for _, seed := range []string{"", "plain", "a\r\nb", "\u202e\u200b\xff", " \t ", "e\u0301", "\U000e0041", "<U+202E>"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := visible(text, 50)
		if !utf8.ValidString(got) || utf8.RuneCountInString(got) > 50 {
			t.Fatalf("%q became %q", text, got)
		}
		for _, c := range got {
			if !unicode.IsGraphic(c) {
				t.Fatalf("%U came through in %q", c, got)
			}
		}
		if strings.TrimSpace(got) != got {
			t.Fatalf("space at an end of %q", got)
		}
		if again := visible(got, 50); again != got {
			t.Fatalf("%q became %q the second time", got, again)
		}
	})
}

func FuzzWithhold(f *testing.F) {
	f.Add("maria@example.org", "550 5.1.1 <maria@example.org> unknown")
	f.Add("a.b-c+d@x.y", "A.B-C+D@X.Y")
	f.Add("m@x.y", "5.1.1 m")
	f.Fuzz(func(t *testing.T, address, answer string) {
		local, _, ok := strings.Cut(address, "@")
		if !ok || len(local) < 3 || strings.ContainsAny(local, " \t\r\n") || strings.Contains(withheld, strings.ToLower(local)) {
			return
		}
		got := withhold(address)(answer + " " + address + " " + local)
		if strings.Contains(strings.ToLower(got), strings.ToLower(local)) {
			t.Fatalf("%q came through in %q", local, got)
		}
	})
}
