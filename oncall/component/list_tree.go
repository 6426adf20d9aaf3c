package component

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"

	"go.yaml.in/yaml/v3"

	"batsignal/oncall/fault"
)

// deepest is how far lists and mappings of a list may be nested.
const deepest = 6

var yamlLine = regexp.MustCompile(`line (\d+): (.*)`)

// parseYAML reads one YAML document. Aliases are not followed: a short text that stands
// for a long one is no list that a person wrote.
func parseYAML(text []byte, b *builder) error {
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
			// The library counts lines from 0 or from 1, depending on what is wrong.
			return fault.New(fault.Invalid, "Near line %s: this is no YAML: %s.", m[1], clip(m[2]))
		}
		return fault.Wrap(fault.Invalid, err, "The list is no YAML that I can read.")
	}
	if len(doc.Content) == 0 {
		return nil
	}
	return b.tree(doc.Content[0])
}

// parseJSON reads a JSON document as the same tree.
func parseJSON(text []byte, b *builder) error {
	r := jsonReader{dec: json.NewDecoder(bytes.NewReader(text)), text: text, line: 1}
	r.dec.UseNumber()
	n, err := r.value(0)
	if err == nil {
		if _, more := r.dec.Token(); !errors.Is(more, io.EOF) {
			err = badLine(r.here(), "something follows after the end of the list")
		}
	}
	if err != nil {
		return err
	}
	return b.tree(n)
}

// jsonReader makes a tree of JSON, with the line of each part.
type jsonReader struct {
	dec    *json.Decoder
	text   []byte
	offset int64 // of which line is the number
	line   int
}

func (r *jsonReader) here() int {
	at := r.dec.InputOffset()
	r.line += bytes.Count(r.text[r.offset:at], []byte{'\n'})
	r.offset = at
	return r.line
}

func (r *jsonReader) value(depth int) (*yaml.Node, error) {
	token, err := r.dec.Token()
	if err != nil {
		return nil, r.bad(err)
	}
	n := &yaml.Node{Line: r.here()}
	open, isOpen := token.(json.Delim)
	switch {
	case !isOpen:
		n.Kind, n.Tag = yaml.ScalarNode, "!!str"
		n.Value = fmt.Sprint(token)
		if token == nil {
			n.Tag, n.Value = "!!null", ""
		}
		return n, nil
	case depth == deepest:
		return nil, badLine(n.Line, "lists inside of lists are %d deep, which is no list of owners", depth)
	case open == '{':
		n.Kind = yaml.MappingNode
	default:
		n.Kind = yaml.SequenceNode
	}
	for r.dec.More() {
		if n.Kind == yaml.MappingNode {
			key, err := r.dec.Token()
			if err != nil {
				return nil, r.bad(err)
			}
			n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: fmt.Sprint(key), Line: r.here()})
		}
		child, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		n.Content = append(n.Content, child)
	}
	if _, err := r.dec.Token(); err != nil {
		return nil, r.bad(err)
	}
	return n, nil
}

// bad tells where JSON ends to be JSON.
func (r *jsonReader) bad(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		r.line += bytes.Count(r.text[r.offset:], []byte{'\n'})
		r.offset = int64(len(r.text))
		return badLine(r.line, "the list ends before its last bracket")
	}
	return badLine(r.here(), "this is no JSON: %v", err)
}

// tree reads a mapping of components to owners, or a list of entries.
func (b *builder) tree(n *yaml.Node) error {
	switch n.Kind {
	case yaml.MappingNode:
		return b.mapping(n, true)
	case yaml.SequenceNode:
		for _, each := range n.Content {
			if err := b.entry(each); err != nil {
				return err
			}
		}
		return nil
	}
	return badLine(n.Line, "write openssl: [maria], or a list of such entries")
}

// mapping reads openssl: [maria]. Where sections are allowed, a mapping in the place of
// owners is one.
func (b *builder) mapping(n *yaml.Node, sections bool) error {
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Kind != yaml.ScalarNode {
			return badLine(key.Line, "the name of a component is one word")
		}
		if value.Kind == yaml.MappingNode && sections {
			if err := b.mapping(value, false); err != nil {
				return err
			}
			continue
		}
		place, err := b.add(key.Line, key.Value)
		if err != nil {
			return err
		}
		if err := b.owning(place, value); err != nil {
			return err
		}
	}
	return nil
}

// owning reads who owns a component: a name, or a list of names and of mappings.
func (b *builder) owning(place int, n *yaml.Node) error {
	switch n.Kind {
	case yaml.ScalarNode:
		if n.Tag == "!!null" || n.ShortTag() == "!!null" {
			return nil
		}
		return b.own(n.Line, place, n.Value, "")
	case yaml.SequenceNode:
		for _, each := range n.Content {
			if each.Kind == yaml.MappingNode {
				if err := b.ownerMap(place, each); err != nil {
					return err
				}
				continue
			}
			if each.Kind != yaml.ScalarNode {
				return badLine(each.Line, "an owner is a name, or {owner: maria, rank: knows}")
			}
			if err := b.own(each.Line, place, each.Value, ""); err != nil {
				return err
			}
		}
		return nil
	}
	return badLine(n.Line, "owners are a list of names, such as [maria, jan]")
}

// ownerMap reads {owner: maria, rank: knows}.
func (b *builder) ownerMap(place int, n *yaml.Node) error {
	values, err := fields(n, "owner", "rank")
	if err != nil {
		return err
	}
	owner, rank := values["owner"], values["rank"]
	if owner == nil || owner.Kind != yaml.ScalarNode || rank != nil && rank.Kind != yaml.ScalarNode {
		return badLine(n.Line, "an owner is a name, or {owner: maria, rank: knows}")
	}
	if rank == nil {
		return b.own(owner.Line, place, owner.Value, "")
	}
	return b.own(owner.Line, place, owner.Value, rank.Value)
}

// entry reads {component: openssl, owner: maria, rank: knows} or, for several owners,
// {component: openssl, owners: [maria, jan]}.
func (b *builder) entry(n *yaml.Node) error {
	values, err := fields(n, "component", "owner", "owners", "rank")
	if err != nil {
		return err
	}
	name := values["component"]
	if name == nil || name.Kind != yaml.ScalarNode || values["owner"] != nil && values["owners"] != nil {
		return badLine(n.Line, "an entry is {component: openssl, owner: maria} or {component: openssl, owners: [maria, jan]}")
	}
	place, err := b.add(name.Line, name.Value)
	if err != nil {
		return err
	}
	switch {
	case values["owners"] != nil:
		return b.owning(place, values["owners"])
	case values["owner"] != nil:
		pair := &yaml.Node{Kind: yaml.MappingNode, Line: n.Line}
		for _, key := range []string{"owner", "rank"} {
			if values[key] != nil {
				pair.Content = append(pair.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: key, Line: n.Line}, values[key])
			}
		}
		return b.ownerMap(place, pair)
	}
	return nil
}

// fields reads a mapping that has only these keys.
func fields(n *yaml.Node, known ...string) (map[string]*yaml.Node, error) {
	if n.Kind != yaml.MappingNode {
		return nil, badLine(n.Line, "an entry is {component: openssl, owner: maria}")
	}
	values := map[string]*yaml.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		for _, k := range known {
			if key.Value == k && values[k] == nil {
				values[k] = n.Content[i+1]
				key = nil
				break
			}
		}
		if key != nil {
			return nil, badLine(key.Line, "%q is unknown here, or there twice; the keys are %v", clip(key.Value), known)
		}
	}
	return values, nil
}
