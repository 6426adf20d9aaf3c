package contact

import (
	"strings"
	"testing"

	"batsignal/oncall/fault"
)

func TestAddressesOfEachKind(t *testing.T) {
	key := strings.Repeat("a1B2", 8)
	for _, c := range []struct{ kind, typed, want string }{
		{"mail", " Maria <maria@example.org> ", "maria@example.org"},
		{"sms", "+44 20 7183-8750", "+442071838750"},
		{"voice", "+1 (415) 555-0123", "+14155550123"},
		{"voice", "+12345678", "+12345678"},
		{"sms", "+123456789012345", "+123456789012345"},
		{"ntfy", "My-topic_1", "My-topic_1"},
		{"ntfy", "https://ntfy.example.org/a/My-topic_1", "https://ntfy.example.org/a/My-topic_1"},
		{"pagerduty", key, key},
		{"webhook", "https://example.org/hook?x=1", "https://example.org/hook?x=1"},
	} {
		if got, err := check(c.kind, c.typed); err != nil || got != c.want {
			t.Errorf("%s %q: %q, %v; want %q", c.kind, c.typed, got, err, c.want)
		}
	}
	for _, c := range []struct{ kind, typed, says string }{
		{"sms", "112", "short number"},
		{"voice", "+112", "short number"},
		{"sms", "911", "short number"},
		{"sms", "0171 1234567", "no country"},
		{"sms", "+0171 1234567", "no country"},
		{"sms", "0044 20 7183 8750", "no country"},
		{"sms", "+44 (0) 20 7183 8750", "(0)"},
		{"sms", "+1234567", "8 to 15"},
		{"sms", "+1234567890123456", "8 to 15"},
		{"sms", "+44 20 ext 3", "not a phone number"},
		{"sms", "++442071838750", "not a phone number"},
		{"sms", "+44207183\u0668750", "not a phone number"},
		{"sms", "", "not a phone number"},
		{"ntfy", strings.Repeat("x", 65), "no topic"},
		{"ntfy", "https://ntfy.example.org/", "no topic"},
		{"ntfy", "https://ntfy.example.org/t?auth=1", "no topic"},
		{"pagerduty", key + "1", "integration key"},
	} {
		if got, err := check(c.kind, c.typed); fault.KindOf(err) != fault.Invalid || !strings.Contains(fault.Say(err), c.says) {
			t.Errorf("%s %q: %q, %v; want %q", c.kind, c.typed, got, err, c.says)
		}
	}
	for _, kind := range Kinds() {
		if kind == "pagerduty" {
			continue // its example is words
		}
		if _, err := check(kind, Example(kind)); err != nil {
			t.Errorf("the example of %s is refused: %v", kind, err)
		}
	}
}

// What is stored is a number that everybody in the world dials, or nothing.
func FuzzPhone(f *testing.F) {
	for _, seed := range []string{"+44 20 7183-8750", "112", "+1(415)5550123", "(0)", "+", "+\u0664\u0665"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		got, err := check("sms", typed)
		if err != nil {
			return
		}
		if len(got) < 9 || len(got) > 16 || got[0] != '+' || got[1] == '0' || strings.Trim(got[1:], "0123456789") != "" {
			t.Errorf("%q became %q", typed, got)
		}
		if again, err := check("sms", got); err != nil || again != got {
			t.Errorf("%q, read again, is %q, %v", got, again, err)
		}
	})
}
