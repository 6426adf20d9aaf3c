package write

import (
	_ "embed"
	"strings"
)

// ourStyle is the whole style of our pages. It names nothing outside of the page.
//
//go:embed css/our.css
var ourStyle string

// policy is what a browser may do with our pages: show them.
const policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

// pageTop begins a page. What it links to learns nothing of where it was linked from.
func (p *pen) pageTop(title string) {
	p.put("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n",
		"<meta http-equiv=\"Content-Security-Policy\" content=\"", policy, "\">\n",
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n",
		"<meta name=\"referrer\" content=\"no-referrer\">\n",
		"<title>", escaped(title), "</title>\n<style>\n", ourStyle, "</style>\n</head>\n<body>\n<main>\n")
}

func (p *pen) pageEnd() {
	p.put("</main>\n<footer><p>All times are in UTC. Written by Batsignal.</p></footer>\n</body>\n</html>\n")
}

// escaped is a clean text as HTML has it, between tags and in attributes.
func escaped(text string) string {
	if !strings.ContainsAny(text, `&<>"`) {
		return text
	}
	return escapes.Replace(text)
}

var escapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;")

// bidi is somebody's text that turns the direction of nothing around it.
func bidi(text string) string { return "<bdi>" + escaped(text) + "</bdi>" }

// text writes a clean text as HTML.
func (p *pen) text(s string) {
	from := 0
	for i := 0; i < len(s); i++ {
		escape := ""
		switch s[i] {
		case '&':
			escape = "&amp;"
		case '<':
			escape = "&lt;"
		case '>':
			escape = "&gt;"
		case '"':
			escape = "&#34;"
		default:
			continue
		}
		p.put(s[from:i], escape)
		from = i + 1
	}
	p.put(s[from:])
}

// linked writes a clean text as HTML in which addresses are links.
func (p *pen) linked(s string) {
	if strings.Contains(s, "//") {
		p.put(linkedHTML(s))
	} else {
		p.text(s)
	}
}

// linkedHTML is a clean text in which addresses are links.
func linkedHTML(text string) string {
	if !strings.Contains(text, "//") {
		return escaped(text)
	}
	return linkedBy(text, escaped, func(address string) string {
		return `<a href="` + escaped(address) + `">` + escaped(address) + "</a>"
	})
}
