package main

import (
	"fmt"
	"io"
	"net/netip"
	"reflect"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"batsignal/oncall/secret"
)

const exampleHeader = `# Batsignal's configuration: every key, what it means, and its default.
#
# Explanations begin with # and one space. Every other # hides a setting with its
# default, or an example where there is none: remove it to decide for yourself.
#
# A key outside of lists can be given as an environment variable too, which wins
# over this file: web.listen is BATSIGNAL_WEB_LISTEN. Flags win over both. Check
# what you wrote with: batsignal config check --config FILE
#
# Passwords stay in files of their own that nobody else may read. A short file
# name is looked for in $CREDENTIALS_DIRECTORY (systemd's LoadCredential=), then
# beside this file.

`

// writeExample prints the annotated example of a configuration file.
func writeExample(w io.Writer) error {
	c := defaults()
	c.StateDir = "" // the same example on every machine
	c.IRC = []ircConfig{defaultIRC()}
	c.Slack = []slackConfig{defaultSlack()}
	c.Web.OIDC = []oidcConfig{{}}
	c.Minutes.Rooms = []minutesRoomConfig{{}}
	c.Components.Rooms, c.Components.Sources = []componentRoomConfig{{}}, []componentSourceConfig{{}}
	c.Commands.Aliases = []aliasConfig{{}}
	p := &configPrinter{example: true}
	p.out.WriteString(exampleHeader)
	p.section(reflect.ValueOf(c), "", "", "")
	_, err := io.WriteString(w, p.out.String())
	return err
}

// writeConfig prints a whole configuration, and where each value came from.
// Secrets are shown as a placeholder.
func writeConfig(w io.Writer, l loaded) error {
	p := &configPrinter{origin: l.origin}
	p.section(reflect.ValueOf(l.Config), "", "", "")
	_, err := io.WriteString(w, p.out.String())
	return err
}

type configPrinter struct {
	out     strings.Builder
	example bool                    // explain, and hide each setting behind a #
	origin  func(key string) string // else say where each value came from
}

// section prints the keys of a struct. Indent stands before a hiding #, lead
// after it: lead is how far an entry of a list is nested behind that one #.
func (p *configPrinter) section(v reflect.Value, prefix, indent, lead string) {
	for i := range v.NumField() {
		k, field := keyOf(v.Type().Field(i), prefix), v.Field(i)
		if k.name == "-" {
			continue
		}
		first := strings.HasSuffix(lead, "- ")
		p.explain(k, indent)
		switch {
		case isSection(field.Type()) && k.inList:
			p.line(indent, lead, k.name+":", "")
			p.section(field, k.path+".", indent, lead+"  ")
		case isSection(field.Type()):
			fmt.Fprintf(&p.out, "%s%s:\n", indent, k.name)
			p.section(field, k.path+".", indent+"  ", "")
		case k.entries:
			p.entries(k, field, indent)
		default:
			p.setting(k, field, indent, lead)
		}
		if first {
			lead = strings.TrimSuffix(lead, "- ") + "  "
		}
		if p.example && prefix == "" {
			p.out.WriteString("\n")
		}
	}
}

func (p *configPrinter) entries(k key, list reflect.Value, indent string) {
	if list.Len() == 0 {
		fmt.Fprintf(&p.out, "%s%s: []\n", indent, k.name)
		return
	}
	fmt.Fprintf(&p.out, "%s%s:\n", indent, k.name)
	for i := range list.Len() {
		p.section(list.Index(i), fmt.Sprintf("%s[%d].", k.path, i), indent+"  ", "- ")
	}
}

func (p *configPrinter) setting(k key, v reflect.Value, indent, lead string) {
	text := literal(v)
	// Where a setting has both, its example shows more than its default.
	if p.example && k.example != "" && (v.IsZero() || v.Interface() == "none") {
		text = k.example
	}
	from := ""
	if p.origin != nil {
		if from = p.origin(k.path); from == "" {
			from = "default"
		}
		from = "  # " + from
	}
	p.line(indent, lead, k.name+": "+text, from)
}

func (p *configPrinter) line(indent, lead, text, after string) {
	hide := ""
	if p.example {
		hide = "#"
	}
	fmt.Fprintf(&p.out, "%s%s%s%s%s\n", indent, hide, lead, text, after)
}

// explain prints what a key means, once for all entries of a list.
func (p *configPrinter) explain(k key, indent string) {
	if !p.example || k.doc == "" || k.inList && !strings.Contains(k.path, "[0]") {
		return
	}
	const width = 80
	line := indent + "#"
	for _, word := range strings.Fields(k.doc) {
		if len(line)+1+len(word) > width {
			p.out.WriteString(line + "\n")
			line = indent + "#"
		}
		line += " " + word
	}
	p.out.WriteString(line + "\n")
}

// literal is a value as YAML on one line.
func literal(v reflect.Value) string {
	switch value := v.Interface().(type) {
	case secret.Text:
		if value.Empty() {
			return `""`
		}
		return value.String()
	case time.Duration:
		return inWords(value)
	case []string:
		return flow(value)
	case []netip.Prefix:
		texts := make([]string, 0, len(value))
		for _, network := range value {
			texts = append(texts, network.String())
		}
		return flow(texts)
	}
	return marshal(v.Interface())
}

func flow(texts []string) string {
	list := yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
	for _, text := range texts {
		var item yaml.Node
		item.SetString(text)
		list.Content = append(list.Content, &item)
	}
	return marshal(&list)
}

func marshal(value any) string {
	// Text, numbers and truth values always have a form in YAML.
	text, _ := yaml.Marshal(value)
	return strings.TrimSuffix(string(text), "\n")
}

// inWords is a time as people write it: 90s and 5m, not 1m30s and 5m0s.
func inWords(d time.Duration) string {
	switch {
	case d == 0 || d%time.Second != 0:
		return d.String()
	case d%time.Hour == 0:
		return fmt.Sprintf("%dh", d/time.Hour)
	case d%time.Minute == 0:
		return fmt.Sprintf("%dm", d/time.Minute)
	case d < time.Hour:
		return fmt.Sprintf("%ds", d/time.Second)
	}
	return d.String()
}
