package write_test

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"batsignal/incidents/minutes"
	"batsignal/incidents/minutes/corpustest"
	"batsignal/incidents/minutes/write"
)

// allowedTags are the elements of our pages with the attributes that they may have.
var allowedTags = map[string][]string{
	"html": {"lang"}, "head": nil, "meta": {"charset", "http-equiv", "content", "name"}, "title": nil, "style": nil, "body": nil,
	"main": nil, "footer": nil, "section": {"class"}, "h1": nil, "h2": {"id"}, "h3": {"id"}, "p": {"class"},
	"dl": {"class"}, "div": {"class"}, "dt": nil, "dd": nil, "ul": {"class"}, "ol": {"class"}, "li": {"class", "id"},
	"a": {"href", "class"}, "bdi": nil, "time": {"datetime"}, "b": {"class", "dir"}, "i": nil, "em": nil, "span": {"class", "dir"},
}

// checkOurPage tells what is in a page that must not be, whatever somebody wrote.
func checkOurPage(t testing.TB, page string, d write.Doc) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	style, err := os.ReadFile("css/our.css")
	if err != nil {
		t.Fatal(err)
	}
	ids, refers, level := map[string]bool{}, []string{}, 0
	for n := range root.Descendants() {
		switch {
		case n.Type == html.CommentNode:
			t.Errorf("a comment: %q", n.Data)
		case n.Type == html.DoctypeNode && n.Data != "html":
			t.Errorf("the doctype is %q", n.Data)
		case n.Type == html.TextNode && n.Parent.Data == "style" && strings.TrimSpace(n.Data) != strings.TrimSpace(string(style)):
			t.Error("the style is not ours")
		}
		if n.Type != html.ElementNode {
			continue
		}
		allowed, ok := allowedTags[n.Data]
		if !ok {
			t.Errorf("an element <%s>", n.Data)
		}
		for _, a := range n.Attr {
			switch {
			case !slices.Contains(allowed, a.Key):
				t.Errorf("<%s> has %s=%q", n.Data, a.Key, a.Val)
			case a.Key == "id":
				if ids[a.Val] {
					t.Errorf("the id %q is there twice", a.Val)
				}
				ids[a.Val] = true
			case a.Key == "href":
				checkOurHref(t, a.Val, d)
				if to, ok := strings.CutPrefix(a.Val, "#"); ok {
					refers = append(refers, to)
				}
			case a.Key == "datetime":
				checkOurTime(t, a.Val)
			}
		}
		if len(n.Data) == 2 && n.Data[0] == 'h' && n.Data != "hr" {
			now := int(n.Data[1] - '0')
			if now > level+1 {
				t.Errorf("<%s> %q follows <h%d>", n.Data, textOf(n), level)
			}
			level = now
		}
	}
	for _, id := range refers {
		if !ids[id] {
			t.Errorf("nothing has the id %q", id)
		}
	}
}

// checkOurHref wants an address of a scheme that may be followed, or a file beside.
func checkOurHref(t testing.TB, href string, d write.Doc) {
	t.Helper()
	if strings.ContainsAny(href, " \"<>\n\t`") {
		t.Errorf("an address with what ends one: %q", href)
	}
	for _, scheme := range []string{"http://", "https://", "irc://", "ftp://", "mailto://", "ssh://", "#"} {
		if strings.HasPrefix(href, scheme) {
			return
		}
	}
	name, _, _ := strings.Cut(href, "#")
	if strings.ContainsAny(name, ":/?\\") || !strings.HasSuffix(name, ".html") {
		t.Errorf("an address that is neither a page beside nor of an allowed scheme: %q", href)
	}
}

func checkOurTime(t testing.TB, at string) {
	t.Helper()
	if _, err := time.Parse("2006-01-02T15:04:05Z", at); err != nil {
		if _, err := time.Parse(time.DateOnly, at); err != nil {
			t.Errorf("the time %q is not in UTC", at)
		}
	}
}

func TestOurPages(t *testing.T) {
	for _, m := range corpustest.All(t) {
		for _, d := range oursOf(t, m) {
			for _, ext := range []string{"html", "log.html"} {
				t.Run(m.Name+"."+ext, func(t *testing.T) {
					page := drawn(t, d, ext)
					checkOurPage(t, page, d)
					for _, want := range []string{"<!DOCTYPE html>\n<html lang=\"en\">", `<meta charset="utf-8">`, "default-src 'none'; style-src 'unsafe-inline'",
						`<meta name="viewport" content="width=device-width, initial-scale=1">`, "<title>"} {
						if !strings.Contains(page, want) {
							t.Errorf("the page lacks %s", want)
						}
					}
				})
			}
			sameLines(t, d)
		}
	}
}

// sameLines holds the links of the minutes against the log: each item's line is there.
func sameLines(t *testing.T, d write.Doc) {
	t.Helper()
	page, log := drawn(t, d, "html"), drawn(t, d, "log.html")
	for _, item := range d.Items {
		line := strconv.Itoa(item.Line)
		if !strings.Contains(page, `.log.html#l-`+line+`"`) {
			t.Errorf("nothing in the minutes links to line %s of item %d", line, item.ID)
		}
		if !strings.Contains(log, `id="l-`+line+`"`) {
			t.Errorf("the log has no line %s", line)
		}
		if !strings.Contains(page, `id="i-`+strconv.Itoa(item.ID)+`"`) {
			t.Errorf("the minutes have no item %d", item.ID)
		}
	}
}

// TestNamesOfFilesAreNoSchemes links beside a page whatever the room is called.
func TestNamesOfFilesAreNoSchemes(t *testing.T) {
	for room, want := range map[string]string{
		"#javascript:alert(1)": "javascript%3Aalert%281%29.2026-11-28-22.30.log.html",
		"#a b\"c?d#e":          "a%20b%22c%3Fd%23e.2026-11-28-22.30.log.html",
		"#été":                 "%C3%A9t%C3%A9.2026-11-28-22.30.log.html",
	} {
		s := minutes.Setting{Room: room}
		d := heard(s, told("anna: #startmeeting"))
		page := drawn(t, d, "html")
		checkOurPage(t, page, d)
		if !strings.Contains(page, `href="`+want+`"`) {
			t.Errorf("%s: the page does not link to %s", room, want)
		}
		s.Files.URLPrefix = "https://minutes.example.org/archive/"
		text, whole := drawn(t, heard(s, told("anna: #startmeeting")), "txt"), "https://minutes.example.org/archive/"
		if !strings.Contains(text, "Log: "+whole) || !strings.Contains(text, "/"+strings.ReplaceAll(want, "%3A", ":")+"\n") {
			t.Errorf("%s: no whole address in\n%s", room, text)
		}
	}
}
