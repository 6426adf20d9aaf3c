package twilio

import (
	"encoding/xml"
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"batsignal/oncall/paging"
)

func TestParts(t *testing.T) {
	for text, want := range map[string]int{
		"": 1, strings.Repeat("a", 160): 1, strings.Repeat("a", 161): 2, strings.Repeat("a", 306): 2, strings.Repeat("a", 307): 3,
		strings.Repeat("€", 80): 1, strings.Repeat("€", 81): 2,
		strings.Repeat("ж", 70): 1, strings.Repeat("ж", 71): 2, strings.Repeat("ж", 134): 2, strings.Repeat("ж", 135): 3,
		strings.Repeat("🦇", 35): 1, strings.Repeat("🦇", 36): 2,
		strings.Repeat("a", 70) + "–": 2,
	} {
		if got := parts(text); got != want {
			t.Errorf("%.10q… (%d letters): %d, want %d", text, utf8.RuneCountInString(text), got, want)
		}
	}
}

func TestPlain(t *testing.T) {
	for text, want := range map[string]string{
		"“db–1” is down…":         `"db-1" is down...`,
		"Łódź, Škoda, Zürich":     "Łodz, Skoda, Zürich",
		"  two\nlines\tand\r ":    "two lines and",
		"пожар":                   "пожар",
		"a\u202eb\u200bc\x00\x07": "abc",
		"broken \xff":             "broken ?",
	} {
		if got := plain(text); got != want {
			t.Errorf("%q gives %q, want %q", text, got, want)
		}
	}
}

func TestFoldedAlertsAreNamedOrCounted(t *testing.T) {
	m := paging.Message{Key: "page-57", Page: 12, Ref: "INC-7", Severity: 2, Why: "web is down", Code: "K7QXM", Items: []string{"web-1 down", "web-2 down"}}
	if got, want := textOf(m, false), "Batsignal INC-7, severity 2: web is down. 2 alerts: web-1 down; web-2 down. Send back K7QXM to acknowledge, NO K7QXM to decline. (P12-57)"; got != want {
		t.Errorf("%q\nwant %q", got, want)
	}
	m.Items = nil
	for i := range 40 {
		m.Items = append(m.Items, fmt.Sprintf("web-%02d does not answer", i))
	}
	got := textOf(m, false)
	if !strings.Contains(got, "40 alerts: web-00 does not answer; web-01") || !strings.Contains(got, " more. Send back") || parts(got) > 2 {
		t.Error(got)
	}
}

// drawn is a page as people may have written it, with alerts of machines.
func drawn(t *rapid.T) paging.Message {
	text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[ -~]{0,400}`), rapid.StringMatching(`[а-яė🦇<>&"]{0,400}`))
	m := paging.Message{
		Kind: rapid.SampledFrom([]paging.Kind{paging.KindPage, paging.KindPage, paging.KindProof, paging.KindTest, paging.KindCanary}).Draw(t, "kind"),
		Page: 123456, Key: paging.PageKey(rapid.Int64Range(1, 1e9).Draw(t, "key")), Person: text.Draw(t, "person"),
		Ref: rapid.OneOf(rapid.Just("INC-7"), text).Draw(t, "ref"), Severity: rapid.IntRange(0, 5).Draw(t, "severity"),
		Role: text.Draw(t, "role"), Why: text.Draw(t, "why"), Items: rapid.SliceOfN(text, 0, 60).Draw(t, "items"),
		Code: "K7QXM", Keys: paging.KeysOf(rapid.IntRange(0, 26999).Draw(t, "digits")), Repeat: rapid.Bool().Draw(t, "repeat"),
	}
	return m
}

// Whatever people write, a text fits, what there is to send back is in it, and it is found
// again.
func TestTextProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawn(t)
		got := textOf(m, rapid.Bool().Draw(t, "discreet"))
		if parts(got) > mostParts || !utf8.ValidString(got) {
			t.Fatalf("%d parts: %q", parts(got), got)
		}
		if strings.ContainsFunc(got, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }) {
			t.Fatalf("what cannot be seen: %q", got)
		}
		if !isTextOf(m, "Sent from your Twilio trial account - "+got) {
			t.Fatalf("it is not found again: %q", got)
		}
		other := m
		other.Key = paging.PageKey(2e9)
		if m.Kind == paging.KindPage && isTextOf(other, got) {
			t.Fatalf("it is taken for another's: %q", got)
		}
		if n := len(m.Items); m.Kind == paging.KindPage && n > 0 && !strings.Contains(got, fmt.Sprintf("%d alert", n)) {
			t.Fatalf("%d alerts are not counted: %q", n, got)
		}
	})
}

// Whatever people write, a call is TwiML that Twilio takes, and the numbers are said.
func TestCallProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawn(t)
		s := speaker{voice: "Polly.Joanna", links: links{base: "https://inbound.of.a.rather.long.name.example.org/below/a/folder"}}
		got := s.callOf(m)
		if n := utf8.RuneCountInString(got); n > longestTwiml {
			t.Fatalf("%d letters: %s", n, got)
		}
		var doc struct {
			XMLName xml.Name `xml:"Response"`
			Gather  *struct {
				Action string   `xml:"action,attr"`
				Say    []string `xml:"Say"`
			}
			Say []string
		}
		if err := xml.Unmarshal([]byte(got), &doc); err != nil {
			t.Fatal(err)
		}
		if m.Kind == paging.KindCanary {
			if doc.Gather != nil {
				t.Fatal("a canary asks for keys")
			}
			return
		}
		if !strings.Contains(strings.Join(doc.Gather.Say, " "), digitByDigit(m.Keys.Ack)+".") {
			t.Fatalf("the number is not said: %s", got)
		}
		if !strings.Contains(doc.Gather.Action, "/twilio/keys/"+m.Key+"?") {
			t.Fatal(doc.Gather.Action)
		}
	})
}

func TestWhatIsReadAloud(t *testing.T) {
	for text, want := range map[string]string{
		"see https://example.org/x?y=1#z now": "see a link now",
		"*db_1* is `down`!":                   "db 1 is down",
		"In chat: !ack, in #incident-7.":      "In chat: ack, in incident-7.",
	} {
		if got := spoken(text, 200); got != want {
			t.Errorf("%q is read %q, want %q", text, got, want)
		}
	}
}

func TestTurnsAreReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := turn{n: rapid.IntRange(1, mostTurns).Draw(t, "n"), keys: paging.KeysOf(rapid.IntRange(0, 26999).Draw(t, "keys"))}
		if rapid.Bool().Draw(t, "again") {
			want.digits = rapid.StringMatching(`[0-9*#]{2}`).Draw(t, "digits")
			want.again = rapid.IntRange(1, mostAgain).Draw(t, "tries")
		}
		if got := readBack(t, links{base: "https://in.example.org"}.keys("page-57", want)); got != want {
			t.Fatalf("%+v is read as %+v", want, got)
		}
	})
}

// Letters that take more room cost words that say little, and not what is on fire.
func TestATextInAnotherAlphabet(t *testing.T) {
	m := paging.Message{
		Key: "page-57", Page: 12, Ref: "INC-7", Severity: 1, Role: "release engineering", Code: "K7QXM",
		Why: "Пожар в машинном зале, сервера сборки не отвечают уже десять минут",
	}
	got := textOf(m, false)
	for _, piece := range []string{"INC-7", "Пожар в машинном зале, сервера сборки", "Answer K7QXM, or NO K7QXM. (P12-57)"} {
		if !strings.Contains(got, piece) {
			t.Errorf("%q is not in %q", piece, got)
		}
	}
}
