package command

import (
	"slices"
	"strings"
	"unicode/utf8"

	"batsignal/oncall/fault"
)

const (
	maxLine = 512  // bytes: what a line of IRC can carry at most
	maxForm = 5000 // bytes: a thousand letters in any script, and the command before them
	maxName = 24   // bytes of a name
)

// resolve finds the command that a line without prefix means, and what is left
// of the line. The error says what is wrong in one line; with it comes the
// command as far as it was understood, nil if not at all.
func (s *Set) resolve(line string, longest int) (*entry, string, error) {
	line = strings.TrimSpace(line)
	word := token(line)
	e := s.find(word)
	if e == nil {
		return nil, "", s.unknown(word)
	}
	args := line[len(word):]
	if len(line) > longest {
		if sub := e.byName[strings.ToLower(token(args))]; sub != nil {
			e = sub // its example is the one that helps
		}
		return e, "", fault.New(fault.Invalid, "That line has %d bytes and I read at most %d: say it shorter. Example: %s",
			len(line), longest, s.Typed(e.example(s)))
	}
	if !utf8.ValidString(args) {
		return e, "", fault.New(fault.Invalid, "That line is not UTF-8, so I might misread it: send it again as UTF-8. Example: %s",
			s.Typed(e.example(s)))
	}
	args = Clean(args)
	if len(e.subs) == 0 {
		return e, args, nil
	}
	first := token(args)
	if sub := e.byName[strings.ToLower(first)]; sub != nil {
		return sub, args[len(first):], nil
	}
	return s.without(e, first, args)
}

// without decides what a family means when its first word is none of its own.
func (s *Set) without(e *entry, first, args string) (*entry, string, error) {
	if first == "" && e.def != nil {
		return e.def, "", nil
	}
	if near := e.nearestSub(first); near != nil {
		return e, "", fault.New(fault.Invalid, "Did you mean %s? Example: %s", s.Typed(near.path), s.Typed(near.example(s)))
	}
	if e.def != nil {
		return e.def, args, nil
	}
	names := make([]string, len(e.subs))
	for i, sub := range e.subs {
		names[i] = sub.Name
	}
	return e, "", fault.New(fault.Invalid, "After %s comes one of %s. Example: %s",
		s.Typed(e.path), strings.Join(names, ", "), s.Typed(e.example(s)))
}

// parser reads the parameters of one command.
type parser struct {
	set     *Set
	e       *entry
	sc      scanner
	values  map[string]string
	literal bool // after "--" nothing is an option any more
}

// parse reads args, which are clean. The error says what is wrong in one line,
// with an example, and does not begin with what was typed.
func (s *Set) parse(e *entry, args string) (map[string]string, error) {
	p := parser{set: s, e: e, sc: scanner{s: args}, values: map[string]string{}}
	wanted := slices.DeleteFunc(slices.Clone(e.Params), func(q Param) bool { return q.Kind == Flag || q.Kind == Option })
	for i, q := range wanted {
		if err := p.options(); err != nil {
			return nil, err
		}
		if err := p.take(q, wanted[i+1:]); err != nil {
			return nil, err
		}
	}
	if err := p.options(); err != nil {
		return nil, err
	}
	if left := p.sc.left(); left != "" {
		return nil, p.fail("I did not expect %s there.", p.shown(token(left)))
	}
	return p.values, nil
}

// take reads one word, number or rest.
func (p *parser) take(q Param, later []Param) error {
	start := p.sc
	if p.sc.left() == "" {
		if q.Optional {
			return nil
		}
		return p.missing(q)
	}
	switch q.Kind {
	case Rest:
		return p.takeRest(q)
	case Words:
		return p.takeWords(q)
	}
	word, err := p.sc.word()
	if err != nil {
		return p.fail("In that line %v.", err)
	}
	if q.Optional && !p.wants(q, word, later) {
		p.sc = start
		return nil
	}
	if word == "" {
		return p.missing(q)
	}
	return p.put(q, word)
}

// wants decides whether an optional parameter takes this word, or leaves it to
// the ones that come later.
func (p *parser) wants(q Param, word string, later []Param) bool {
	if len(later) == 0 {
		return true
	}
	if q.Kind == Word {
		_, ok := choose(q.Choices, word)
		return ok
	}
	_, marked, ok := readNumber(word, q.Prefix)
	if !ok || marked {
		return ok
	}
	words := len(strings.Fields(p.sc.left()))
	needed := 0
	for _, l := range later {
		if l.Kind == Rest || l.Kind == Words {
			return l.Optional && words == 0
		}
		if !l.Optional {
			needed++
		}
	}
	return words >= needed
}

// takeRest takes everything that is left. An option of this command in the
// middle of it was surely meant as one, and would be lost without a word.
func (p *parser) takeRest(q Param) error {
	rest := p.sc.left()
	for sc := p.sc; !p.literal && sc.left() != ""; {
		d, ok := sc.dashed()
		if _, known := p.option(d.name); ok && d.strong && known {
			return p.fail("Put --%s before the text; if it is meant as text, begin the text with the word --.", d.name)
		}
		sc.i += len(token(sc.s[sc.i:]))
	}
	p.sc.i = len(p.sc.s)
	return p.put(q, rest)
}

// takeWords takes what is left up to an option of this command.
func (p *parser) takeWords(q Param) error {
	start := p.sc.i
	for p.sc.left() != "" {
		d, ok := p.sc.dashed()
		if _, known := p.option(d.name); ok && d.strong && known && !p.literal {
			break
		}
		p.sc.i += len(token(p.sc.s[p.sc.i:]))
	}
	words := strings.TrimSpace(p.sc.s[start:p.sc.i])
	if words == "" {
		if q.Optional {
			return nil
		}
		return p.missing(q)
	}
	return p.put(q, words)
}

// options reads the flags and options that stand here.
func (p *parser) options() error {
	for !p.literal {
		d, ok := p.sc.dashed()
		if !ok {
			return nil
		}
		if d.name == "" {
			p.sc.i += d.size
			p.literal = true
			return nil
		}
		q, known := p.option(d.name)
		if !known {
			if !d.strong && p.restIsNext() {
				return nil // a text may begin with a dash
			}
			return p.noOption(d)
		}
		if err := p.takeOption(q, d); err != nil {
			return err
		}
	}
	return nil
}

func (p *parser) takeOption(q Param, d dashed) error {
	if _, twice := p.values[q.Name]; twice {
		return p.fail("The option --%s is there twice.", q.Name)
	}
	p.sc.i += d.size
	if q.Kind == Flag {
		if d.value {
			return p.fail("The option --%s takes no value.", q.Name)
		}
		p.values[q.Name] = "yes"
		return nil
	}
	if d.value {
		p.sc.i++ // the "="
		if p.sc.i == len(p.sc.s) || token(p.sc.s[p.sc.i:]) == "" {
			return p.fail("The option --%s needs a value.", q.Name)
		}
	} else if next, ok := p.sc.dashed(); ok && next.strong || p.sc.left() == "" {
		return p.fail("The option --%s needs a value.", q.Name)
	}
	word, err := p.sc.word()
	if err != nil {
		return p.fail("In that line %v.", err)
	}
	if word == "" {
		return p.fail("The option --%s needs a value.", q.Name)
	}
	return p.put(q, word)
}

func (p *parser) option(name string) (Param, bool) {
	for _, q := range p.e.Params {
		if q.Name == name && (q.Kind == Flag || q.Kind == Option) {
			return q, true
		}
	}
	return Param{}, false
}

// restIsNext tells whether the first parameter that has no value yet takes the
// rest of the line.
func (p *parser) restIsNext() bool {
	for _, q := range p.e.Params {
		if _, done := p.values[q.Name]; !done && !q.Optional && q.Kind != Flag && q.Kind != Option {
			return q.Kind == Rest || q.Kind == Words
		}
	}
	return slices.ContainsFunc(p.e.Params, func(q Param) bool { return q.Kind == Rest || q.Kind == Words })
}
