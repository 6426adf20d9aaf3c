package twiliofake

import (
	"encoding/xml"
	"errors"
	"strings"
)

// node is an element of TwiML.
type node struct {
	Name     string
	Attr     map[string]string
	Text     string
	Children []*node
}

func (n *node) text() string { return strings.TrimSpace(n.Text) }

// parseTwiml reads a document: one element "Response".
func parseTwiml(doc string) (*node, error) {
	dec := xml.NewDecoder(strings.NewReader(doc))
	root := &node{}
	open := []*node{root}
	for {
		token, err := dec.Token()
		if token == nil {
			if len(open) != 1 || len(root.Children) != 1 || root.Children[0].Name != "Response" || root.text() != "" {
				return nil, errors.Join(errors.New("this is no TwiML"), err)
			}
			return root.Children[0], nil
		}
		if err != nil {
			return nil, err
		}
		top := open[len(open)-1]
		switch t := token.(type) {
		case xml.StartElement:
			n := &node{Name: t.Name.Local, Attr: map[string]string{}}
			for _, a := range t.Attr {
				n.Attr[a.Name.Local] = a.Value
			}
			top.Children = append(top.Children, n)
			open = append(open, n)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			top.Text += string(t)
		}
	}
}
