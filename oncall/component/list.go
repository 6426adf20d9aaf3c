package component

import (
	"bytes"
	"path"
	"slices"
	"strings"

	"batsignal/oncall/fault"
)

// Listed is one component of a list that is imported.
type Listed struct {
	Name   string
	Owners []ListedOwner
	Line   int // where it stands first, from 1
}

// ListedOwner is one of its owners.
type ListedOwner struct {
	Login string // a handle, or an account on whatever network
	Rank  Rank
}

// The limits of a list.
const (
	mostBytes      = 32 << 20
	mostComponents = 200_000
	mostOwners     = 1_000_000
)

// ParseList reads a list of components and their owners: CSV, YAML or JSON, by the ending
// of its name, or else by what it looks like. The shapes are
//
//	openssl,maria,co-owner                      each line of CSV; the rank may be missing
//	openssl: [maria, {owner: jan, rank: knows}]  YAML, and JSON likewise
//	- {component: openssl, owners: [maria]}      the same as a list
//
// A component without owners is known, and owned by nobody. A mapping in the place of a
// list of owners is a section, whose entries are components ({"rpms": {"openssl": …}}).
// The error names the line.
func ParseList(name string, text []byte) ([]Listed, error) {
	if len(text) > mostBytes {
		return nil, fault.New(fault.Limited, "The list is larger than %d MiB, which I do not read.", mostBytes>>20)
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	b := builder{at: map[string]int{}}
	var err error
	switch format(name, text) {
	case "json":
		err = parseJSON(text, &b)
	case "csv":
		err = parseCSV(text, &b)
	default:
		err = parseYAML(text, &b)
	}
	if err != nil {
		return nil, err
	}
	if len(b.list) == 0 {
		return nil, fault.New(fault.Invalid, "The list names no component. A line is like openssl,maria or openssl: [maria].")
	}
	return b.list, nil
}

// format tells in which way a list is written.
func format(name string, text []byte) string {
	name, _, _ = strings.Cut(name, "?") // of an address
	switch strings.ToLower(path.Ext(name)) {
	case ".csv":
		return "csv"
	case ".json":
		return "json"
	case ".yaml", ".yml":
		return "yaml"
	}
	for line := range bytes.Lines(text) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		comma, colon := bytes.IndexByte(line, ','), bytes.IndexByte(line, ':')
		switch {
		case line[0] == '{' || line[0] == '[':
			return "json"
		case line[0] != '-' && comma >= 0 && (colon < 0 || comma < colon):
			return "csv"
		}
		break
	}
	return "yaml"
}

// builder gathers what is listed. What is there twice is joined.
type builder struct {
	list   []Listed
	at     map[string]int // name to its place in list
	owners int
}

// add notes a component; text is what the list calls it.
func (b *builder) add(line int, text string) (place int, err error) {
	name := fold(strings.TrimSpace(text))
	if !validName.MatchString(name) {
		return 0, badLine(line, "%q cannot be the name of a component: letters, digits and . + - _", clip(text))
	}
	place, there := b.at[name]
	if !there {
		if len(b.list) == mostComponents {
			return 0, fault.New(fault.Limited, "Line %d: the list names more than %d components, and I do not read more.", line, mostComponents)
		}
		place = len(b.list)
		b.at[name] = place
		b.list = append(b.list, Listed{Name: name, Line: line})
	}
	return place, nil
}

// own notes an owner of a component.
func (b *builder) own(line, place int, text, rank string) error {
	login, problem := loginOf(text)
	if problem != "" {
		return badLine(line, "%s", problem)
	}
	r, err := ParseRank(strings.TrimSpace(rank))
	if err != nil {
		return badLine(line, "%q is none of owner, co-owner and knows", clip(rank))
	}
	c := &b.list[place]
	if i := slices.IndexFunc(c.Owners, func(o ListedOwner) bool { return o.Login == login }); i >= 0 {
		c.Owners[i].Rank = better(c.Owners[i].Rank, r)
		return nil
	}
	if b.owners++; b.owners > mostOwners {
		return fault.New(fault.Limited, "Line %d: the list names more than %d owners, and I do not read more.", line, mostOwners)
	}
	c.Owners = append(c.Owners, ListedOwner{Login: login, Rank: r})
	return nil
}

func badLine(line int, format string, args ...any) error {
	f := fault.New(fault.Invalid, format, args...)
	f.Say = lineOf(line) + f.Say + "."
	return f
}
