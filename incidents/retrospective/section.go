package retrospective

import (
	"context"
	"strings"
	"unicode/utf8"

	"batsignal/incidents/retrospective/markdown"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

// longestLine is how much somebody adds at a time, in letters.
const longestLine = 1000

// sections are those that people write themselves, by the words that they type.
var sections = map[string]string{"summary": Summary, "well": Well, "bad": Bad, "lucky": Lucky, "follow-up": FollowUp}

// SectionWords are what people type for the sections that they write.
func SectionWords() []string { return []string{"summary", "well", "bad", "lucky", "follow-up"} }

// Add writes a line under one of [SectionWords]. It returns the title of the section.
func (s *Service) Add(ctx context.Context, a oncall.Actor, incident int64, section, text string) (Edition, string, error) {
	title, ok := sections[section]
	if !ok {
		return Edition{}, "", fault.New(fault.Invalid, "A line is added under %s.", oncall.JoinNames(SectionWords()))
	}
	if n := utf8.RuneCountInString(text); n == 0 || n > longestLine {
		return Edition{}, "", fault.New(fault.Invalid, "A line has 1 to %d letters.", longestLine)
	}
	line := "- " + quote(text) + " (" + quote(a.Who()) + ")"
	e, err := s.change(ctx, a, incident, func(e Edition) (string, error) { return inserted(e.Text, title, line), nil })
	return e, title, err
}

// span is where a section stands: its heading, and the line after its last one.
type span struct{ from, to int }

// find looks for a section by its title.
func find(lines []string, title string) (at span, found bool) {
	at.to = len(lines)
	level := 0
	for i, h := range headings(lines) {
		switch {
		case h.level == 0:
		case found && h.level <= level:
			at.to = i
			return at, true
		case !found && strings.EqualFold(markdown.Plain(h.words), title):
			at.from, level, found = i, h.level, true
		}
	}
	return at, found
}

// heading is the one on a line; its level is 0 if there is none.
type heading struct {
	level int
	words string
}

// headings are those of a document, one for each line.
func headings(lines []string) []heading {
	all := make([]heading, len(lines))
	fence := ""
	for i, line := range lines {
		if fence != "" {
			if strings.TrimSpace(line) == fence {
				fence = ""
			}
			continue
		}
		if mark, ok := markdown.Fence(line); ok {
			fence = mark
			continue
		}
		all[i].level, all[i].words, _ = markdown.Title(line)
	}
	return all
}

// inserted writes a line at the end of a section, in the place of the question that
// stands there until somebody answers it. A section that is there no more is made anew,
// at the end.
func inserted(text, title, line string) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	at, found := find(lines, title)
	if !found {
		return strings.Join(lines, "\n") + "\n\n## " + title + "\n\n" + line + "\n"
	}
	body := trimmed(lines[at.from+1 : at.to])
	switch {
	case len(body) == 0 || len(body) == 1 && isPrompt(body[0], title):
		body = []string{line}
	case isEntry(body[len(body)-1]):
		body = append(body, line)
	default:
		body = append(body, "", line)
	}
	out := append(append([]string{}, lines[:at.from+1]...), "")
	out = append(out, body...)
	if at.to < len(lines) {
		out = append(append(out, ""), lines[at.to:]...)
	}
	return strings.Join(out, "\n") + "\n"
}

func isPrompt(line, title string) bool { return strings.TrimSpace(line) == prompts[title] }

func isEntry(line string) bool { return strings.HasPrefix(strings.TrimLeft(line, " "), "- ") }

// trimmed is a part of a document without the empty lines around it.
func trimmed(lines []string) []string {
	for len(lines) > 0 && strings.TrimSpace(lines[0]) == "" {
		lines = lines[1:]
	}
	for len(lines) > 0 && strings.TrimSpace(lines[len(lines)-1]) == "" {
		lines = lines[:len(lines)-1]
	}
	return append([]string{}, lines...)
}

// Unwritten lists the sections in which still nobody has written anything.
func Unwritten(text string) (titles []string) {
	lines := strings.Split(text, "\n")
	for _, word := range SectionWords() {
		title := sections[word]
		at, found := find(lines, title)
		if !found {
			continue
		}
		if body := trimmed(lines[at.from+1 : at.to]); len(body) == 0 || len(body) == 1 && isPrompt(body[0], title) {
			titles = append(titles, title)
		}
	}
	return titles
}
