package tree

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"batsignal/oncall"
)

// reader reads nodes and gathers what is wrong with them.
type reader struct{ problems []Problem }

func (r *reader) add(n *yaml.Node, format string, args ...any) {
	if len(r.problems) < mostProblems {
		r.problems = append(r.problems, Problem{Line: n.Line, Says: fmt.Sprintf(format, args...)})
	}
}

// fields say what is done with the value of a key.
type fields map[string]func(*yaml.Node)

// mapping reads keys that are known, each once.
func (r *reader) mapping(n *yaml.Node, what string, known fields, needed ...string) {
	if n.Kind != yaml.MappingNode {
		r.add(n, "Here should be %s, as keys and values.", what)
		return
	}
	there, seen := map[string]bool{}, map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		read, ok := known[key.Value]
		switch {
		case key.Kind != yaml.ScalarNode || !ok:
			name := oncall.Clip(key.Value, 40)
			if near := nearest(key.Value, slices.Sorted(maps.Keys(known))); near != "" {
				r.add(key, "%s has no key %q. Did you mean %s?", sentenceCase(what), name, near)
			} else {
				r.add(key, "%s has no key %q. Its keys are %s.", sentenceCase(what), name, oncall.JoinNames(slices.Sorted(maps.Keys(known))))
			}
		case there[key.Value]:
			r.add(key, "The key %s is there twice.", key.Value)
		default:
			there[key.Value], seen[key.Value] = true, !blank(value)
			read(value)
		}
	}
	for _, key := range needed {
		if !seen[key] {
			r.add(n, "%s needs the key %s.", sentenceCase(what), key)
		}
	}
}

// blank tells whether nothing is written there.
func blank(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && (n.Tag == "!!null" || strings.TrimSpace(n.Value) == "") || n.Kind == yaml.SequenceNode && len(n.Content) == 0
}

// list reads the entries of a section, of which each has a name of its own.
func list[T any](r *reader, n *yaml.Node, what string, read func(*yaml.Node) T, name func(T) string) []T {
	out := []T{}
	seen := map[string]bool{}
	for _, entry := range r.items(n, what) {
		before := len(r.problems)
		one := read(entry)
		if len(r.problems) == before && seen[name(one)] {
			r.add(entry, "The %s %s is there twice.", what, oncall.Clip(name(one), 40))
		}
		seen[name(one)] = true
		out = append(out, one)
	}
	return out
}

// items are the entries of a list; a key without a value has none.
func (r *reader) items(n *yaml.Node, what string) []*yaml.Node {
	switch {
	case n.Kind == yaml.ScalarNode && n.Tag == "!!null":
		return nil
	case n.Kind != yaml.SequenceNode:
		r.add(n, "Here should be a list, each %s after a hyphen.", what)
		return nil
	}
	return n.Content
}

// text reads one line of text.
func (r *reader) text(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		r.add(n, "References (& and *) are not followed here: write it out.")
	case n.Kind != yaml.ScalarNode:
		r.add(n, "Here should be one line of text.")
	case strings.ContainsFunc(n.Value, func(c rune) bool { return c < ' ' || c == 0x7f }) || len(n.Value) > 1000:
		r.add(n, "Here should be one line of text, not too long.")
	case n.Tag != "!!null":
		return strings.TrimSpace(n.Value)
	}
	return ""
}

func (r *reader) into(to *string) func(*yaml.Node) {
	return func(n *yaml.Node) { *to = r.text(n) }
}

// texts reads a list of lines, or one line.
func (r *reader) texts(n *yaml.Node, what string) []string {
	if n.Kind == yaml.ScalarNode && n.Tag != "!!null" {
		if one := r.text(n); one != "" {
			return []string{one}
		}
		return nil
	}
	var out []string
	for _, item := range r.items(n, what) {
		out = append(out, r.text(item))
	}
	return out
}

// handles reads names, each once unless it may be there again.
func (r *reader) handles(to *[]string, again bool) func(*yaml.Node) {
	return func(n *yaml.Node) {
		for _, item := range r.items(n, "handle") {
			name := strings.ToLower(strings.TrimPrefix(r.text(item), "@"))
			switch {
			case name == "":
				r.add(item, "A handle is missing.")
			case !again && slices.Contains(*to, name):
				r.add(item, "%s is there twice.", name)
			default:
				*to = append(*to, name)
			}
		}
	}
}

func (r *reader) number(n *yaml.Node, least, most int) int {
	v, err := strconv.Atoi(n.Value)
	if n.Kind != yaml.ScalarNode || err != nil || v < least || v > most {
		if least == most {
			r.add(n, "Here should be the number %d.", least)
		} else {
			r.add(n, "Here should be a number from %d to %d.", least, most)
		}
		return least
	}
	return v
}

func (r *reader) flag(to *bool) func(*yaml.Node) {
	return func(n *yaml.Node) {
		switch {
		case n.Kind == yaml.ScalarNode && n.Value == "true":
			*to = true
		case n.Kind != yaml.ScalarNode || n.Value != "false":
			r.add(n, "Here should be true or false.")
		}
	}
}

func (r *reader) wait(to *time.Duration) func(*yaml.Node) {
	return func(n *yaml.Node) {
		d, err := parseWait(r.text(n))
		if err != nil {
			r.add(n, "%s.", sentenceCase(err.Error()))
		}
		*to = d
	}
}

func sentenceCase(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}
