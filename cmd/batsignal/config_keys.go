package main

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// key is one setting that [Config] knows.
type key struct {
	path    string // "web.listen", "irc[].sasl.account"; with values "irc[0].sasl.account"
	name    string // "listen"
	doc     string
	example string
	secret  string // name of the neighbouring key whose file holds this value
	file    string // "", "read", "private" or "authorities"
	entries bool   // a list of sections
	inList  bool   // part of an entry of such a list
}

// eachKey calls visit for every setting below t that is not itself a section.
func eachKey(t reflect.Type, prefix string, visit func(key)) {
	for i := range t.NumField() {
		k := keyOf(t.Field(i), prefix)
		switch {
		case k.name == "-":
		case isSection(t.Field(i).Type):
			eachKey(t.Field(i).Type, k.path+".", visit)
		case k.entries:
			visit(k)
			eachKey(t.Field(i).Type.Elem(), k.path+"[].", visit)
		default:
			visit(k)
		}
	}
}

// eachValue calls visit for every setting with its value, those that only hold
// what was read from a file included; their name is "-".
func eachValue(v reflect.Value, prefix string, visit func(key, reflect.Value)) {
	for i := range v.NumField() {
		k := keyOf(v.Type().Field(i), prefix)
		field := v.Field(i)
		switch {
		case isSection(field.Type()):
			eachValue(field, k.path+".", visit)
		case k.entries:
			visit(k, field)
			for j := range field.Len() {
				eachValue(field.Index(j), fmt.Sprintf("%s[%d].", k.path, j), visit)
			}
		default:
			visit(k, field)
		}
	}
}

func keyOf(f reflect.StructField, prefix string) key {
	name := f.Tag.Get("mapstructure")
	return key{
		path:    prefix + name,
		name:    name,
		doc:     f.Tag.Get("doc"),
		example: f.Tag.Get("example"),
		secret:  f.Tag.Get("secret"),
		file:    f.Tag.Get("file"),
		entries: isEntries(f.Type),
		inList:  strings.Contains(prefix, "["),
	}
}

// isSection tells whether a type of ours has keys of its own.
func isSection(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t.PkgPath() == reflect.TypeFor[Config]().PkgPath()
}

func isEntries(t reflect.Type) bool { return t.Kind() == reflect.Slice && isSection(t.Elem()) }

// checkKeys finds the keys in a file that nobody reads, and notes the line of
// every key.
func checkKeys(doc *yaml.Node, lines map[string]int) problems {
	if len(doc.Content) == 0 {
		return nil // an empty file, or one with comments only
	}
	w := keyWalk{lines: lines}
	w.mapping(doc.Content[0], reflect.TypeFor[Config](), "")
	return w.found
}

type keyWalk struct {
	lines map[string]int
	found problems
}

func (w *keyWalk) mapping(n *yaml.Node, t reflect.Type, prefix string) {
	n = pointedTo(n)
	if n.Kind != yaml.MappingNode {
		return // decoding says what it should have been
	}
	seen := map[string]int{} // key to its line
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i], pointedTo(n.Content[i+1])
		if name.Tag == "!!merge" {
			w.mapping(value, t, prefix)
			continue
		}
		path := prefix + name.Value
		w.lines[path] = name.Line
		if first := seen[name.Value]; first != 0 {
			w.found = append(w.found, problem{path, fmt.Sprintf("is in line %d too; join them", first)})
		}
		seen[name.Value] = name.Line
		field, ok := fieldNamed(t, name.Value)
		if !ok {
			w.found = append(w.found, problem{path, "unknown key; " + hint(t, prefix, name.Value)})
			continue
		}
		switch {
		case isSection(field.Type):
			w.mapping(value, field.Type, path+".")
		case isEntries(field.Type) && value.Kind == yaml.SequenceNode:
			for j, entry := range value.Content {
				at := fmt.Sprintf("%s[%d]", path, j)
				w.lines[at] = entry.Line
				w.mapping(entry, field.Type.Elem(), at+".")
			}
		}
	}
}

func pointedTo(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

func fieldNamed(t reflect.Type, name string) (reflect.StructField, bool) {
	for i := range t.NumField() {
		if tag := t.Field(i).Tag.Get("mapstructure"); tag == name && tag != "-" {
			return t.Field(i), true
		}
	}
	return reflect.StructField{}, false
}

// hint names the key that was probably meant: a similar one in the same
// section, else one of the same name elsewhere.
func hint(section reflect.Type, prefix, name string) string {
	var here, elsewhere []string
	for i := range section.NumField() {
		if tag := section.Field(i).Tag.Get("mapstructure"); tag != "-" {
			here = append(here, tag)
		}
	}
	if best, ok := nearest(name, here); ok {
		return "did you mean " + prefix + best + "?"
	}
	eachKey(reflect.TypeFor[Config](), "", func(k key) {
		if k.name == name {
			elsewhere = append(elsewhere, k.path)
		}
	})
	if len(elsewhere) > 0 {
		return "did you mean " + elsewhere[0] + "?"
	}
	return "batsignal config example lists every key."
}

// clusterMade matches variables that a container cluster makes by itself for a
// service called batsignal; they are not ours to judge.
var clusterMade = regexp.MustCompile(`_SERVICE_(HOST|PORT)(_|$)|_PORT$|_PORT_[0-9]+_(TCP|UDP|SCTP)`)

func checkEnvironment(environ []string, known map[string]string) problems {
	names := []string{envConfig, envUnhardened}
	for name := range known {
		names = append(names, name)
	}
	slices.Sort(names)
	var found problems
	environ = slices.Clone(environ)
	slices.Sort(environ)
	for _, entry := range environ {
		name, _, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, envPrefix) || slices.Contains(names, name) || clusterMade.MatchString(name) {
			continue
		}
		say := "no setting has this environment variable; unset it."
		if best, ok := nearest(name, names); ok {
			say = "no setting has this environment variable; did you mean " + best + "?"
		}
		found = append(found, problem{name, say})
	}
	return found
}

// nearest returns the candidate that is the fewest slips of a finger away, if
// one is near enough to have been meant.
func nearest(word string, candidates []string) (string, bool) {
	best, bestAway := "", min(3, 1+len(word)/4)+1
	for _, c := range candidates {
		if away := slips(word, c); away < bestAway {
			best, bestAway = c, away
		}
	}
	return best, best != ""
}

// slips counts the letters to insert, drop or change to make b of a.
func slips(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
