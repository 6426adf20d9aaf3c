package command

import (
	"encoding/json"

	"batsignal/oncall/notice"
)

// MarshalJSON writes the form that "do --json" and the API show. It is stable:
// blocks keep their order, fields are only ever added, and a reader should pass
// over types that it does not know.
//
//	{"private": false, "blocks": [
//	  {"type": "line",  "text": "Incident 7 is open."},
//	  {"type": "facts", "facts": [{"name": "lead", "value": "maria"}]},
//	  {"type": "list",  "title": "Roles", "items": ["coordination: maria"]},
//	  {"type": "table", "head": ["page", "state"], "rows": [["P12", "open"]]},
//	  {"type": "code",  "text": "ABCD-1234"},
//	  {"type": "link",  "text": "Incident 7", "url": "https://…"},
//	  {"type": "actions", "actions": [{"label": "Ack", "command": "ack P5"}]}]}
func (r Reply) MarshalJSON() ([]byte, error) {
	blocks := make([]any, len(r.Blocks))
	for i, b := range r.Blocks {
		blocks[i] = blockJSON(b)
	}
	return json.Marshal(struct {
		Private bool  `json:"private"`
		Blocks  []any `json:"blocks"`
	}{r.Private, blocks})
}

type (
	textJSON struct {
		Type string `json:"type"`
		Text string `json:"text"`
	}
	factJSON struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	factsJSON struct {
		Type  string     `json:"type"`
		Facts []factJSON `json:"facts"`
	}
	listJSON struct {
		Type  string   `json:"type"`
		Title string   `json:"title"`
		Items []string `json:"items"`
	}
	tableJSON struct {
		Type string     `json:"type"`
		Head []string   `json:"head"`
		Rows [][]string `json:"rows"`
	}
	linkJSON struct {
		Type string `json:"type"`
		Text string `json:"text"`
		URL  string `json:"url"`
	}
	actionsJSON struct {
		Type    string          `json:"type"`
		Actions []notice.Action `json:"actions"`
	}
)

// blockJSON gives a block its typed form. Nothing in it is null: an empty list
// is [].
func blockJSON(b Block) any {
	switch b := b.(type) {
	case Facts:
		facts := make([]factJSON, len(b))
		for i, f := range b {
			facts[i] = factJSON{f[0], f[1]}
		}
		return factsJSON{"facts", facts}
	case List:
		return listJSON{"list", b.Title, append([]string{}, b.Items...)}
	case Table:
		rows := make([][]string, len(b.Rows))
		for i, cells := range b.Rows {
			rows[i] = append([]string{}, cells...)
		}
		return tableJSON{"table", append([]string{}, b.Head...), rows}
	case Link:
		return linkJSON{"link", b.Text, b.URL}
	case Code:
		return textJSON{"code", string(b)}
	case Actions:
		return actionsJSON{"actions", append([]notice.Action{}, b...)}
	}
	line, _ := b.(Line)
	return textJSON{"line", string(line)}
}
