package command

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// add checks a definition and gives it its place at the top.
func (s *Set) add(c *Command, group string) error {
	e, err := s.entryFor(c, nil)
	if err != nil {
		return err
	}
	e.group = group
	for _, sub := range c.Subs {
		child, err := s.entryFor(sub, e)
		if err != nil {
			return err
		}
		if len(sub.Subs) > 0 {
			return fmt.Errorf("command %q: a sub-command cannot have sub-commands of its own", child.path)
		}
		child.group = group
		e.subs = append(e.subs, child)
		for _, name := range append([]string{sub.Name}, sub.Aliases...) {
			if err := claim(e.byName, name, child); err != nil {
				return err
			}
		}
	}
	if c.Default != "" {
		if e.def = e.byName[c.Default]; e.def == nil {
			return fmt.Errorf("command %q: its default %q is not one of its sub-commands", e.path, c.Default)
		}
	}
	s.top = append(s.top, e)
	for _, name := range append([]string{s.renamed(c.Name)}, c.Aliases...) {
		if err := claim(s.byName, name, e); err != nil {
			return err
		}
	}
	return nil
}

func (s *Set) entryFor(c *Command, family *entry) (*entry, error) {
	e := &entry{Command: c, path: c.Name, needs: c.Needs, private: c.Private, byName: map[string]*entry{}}
	if family != nil {
		e.path = family.path + " " + c.Name
		e.needs |= family.needs
		e.private = e.private || family.private
	}
	e.shown = s.renamed(e.path)
	switch {
	case strings.TrimSpace(c.Summary) == "":
		return nil, fmt.Errorf("command %q has no summary", e.path)
	case len(c.Subs) > 0 && (c.Run != nil || len(c.Params) > 0):
		return nil, fmt.Errorf("command %q has sub-commands, so it can neither run nor take parameters itself", e.path)
	case len(c.Subs) == 0 && c.Run == nil:
		return nil, fmt.Errorf("command %q does nothing", e.path)
	case len(c.Subs) == 0 && c.Default != "":
		return nil, fmt.Errorf("command %q has a default but no sub-commands", e.path)
	case len(c.Subs) == 0 && c.Example == "":
		return nil, fmt.Errorf("command %q has no example", e.path)
	}
	return e, checkParams(e)
}

// checkParams refuses definitions that could be read in two ways.
func checkParams(e *entry) error {
	seen := map[string]bool{}
	var waiting *Param // an optional one that something else follows
	var rest bool
	for i := range e.Params {
		p := &e.Params[i]
		if err := checkName(p.Name); err != nil {
			return fmt.Errorf("command %q: parameter: %w", e.path, err)
		}
		if seen[p.Name] {
			return fmt.Errorf("command %q has two parameters called %q", e.path, p.Name)
		}
		seen[p.Name] = true
		switch p.Kind {
		case Flag, Option:
			continue
		case Word, Number, Rest, Words:
		default:
			return fmt.Errorf("command %q: parameter %q is of no known kind", e.path, p.Name)
		}
		if rest {
			return fmt.Errorf("command %q: parameter %q comes after the one that takes the rest", e.path, p.Name)
		}
		if waiting != nil {
			return fmt.Errorf("command %q: parameter %q is optional and any word would do for it, so nothing can follow", e.path, waiting.Name)
		}
		rest = p.Kind == Rest || p.Kind == Words
		if p.Optional && p.Kind == Word && len(p.Choices) == 0 {
			waiting = p
		}
	}
	return nil
}

// addAliases adds the names that an installation chose.
func (s *Set) addAliases() error {
	for _, name := range slices.Sorted(maps.Keys(s.opts.Aliases)) {
		path := s.opts.Aliases[name]
		e := s.lookup(path)
		if e == nil {
			return fmt.Errorf("alias %q stands for %q, which is not a command", name, path)
		}
		if err := claim(s.byName, name, e); err != nil {
			return err
		}
	}
	return nil
}

func claim(names map[string]*entry, name string, e *entry) error {
	if err := checkName(name); err != nil {
		return fmt.Errorf("command %q: %w", e.path, err)
	}
	if other := names[name]; other != nil {
		return fmt.Errorf("the name %q is taken twice: by %q and by %q", name, other.path, e.path)
	}
	names[name] = e
	return nil
}

func checkName(name string) error {
	if name == "" || len(name) > maxName {
		return fmt.Errorf("the name %q should have 1 to %d bytes", name, maxName)
	}
	for i, r := range name {
		if r == utf8.RuneError || unicode.ToLower(r) != r || !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r) && r != '-') {
			return fmt.Errorf("the name %q should be lower-case letters, then letters, digits or dashes", name)
		}
	}
	return nil
}

func checkPrefix(prefix string) error {
	last, _ := utf8.DecodeLastRuneInString(prefix)
	switch {
	case len(prefix) > 8 || Clean(prefix) != prefix || strings.Contains(prefix, " "):
		return fmt.Errorf("the prefix %q should be up to 8 visible bytes without spaces", prefix)
	case prefix[0] == '/':
		return fmt.Errorf("the prefix %q would be taken by chat programs for a command of their own", prefix)
	case unicode.IsLetter(last) || unicode.IsDigit(last):
		return fmt.Errorf("the prefix %q should end in a sign, or words of a sentence would look like commands", prefix)
	}
	return nil
}

// checkExamples runs every example through the parser: an example that does not
// work is worse than none.
func (s *Set) checkExamples() error {
	for _, e := range s.leaves() {
		got, args, err := s.resolve(e.example(s), maxLine)
		if err == nil && got != e {
			err = fmt.Errorf("it means %q", got.path)
		}
		if err == nil {
			_, err = s.parse(got, args)
		}
		if err != nil {
			return fmt.Errorf("the example %q of command %q does not work: %w", e.Example, e.path, err)
		}
	}
	return nil
}

// leaves returns every command that runs, in the order of definition.
func (s *Set) leaves() []*entry {
	var all []*entry
	for _, e := range s.top {
		if len(e.subs) == 0 {
			all = append(all, e)
		}
		all = append(all, e.subs...)
	}
	return all
}

// example returns what one types after the prefix. A family borrows one.
func (e *entry) example(s *Set) string {
	switch {
	case e.Example != "":
		return s.renamed(e.Example)
	case e.def != nil:
		return s.renamed(e.def.Example)
	case len(e.subs) > 0:
		return s.renamed(e.subs[0].Example)
	}
	return e.shown
}

// ownAliases are the names that the installation chose for a command, sorted.
func (s *Set) ownAliases(e *entry) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(s.opts.Aliases)) {
		if s.byName[name] == e {
			names = append(names, name)
		}
	}
	return names
}
