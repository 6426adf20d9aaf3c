package quorum

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"batsignal/oncall/fault"
)

const (
	longestPlan = 65536 // bytes
	longestName = 80    // letters
)

// Parse reads a plan: one line for each place, item and way to open. What is behind # is
// for people.
//
//	place safe in Berlin: ada, bert
//	item share-1: token of ada, safe in Berlin
//	item database: bot host
//	open custody: 3 of share-1, share-2, share-3 and database
//	open hosts: bot-key and switchboard-key and database
func Parse(text string) (Plan, error) {
	p, err := ParsePart(text)
	if err != nil {
		return Plan{}, err
	}
	return p, p.Check()
}

// ParsePart is Parse for a part of a plan, which need not be complete.
func ParsePart(text string) (Plan, error) {
	var p Plan
	if len(text) > longestPlan || !utf8.ValidString(text) {
		return p, fault.New(fault.Invalid, "A plan is text of at most %d bytes.", longestPlan)
	}
	number := 0
	for line := range strings.Lines(text) {
		number++
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if err := p.line(line); err != nil {
			return Plan{}, fault.Wrap(fault.Invalid, err, "Line %d of the plan: %s", number, fault.Say(err))
		}
		if len(p.Places) > MaxPlaces || len(p.Items) > MaxItems || len(p.Ways) > MaxWays {
			return Plan{}, fault.New(fault.Invalid, "The plan may have at most %d places, %d items and %d ways to open.", MaxPlaces, MaxItems, MaxWays)
		}
	}
	return p, nil
}

func (p *Plan) line(line string) error {
	head, tail, ok := strings.Cut(line, ":")
	word, name, _ := strings.Cut(head, " ")
	name = strings.TrimSpace(name)
	if !ok || checkName(name) != nil {
		return fault.New(fault.Invalid, "it begins with \"place\", \"item\" or \"open\", a name, and a colon.")
	}
	switch word {
	case "place":
		readers, err := names(tail)
		if err != nil {
			return err
		}
		for _, other := range p.Places {
			if other.Name == name {
				return fault.New(fault.Invalid, "the place %q is there already.", name)
			}
		}
		p.AddPlace(name, readers...)
	case "item":
		places, err := names(tail)
		if err != nil {
			return err
		}
		if p.Has(name) {
			return fault.New(fault.Invalid, "%q is there already. Name all its places on one line.", name)
		}
		p.Items = append(p.Items, Item{name, places})
	case "open":
		w := Way{Name: name}
		for _, part := range strings.Split(tail, " and ") {
			n, err := need(strings.TrimSpace(part))
			if err != nil {
				return err
			}
			if len(w.Needs) == MaxItems {
				return fault.New(fault.Invalid, "it needs more than %d things.", MaxItems)
			}
			w.Needs = append(w.Needs, n)
		}
		p.Ways = append(p.Ways, w)
	default:
		return fault.New(fault.Invalid, "it begins with \"place\", \"item\" or \"open\".")
	}
	return nil
}

// need reads "3 of a, b, c", or "a".
func need(text string) (Need, error) {
	before, after, ok := strings.Cut(text, " of ")
	if k, err := strconv.Atoi(before); ok && err == nil {
		of, err := names(after)
		return Need{k, of}, err
	}
	of, err := names(text)
	return Need{len(of), of}, err
}

// names reads names with commas between.
func names(text string) ([]string, error) {
	var list []string
	for _, name := range strings.Split(text, ",") {
		name = strings.TrimSpace(name)
		if err := checkName(name); err != nil {
			return nil, err
		}
		if list = append(list, name); len(list) > MaxItems {
			return nil, fault.New(fault.Invalid, "it has more than %d names.", MaxItems)
		}
	}
	return list, nil
}

func checkName(name string) error {
	if name == "" || utf8.RuneCountInString(name) > longestName || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return fault.New(fault.Invalid, "a name is between 1 and %d letters, and commas stand between names.", longestName)
	}
	return nil
}
