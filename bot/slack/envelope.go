package slack

import (
	"encoding/json"
	"net/url"
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
}

// outer is what every event is wrapped in.
type outer struct {
	TeamID       string          `json:"team_id"`
	EnterpriseID string          `json:"enterprise_id"`
	EventID      string          `json:"event_id"`
	Event        json.RawMessage `json:"event"`
}

// arrivalOf makes an arrival of a Socket Mode request; false if it is nothing to us.
func arrivalOf(request string, payload []byte, now time.Time) (arrival, bool) {
	a := arrival{payload: payload, at: now}
	switch request {
	case "events_api":
		a.kind = kindEvent
		a.key = eventKey(payload)
	case "slash_commands":
		a.kind = kindCommand
		a.key = commandKey(payload)
	case "interactive":
		a.kind = kindAction
		a.key, a.late = actionKey(payload)
	}
	return a, a.key != "" && len(a.key) <= 200
}

// eventKey names an event. A message that mentions us comes as two events, which are
// one line.
func eventKey(payload []byte) string {
	var o outer
	var e struct {
		Type, Subtype, Channel, TS string
	}
	if json.Unmarshal(payload, &o) != nil || json.Unmarshal(o.Event, &e) != nil {
		return ""
	}
	switch e.Type {
	case "message", "app_mention":
		if e.TS != "" && e.Channel != "" && e.Subtype != "message_changed" && e.Subtype != "message_deleted" {
			return "m " + e.Channel + " " + e.TS
		}
	}
	return prefixed("e ", o.EventID)
}

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
