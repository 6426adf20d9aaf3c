package slackfake

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// element is something interactive in blocks, and the block that it is in.
type element struct{ block, el obj }

func (e element) kind() string { return text(e.el["type"]) }

// key is where the element's value stands in a state.
func (e element) key() (block, action string) {
	return text(e.block["block_id"]), text(e.el["action_id"])
}

// elements are all interactive elements of blocks in order.
func elements(blocks []obj) []element {
	var all []element
	add := func(block obj, v any) {
		if el, ok := v.(obj); ok && el["type"] != "image" {
			all = append(all, element{block, el})
		}
	}
	for _, b := range blocks {
		add(b, b["accessory"])
		add(b, b["element"])
		if list, ok := b["elements"].([]any); ok && (b["type"] == "actions" || b["type"] == "context_actions") {
			for _, el := range list {
				add(b, el)
			}
		}
	}
	return all
}

// parseBlocks reads blocks that were found right before.
func parseBlocks(raw json.RawMessage) []obj {
	var blocks []obj
	if len(raw) > 0 && json.Unmarshal(raw, &blocks) != nil {
		return nil
	}
	return blocks
}

// nameBlocks gives IDs to blocks and elements that have none, as Slack does.
func (s *Server) nameBlocks(raw []byte) json.RawMessage {
	blocks := parseBlocks(raw)
	named := false
	name := func(in obj, key string) {
		if text(in[key]) == "" {
			in[key] = s.blockID()
			named = true
		}
	}
	for _, b := range blocks {
		name(b, "block_id")
	}
	for _, e := range elements(blocks) {
		name(e.el, "action_id")
	}
	if !named {
		return raw
	}
	return compact(blocks)
}

// blockID is a short name as Slack makes them.
func (s *Server) blockID() string {
	s.ids++
	return "b" + strconv.FormatInt(int64(s.ids)+46656, 36) // five signs
}

// compact is JSON without escaped < and >, so that it can be read.
func compact(v any) json.RawMessage {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err) // it came from JSON
	}
	return bytes.TrimSpace(out.Bytes())
}

// text is a string, or "" if it is none.
func text(v any) string {
	t, _ := v.(string)
	return t
}

// label is the text of a text object.
func label(v any) string {
	o, _ := v.(obj)
	return text(o["text"])
}

// options are all options of an element, grouped or not.
func (e element) options() []obj {
	var all []obj
	list := func(v any) {
		items, _ := v.([]any)
		for _, item := range items {
			if o, ok := item.(obj); ok {
				all = append(all, o)
			}
		}
	}
	list(e.el["options"])
	groups, _ := e.el["option_groups"].([]any)
	for _, g := range groups {
		if group, ok := g.(obj); ok {
			list(group["options"])
		}
	}
	return all
}

// find looks for an element by its action ID, or else by what people see: a button's
// text, an option's text (which is chosen with it), a placeholder or a label.
func find(blocks []obj, wanted string) (e element, option string, found bool) {
	all := elements(blocks)
	for _, e := range all {
		if e.el["action_id"] == wanted {
			return e, "", true
		}
	}
	for _, e := range all {
		if label(e.el["text"]) == wanted || label(e.el["placeholder"]) == wanted || label(e.block["label"]) == wanted {
			return e, "", true
		}
		for _, o := range e.options() {
			if label(o["text"]) == wanted {
				return e, wanted, true
			}
		}
	}
	return element{}, "", false
}

// offered is what there is to click, for a sentence to whoever looked for something else.
func offered(blocks []obj) string {
	var names []string
	for _, e := range elements(blocks) {
		_, action := e.key()
		names = append(names, strconv.Quote(action)+" ("+first(label(e.el["text"]), label(e.block["label"]), e.kind())+")")
	}
	if len(names) == 0 {
		return "nothing"
	}
	return strings.Join(names, ", ")
}
