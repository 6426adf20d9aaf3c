// Package write owns what minutes look like: one file a format, for every dialect.
// Nothing that somebody wrote ever acts in what is written: no markup, no script, no
// address but of the schemes that links may have.
//
// It judges nothing: what is in the minutes is for package minutes. It opens no file;
// that is for package archive.
package write

import (
	"io"

	"batsignal/incidents/minutes"
)

// Doc is what is written: a meeting and its log.
type Doc struct {
	*minutes.Meeting
	Lines []minutes.Line
}

// Format is one kind of file.
type Format struct {
	Ext   string // what follows the base name, without its first dot: "log.html"
	Title string // what people call it
	// Log marks formats that hold what everybody said, not the minutes alone.
	Log   bool
	Write func(w io.Writer, d Doc) error
}
