package tree

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Change is one thing that is added, changed or removed.
type Change struct {
	Kind    string   `json:"kind"`    // "role", "schedule", "policy", "label", "component", "person"
	Subject string   `json:"subject"` // its name
	Does    string   `json:"does"`    // "add", "change" or "remove"
	Says    []string `json:"says"`    // what that means, each the end of a sentence
	Before  []string `json:"before"`  // its lines in the file; none if it was not
	After   []string `json:"after"`   // its lines in the file; none if it is no more
}

// The things that a change does.
const (
	Add    = "add"
	Alter  = "change"
	Remove = "remove"
)

// Diff lists what is different from one tree to another, in sections that both have.
func Diff(before, after File) []Change { return diff(before.tidy(), after.tidy(), nil) }

// diff is Diff of tidy trees. active tells whom a role may ring in the later one, as
// "role/handle".
func diff(before, after File, active map[string]bool) (all []Change) {
	all = append(all, compare("person", before.People, after.People, func(x Person) string { return x.Handle }, Person.node, saysPerson)...)
	all = append(all, compare("label", before.Labels, after.Labels, func(x Label) string { return x.Name }, Label.node, saysLabel)...)
	all = append(all, compare("role", before.Roles, after.Roles, func(x Role) string { return x.Name }, Role.node,
		func(old, now *Role) []string { return saysRole(old, now, active) })...)
	if was, is := common(before.Roles, after.Roles), common(after.Roles, before.Roles); !slices.Equal(was, is) {
		all = append(all, Change{Kind: "role", Subject: "order", Does: Alter, Says: []string{"changes the order of the roles"}, Before: was, After: is})
	}
	all = append(all, compare("schedule", before.Schedules, after.Schedules, func(x Schedule) string { return x.Name }, Schedule.node, saysSchedule)...)
	all = append(all, compare("policy", before.Policies, after.Policies, func(x Policy) string { return x.Name }, Policy.node, saysPolicy)...)
	all = append(all, compare("component", before.Components, after.Components, func(x Component) string { return x.Name }, Component.node, saysComponent)...)
	return all
}

// common lists the roles of one tree that are in another, in the order of the first.
func common(of, in []Role) (names []string) {
	for _, r := range of {
		if slices.ContainsFunc(in, func(o Role) bool { return o.Name == r.Name }) {
			names = append(names, r.Name)
		}
	}
	return names
}

// compare lists the changes of a section.
func compare[T any](kind string, before, after []T, name func(T) string, node func(T) *yaml.Node, says func(old, now *T) []string) (all []Change) {
	if before == nil || after == nil {
		return nil
	}
	was := make(map[string]*T, len(before))
	for i := range before {
		was[name(before[i])] = &before[i]
	}
	is := make(map[string]bool, len(after))
	for i := range after {
		now := &after[i]
		old := was[name(*now)]
		is[name(*now)] = true
		c := Change{Kind: kind, Subject: name(*now), Does: Add, After: lines(node(*now))}
		if old != nil {
			c.Does, c.Before = Alter, lines(node(*old))
			if slices.Equal(c.Before, c.After) {
				continue
			}
		}
		c.Says = says(old, now)
		all = append(all, c)
	}
	for i := range before {
		if old := &before[i]; !is[name(*old)] {
			all = append(all, Change{Kind: kind, Subject: name(*old), Does: Remove, Says: says(old, nil), Before: lines(node(*old))})
		}
	}
	return all
}

func lines(n *yaml.Node) []string {
	return strings.Split(strings.TrimSuffix(string(encode(n)), "\n"), "\n")
}

// Line is one line of a diff.
type Line struct {
	Mark byte // ' ', '+' or '-'
	Text string
}

// Lines puts the lines before and after side by side: what stays once, what goes
// before what comes.
func (c Change) Lines() []Line {
	a, b := c.Before, c.After
	// The longest common lines, from the end; entries are short.
	longest := make([][]int, len(a)+1)
	for i := range longest {
		longest[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				longest[i][j] = longest[i+1][j+1] + 1
			} else {
				longest[i][j] = max(longest[i+1][j], longest[i][j+1])
			}
		}
	}
	var out []Line
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			out = append(out, Line{' ', a[i]})
			i, j = i+1, j+1
		case i < len(a) && (j == len(b) || longest[i+1][j] >= longest[i][j+1]):
			out = append(out, Line{'-', a[i]})
			i++
		default:
			out = append(out, Line{'+', b[j]})
			j++
		}
	}
	return out
}
