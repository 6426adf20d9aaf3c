package inbox

import (
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"strings"

	"golang.org/x/net/html"
)

// How far into a letter one looks: a letter within a letter within a letter is not what
// people write.
const (
	deepest   = 6
	mostParts = 40
)

// part is a piece of a letter, or all of it.
type part struct {
	header func(name string) string
	body   io.Reader
}

// kind is the media type, in small letters.
func (p part) kind() (string, map[string]string) {
	kind, params, err := mime.ParseMediaType(p.header("Content-Type"))
	if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) || kind == "" {
		return "text/plain", nil // RFC 2045: what says nothing is text
	}
	return kind, params
}

// text is the body with its encoding undone, as far as it can be.
func (p part) text() string {
	var body io.Reader
	switch strings.ToLower(strings.TrimSpace(p.header("Content-Transfer-Encoding"))) {
	case "quoted-printable":
		body = quotedprintable.NewReader(p.body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, p.body)
	default:
		body = p.body
	}
	b, _ := io.ReadAll(io.LimitReader(body, longestLetter)) // what was read before an error counts
	return strings.ToValidUTF8(string(b), "\ufffd")
}

// each calls f with the parts of a multipart, until it has enough.
func (p part) each(f func(part) (enough bool)) {
	_, params := p.kind()
	r := multipart.NewReader(p.body, params["boundary"])
	for range mostParts {
		next, err := r.NextRawPart()
		if err != nil {
			return
		}
		if f(part{header: next.Header.Get, body: next}) {
			return
		}
	}
}

// textOf is what a letter says, as plain text: its first text, and only without one its
// first page of HTML.
func textOf(p part) string {
	plain, page := findText(p, deepest)
	if strings.TrimSpace(plain) == "" {
		return ofHTML(page)
	}
	return plain
}

func findText(p part, deep int) (plain, page string) {
	kind, _ := p.kind()
	switch {
	case strings.HasPrefix(strings.ToLower(p.header("Content-Disposition")), "attachment"):
	case kind == "text/plain":
		return p.text(), ""
	case kind == "text/html":
		return "", p.text()
	case strings.HasPrefix(kind, "multipart/") && deep > 0:
		p.each(func(inner part) bool {
			a, b := findText(inner, deep-1)
			if strings.TrimSpace(plain) == "" {
				plain = a
			}
			if page == "" {
				page = b
			}
			return strings.TrimSpace(plain) != ""
		})
	}
	return plain, page
}

// ofHTML is the text of a page up to where mail programs begin to quote.
func ofHTML(page string) string {
	var (
		out    strings.Builder
		quoted int // how many quotations one is in
		hidden int // likewise, of what is not shown
	)
	z := html.NewTokenizer(strings.NewReader(page))
	z.SetMaxBuf(longestLetter)
	for {
		switch kind := z.Next(); kind {
		case html.ErrorToken:
			return out.String()
		case html.TextToken:
			if quoted == 0 && hidden == 0 {
				out.WriteString(strings.Join(strings.Fields(string(z.Text())), " ") + " ")
			}
		case html.StartTagToken, html.EndTagToken, html.SelfClosingTagToken:
			name, more := z.TagName()
			step := map[html.TokenType]int{html.StartTagToken: 1, html.EndTagToken: -1}[kind]
			switch string(name) {
			case "blockquote":
				quoted = max(0, quoted+step)
			case "style", "script", "head", "title":
				hidden = max(0, hidden+step)
			case "br", "p", "div", "tr", "li", "h1", "h2", "h3", "hr", "table":
				out.WriteString("\n")
			}
			for more {
				var key, value []byte
				key, value, more = z.TagAttr()
				if beginsQuote(string(key), string(value)) {
					return out.String()
				}
			}
		}
	}
}

// beginsQuote knows the marks of common mail programs.
func beginsQuote(key, value string) bool {
	switch key {
	case "class":
		return strings.Contains(value, "gmail_quote") || strings.Contains(value, "moz-cite-prefix") || strings.Contains(value, "yahoo_quoted")
	case "id":
		return value == "divRplyFwdMsg" || value == "appendonsend" || value == "x_divRplyFwdMsg"
	}
	return false
}
