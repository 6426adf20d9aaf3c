package command

import "strings"

// Means tells which command a line gives, by its own name ("baton take"); "" is none.
// Nothing is run and nobody is asked for a right: it is for doors that do not open to
// every command.
func (s *Set) Means(line string) string {
	rest, ok := s.Judge(line)
	if !ok {
		rest = strings.TrimSpace(line)
	}
	e, _, err := s.resolve(rest, maxForm)
	if err != nil || e == nil {
		return ""
	}
	return e.path
}
