package ntfy

import (
	"bytes"
	"encoding/json"
)

// kept is a message as the server gives it back.
type kept struct {
	ID       string   `json:"id"`
	Event    string   `json:"event"` // "message"; others are not ours
	Sequence string   `json:"sequence_id"`
	Title    string   `json:"title"`
	Actions  []action `json:"actions"`
}

// is tells whether a message was published under one of our keys. Anybody who knows the
// topic can write one that looks like it, but they could as well read ours.
func (k kept) is(key string) bool {
	if k.Event != "message" || k.ID == "" || len(k.ID) > longestRef || key == "" {
		return false
	}
	if k.Sequence == sequenceOf(key) {
		return true
	}
	for _, a := range k.Actions {
		if a.Action == "http" && a.Body == key {
			return true
		}
	}
	return false
}

// titleOf is the title of the message with this key, of the first if there are several.
func titleOf(list []kept, key string) string {
	for _, k := range list {
		if k.is(key) {
			return k.Title
		}
	}
	return ""
}

// readKept reads one message from each line. What is none is passed over: the last line
// of a long answer may be cut off.
func readKept(body []byte) (list []kept) {
	for row := range bytes.Lines(body) {
		var k kept
		if json.Unmarshal(row, &k) == nil {
			list = append(list, k)
		}
	}
	return list
}

// encode leaves markup as it is: it is shown as text.
func encode(m message) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	err := enc.Encode(m)
	return out.Bytes(), err
}
