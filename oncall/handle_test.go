package oncall

import (
	"testing"

	"pgregory.net/rapid"
)

func TestHandleFor(t *testing.T) {
	for account, want := range map[string]string{
		"maria":                              "maria",
		"Maria_O.":                           "maria_o.",
		"__maria":                            "maria",
		"[maria]":                            "maria",
		"mörk":                               "mrk",
		"ÅÄÖ":                                "person",
		"":                                   "person",
		"\u212a":                             "person", // the sign of a unit, not the letter
		"a-very-long-account-name-of-a-bot1": "a-very-long-account-name-of-",
	} {
		if got := handleFor(account); got != want {
			t.Errorf("%q becomes %q, want %q", account, got, want)
		}
	}
}

// Whatever an account is called, a handle can be made of it, with room for "-99".
func TestHandleForIsAlwaysAHandle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		account := rapid.String().Draw(t, "account")
		if h := handleFor(account); !validHandle.MatchString(h) || !validHandle.MatchString(h+"-99") {
			t.Fatalf("%q becomes %q", account, h)
		}
	})
}

func TestNewCodeIsEasyToRead(t *testing.T) {
	seen := map[string]bool{}
	for range 200 {
		code := Code(8)
		for _, r := range code {
			if r == '0' || r == '1' || r == 'I' || r == 'O' {
				t.Fatalf("%s is easily misread", code)
			}
		}
		if len(code) != 8 || seen[code] {
			t.Fatalf("%s is short, or was made before", code)
		}
		seen[code] = true
	}
}
