package write

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"io"
	"strings"
	"time"

	"batsignal/incidents/minutes"
)

// JSONVersion is the version of the form of our JSON. It grows when a program that reads
// the form before would read the new one wrongly.
const JSONVersion = 1

//go:embed minutes.schema.json
var schema []byte

// Schema is the JSON Schema of our JSON.
func Schema() []byte { return bytes.Clone(schema) }

// writeOurJSON writes minutes for programs; docs/minutes-json.md describes them.
func writeOurJSON(w io.Writer, d Doc) error {
	o, base := outlineOf(d), d.farBase()
	m := Minutes{
		Version: JSONVersion, Title: o.title, Room: oneLine(d.Room), Network: oneLine(d.Network), Topic: oneLine(d.Topic),
		Name: oneLine(d.Name), Incident: oneLine(d.Incident), Restricted: d.Restricted,
		Started: when(d.Started), Ended: when(d.End()), Over: d.Over, EndedByBot: oneLine(d.Why), StartedBy: oneLine(d.Owner),
		Lines: d.Meeting.Lines, URL: base + ".html", Log: base + ".log.html",
		Decisions: ids(o.decided), Actions: ids(o.actions), ByPerson: []Share{}, Unassigned: []int{}, Items: []Item{}, People: []Person{},
	}
	for _, one := range o.shares {
		if one.name == "" {
			m.Unassigned = ids(one.actions)
		} else {
			m.ByPerson = append(m.ByPerson, Share{one.name, ids(one.actions)})
		}
	}
	topic := 0
	for _, item := range d.Items {
		one := jsonItem(o.entry(item), item)
		if one.Log = m.Log + o.entry(item).fragment(); item.Kind == minutes.TopicItem {
			topic = item.ID
		} else {
			one.Topic = topic
		}
		m.Items = append(m.Items, one)
	}
	for _, one := range d.ByLines() {
		m.People = append(m.People, Person{
			Nick: oneLine(one.Nick), Nicks: mapped(one.Nicks, oneLine), Aliases: mapped(one.Aliases, oneLine), Handle: oneLine(one.Handle),
			Network: oneLine(one.Network), Lines: one.Lines, Chair: one.Chair, Here: one.Here,
		})
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(m)
}

func jsonItem(e entry, item *minutes.Item) Item {
	one := Item{
		ID: e.id, Kind: strings.ToLower(string(e.kind)), Text: oneLine(item.Text), By: oneLine(item.By), At: when(e.at),
		Line: e.line, Permalink: e.room, Edited: e.edited, TakenBack: e.gone, Perhaps: e.unsure,
	}
	if !e.due.IsZero() {
		one.Due = e.due.UTC().Format(time.DateOnly)
	}
	if e.kind == minutes.Link {
		for _, part := range pieces(one.Text) {
			if part.address {
				one.URL = part.text
				break
			}
		}
	}
	handles := map[string]string{}
	for _, owner := range item.Owners {
		handles[oneLine(owner.Name)] = oneLine(owner.Handle)
	}
	for _, name := range e.owners {
		one.Owners = append(one.Owners, Owner{name, handles[name]})
	}
	return one
}

// when is an instant as JSON has it.
func when(t time.Time) string { return t.UTC().Format(atInstant) }

func ids(entries []entry) []int {
	list := make([]int, len(entries))
	for i, e := range entries {
		list[i] = e.id
	}
	return list
}
