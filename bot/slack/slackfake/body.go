package slackfake

import (
	"encoding/json"
	"regexp"
	"strings"
	"unicode/utf8"
)

const (
	maxText       = 40000
	maxUpdateText = 4000 // chat.update takes less
)

var stampForm = regexp.MustCompile(`^\d{9,11}\.\d{6}$`)

// body is what the app says, before it is a message.
type body struct {
	text                          string
	blocks, attachments, metadata json.RawMessage
}

// readBody reads and judges text, blocks, attachments and metadata. There must be
// something to see.
func (s *Server) readBody(a args, most int) (b body, err error) {
	b.text = a.Get("text")
	if utf8.RuneCountInString(b.text) > most {
		return b, refuse("msg_too_long")
	}
	if raw := a.Get("blocks"); raw != "" {
		if b.blocks, err = s.readBlocks(raw); err != nil {
			return b, err
		}
	}
	if raw := a.Get("attachments"); raw != "" {
		var list []json.RawMessage
		if json.Unmarshal([]byte(raw), &list) != nil {
			return b, refuse("invalid_attachments")
		}
		if len(list) > 100 {
			return b, refuse("too_many_attachments")
		}
		if len(list) > 0 {
			b.attachments = json.RawMessage(raw)
		}
	}
	if raw := a.Get("metadata"); raw != "" {
		if b.metadata, err = readMetadata(raw); err != nil {
			return b, err
		}
	}
	if b.empty() {
		return b, refuse("no_text")
	}
	return b, nil
}

// readBlocks judges blocks, and names those that have no ID, as Slack does. What is
// empty stays as "[]": it means that there are none.
func (s *Server) readBlocks(raw string) (json.RawMessage, error) {
	var list []obj
	if json.Unmarshal([]byte(raw), &list) != nil {
		return nil, refuse("invalid_blocks_format")
	}
	if wrong := Validate("message", []byte(raw)); len(wrong) > 0 {
		return nil, refuseWith("invalid_blocks", wrong)
	}
	return s.nameBlocks([]byte(raw)), nil
}

func readMetadata(raw string) (json.RawMessage, error) {
	var m struct {
		Type    string          `json:"event_type"`
		Payload json.RawMessage `json:"event_payload"`
	}
	if json.Unmarshal([]byte(raw), &m) != nil {
		return nil, refuse("invalid_metadata_format")
	}
	switch {
	case m.Type == "" && len(m.Payload) == 0 || m.Type == "" && string(m.Payload) == "null":
		return json.RawMessage("{}"), nil
	case m.Type == "" || !strings.HasPrefix(string(m.Payload), "{"):
		return nil, refuse("invalid_metadata_schema")
	case len(raw) > 16000:
		return nil, refuse("metadata_too_large")
	}
	return json.RawMessage(raw), nil
}

// empty tells whether nothing is said.
func (b body) empty() bool { return b.text == "" && none(b.blocks) && b.attachments == nil }

// none tells whether there is nothing in a list.
func none(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "[]" }
