package tree

import (
	"slices"
	"strings"

	"batsignal/oncall/skill"
)

// tidy puts what has no order of its own in order, so that the same tree is the same
// text. Roles keep their order, which is a rule.
func (f File) tidy() File {
	f.Roles = slices.Clone(f.Roles)
	for i := range f.Roles {
		f.Roles[i].Prefers = tidyPrefers(f.Roles[i].Prefers)
	}
	f.Schedules = sorted(f.Schedules, func(x Schedule) string { return x.Name })
	f.Policies = sorted(f.Policies, func(x Policy) string { return x.Name })
	f.Labels = sorted(f.Labels, func(x Label) string { return x.Name })
	f.Components = sorted(f.Components, func(x Component) string { return x.Name })
	for i := range f.Components {
		c := &f.Components[i]
		for _, list := range []*[]string{&c.Aliases, &c.Owners, &c.CoOwners, &c.Knows} {
			*list = sorted(*list, func(x string) string { return x })
		}
	}
	f.People = sorted(f.People, func(x Person) string { return x.Handle })
	for i := range f.People {
		f.People[i].Labels = sorted(f.People[i].Labels, func(x string) string { return x })
	}
	return f
}

// sorted is a copy of a list in order of names; nil stays nil.
func sorted[T any](list []T, name func(T) string) []T {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b T) int { return strings.Compare(name(a), name(b)) })
	return list
}

// tidyPrefers writes a preference as oncall/skill does. One that it refuses is left as
// it is, and refused when it is stored.
func tidyPrefers(prefers [][]string) [][]string {
	if len(prefers) == 0 {
		return nil
	}
	tidied, err := skill.ParseOrder(skill.Order(prefers))
	if err != nil {
		return prefers
	}
	return tidied
}

// unread is the line of what was not read from a text: it is in the file all the same.
const unread = -1

// marked gives every entry a line, by which it is told from what is there already.
func (f File) marked() File {
	for i := range f.Roles {
		f.Roles[i].line = lineOr(f.Roles[i].line)
	}
	for i := range f.Schedules {
		f.Schedules[i].line = lineOr(f.Schedules[i].line)
	}
	for i := range f.Policies {
		f.Policies[i].line = lineOr(f.Policies[i].line)
	}
	for i := range f.People {
		f.People[i].line = lineOr(f.People[i].line)
	}
	return f
}

func lineOr(line int) int {
	if line == 0 {
		return unread
	}
	return line
}
