package write

import "strings"

// attendee is somebody who was present, or was named as if they were.
type attendee struct {
	name  string
	also  []string // other nicks, and what else people call them
	marks []string // "chair", "here"
	lines int
}

func (o *outline) attend(d Doc) {
	for _, one := range d.ByLines() {
		a := attendee{name: oneLine(one.Nick), lines: one.Lines}
		seen := map[string]bool{a.name: true}
		for _, list := range [][]string{one.Nicks, one.Aliases} {
			for _, nick := range mapped(list, oneLine) {
				if !seen[nick] && nick != "" {
					seen[nick] = true
					a.also = append(a.also, nick)
				}
			}
		}
		if one.Chair {
			a.marks = append(a.marks, "chair")
		}
		if one.Here {
			a.marks = append(a.marks, "here")
		}
		o.people = append(o.people, a)
	}
}

// words is the whole line on somebody. Names are drawn by name.
func (a attendee) words(name func(string) string) string {
	words := name(a.name)
	if len(a.marks) > 0 {
		words += " (" + strings.Join(a.marks, ", ") + ")"
	}
	if len(a.also) > 0 {
		words += ", also " + listed(mapped(a.also, name), "and")
	}
	return words + ": " + counted(a.lines, "line")
}
