package write_test

import (
	"encoding/json"
	htmlpkg "html"
	"io"
	"mime/quotedprintable"
	"net/mail"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/net/html"

	"batsignal/incidents/minutes/write"
)

// readBack is what a person sees of a page in the format with that extension, roughly: the
// words in their order, without what the format puts around them.
func readBack(t testing.TB, ext, page string) string {
	t.Helper()
	switch ext {
	case "html", "log.html":
		root, err := html.Parse(strings.NewReader(page))
		if err != nil {
			t.Fatal(err)
		}
		return textOf(root)
	case "md":
		page = strings.ReplaceAll(page, "\u200b", "")
		return htmlpkg.UnescapeString(unescaped(page))
	case "rst":
		return unescaped(rstAddress.ReplaceAllString(page, "`"))
	case "mw":
		page = wikiAddress.ReplaceAllString(page, "")
		return htmlpkg.UnescapeString(strings.NewReplacer("<nowiki>", "", "</nowiki>", "").Replace(page))
	case "eml":
		return letter(t, page)
	case "json":
		var m write.Minutes
		if err := json.Unmarshal([]byte(page), &m); err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for _, item := range m.Items {
			b.WriteString(item.Text + "\n")
		}
		return b.String()
	}
	return page
}

var (
	rstAddress  = regexp.MustCompile(" <[^<> ]*>`__")
	wikiAddress = regexp.MustCompile(`\[[a-z]+:\S+ `)
)

// unescaped takes each "\" away and leaves what follows it; a blank after it is nothing.
func unescaped(page string) string {
	var b strings.Builder
	for i := 0; i < len(page); i++ {
		if page[i] == '\\' && i+1 < len(page) {
			if i++; page[i] == ' ' {
				continue
			}
		}
		b.WriteByte(page[i])
	}
	return b.String()
}

// letter is the text of a mail.
func letter(t testing.TB, page string) string {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(body), "\r\n", "\n")
}

func textOf(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode && c.Parent.Data != "style" {
			b.WriteString(c.Data)
		}
	}
	return b.String()
}

// letters are the letters and digits of a text, and one blank between words.
func letters(text string) string {
	var b strings.Builder
	b.WriteByte(' ')
	blank := true
	for _, r := range text {
		switch {
		case unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r):
			b.WriteRune(r)
			blank = false
		case unicode.IsSpace(r) && !blank:
			b.WriteByte(' ')
			blank = true
		}
	}
	return b.String()
}
