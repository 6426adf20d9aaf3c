package command

import "strings"

// Carries tells whether a line begins with the name of a command, with the prefix or without
// it, and whether the command is one that takes what must not be seen in a room.
func (s *Set) Carries(line string) (known, private bool) {
	rest, ok := s.Judge(line)
	if !ok {
		rest = strings.TrimSpace(line)
	}
	word := token(rest)
	e := s.find(word)
	if e == nil {
		return false, false
	}
	if sub := e.byName[strings.ToLower(token(rest[len(word):]))]; sub != nil {
		e = sub
	}
	return true, e.private
}
