package tree

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strconv"

	"go.yaml.in/yaml/v3"

	"batsignal/oncall"
	"batsignal/oncall/fault"
)

const (
	mostBytes    = 2 << 20
	mostProblems = 200 // are looked for; whoever has more has another problem
)

// Parse reads a tree. It is strict, since a key that is misspelt is a person who is not
// rung. The error is fault.Invalid, or fault.Limited for a file that is too large;
// [Problems] lists all that is wrong, with lines.
func Parse(text []byte) (File, error) {
	if len(text) > mostBytes {
		return File{}, fault.New(fault.Limited, "The file is larger than %d MiB, which I do not read.", mostBytes>>20)
	}
	root, err := document(text)
	if err != nil {
		return File{}, err
	}
	r := &reader{}
	f := r.file(root)
	if err := wrong(r.problems); err != nil {
		return File{}, err
	}
	return f.tidy(), nil
}

var yamlLine = regexp.MustCompile(`line (\d+): (.*)`)

// document reads the one YAML document of a text.
func document(text []byte) (*yaml.Node, error) {
	dec := yaml.NewDecoder(bytes.NewReader(text))
	var doc, second yaml.Node
	err := dec.Decode(&doc)
	switch {
	case errors.Is(err, io.EOF), err == nil && (len(doc.Content) == 0 || doc.Content[0].Tag == "!!null"):
		return nil, wrong([]Problem{{Says: "The file is empty. It begins with: batsignal: 1"}})
	case err == nil && !errors.Is(dec.Decode(&second), io.EOF):
		return nil, wrong([]Problem{{Line: second.Line, Says: "A file is one document; something follows here."}})
	case err == nil:
		return doc.Content[0], nil
	}
	if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
		line, _ := strconv.Atoi(m[1])
		return nil, wrong([]Problem{{Line: line, Says: "Near here this is no YAML: " + oncall.Clip(m[2], 120) + "."}})
	}
	return nil, wrong([]Problem{{Says: "This is no YAML that I can read: " + oncall.Clip(err.Error(), 120) + "."}})
}

func (r *reader) file(n *yaml.Node) (f File) {
	format := 0
	r.mapping(n, "the file", fields{
		"batsignal": func(n *yaml.Node) { format = r.number(n, 1, Format) },
		"roles":     func(n *yaml.Node) { f.Roles = list(r, n, "role", r.role, func(x Role) string { return x.Name }) },
		"schedules": func(n *yaml.Node) {
			f.Schedules = list(r, n, "schedule", r.schedule, func(x Schedule) string { return x.Name })
		},
		"policies": func(n *yaml.Node) {
			f.Policies = list(r, n, "policy", r.policy, func(x Policy) string { return x.Name })
		},
		"labels": func(n *yaml.Node) { f.Labels = list(r, n, "label", r.label, func(x Label) string { return x.Name }) },
		"components": func(n *yaml.Node) {
			f.Components = list(r, n, "component", r.component, func(x Component) string { return x.Name })
		},
		"people": func(n *yaml.Node) {
			f.People = list(r, n, "person", r.person, func(x Person) string { return x.Handle })
		},
	})
	if format == 0 && len(r.problems) == 0 {
		r.add(n, "The format is missing: the file begins with batsignal: %d.", Format)
	}
	return f
}
