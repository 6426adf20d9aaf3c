// Package shipped owns the runbooks that come along. Which jobs they ask for is a word each,
// which an installation maps to a job of its own; where it has none, the book says what
// people do by hand. Whoever wants other steps writes a book of the same name.
package shipped

import (
	"embed"
	"fmt"
	"io/fs"
	"path"

	"batsignal/incidents/runbook/book"
)

//go:embed *.yaml
var files embed.FS

// Files are the runbooks as they are reviewed.
func Files() fs.FS { return files }

// Books are those runbooks, by name. That one of them cannot be read is a mistake of ours,
// which a test finds; it is an error here, so that a program says which one.
func Books() ([]book.Book, error) {
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		return nil, err
	}
	var books []book.Book
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		b, problems := book.Parse(text)
		if len(problems) > 0 {
			return nil, fmt.Errorf("%s:%v", path.Base(name), problems[0])
		}
		books = append(books, b)
	}
	return books, nil
}
