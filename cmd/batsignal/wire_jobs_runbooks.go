package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"batsignal/incidents/runbook/book"
	"batsignal/incidents/runbook/shipped"
	"batsignal/oncall/fault"
)

// runbooksOf are the runbooks that come along, and those of the configuration. One of the
// configuration takes the place of one that comes along with the same name.
func runbooksOf(c Config) ([]book.Book, error) {
	books, err := shipped.Books()
	if err != nil {
		return nil, err
	}
	for _, file := range c.Jobs.Runbooks {
		text, err := os.ReadFile(file) // #nosec G304 -- the operator names it, in the configuration
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, err, "The runbook %s cannot be read: %v.", file, err)
		}
		b, problems := book.Parse(text)
		if len(problems) > 0 {
			var lines []string
			for _, p := range problems {
				lines = append(lines, fmt.Sprintf("  %s:%d: %s", file, p.Line, p.Say))
			}
			return nil, fault.New(fault.Invalid, "The runbook %s has problems:\n%s", file, strings.Join(lines, "\n"))
		}
		books = slices.DeleteFunc(books, func(other book.Book) bool { return other.Name == b.Name })
		books = append(books, b)
	}
	return books, nil
}
