package slack

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"
)

// The kinds of what Slack delivers.
const (
	kindEvent   = "event"   // something happened: a message, a reaction, …
	kindCommand = "command" // a slash command
	kindAction  = "action"  // a button, a form, a shortcut
)

// arrival is one thing that Slack delivered.
type arrival struct {
	kind    string
	key     string // the same however often it is delivered
	payload []byte // JSON
	at      time.Time

	// answer acknowledges it; Slack takes the first answer only. nil when it was
	// acknowledged before, by a process that did not finish it.
	// It tells whether this was the first.
	answer func(payload any) bool
	// late is answered by whoever works it, since the answer says how it went.
	late bool
	// unstored could not be stored: it was not acknowledged either, and may come again.
	unstored bool
	// urgent is what somebody did for us alone: a click, a slash command, a private line.
	// It goes before the talk of rooms.
	urgent bool
}

// outer is what every event is wrapped in.
type outer struct {
	EventID string          `json:"event_id"`
	Event   json.RawMessage `json:"event"`
}

// arrivalOf makes an arrival of a Socket Mode request; false if it is nothing to us.
func arrivalOf(request string, payload []byte, now time.Time) (arrival, bool) {
	a := arrival{payload: payload, at: now}
	switch request {
	case "events_api":
		a.kind = kindEvent
		a.key, a.urgent = eventKey(payload)
	case "slash_commands":
		a.kind, a.urgent = kindCommand, true
		a.key = commandKey(payload)
	case "interactive":
		a.kind, a.urgent = kindAction, true
		a.key, a.late = actionKey(payload)
	}
	return a, a.key != "" && len(a.key) <= 200
}

// eventKey names an event, and tells whether it is a private line. A message that
// mentions us comes as two events, which are one line. What is nothing to us has no
// name: what programs say, we too, and that somebody joined or changed a topic.
func eventKey(payload []byte) (key string, private bool) {
	type line struct {
		BotID string `json:"bot_id"`
	}
	var o outer
	var e struct {
		Type        string `json:"type"`
		Subtype     string `json:"subtype"`
		Channel     string `json:"channel"`
		ChannelType string `json:"channel_type"`
		TS          string `json:"ts"`
		BotID       string `json:"bot_id"`
		Message     line   `json:"message"`
		Previous    line   `json:"previous_message"`
	}
	if json.Unmarshal(payload, &o) != nil || json.Unmarshal(o.Event, &e) != nil {
		return "", false
	}
	if e.Type != "message" && e.Type != "app_mention" {
		return prefixed("e ", o.EventID), false
	}
	private = e.ChannelType == "im"
	switch {
	case e.BotID != "" || e.Message.BotID != "" || e.Previous.BotID != "":
		return "", false
	case slices.Contains(changes, e.Subtype):
		return prefixed("e ", o.EventID), private
	case slices.Contains(lines, e.Subtype) && e.TS != "" && e.Channel != "":
		return "m " + e.Channel + " " + e.TS, private
	}
	return "", false
}

// The subtypes of messages that are lines of people, and those that tell what became
// of one.
var (
	lines   = []string{"", "thread_broadcast", "file_share", "me_message"}
	changes = []string{"message_changed", "message_deleted"}
)

func commandKey(payload []byte) string {
	var c struct {
		TriggerID string `json:"trigger_id"`
	}
	if json.Unmarshal(payload, &c) != nil {
		return ""
	}
	return prefixed("c ", c.TriggerID)
}

// actionKey names an interaction, and tells whether its answer must wait for how it
// went: what is wrong with a form is said in the form.
func actionKey(payload []byte) (key string, late bool) {
	var i struct {
		Type      string `json:"type"`
		TriggerID string `json:"trigger_id"`
	}
	if json.Unmarshal(payload, &i) != nil {
		return "", false
	}
	return prefixed("a ", i.TriggerID), i.Type == "view_submission"
}

func prefixed(prefix, id string) string {
	if id == "" {
		return ""
	}
	return prefix + id
}

// commandJSON makes the JSON that Socket Mode delivers of a slash command that came as
// a form.
func commandJSON(form url.Values) []byte {
	fields := map[string]string{}
	for name := range form {
		if name != "token" { // an old way to tell who asks; the signature does
			fields[name] = form.Get(name)
		}
	}
	text, _ := json.Marshal(fields) // strings only
	return text
}

// cleanPayload makes a text of a payload that Postgres can store.
func cleanPayload(payload []byte) string {
	return strings.ReplaceAll(strings.ToValidUTF8(string(payload), "\uFFFD"), "\x00", "")
}
