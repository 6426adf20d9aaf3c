package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"batsignal/oncall/fault"
)

// problem is one thing that is wrong with a configuration: which key, and a
// sentence with a way forward. The sentence never holds a secret.
type problem struct{ key, say string }

type problems []problem

func (ps *problems) add(key, format string, args ...any) {
	*ps = append(*ps, problem{key, fmt.Sprintf(format, args...)})
}

// fault makes one error of all problems, nil of none.
func (l *loaded) fault(ps problems) error {
	switch len(ps) {
	case 0:
		return nil
	case 1:
		return fault.New(fault.Invalid, "Configuration: %s", l.line(ps[0]))
	}
	lines := make([]string, 0, len(ps))
	for _, p := range ps {
		lines = append(lines, "  "+l.line(p))
	}
	return fault.New(fault.Invalid, "The configuration has %d problems:\n%s", len(ps), strings.Join(lines, "\n"))
}

func (l *loaded) line(p problem) string {
	if from := l.origin(p.key); from != "" && from != p.key {
		return fmt.Sprintf("%s: %s (%s)", p.key, p.say, from)
	}
	return p.key + ": " + p.say
}

// origin tells what set a key: a flag, a variable, or a line of the file; "" is
// the default. What was left out of a list's entry is where the entry is, and an
// entry without a line of its own where its list is.
func (l *loaded) origin(key string) string {
	if from := l.origins[key]; from != "" {
		return from
	}
	if n := l.lines[key]; n != 0 {
		return fmt.Sprintf("%s:%d", l.file, n)
	}
	switch open, end := strings.LastIndex(key, "["), strings.LastIndex(key, "]"); {
	case end < 0:
		return ""
	case end+1 < len(key):
		return l.origin(key[:end+1])
	default:
		return l.origin(key[:open])
	}
}

// reason says why a file could not be used, without the path that the sentence
// around it names already.
func reason(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return err.Error()
}
