package slackfake

import (
	"encoding/json"
	"strings"
)

// richText is the block that Slack's own clients send along with a text.
func (s *Server) richText(text string) json.RawMessage {
	elements := []obj{}
	plain := func(t string) {
		if t != "" {
			elements = append(elements, obj{"type": "text", "text": unescape(t)})
		}
	}
	for text != "" {
		at := strings.IndexByte(text, '<')
		end := strings.IndexByte(text, '>')
		if at < 0 || end < at {
			plain(text)
			break
		}
		plain(text[:at])
		elements = append(elements, richElement(text[at+1:end]))
		text = text[end+1:]
	}
	raw, err := json.Marshal([]obj{{
		"type": "rich_text", "block_id": s.blockID(),
		"elements": []obj{{"type": "rich_text_section", "elements": elements}},
	}})
	if err != nil {
		panic(err) // our own objects
	}
	return raw
}

// richElement is what stands between < and >.
func richElement(form string) obj {
	target, label, labelled := strings.Cut(form, "|")
	switch {
	case strings.HasPrefix(target, "@"):
		return obj{"type": "user", "user_id": target[1:]}
	case strings.HasPrefix(target, "#"):
		return obj{"type": "channel", "channel_id": target[1:]}
	case strings.HasPrefix(target, "!"):
		return obj{"type": "broadcast", "range": target[1:]}
	}
	link := obj{"type": "link", "url": unescape(target)}
	if labelled {
		link["text"] = unescape(label)
	}
	return link
}
