package book

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"batsignal/oncall"
	"batsignal/oncall/spelling"
)

// Problem is something wrong with a file.
type Problem struct {
	Line int // counted from 1; 0 is the file as a whole
	Say  string
}

func (p Problem) String() string { return strconv.Itoa(p.Line) + ": " + p.Say }

// How long things may be: letters of a text, as many as a line in a room takes without being
// skimmed; the rest in entries and bytes.
const (
	longestSay   = 400
	longestWhy   = 300
	longestTitle = 100
	longestAbout = 600
	longestMeans = 80
	longestValue = 200
	mostSteps    = 60
	mostChoices  = 6
	mostParams   = 12
	mostProblems = 50
	mostBytes    = 128 << 10
)

var (
	aName  = regexp.MustCompile(`^[a-z][a-z0-9-]{0,47}$`)
	aParam = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,47}$`)
)

// reader reads nodes and gathers what is wrong with them.
type reader struct{ problems []Problem }

func (r *reader) add(line int, format string, args ...any) {
	if len(r.problems) < mostProblems {
		r.problems = append(r.problems, Problem{Line: line, Say: fmt.Sprintf(format, args...)})
	}
}

var atLine = regexp.MustCompile(`line (\d+): (.*)`)

// document reads the one document of a file; nil is none, and a problem says why.
func (r *reader) document(file []byte) *yaml.Node {
	switch {
	case len(file) > mostBytes:
		r.add(0, "The file has %d bytes, and a runbook has at most %d.", len(file), mostBytes)
		return nil
	case !utf8.Valid(file):
		r.add(0, "The file is not UTF-8.")
		return nil
	}
	dec := yaml.NewDecoder(strings.NewReader(string(file)))
	var doc yaml.Node
	if err := dec.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			r.add(0, "The file is empty. It begins with runbook: and a name.")
		} else {
			r.broken(err)
		}
		return nil
	}
	var more yaml.Node
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		r.add(more.Line, "Only one runbook may stand in a file.")
		return nil
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) != 1 {
		r.add(0, "The file is empty. It begins with runbook: and a name.")
		return nil
	}
	return doc.Content[0]
}

// broken says what the parser says, where it says it.
func (r *reader) broken(err error) {
	if m := atLine.FindStringSubmatch(err.Error()); m != nil {
		line, _ := strconv.Atoi(m[1]) // only digits
		r.add(line, "This is not YAML: %s.", oncall.Clip(clean(m[2]), 200))
		return
	}
	r.add(0, "This is not YAML: %s.", oncall.Clip(clean(err.Error()), 200))
}

// clean makes one line of a text, without what could move a cursor.
func clean(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(c rune) bool { return unicode.IsSpace(c) || unicode.IsControl(c) }), " ")
}

// fields say what is done with the value of a key.
type fields map[string]func(*yaml.Node)

// mapping reads keys that are known, each once.
func (r *reader) mapping(n *yaml.Node, what string, known fields, needed ...string) {
	if !r.plain(n) {
		return
	}
	if n.Kind != yaml.MappingNode {
		r.add(n.Line, "Here should be %s, as keys and values.", what)
		return
	}
	there := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		read, ok := known[key.Value]
		switch {
		case key.Kind != yaml.ScalarNode || !ok:
			r.add(key.Line, "%s has no key %q. %s", oncall.UpperFirst(what), oncall.Clip(clean(key.Value), 40), orNear(key.Value, known))
		case there[key.Value]:
			r.add(key.Line, "The key %s is there twice.", key.Value)
		default:
			there[key.Value] = true
			if r.plain(value) {
				read(value)
			}
		}
	}
	for _, key := range needed {
		if !there[key] {
			r.add(n.Line, "%s needs the key %s.", oncall.UpperFirst(what), key)
		}
	}
}

// orNear says which key was meant, or which there are.
func orNear(key string, known fields) string {
	names := slices.Sorted(maps.Keys(known))
	if len(key) <= 40 {
		for _, name := range names {
			if spelling.Distance(key, name) <= 1+len(name)/4 {
				return "Did you mean " + name + "?"
			}
		}
	}
	return "Its keys are " + oncall.JoinNames(names) + "."
}

// plain refuses references: what is reviewed must stand where it is read.
func (r *reader) plain(n *yaml.Node) bool {
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		r.add(n.Line, "References (& and *) are not followed here: write it out.")
		return false
	}
	return true
}

func (r *reader) items(n *yaml.Node, most int, what string) []*yaml.Node {
	switch {
	case n.Kind != yaml.SequenceNode:
		r.add(n.Line, "Here should be a list, each %s after a hyphen.", what)
		return nil
	case len(n.Content) > most:
		r.add(n.Line, "There are %d entries here, and at most %d may be.", len(n.Content), most)
		return nil
	}
	return n.Content
}

// text reads a text, which may be folded over several lines.
func (r *reader) text(to *string, most int) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if !r.plain(n) {
			return
		}
		if n.Kind != yaml.ScalarNode || n.Tag == "!!null" || strings.TrimSpace(n.Value) == "" {
			r.add(n.Line, "Here should be a text.")
			return
		}
		text := strings.Join(strings.Fields(n.Value), " ")
		switch length := utf8.RuneCountInString(text); {
		case strings.ContainsFunc(text, invisible):
			r.add(n.Line, "There are signs in this text that nobody sees. Take them out.")
		case length > most:
			r.add(n.Line, "This text has %d letters, and at most %d are read under stress. Say it shorter, or make two steps of it.", length, most)
		default:
			*to = text
		}
	}
}

// invisible are signs that change what one sees and cannot be seen.
func invisible(c rune) bool {
	return unicode.IsControl(c) || unicode.Is(unicode.Cf, c) || c == 0x2028 || c == 0x2029 || c == utf8.RuneError
}

// name reads a name of small letters, digits and dashes.
func (r *reader) name(to *string, as *regexp.Regexp) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if r.plain(n) && n.Kind == yaml.ScalarNode && as.MatchString(n.Value) {
			*to = n.Value
			return
		}
		r.add(n.Line, "A name has 1 to 48 small letters, digits and dashes, and begins with a letter.")
	}
}

func (r *reader) yes(to *bool) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if n.Kind != yaml.ScalarNode || n.Value != "true" && n.Value != "false" {
			r.add(n.Line, "Here should be true or false.")
			return
		}
		*to = n.Value == "true"
	}
}
