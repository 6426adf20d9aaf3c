package command

import (
	"slices"
	"strings"

	"batsignal/oncall/fault"
)

// put checks a word against its parameter and keeps it.
func (p *parser) put(q Param, word string) error {
	switch {
	case q.Kind == Number:
		digits, _, ok := readNumber(word, q.Prefix)
		if !ok {
			return p.fail("%s should be a number%s, not %s.", named(q), likeNumber(q), p.shown(word))
		}
		word = digits
	case len(q.Choices) > 0:
		choice, ok := choose(q.Choices, word)
		if !ok {
			return p.fail("%s should be %s, not %s.", named(q), oneOf(q.Choices), p.shown(word))
		}
		word = choice
	}
	if q.Kind == Number && len(q.Choices) > 0 && !slices.Contains(q.Choices, word) {
		return p.fail("%s should be %s, not %s.", named(q), oneOf(q.Choices), p.shown(word))
	}
	p.values[q.Name] = word
	return nil
}

// readNumber reads 12, #12, P12, INC-12 and inc#12. marked is true if letters
// or a sign stood before the digits. Punctuation that follows is of the
// sentence, not of the number.
func readNumber(word, prefix string) (digits string, marked, ok bool) {
	const longest = 15 // digits: exact in any reader of JSON
	word = strings.TrimRight(word, ".,:;")
	body := strings.TrimPrefix(word, "#")
	number := strings.TrimLeftFunc(body, func(r rune) bool { return r|0x20 >= 'a' && r|0x20 <= 'z' })
	letters := body[:len(body)-len(number)]
	if letters != "" {
		number = strings.TrimPrefix(strings.TrimLeftFunc(number, isDash), "#")
		if prefix != "" && !strings.EqualFold(letters, prefix) || len(letters) > 8 {
			return "", false, false
		}
	}
	if number == "" || len(number) > longest || run(number, longest, isDigit) != len(number) {
		return "", false, false
	}
	digits = strings.TrimLeft(number, "0")
	if digits == "" {
		digits = "0"
	}
	return digits, body != word || letters != "", true
}

// choose finds a choice by its name in any case; a number among the choices
// also as "sev2" or "P2".
func choose(choices []string, word string) (string, bool) {
	for _, c := range choices {
		if strings.EqualFold(c, word) {
			return c, true
		}
	}
	if digits, _, ok := readNumber(word, ""); ok && slices.Contains(choices, digits) {
		return digits, true
	}
	return "", false
}

func (p *parser) missing(q Param) error {
	help := q.Help
	if help != "" {
		help = " (" + help + ")"
	}
	return p.fail("What is missing is <%s>%s.", q.Name, help)
}

func (p *parser) noOption(d dashed) error {
	if !d.strong {
		return p.fail("I know no option %s here; a word that begins with a dash goes into double quotes.", p.shown("-"+d.name))
	}
	var names []string
	for _, q := range p.e.Params {
		if q.Kind == Flag || q.Kind == Option {
			names = append(names, q.Name)
		}
	}
	if near := nearestOf(d.name, names); near != "" {
		return p.fail("I know no option %s here: did you mean --%s?", p.shown("--"+d.name), near)
	}
	return p.fail("I know no option %s here.", p.shown("--"+d.name))
}

// fail makes the one-line answer: what is wrong, and how it is right.
func (p *parser) fail(format string, args ...any) error {
	f := fault.New(fault.Invalid, format, args...)
	f.Say += " Example: " + p.set.Typed(p.e.example(p.set))
	return f
}

// shown quotes what was typed, except where it may be a secret.
func (p *parser) shown(word string) string {
	if p.e.private {
		return "“…”"
	}
	return quote(word)
}

func named(q Param) string {
	if q.Kind == Option {
		return "The value of --" + q.Name
	}
	return "The " + q.Name
}

func likeNumber(q Param) string {
	switch {
	case q.Prefix == "":
		return ""
	case len(q.Prefix) == 1:
		return " such as 12 or " + q.Prefix + "12"
	}
	return " such as 12 or " + q.Prefix + "-12"
}

func oneOf(choices []string) string {
	if len(choices) == 1 {
		return choices[0]
	}
	last := len(choices) - 1
	return strings.Join(choices[:last], ", ") + " or " + choices[last]
}
