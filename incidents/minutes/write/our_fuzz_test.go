package write_test

import (
	"encoding/json"
	"fmt"
	"net/mail"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"batsignal/incidents/minutes"
	"batsignal/incidents/minutes/chatlog"
	"batsignal/incidents/minutes/corpustest"
	"batsignal/incidents/minutes/write"
)

// ourSeeds gives a fuzzer the logs of the corpus and the story, and what is in no log.
func ourSeeds(f *testing.F) {
	for _, m := range corpustest.All(f) {
		if strings.HasPrefix(m.Name, "s") {
			f.Add(m.Log(f))
		}
	}
	f.Add(drawn(f, evenings(), "log.txt"))
	f.Add("<a> #startmeeting\n<b> #info x\n!e1 #info y\n!d1 \n!e2 [off]\n!? why\n!L https://x.example/\"><script>\n<c> #action a\x01b\u202ec\\nd\n<c> https://x.example/`<>\\")
	f.Add("!R javascript:alert(1)//\n<a> #startmeeting .. include:: x\n<a> #topic ===\n<1.> #info 1. x\n<-> #info - x\n<a> #action | x |\n<a> #link ssh://a_b_(c)*d*")
}

// fuzzed makes a document of lines: those of a log, and those that begin with "!" and
// say what no log does. "\n" in a text is the end of a line in it.
func fuzzed(log string) write.Doc {
	s := minutes.Setting{Room: "#ops", Dialect: minutes.Batsignal()}
	events := []minutes.Event{{At: evening, Who: minutes.Who{Nick: "anna"}, Text: "#startmeeting fuzz"}}
	link := ""
	for line := range strings.Lines(log) {
		line = strings.TrimSuffix(line, "\n")
		e := minutes.Event{At: evening.Add(time.Duration(len(events)) * time.Hour / 2), ID: fmt.Sprint(len(events)), Link: link}
		if rest, ok := strings.CutPrefix(line, "!"); ok && len(rest) > 1 {
			id, text, _ := strings.Cut(rest[1:], " ")
			switch rest[0] {
			case 'e', 'd':
				e.Kind, e.ID, e.Text = minutes.Edited, id, text
				if rest[0] == 'd' {
					e.Kind = minutes.Deleted
				}
			case 'L':
				link = text
				continue
			case 'R':
				s.Room, s.Network, s.Incident, s.Files.URLPrefix = text, text, text, text
				continue
			default:
				e.Kind, e.Text = minutes.Ended, text
			}
			events = append(events, e)
			continue
		}
		for _, read := range chatlog.Parse(line, chatlog.Options{}) {
			e.Kind, e.Who, e.Text = read.Event.Kind, read.Event.Who, strings.ReplaceAll(read.Event.Text, `\n`, "\n")
			events = append(events, e)
		}
	}
	return heard(s, events)
}

// noControls wants nothing in a file that acts on a screen.
func noControls(t testing.TB, page string) {
	t.Helper()
	for _, r := range page {
		if r != '\n' && unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Bidi_Control, r) || r == 0x2028 || r == 0x2029 {
			t.Errorf("the file has U+%04X", r)
		}
	}
	if strings.ToValidUTF8(page, "") != page {
		t.Error("the file is not UTF-8")
	}
}

// fuzzOurs draws whatever comes in one format and has it looked at. Nothing is missing from
// any of them.
func fuzzOurs(f *testing.F, ext string, look func(t testing.TB, page string, d write.Doc)) {
	ourSeeds(f)
	f.Fuzz(func(t *testing.T, log string) {
		d := fuzzed(log)
		page := drawn(t, d, ext)
		if ext != "eml" {
			noControls(t, page)
		}
		look(t, page, d)
	})
}

func FuzzOurHTML(f *testing.F) { fuzzOurs(f, "html", checkOurPage) }

func FuzzOurLogHTML(f *testing.F) {
	fuzzOurs(f, "log.html", func(t testing.TB, page string, d write.Doc) {
		checkOurPage(t, page, d)
		if got := strings.Count(page, "<li"); got != len(d.Lines) {
			t.Errorf("%d lines were drawn as %d", len(d.Lines), got)
		}
	})
}

func FuzzOurLogText(f *testing.F) {
	fuzzOurs(f, "log.txt", func(t testing.TB, page string, d write.Doc) {
		if got := strings.Count(page, "\n"); got != len(d.Lines) {
			t.Errorf("%d lines were written as %d", len(d.Lines), got)
		}
		read := chatlog.Parse(page, chatlog.Options{})
		if len(read) != len(d.Lines) {
			t.Fatalf("%d of %d lines can be read back", len(read), len(d.Lines))
		}
		for i, line := range d.Lines {
			if e := read[i].Event; line.Note == e.Kind.IsLine() || line.Did != (e.Kind == minutes.Did) || !e.At.Equal(line.At) {
				t.Errorf("%+v was read back as %+v", line, e)
			}
		}
	})
}

func FuzzOurText(f *testing.F) {
	fuzzOurs(f, "txt", func(t testing.TB, page string, d write.Doc) {
		for line := range strings.Lines(page) {
			// A word that is longer than a line stays whole.
			if len([]rune(strings.TrimSuffix(line, "\n"))) > 72 && len(strings.Fields(strings.TrimLeft(line, " *"))) > 1 && !strings.HasPrefix(line, "Log: ") {
				t.Errorf("a line of more than 72 letters: %q", line)
			}
		}
	})
}

var (
	mdAddress = regexp.MustCompile(`<(?:https?|irc|ftp|mailto|ssh)://[^\s<>"` + "`" + `]+>`)
	mdLink    = regexp.MustCompile(`\]\(([^()\s]*)\)`)
	anEscape  = regexp.MustCompile(`\\.`)
	mdNumber  = regexp.MustCompile("`#[0-9]+`")
	ourScheme = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:`)
	linkable  = regexp.MustCompile(`^(?:https?|irc|ftp|mailto|ssh)://`)
)

func FuzzOurMarkdown(f *testing.F) {
	fuzzOurs(f, "md", func(t testing.TB, page string, d write.Doc) {
		for _, link := range mdLink.FindAllStringSubmatch(page, -1) {
			if ourScheme.MatchString(link[1]) && !linkable.MatchString(link[1]) {
				t.Errorf("a link to %q", link[1])
			}
		}
		rest := mdNumber.ReplaceAllString(mdAddress.ReplaceAllString(mdLink.ReplaceAllString(page, "]"), ""), "")
		for line := range strings.Lines(rest) {
			checkOurMark(t, line)
		}
	})
}

// checkOurMark wants the signs of Markdown in a line to be escaped, but for our own. Links
// and numbers are taken out of it.
func checkOurMark(t testing.TB, line string) {
	t.Helper()
	body := anEscape.ReplaceAllString(strings.TrimLeft(line, "#- "), "")
	body = strings.NewReplacer("**", "", "([", "(", ", [", ", ").Replace(body)
	if i := strings.IndexAny(body, "<`*_[#|~$"); i >= 0 && !strings.HasPrefix(line, "- [Log") {
		t.Errorf("%q is not escaped in %q", body[i:i+1], line)
	}
	if strings.Count(body, "@") != strings.Count(body, "@\u200b") {
		t.Errorf("somebody may be mentioned by %q", line)
	}
	if strings.HasPrefix(line, "/") {
		t.Errorf("a line begins with a command: %q", line)
	}
}

var (
	rstLinks    = regexp.MustCompile("<([^<>\\s]*)>`__")
	wikiSafe    = regexp.MustCompile(`(?s)<nowiki>[^<>]*</nowiki>`)
	ourWikiLink = regexp.MustCompile(`\[(?:https?|irc|ftp|mailto|ssh)://[^\s\[\]<>"'{}|]+ `)
)

func FuzzOurRST(f *testing.F) {
	fuzzOurs(f, "rst", func(t testing.TB, page string, d write.Doc) {
		for _, link := range rstLinks.FindAllStringSubmatch(page, -1) {
			if ourScheme.MatchString(link[1]) && !linkable.MatchString(link[1]) {
				t.Errorf("a link to %q", link[1])
			}
		}
		rest := anEscape.ReplaceAllString(rstLinks.ReplaceAllString(page, "`"), "")
		rest = strings.ReplaceAll(rest, "**", "")
		if i := strings.IndexAny(rest, "<>|_@"); i >= 0 {
			t.Errorf("%q is not escaped before %q", rest[i:i+1], rest[i:])
		}
		for line := range strings.Lines(page) {
			if strings.HasPrefix(strings.TrimLeft(line, " *"), "..") {
				t.Errorf("a directive: %q", line)
			}
		}
	})
}

func FuzzOurMediaWiki(f *testing.F) {
	fuzzOurs(f, "mw", func(t testing.TB, page string, d write.Doc) {
		rest := ourWikiLink.ReplaceAllString(wikiSafe.ReplaceAllString(page, ""), "")
		if i := strings.IndexAny(rest, `<>[{|~_"`); i >= 0 {
			t.Errorf("%q is live at %q", rest[i:i+1], rest[i:])
		}
	})
}

func FuzzOurJSON(f *testing.F) {
	fuzzOurs(f, "json", func(t testing.TB, page string, d write.Doc) {
		checkJSON(t, page)
		var m write.Minutes
		if err := json.Unmarshal([]byte(page), &m); err != nil || len(m.Items) != len(d.Items) || len(m.Actions) != len(d.Actions()) {
			t.Errorf("%d items, %d actions, %v; want %d and %d", len(m.Items), len(m.Actions), err, len(d.Items), len(d.Actions()))
		}
	})
}

func FuzzOurMail(f *testing.F) {
	fuzzOurs(f, "eml", func(t testing.TB, page string, d write.Doc) {
		m, err := mail.ReadMessage(strings.NewReader(page))
		if err != nil {
			t.Fatal(err)
		}
		if len(m.Header) != 6 || m.Header.Get("Subject") == "" {
			t.Errorf("the headers are %v", m.Header)
		}
		for line := range strings.Lines(page) {
			if len(line) > 1000 || !strings.HasSuffix(line, "\r\n") {
				t.Errorf("no line of a mail: %q", line)
			}
		}
		noControls(t, letter(t, page))
	})
}
