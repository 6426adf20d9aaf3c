package tree

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"
)

const preface = `# Who is rung, as one file: batsignal export writes it, batsignal plan shows what
# it would change, batsignal apply changes it. See docs/as-code.md.
#
# A section that is missing is left alone. One that is there is complete: what it
# does not name is removed. Whoever joins a list is asked, and not rung before their
# own yes. Overrides, absences, accounts and contacts are not here.
`

// Encode writes a tree as text: always the same for the same tree.
func Encode(f File) []byte {
	f = f.tidy()
	root := &block{}
	root.add("batsignal", number(Format))
	section(root, "people", f.People, Person.node)
	section(root, "labels", f.Labels, Label.node)
	section(root, "roles", f.Roles, Role.node)
	section(root, "schedules", f.Schedules, Schedule.node)
	section(root, "policies", f.Policies, Policy.node)
	section(root, "components", f.Components, Component.node)
	return append([]byte(preface), encode(root.node())...)
}

func encode(n *yaml.Node) []byte {
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(n); err != nil { // nodes that we made ourselves
		return []byte(fmt.Sprintf("# %v\n", err))
	}
	return b.Bytes()
}

func section[T any](root *block, name string, entries []T, node func(T) *yaml.Node) {
	if entries == nil {
		return
	}
	n := &yaml.Node{Kind: yaml.SequenceNode}
	for _, e := range entries {
		n.Content = append(n.Content, node(e))
	}
	root.add(name, n)
}

// block is a mapping that is being written.
type block struct{ content []*yaml.Node }

func (b *block) node() *yaml.Node { return &yaml.Node{Kind: yaml.MappingNode, Content: b.content} }

func (b *block) add(key string, n *yaml.Node) { b.content = append(b.content, plain(key), n) }

// text writes a key that has a value.
func (b *block) text(key, value string) {
	if value != "" {
		b.add(key, word(value))
	}
}

func (b *block) number(key string, value int) {
	if value != 0 {
		b.add(key, number(value))
	}
}

func (b *block) flag(key string, value bool) {
	if value {
		b.add(key, plain("true"))
	}
}

// longList is from how many names on each has a line, so that a change of one is one
// line in a review.
const longList = 7

func (b *block) names(key string, list []string) {
	if len(list) > 0 {
		b.add(key, names(list))
	}
}

func names(list []string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.SequenceNode}
	if len(list) < longList {
		n.Style = yaml.FlowStyle
	}
	for _, x := range list {
		n.Content = append(n.Content, word(x))
	}
	return n
}

// word is text, in quotes where YAML would read something else.
func word(text string) *yaml.Node {
	n := &yaml.Node{}
	n.SetString(text)
	return n
}

// plain is written as it stands.
func plain(text string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Value: text} }

func number(n int) *yaml.Node { return plain(strconv.Itoa(n)) }

func (x Role) node() *yaml.Node {
	b := &block{}
	b.text("name", x.Name)
	b.text("title", x.Title)
	b.flag("leads", x.Leads)
	b.text("patience", writeWait(x.Patience))
	b.text("patience_sev1", writeWait(x.PatienceSev1))
	b.add("minimum", number(x.Minimum))
	if len(x.Prefers) > 0 {
		n := &yaml.Node{Kind: yaml.SequenceNode}
		for _, together := range x.Prefers {
			n.Content = append(n.Content, names(together))
		}
		b.add("prefers", n)
	}
	if len(x.Policies) > 0 {
		of := &block{}
		for _, severity := range slices.Sorted(maps.Keys(x.Policies)) {
			of.add(severityKey(severity), word(x.Policies[severity]))
		}
		n := of.node()
		n.Style = yaml.FlowStyle
		b.add("policies", n)
	}
	b.names("members", x.Members)
	return b.node()
}

func severityKey(severity int) string {
	if severity == 0 {
		return "every"
	}
	return strconv.Itoa(severity)
}

func (x Schedule) node() *yaml.Node {
	b := &block{}
	b.text("name", x.Name)
	b.text("title", x.Title)
	b.text("role", x.Role)
	b.text("zone", x.Zone)
	if len(x.Layers) > 0 {
		n := &yaml.Node{Kind: yaml.SequenceNode}
		for _, l := range x.Layers {
			n.Content = append(n.Content, l.node())
		}
		b.add("layers", n)
	}
	return b.node()
}

func (x Layer) node() *yaml.Node {
	b := &block{}
	b.text("name", x.Name)
	b.text("zone", x.Zone)
	b.text("starts", x.Starts)
	b.text("ends", x.Ends)
	if len(x.Every) == 1 {
		b.text("every", x.Every[0])
	} else {
		b.names("every", x.Every)
	}
	b.names("members", x.Members)
	b.names("only", x.Only)
	b.flag("shadow", x.Shadow)
	return b.node()
}

func (x Policy) node() *yaml.Node {
	b := &block{}
	b.text("name", x.Name)
	b.text("title", x.Title)
	b.number("repeats", x.Repeats)
	b.number("needs", x.Needs)
	n := &yaml.Node{Kind: yaml.SequenceNode}
	for _, s := range x.Steps {
		of := &block{}
		of.names("notify", s.Notify)
		of.text("wait", writeWait(s.Wait))
		of.flag("all", s.All)
		n.Content = append(n.Content, of.node())
	}
	b.add("steps", n)
	return b.node()
}

func (x Label) node() *yaml.Node {
	b := &block{}
	b.text("name", x.Name)
	b.text("title", x.Title)
	b.flag("self", x.Self)
	return b.node()
}

func (x Component) node() *yaml.Node {
	b := &block{}
	b.text("name", x.Name)
	b.names("aliases", x.Aliases)
	b.names("owners", x.Owners)
	b.names("co_owners", x.CoOwners)
	b.names("knows", x.Knows)
	return b.node()
}

func (x Person) node() *yaml.Node {
	b := &block{}
	b.text("handle", x.Handle)
	b.text("name", x.Name)
	b.text("zone", x.Zone)
	b.text("awake", x.Awake)
	b.text("work", x.Work)
	b.text("languages", x.Languages)
	b.text("region", x.Region)
	if x.Labels != nil {
		b.add("labels", names(x.Labels))
	}
	return b.node()
}
