package unseal

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestACodeIsAWordOfItsOwn(t *testing.T) {
	for text, without := range map[string]string{
		"K7QX is a drill":              "CODE is a drill",
		"to end it: !confirm k7qx.":    "to end it: !confirm CODE.",
		"(K7QX) and K7qX":              "(CODE) and CODE",
		"\u202eK7\u200bQX\u202c drill": "CODE drill",
		"K7QXK7QX and XK7QX and K7QXs": "",
		"K7Q X":                        "",
		"":                             "",
	} {
		if HoldsCode(text, "K7QX") != (without != "") {
			t.Errorf("%q", text)
		}
		if without == "" {
			without = text
		}
		if got := WithoutCode(text, "K7QX", "CODE"); got != without {
			t.Errorf("%q became %q", text, got)
		}
	}
}

// FuzzWithoutCode looks for a text in which a code is left, or that became another one for
// no reason.
func FuzzWithoutCode(f *testing.F) {
	for _, text := range []string{"K7QX", "k7qx ſK7QX K7QX", "\xffK7\u200bQX\x00", "K7QXK7QX", strings.Repeat("K7QX ", 100)} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if plain := Plain(text); !utf8.ValidString(plain) || Plain(plain) != plain || strings.ContainsFunc(plain, hidden) {
			t.Fatalf("plain %q", plain)
		}
		without := WithoutCode(text, "K7QX", "code")
		if HoldsCode(without, "K7QX") {
			t.Fatalf("left in %q", without)
		}
		if !HoldsCode(text, "K7QX") && without != text {
			t.Fatalf("%q became %q", text, without)
		}
	})
}
