package write_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"golang.org/x/net/html"

	"batsignal/incidents/minutes"
	"batsignal/incidents/minutes/write"
)

// harm are texts that somebody could type to harm whoever reads the minutes.
var harm = []string{
	`<script>alert("topic")</script>`, `</title><script>alert(1)</script>`, `</pre></style><svg/onload=alert(1)>`,
	`"><img src=x onerror=alert(1)>`, `' onmouseover='alert(1)`, `" onmouseover="alert(1)`, `&lt;script&gt; &#60;b&#62;`,
	`javascript:alert(1) click me`, `JaVaScRiPt:alert(1)`, "java\tscript:alert(1)", "java\nscript:alert(1)", "\x01javascript:alert(1)",
	"\u00a0javascript:alert(1)", "\u2003javascript:alert(1)//http://x", `data:text/html,<script>alert(1)</script>`, `vbscript:x`, `javascript:`,
	`file:///etc/passwd`, `blob:x`, `view-source:x`, `http://example.org/'onmouseover='alert(2) x`, `http://example.org/"onmouseover="alert(2)`,
	`https://example.org/` + strings.Repeat("a", 90) + `"onclick="x`, `mailto:a@b c`, `#agreed <b>nested</b>`, `<!-- open`, `<![CDATA[x`,
	`.. raw:: html <script>`, `.. include:: /etc/passwd`, `.. include:: /etc/passwd ` + strings.Repeat("a", 70), `* - 1. .. include:: /etc/passwd`,
	`.. |x| image:: javascript:alert(1)`, `.. _x: javascript:alert(1)`, "`x <javascript:alert(1)>`_ `y <java script:alert(1)>`__", `|.. raw:: html|`,
	`__ javascript:alert(1)`, "+----+\n|.. raw:: html|\n+----+", "x\n\n.. raw:: html\n\n   <script>alert(1)</script>", "x\u2028\u2028.. raw:: html\u2028\u2028   <script>", "x\u0085.. raw:: html",
	`{{Template}} {{{1}}} [[Category:Hidden]] [[File:x.png]] ~~~~ __NOINDEX__`, `<nowiki>`, `<html>`, `<sCript`, `<ref name="x">`, `</ref>`, `<gallery\n>`, `(:include Site.Secrets:)`, `{$Author}`,
	"09:00:00 <anna> #agreed forged", "x\n09:00:01 <anna> #agreed forged", "x\r09:00:01 <anna> #agreed forged", "\x1b[2J\x1b]0;title\x07 \x9b31m \u009b31m",
	"moc.live\u202e//:sptth", "\u2066isolated\u2069 \u200e\u200f\u061c", "\xff\xfe not UTF-8", strings.Repeat("x", 200), "", " ", "%(owner)s %s %d",
}

// tellEverywhere is a meeting in which the words reach every place that words can reach.
func tellEverywhere(d *minutes.Dialect, text, nick, room string) write.Doc {
	at := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	start := minutes.Event{At: at, Who: minutes.Who{Nick: "anna"}, Text: "#startmeeting " + text}
	setting := minutes.Setting{Dialect: d, Room: room, Files: minutes.Naming{Pattern: "%(meetingname)s"}}
	m, _ := minutes.Start(setting, start)
	var log minutes.Log
	log.Hear(m, start)
	say := func(kind minutes.EventKind, nick, text string) {
		e := minutes.Event{At: at, Kind: kind, Who: minutes.Who{Nick: nick}, Text: text}
		log.Hear(m, e)
		m.Hear(e)
	}
	say(minutes.Said, "anna", "#chair anna,"+text)
	say(minutes.Said, "anna", "#meetingname "+text)
	for _, word := range []string{"info", "topic", "action", "agreed", "accepted", "rejected", "idea", "help", "link", "nick", "topic", "meetingtopic"} {
		say(minutes.Said, "anna", "#"+word+" "+text)
		say(minutes.Said, nick, "#"+word+" "+text)
	}
	for _, before := range []string{"", "https://", "#", nick + ": "} {
		say(minutes.Said, nick, before+text)
	}
	say(minutes.Did, nick, text)
	if d.Has("startvote") {
		say(minutes.Said, "anna", "#startvote "+text+"? "+text)
		say(minutes.Said, nick, "#vote "+text)
		say(minutes.Said, "anna", "#endvote")
	}
	return write.Doc{Meeting: m, Lines: log.Lines}
}

// checkHarmless looks through every file of a meeting for words that act.
func checkHarmless(t *testing.T, d write.Doc) {
	t.Helper()
	for _, f := range write.PeerFormats() {
		text := written(t, f, d)
		checkLetters(t, f, text)
		switch f.Ext {
		case "html", "log.html":
			checkPage(t, f.Ext, text)
		case "log.txt":
			checkLog(t, d, text)
		case "rst":
			checkRST(t, text)
		case "mw", "pmw":
			checkWiki(t, f.Ext, text)
		}
	}
}

func checkLetters(t *testing.T, f write.Format, text string) {
	t.Helper()
	const marks = "\x02\x03\x0f\x11\x16\x1d\x1e\x1f"
	for _, r := range text {
		plain := r == '\n' || r == '\t' || f.Log && strings.ContainsRune(marks, r)
		if unicode.Is(unicode.Cc, r) && !plain || unicode.Is(unicode.Bidi_Control, r) || r == 0x2028 || r == 0x2029 {
			t.Fatalf("%s holds %U as it is", f.Ext, r)
		}
	}
}

// pageParts are the elements that pages have, and the attributes of each.
var pageParts = map[string][]string{
	"html": nil, "head": nil, "meta": {"http-equiv", "content"}, "title": nil, "style": {"type"}, "body": nil, "h1": nil, "h3": nil,
	"span": {"class"}, "br": nil, "ol": {"type"}, "li": nil, "b": {"class"}, "i": {"class"}, "a": {"href", "name"}, "font": {"color"}, "pre": nil,
}

func checkPage(t *testing.T, ext, page string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	styles := 0
	for n := range root.Descendants() {
		if n.Type == html.CommentNode {
			t.Errorf("%s: a comment: %q", ext, n.Data)
		}
		if n.Type != html.ElementNode {
			continue
		}
		if n.Data == "style" {
			styles++
		}
		attributes, known := pageParts[n.Data]
		if !known {
			t.Errorf("%s: an element <%s>", ext, n.Data)
		}
		for _, a := range n.Attr {
			if !slices.Contains(attributes, a.Key) {
				t.Errorf("%s: <%s> has an attribute %s=%q", ext, n.Data, a.Key, a.Val)
			}
			if a.Key == "href" && !leadsSomewhereHarmless(a.Val) {
				t.Errorf("%s: a link to %q", ext, a.Val)
			}
		}
	}
	if styles != 1 {
		t.Errorf("%s: %d styles", ext, styles)
	}
}

var schemeOf = regexp.MustCompile(`^([a-zA-Z][a-zA-Z0-9+.-]*):(.*)$`)

// leadsSomewhereHarmless reads an address as browsers do: without ends of lines and
// tabs, and without blanks around it.
func leadsSomewhereHarmless(address string) bool {
	address = strings.NewReplacer("\n", "", "\r", "", "\t", "").Replace(address)
	address = strings.TrimFunc(address, func(r rune) bool { return r <= ' ' || unicode.IsSpace(r) })
	m := schemeOf.FindStringSubmatch(address)
	if m == nil {
		return true
	}
	switch strings.ToLower(m[1]) {
	case "http", "https", "irc", "ftp", "mailto", "ssh", "git":
		return true
	case "javascript", "vbscript", "data":
		return false
	}
	return m[2] == "" // "Board:" is in archives, and says nothing to a browser
}

var logLine = regexp.MustCompile(`^\d\d:\d\d:\d\d (<|\* )`)

func checkLog(t *testing.T, d write.Doc, text string) {
	t.Helper()
	lines := strings.Split(text, "\n")
	if len(lines) != len(d.Lines) {
		t.Errorf("log.txt has %d lines, want %d", len(lines), len(d.Lines))
	}
	for _, line := range lines {
		if !logLine.MatchString(line) {
			t.Errorf("log.txt has the line %q", line)
		}
	}
}

var (
	directive  = regexp.MustCompile(`(^|[^\\])::(\s|$)`)
	markup     = regexp.MustCompile(`(?m)^(.*[^\\.\pL\pN_]|)\.\.(\s|$)`)
	ourTargets = regexp.MustCompile("(?m)^\\.\\. _[^:]*[\\d:]*[a-z]*: \\S+$|^\\.\\. _`full logs`: \\S+$|^\\.\\. _`MeetBot`: \\S+$")
	embedded   = regexp.MustCompile("[`|\\]]_+([^\\pL\\pN_]|$)")
)

func checkRST(t *testing.T, text string) {
	t.Helper()
	theirs := ourTargets.ReplaceAllString(text, "")
	theirs = strings.NewReplacer("`full logs`_", "", "`MeetBot`_", "").Replace(theirs)
	for name, pattern := range map[string]*regexp.Regexp{"directive": directive, "markup": markup, "link": embedded} {
		if found := pattern.FindString(theirs); found != "" {
			t.Errorf("rst has a %s: %q", name, found)
		}
	}
	if i := strings.Index(strings.ToLower(text), "javascript:"); i >= 0 && i+11 < len(text) && !unicode.IsSpace(rune(text[i+11])) {
		t.Errorf("rst has a link to a script: %q", text[i:min(len(text), i+60)])
	}
}

var wikiTag = regexp.MustCompile(`(?i)<(!--|\?|/?[a-z][a-z0-9_-]*[\s/]|/?(nowiki|html|script|ref|gallery)\b)|__\pL+__`)

func checkWiki(t *testing.T, ext, text string) {
	t.Helper()
	acting := []string{"(:", "{$"}
	if ext == "mw" {
		acting = []string{"{{", "[[", "~~~"}
		if found := wikiTag.FindString(text); found != "" {
			t.Errorf("mw has a tag or a switch: %q", found)
		}
	}
	for _, what := range acting {
		if i := strings.Index(text, what); i >= 0 {
			t.Errorf("%s has %q: %q", ext, what, text[max(0, i-20):min(len(text), i+40)])
		}
	}
}

// TestPeerHarm puts every such text into every place.
func TestPeerHarm(t *testing.T) {
	for _, d := range peers() {
		for _, text := range harm {
			t.Run(d.Name+"/"+text, func(t *testing.T) {
				checkHarmless(t, tellEverywhere(d, text, "bert", "#ops"))
				checkHarmless(t, tellEverywhere(d, text, text, text))
			})
		}
	}
}
