package write

import (
	"slices"
	"strings"
	"testing"
	"time"

	"batsignal/incidents/minutes"
)

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

func TestSpansHaveTheirDayAndZone(t *testing.T) {
	for _, c := range []struct{ from, to, want, stamp string }{
		{"2026-11-28T20:00:00Z", "2026-11-28T21:04:59Z", "Saturday 28 November 2026, 20:00 to 21:04 UTC", "20:00"},
		{"2026-11-28T23:58:00Z", "2026-11-29T00:01:00Z", "Saturday 28 November 2026, 23:58 to Sunday 29 November 2026, 00:01 UTC", "28 November 23:58"},
		{"2026-12-31T23:58:00Z", "2027-01-01T00:01:00Z", "Thursday 31 December 2026, 23:58 to Friday 1 January 2027, 00:01 UTC", "31 December 2026 23:58"},
		{"2026-11-29T01:00:00+02:00", "2026-11-28T23:30:00Z", "Saturday 28 November 2026, 23:00 to 23:30 UTC", "23:00"},
	} {
		from, to := at(c.from), at(c.to)
		if got := span(from, to); got != c.want {
			t.Errorf("%s to %s is %q, want %q", c.from, c.to, got, c.want)
		}
		if got := from.UTC().Format(stampLayout(from, to)); got != c.stamp {
			t.Errorf("%s is %q, want %q", c.from, got, c.stamp)
		}
	}
}

func TestPensTimesAreThoseOfPackageTime(t *testing.T) {
	var b strings.Builder
	p := newPen(&b)
	want := ""
	for _, s := range []string{"2026-11-28T20:00:00Z", "2026-11-29T00:00:00+01:00", "1969-12-31T23:59:59Z", "1970-01-01T00:00:00Z", "1968-02-29T00:00:00Z"} {
		p.instant(at(s))
		want += at(s).UTC().Format(atInstant)
	}
	if err := p.done(); err != nil || b.String() != want {
		t.Errorf("wrote %q, want %q; %v", b.String(), want, err)
	}
}

func TestVotesAreTold(t *testing.T) {
	for text, want := range map[string]string{
		`Voted on "Which colour?" Results are, blue: 2, red: 0`:          "Which colour? blue: 2, red: 0",
		`Voted on "Say "x?" Results are, a?" Results are, a: 1, b, c: 2`: `Say "x?" Results are, a? a: 1, b, c: 2`,
		`Voted on "Nothing?" Results are`:                                "Nothing?",
		"something else":                                                 "something else",
	} {
		if got := voteWords(text); got != want {
			t.Errorf("%q is told as %q, want %q", text, got, want)
		}
	}
}

func TestCleanTextsActNowhere(t *testing.T) {
	for text, want := range map[string]string{
		"plain":                             "plain",
		"a\tb\rc\x00d\x1b[31me\x7ff\u0085g": "a bcd[31mefg",
		"\x02bold\x02 \x0304,12red\x03 \x0399nines": "bold red nines",
		"\u202eevil\u2066\u200f\u061c":              "evil",
		"ends\u2028of\u2029lines":                   "ends of lines",
		"two\r\nlines\n":                            "two\nlines\n",
		"no\xffletter":                              "no\ufffdletter",
		"ẞ 🔥 שלום 👩\u200d🚒":                         "ẞ 🔥 שלום 👩\u200d🚒",
	} {
		if got := clean(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
		if got := clean(want); got != want {
			t.Errorf("cleaning %q again gives %q", want, got)
		}
	}
	if got := oneLine("  two\nlines\n"); got != "two / lines" {
		t.Errorf("one line is %q", got)
	}
}

func TestAddressesAreFound(t *testing.T) {
	for text, want := range map[string][]string{
		"see https://example.org/a(b), or (http://x.example/y).":        {"https://example.org/a(b)", "http://x.example/y"},
		"https://example.org/näme?q=ß#frag irc://irc.example.org/ops":   {"https://example.org/näme?q=ß#frag", "irc://irc.example.org/ops"},
		"javascript://x data://y file:///etc/passwd HTTP://x xhttp://y": nil,
		"http:// https://. //x":               nil,
		`http://a/"onclick="x <http://b/>`:    {"http://a/", "http://b/"},
		"[https://example.org/[x]] *ftp://f*": {"https://example.org/[x]", "ftp://f"},
	} {
		var got []string
		whole := ""
		for _, p := range pieces(text) {
			whole += p.text
			if p.address {
				got = append(got, p.text)
			}
		}
		if !slices.Equal(got, want) || whole != text {
			t.Errorf("in %q are %q, want %q", text, got, want)
		}
	}
}

func TestOnlySomeAddressesAreFollowed(t *testing.T) {
	for address, want := range map[string]string{
		"https://acme.slack.com/archives/C1/p1": "https://acme.slack.com/archives/C1/p1",
		"javascript:alert(1)//http://x":         "", "https://x y": "", "": "", "/archives": "", "https://x\u202e": "https://x",
	} {
		if got := followed(address); got != want {
			t.Errorf("%q is followed as %q, want %q", address, got, want)
		}
	}
}

func TestMarkdownEscapes(t *testing.T) {
	for text, want := range map[string]string{
		"a_b *c* `d` [e](f) <g> h&i": "a\\_b \\*c\\* \\`d\\` \\[e\\](f) &lt;g&gt; h&amp;i",
		"@anna and anna@example.org": "@\u200banna and anna@\u200bexample.org",
		"#12 !3 #ops ! 50% ~bug $5":  "\\#\u200b12 !\u200b3 \\#ops ! 50% \\~\u200bbug \\$\u200b5",
		"steam://run":                "steam:\u200b//run",
		"![x](http://y)":             "!\\[x\\](http:\u200b//y)",
	} {
		if got := mdText(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
	for line, want := range map[string]string{"1. x": `1\. x`, "12) x": `12\) x`, "- x": `\- x`, "+1": `\+1`, "1 x": "1 x", "x": "x", "": "", "42": "42"} {
		if got := mdStart(line); got != want {
			t.Errorf("a line %q begins as %q, want %q", line, got, want)
		}
	}
}

func TestEveryKindOfItemHasALabel(t *testing.T) {
	for _, kind := range []minutes.ItemKind{minutes.TopicItem, minutes.Agreed, minutes.Accepted, minutes.Rejected, minutes.Action, minutes.Idea, minutes.Help, minutes.Link, minutes.VoteItem, minutes.Inconclusive} {
		if labels[kind] == "" {
			t.Errorf("%s has no label", kind)
		}
	}
}
