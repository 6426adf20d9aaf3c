package book

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Report writes what whoever wrote a file wants to know before others rely on it: each
// problem as "file:line: sentence", or, if there is none, the steps. It tells whether the
// book may be used.
func Report(w io.Writer, file string, text []byte, known Known) (ok bool, err error) {
	b, problems := Check(text, known)
	var lines []string
	for _, p := range problems {
		lines = append(lines, file+":"+p.String())
	}
	if len(problems) == 0 {
		lines = append([]string{fmt.Sprintf("%s: %s, without problems. %s.", file, b.Name, strings.TrimSuffix(b.Title, "."))}, Outline(b)...)
	}
	_, err = io.WriteString(w, strings.Join(lines, "\n")+"\n")
	return len(problems) == 0, err
}

// Join is the books that come along with those of an installation, by name: one of the same
// name takes the other's place. Two of its own of one name are a problem of the second.
func Join(along, own []Book) ([]Book, []Problem) {
	var problems []Problem
	all := slices.Clone(along)
	mine := map[string]bool{}
	for _, b := range own {
		if mine[b.Name] {
			problems = append(problems, Problem{Say: fmt.Sprintf("There are two runbooks called %s.", b.Name)})
			continue
		}
		mine[b.Name] = true
		if i := slices.IndexFunc(all, func(o Book) bool { return o.Name == b.Name }); i >= 0 {
			all[i] = b
		} else {
			all = append(all, b)
		}
	}
	slices.SortStableFunc(all, func(x, y Book) int { return strings.Compare(x.Name, y.Name) })
	return all, problems
}
