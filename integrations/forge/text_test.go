package forge_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"batsignal/incidents/action"
	"batsignal/integrations/forge"
	"batsignal/integrations/forge/gitlabfake"
)

// nasty is what somebody might say to make a tracker act.
var nasty = []string{
	"/close", "x\n/close\n/assign @bert", "x\r/close", "x\r\n/label ~a", "x\u2028/close", "x\x85/close", "x\v/close", "\x00/close",
	"@bert", "ask @bert, @all and (@group/team)", "@\u202ebert", "`@bert`", "` @bert", "`` ` @bert ``` /close", "````\n/close\n````",
	"#12", "see #1, !2, &3, ~bug %4 $5 ^alert#6 GL-7 gl-8 group/project#9 [issue:10]", "https://gitlab.example/g/p/-/issues/12",
	"fixed in deadbeef and DEADBEEF00", "<b onclick=x>@bert</b>", "<!-- @bert -->", "![x](https://evil.example/p.png)", "[a](javascript:alert(1))",
	"&#64;bert &commat;bert \\@bert", "> @bert", ">>>\n/close\n>>>", "---\n/close", "$`x`$", "*iteration:1", "\\", "`", "``", " ` ", "",
	"mark batsignal\n\nMark: batsignal0000",
}

func TestNothingThatSomebodySaidActs(t *testing.T) {
	s := gitlabfake.Run(t, gitlabfake.Options{})
	g := client(t, config(s))
	for i, text := range nasty {
		_, err := g.Open(t.Context(), action.Issue{
			Key: strings.Repeat("k", i+1), Ref: "A1", Text: text, Owners: []string{text, "maria"}, Where: text, Source: "https://bat.example/?" + text, Page: "https://bat.example/actions/1",
		})
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
	}
	for i, issue := range s.Issues(project) {
		harmless(t, nasty[i], issue)
	}
	if n := len(s.Issues(project)); n != len(nasty) {
		t.Errorf("%d issues for %d actions", n, len(nasty))
	}
}

func harmless(t *testing.T, text string, issue gitlabfake.Issue) {
	t.Helper()
	if len(issue.Obeyed) > 0 || len(issue.Mentioned) > 0 || len(issue.Noted) > 0 || issue.State != "opened" || len(issue.Labels) > 0 {
		t.Errorf("%q: obeyed %q, called %q, noted at %q\n%s\n%s", text, issue.Obeyed, issue.Mentioned, issue.Noted, issue.Title, issue.Description)
	}
	if n := utf8.RuneCountInString(issue.Title); n > 255 {
		t.Errorf("a title of %d letters", n)
	}
}

func FuzzNothingThatSomebodySaidActs(f *testing.F) {
	for _, text := range nasty {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		i := action.Issue{Key: "k", Ref: "A1", Text: text, Owners: []string{text}, Where: text, Page: "https://bat.example/actions/1"}
		title, description := forge.Written(i)
		harmless(t, text, gitlabfake.Read(title, description))
		if strings.Count(description, "Mark: "+forge.Mark(i.Key)) != 1 {
			t.Errorf("%q hides the mark:\n%s", text, description)
		}
	})
}

// What is said can still be read.
func TestWordsStayWords(t *testing.T) {
	title, description := forge.Written(action.Issue{Key: "k", Ref: "A1", Text: "  ask `bert`  about\tthe key  "})
	if title != "A1: ask `bert` about the key" || !strings.HasPrefix(description, "> `` ask `bert` about the key ``\n") {
		t.Errorf("%q\n%s", title, description)
	}
	long, _ := forge.Written(action.Issue{Ref: "A1", Text: strings.Repeat("schlüssel @x ", 100)})
	if n := utf8.RuneCountInString(long); n > 250 || !strings.HasSuffix(long, "…") {
		t.Errorf("%d letters: %s", n, long)
	}
}
