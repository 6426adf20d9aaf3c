package mail

import (
	"embed"
	htmltemplate "html/template"
	"strings"
	texttemplate "text/template"
)

//go:embed templates
var files embed.FS

var (
	textLetter = texttemplate.Must(texttemplate.ParseFS(files, "templates/letter.txt"))
	htmlLetter = htmltemplate.Must(htmltemplate.ParseFS(files, "templates/letter.html"))
)

// text is the letter for programs and people who read plain text.
func (w words) text() (string, error) {
	var out strings.Builder
	err := textLetter.Execute(&out, w)
	return out.String(), err
}

// html is the same letter for the rest. It fetches nothing: no picture, no font,
// no script, so opening it tells nobody anything.
func (w words) html() (string, error) {
	var out strings.Builder
	err := htmlLetter.Execute(&out, w)
	return out.String(), err
}
