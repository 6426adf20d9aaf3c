package tree

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"batsignal/oncall/fault"
	"batsignal/oncall/spelling"
)

// Problem is one thing that is wrong with a file.
type Problem struct {
	Line int    `json:"line,omitempty"` // from 1; 0 is the file as a whole
	Says string `json:"says"`           // a sentence
}

func (p Problem) String() string {
	if p.Line == 0 {
		return p.Says
	}
	return fmt.Sprintf("Line %d: %s", p.Line, p.Says)
}

// faulty is an error that is made of problems.
type faulty struct{ problems []Problem }

func (f *faulty) Error() string { return f.Unwrap().Error() }

// shownProblems is how many of them a sentence says.
const shownProblems = 20

func (f *faulty) Unwrap() error {
	lines := make([]string, 0, len(f.problems))
	for i, p := range f.problems {
		if i == shownProblems {
			lines = append(lines, fmt.Sprintf("And %d more.", len(f.problems)-i))
			break
		}
		lines = append(lines, p.String())
	}
	return fault.New(fault.Invalid, "%s", strings.Join(lines, "\n"))
}

// Problems lists what is wrong, by line, if an error of this package is about that.
func Problems(err error) []Problem {
	var f *faulty
	if errors.As(err, &f) {
		return f.problems
	}
	return nil
}

// wrong makes one error of problems, or none.
func wrong(problems []Problem) error {
	if len(problems) == 0 {
		return nil
	}
	slices.SortStableFunc(problems, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	return &faulty{problems}
}

// nearest is the name of a list that may have been meant; "" is none of them.
func nearest(word string, names []string) string {
	best, far := "", 3
	for _, n := range names {
		if d := spelling.Distance(word, n); d < far {
			best, far = n, d
		}
	}
	return best
}

// meant adds a guess to a sentence that has no end yet.
func meant(word string, names []string) string {
	if near := nearest(word, names); near != "" {
		return ". Did you mean " + near + "?"
	}
	return "."
}
