package command

import (
	"slices"
	"strings"
	"unicode/utf8"

	"batsignal/oncall/fault"
	"batsignal/oncall/spelling"
)

// unknown is the answer to a line whose first word is no command: the nearest
// ones if any is near, else the way to the list.
func (s *Set) unknown(word string) error {
	near := s.nearest(word)
	if len(near) == 0 {
		return fault.New(fault.Invalid, "I know no command %s. Say %s for the list. Example: %s",
			quote(word), s.Typed("help"), s.Typed(s.top[0].example(s)))
	}
	names := make([]string, len(near))
	for i, e := range near {
		names[i] = s.Typed(e.path)
	}
	return fault.New(fault.Invalid, "I know no command %s: did you mean %s? Example: %s",
		quote(word), oneOf(names), s.Typed(near[0].example(s)))
}

// nearest returns the commands that somebody may have meant, the best first and
// at most three. It is strict, because in a room a wrong guess is noise: two
// slips in a long word, one in a short one, or the beginning of a name. A
// sub-command without its family ("!take") counts when it is spelt almost right.
func (s *Set) nearest(word string) []*entry {
	word = strings.ToLower(word)
	if utf8.RuneCountInString(word) < 3 || len(word) > maxLine {
		return nil
	}
	best, found := slips(word)+1, []*entry(nil)
	offer := func(score int, e *entry) {
		if score < best {
			best, found = score, nil
		}
		if score == best && len(found) < 3 && !slices.Contains(found, e) {
			found = append(found, e)
		}
	}
	for _, e := range s.top {
		s.offerNames(word, e, offer)
		for _, sub := range e.subs {
			s.offerNames(word, sub, offer)
			for name, owner := range e.byName {
				if d := spelling.Distance(word, name); owner == sub && (d == 0 || d == 1 && len(name) > 3) {
					offer(d, sub)
				}
			}
		}
	}
	if best > slips(word) {
		return nil
	}
	return found
}

// offerNames offers a command by every name that it has at the top.
func (s *Set) offerNames(word string, e *entry, offer func(int, *entry)) {
	for name, owner := range s.byName {
		if owner == e {
			offer(closeness(word, name), e)
		}
	}
}

// slips is how many slips of the finger are forgiven in a word.
func slips(word string) int {
	if utf8.RuneCountInString(word) < 4 {
		return 1
	}
	return 2
}

// closeness scores how near a word is to a name: 0 is the same. The beginning
// of a name, and a name with something stuck to it, count as one slip.
func closeness(word, name string) int {
	d := spelling.Distance(word, name)
	if strings.HasPrefix(name, word) {
		return min(d, 1)
	}
	if tail, ok := strings.CutPrefix(word, name); ok && (len(name) > 5 || !startsName(tail[0])) {
		return min(d, 1)
	}
	return d
}

// nearestSub returns the sub-command that a first word was surely meant to be:
// one slip from its name. Anything less sure is left to the default.
func (e *entry) nearestSub(word string) *entry {
	word = strings.ToLower(word)
	if len(word) < 3 {
		return nil
	}
	for _, sub := range e.subs {
		for name, owner := range e.byName {
			if owner == sub && spelling.Distance(word, name) <= 1 {
				return sub
			}
		}
	}
	return nil
}

// nearestOf returns the name that is nearest to word, "" if none is near.
func nearestOf(word string, names []string) string {
	best, found := slips(word)+1, ""
	for _, name := range names {
		if d := closeness(word, name); d < best {
			best, found = d, name
		}
	}
	return found
}
