package ledger

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"batsignal/oncall/fault"
)

// exportTitle is the first line of an export.
const exportTitle = "batsignal ledger, version 1"

// longestLine of an export, in bytes: a leaf of 2000 letters.
const longestLine = 4 * longestBody

// Export writes a ledger as text: a title; the leaves, one a line, which are the bytes that
// are hashed; an empty line; then every head, a signed note each, with an empty line after.
func (b Book) Export(w io.Writer) error {
	out := bufio.NewWriter(w)
	fmt.Fprintln(out, exportTitle)
	for _, body := range b.Leaves {
		fmt.Fprintln(out, body)
	}
	fmt.Fprintln(out)
	for _, signed := range b.Notes {
		fmt.Fprintln(out, signed) // ends in a newline, so this adds an empty line
	}
	return out.Flush() // the first error of them all
}

// Import reads what [Book.Export] wrote. It does not check what is in it.
func Import(r io.Reader) (Book, error) {
	in := bufio.NewScanner(r)
	in.Buffer(make([]byte, 0, longestLine), longestLine)
	if !in.Scan() || in.Text() != exportTitle {
		return Book{}, errors.Join(fault.New(fault.Invalid, "This is no export of a ledger: one begins with %q.", exportTitle), in.Err())
	}
	var b Book
	for in.Scan() && in.Text() != "" {
		b.Leaves = append(b.Leaves, in.Text())
	}
	var signed strings.Builder
	for empty := 0; in.Scan(); {
		line := in.Text()
		if line == "" {
			empty++
		}
		if line == "" && empty == 2 {
			b.Notes = append(b.Notes, signed.String())
			signed.Reset()
			empty = 0
			continue
		}
		if signed.Len() > longestNoteText*4 {
			return Book{}, fault.New(fault.Invalid, "This export of a ledger is damaged: head %d is too long.", len(b.Notes)+1)
		}
		signed.WriteString(line + "\n")
	}
	if err := in.Err(); err != nil {
		return Book{}, fault.Wrap(fault.Invalid, err, "This export of a ledger cannot be read to its end.")
	}
	if signed.Len() > 0 {
		return Book{}, fault.New(fault.Invalid, "This export of a ledger ends in the middle of head %d: it was cut off.", len(b.Notes)+1)
	}
	return b, nil
}
