package mail

import (
	"embed"
	htmltemplate "html/template"
	"strings"
	texttemplate "text/template"
)

//go:embed templates
var files embed.FS

// The text is for programs and people who read plain text. The other is the same letter
// for the rest: it fetches nothing, no picture, no font, no script, so opening it tells
// nobody anything.
var (
	texts = texttemplate.Must(texttemplate.ParseFS(files, "templates/*.txt"))
	htmls = htmltemplate.Must(htmltemplate.ParseFS(files, "templates/*.html"))
)

func (w words) write() (written, error)     { return fill("letter", w.Subject, w) }
func (w codeWords) write() (written, error) { return fill("code", w.Subject, w) }

func fill(name, subject string, of any) (w written, err error) {
	var text, html strings.Builder
	if err = texts.ExecuteTemplate(&text, name+".txt", of); err != nil {
		return w, err
	}
	if err = htmls.ExecuteTemplate(&html, name+".html", of); err != nil {
		return w, err
	}
	return written{subject: subject, text: text.String(), html: html.String()}, nil
}
