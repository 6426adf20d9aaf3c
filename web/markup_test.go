package web_test

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"batsignal/oncall/paging"
)

// everyPage tells a long story and returns every page as it is then, by its path.
func everyPage(t *testing.T) map[string]answer {
	w := newWorld(t)
	pages := map[string]answer{}
	keep := func(paths ...string) {
		for _, path := range paths {
			pages[path] = w.get(path)
		}
	}
	w.tell(fire)
	open := w.link("maria")
	keep("/", "/people", "/commands", open)
	w.tell(longer)
	w.post(map[string][]paging.Outcome{"mail": {paging.Temporary}, "webhook": {paging.Permanent}})
	keep("/incidents/1")
	pages["the button"] = w.press(open)
	keep(open+"?again", "/ack/x", "/nothing")
	w.tell(ending + "maria #ops: !batsignal the moon is full")
	keep("/?after", "/incidents/1?after", "/incidents", "/signal", "/metrics", "/readyz", "/healthz")
	for path, a := range pages {
		if a.body == "" {
			t.Errorf("%s is empty", path)
		}
	}
	return pages
}

func isPage(path string) bool {
	return !slices.Contains([]string{"/metrics", "/readyz", "/healthz"}, path)
}

func attr(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

func words(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	}
	return strings.TrimSpace(b.String())
}

// TestEveryPageCanBeReadAloud checks the basics of accessibility, and that all that
// a page names is there.
func TestEveryPageCanBeReadAloud(t *testing.T) {
	pages := everyPage(t)
	for _, path := range slices.Sorted(maps.Keys(pages)) {
		if !isPage(path) {
			continue
		}
		t.Run(path, func(t *testing.T) { readAloud(t, pages[path].body) })
	}
}

// readAloud checks one page.
func readAloud(t *testing.T, page string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	ids, level, h1 := map[string]bool{}, 0, 0
	var refer, labels []string
	labelled := map[string]bool{}
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" {
				t.Errorf("<%s> has %s, which our own policy refuses", n.Data, a.Key)
			}
		}
		if id, ok := attr(n, "id"); ok {
			if ids[id] {
				t.Errorf("the id %q is there twice", id)
			}
			ids[id] = true
		}
		if by, ok := attr(n, "aria-labelledby"); ok {
			refer = append(refer, by)
		}
		if by, ok := attr(n, "aria-describedby"); ok {
			refer = append(refer, strings.Fields(by)...)
		}
		switch n.Data {
		case "html":
			if lang, _ := attr(n, "lang"); lang != "en" {
				t.Errorf("lang is %q", lang)
			}
		case "title":
			if words(n) == "" || words(n) == "· Batsignal" {
				t.Error("no title")
			}
		case "img":
			if _, ok := attr(n, "alt"); !ok {
				t.Error("a picture without alt")
			}
		case "a":
			href, _ := attr(n, "href")
			if words(n) == "" || !strings.HasPrefix(href, "/") && !strings.HasPrefix(href, "?") && !strings.HasPrefix(href, "#") && !leadsOut(n) {
				t.Errorf("a link %q to %q", words(n), href)
			}
			if to, ok := strings.CutPrefix(href, "#"); ok {
				refer = append(refer, to)
			}
		case "input", "select", "textarea":
			if kind, _ := attr(n, "type"); kind == "hidden" {
				continue
			}
			id, _ := attr(n, "id")
			labels = append(labels, id)
		case "label":
			named, _ := attr(n, "for")
			labelled[named] = true
		case "button":
			if words(n) == "" {
				t.Error("a button without words")
			}
		case "time":
			if at, _ := attr(n, "datetime"); !strings.HasSuffix(at, "Z") {
				t.Errorf("a time %q that is not UTC", at)
			}
		case "h1", "h2", "h3", "h4":
			now, _ := strconv.Atoi(n.Data[1:])
			if now > level+1 {
				t.Errorf("<%s> %q follows <h%d>", n.Data, words(n), level)
			}
			if level = now; now == 1 {
				h1++
			}
			if words(n) == "" {
				t.Errorf("an empty <%s>", n.Data)
			}
		}
	}
	for _, id := range labels {
		if !labelled[id] {
			t.Errorf("the field %q has no label", id)
		}
	}
	if h1 != 1 {
		t.Errorf("%d headings of the first level", h1)
	}
	for _, id := range refer {
		if !ids[id] {
			t.Errorf("nothing has the id %q", id)
		}
	}
}

// leadsOut tells whether a link is to an address of the web that somebody wrote, and
// is marked as one.
func leadsOut(n *html.Node) bool {
	href, _ := attr(n, "href")
	rel, _ := attr(n, "rel")
	return (strings.HasPrefix(href, "https://") || strings.HasPrefix(href, "http://")) && rel == "nofollow noreferrer"
}

func TestNoAddressIsSeenAnywhere(t *testing.T) {
	for path, a := range everyPage(t) {
		for _, canary := range []string{"canary", "hidden.example", "no such box"} {
			if strings.Contains(a.body, canary) {
				t.Errorf("%s shows %q", path, canary)
			}
		}
	}
}

func TestNoAccountIsSeenBeyondTheHandle(t *testing.T) {
	w := newWorld(t)
	w.sql(`update account set name = 'acct-' || name`)
	w.tell(`
acct-maria #ops: !batsignal remote code execution in openssl
acct-kevin #ops: !confirm
acct-li: !ack
acct-li #inc-1-openssl: !incident note looking at it
`)
	for _, path := range []string{"/", "/incidents/1", "/signal", "/people", w.link("maria"), "/metrics"} {
		a := w.get(path)
		a.says(t, 200)
		if strings.Contains(a.body, "acct-") {
			t.Errorf("%s shows an account", path)
		}
	}
}
