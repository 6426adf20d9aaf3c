// Package skill owns what people are good at, as labels, and which combination of
// labels a role prefers.
//
// A label says nothing about whether somebody may be rung: that is consent
// (package oncall). It only changes who is asked first. Who owns which component is
// kept by oncall/component; here "owner" is a word in a preference, and whoever ranks
// people for an incident says who it is true of.
package skill

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"batsignal/oncall/fault"
)

// Owner is the label that nobody is given: it is true of whoever owns a component
// that the incident names.
const Owner = "owner"

// maintainer is what some call an owner.
const maintainer = "maintainer"

// Label is something that people can be good at.
type Label struct {
	Name  string // "security-expert"
	Title string // "security expert"
	Self  bool   // what people say of themselves counts without an admin
}

// Held is a label that somebody has.
type Held struct {
	Label       string
	Title       string
	Since       time.Time
	By          string // the handle of who said so first; "" is nobody we know any more
	Own         bool   // they said so themselves, first
	ConfirmedAt *time.Time
	ConfirmedBy string
	Self        bool // of the label: their own word is enough
}

// Counts tells whether the label is taken into account: an admin has confirmed it, or
// need not.
func (h Held) Counts() bool { return h.Self || h.ConfirmedAt != nil }

// Standing says in words whose word it is.
func (h Held) Standing() string {
	switch {
	case h.ConfirmedAt != nil:
		return "confirmed by " + h.ConfirmedBy
	case h.Self:
		return "said by themselves"
	}
	return "said by themselves, does not count before an admin confirms it"
}

// Set is labels without order.
type Set map[string]bool

// Counted is the set of those labels that count.
func Counted(held []Held) Set {
	s := Set{}
	for _, h := range held {
		if h.Counts() {
			s[h.Label] = true
		}
	}
	return s
}

// Rank is the place of the first combination of which somebody has every label, from
// 0, which is best; len(prefers) if there is none. It is the same for everybody where
// nothing is preferred.
func Rank(prefers [][]string, labels Set) int {
	for i, combination := range prefers {
		if !slices.ContainsFunc(combination, func(l string) bool { return !labels[l] }) {
			return i
		}
	}
	return len(prefers)
}

const (
	mostCombinations = 32
	mostTogether     = 8
	longestTitle     = 80 // letters
)

var validName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)

// NameOf makes the name of a label out of how somebody typed it: "Security Expert" is
// "security-expert".
func NameOf(typed string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(strings.ToLower(typed)), "-"), "_", "-")
}

// ParseOrder reads a preference: combinations with commas between them, the best
// first, and in each of them labels with a plus between: "owner + security-expert,
// owner". A maintainer is an owner here. "none" prefers nothing.
func ParseOrder(text string) ([][]string, error) {
	if strings.TrimSpace(text) == "none" {
		return nil, nil
	}
	var order [][]string
	for part := range strings.SplitSeq(text, ",") {
		var combination []string
		for word := range strings.SplitSeq(part, "+") {
			name := NameOf(word)
			if name == "" {
				return nil, fault.New(fault.Invalid, "Something is missing in that order. Write it like owner + security-expert, owner, or none.")
			}
			combination = append(combination, name)
		}
		order = append(order, combination)
	}
	return tidy(order)
}

// Order writes a preference the way [ParseOrder] reads it.
func Order(prefers [][]string) string {
	if len(prefers) == 0 {
		return "none"
	}
	parts := make([]string, len(prefers))
	for i, combination := range prefers {
		parts[i] = strings.Join(combination, " + ")
	}
	return strings.Join(parts, ", ")
}

// tidy checks a preference, and says owner for maintainer. Labels in a combination are
// in order, so that the same combination is the same list.
func tidy(order [][]string) ([][]string, error) {
	if len(order) > mostCombinations {
		return nil, fault.New(fault.Invalid, "That order has %d steps and may have %d.", len(order), mostCombinations)
	}
	out := make([][]string, 0, len(order))
	for _, combination := range order {
		var labels []string
		for _, name := range combination {
			if name == maintainer {
				name = Owner
			}
			if !validName.MatchString(name) {
				return nil, fault.New(fault.Invalid, "%q cannot be a label: small letters, digits and hyphens, such as security-expert.", name)
			}
			labels = append(labels, name)
		}
		slices.SortFunc(labels, ownerFirst)
		labels = slices.Compact(labels)
		if len(labels) == 0 || len(labels) > mostTogether {
			return nil, fault.New(fault.Invalid, "Each step of an order names 1 to %d labels.", mostTogether)
		}
		if slices.ContainsFunc(out, func(o []string) bool { return slices.Equal(o, labels) }) {
			return nil, fault.New(fault.Invalid, "That order names %s twice, and the second time changes nothing.", strings.Join(labels, " + "))
		}
		out = append(out, labels)
	}
	return out, nil
}

func ownerFirst(a, b string) int {
	switch {
	case a == b:
		return 0
	case a == Owner:
		return -1
	case b == Owner:
		return 1
	}
	return strings.Compare(a, b)
}
