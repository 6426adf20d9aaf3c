package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"batsignal/incidents/alert"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

// simpleAlert is an alert as a script sends it: everything but the summary may be
// missing. Numbers and truths are read as words.
type simpleAlert struct {
	Summary   word            `json:"summary"`
	Dedup     word            `json:"dedup"`
	DedupKey  word            `json:"dedup_key"`
	Source    word            `json:"source"`
	Severity  word            `json:"severity"`
	State     word            `json:"state"`
	Component word            `json:"component"`
	Class     word            `json:"class"`
	Group     word            `json:"group"`
	URL       word            `json:"url"`
	Details   json.RawMessage `json:"details"`
}

// word is a text, or a number or a truth that somebody sent instead of one.
type word string

func (w *word) UnmarshalJSON(b []byte) error {
	if b[0] == '"' {
		return json.Unmarshal(b, (*string)(w))
	}
	if b[0] == '{' || b[0] == '[' {
		return fmt.Errorf("a list or an object where a text belongs")
	}
	if string(b) != "null" {
		*w = word(b)
	}
	return nil
}

// simpleStates are the words for what an alert is; "" is the first.
var simpleStates = map[string]alert.Action{
	"": alert.Trigger, "triggered": alert.Trigger, "trigger": alert.Trigger, "firing": alert.Trigger, "problem": alert.Trigger,
	"acknowledged": alert.Acknowledge, "acknowledge": alert.Acknowledge, "acked": alert.Acknowledge, "ack": alert.Acknowledge,
	"resolved": alert.Resolve, "resolve": alert.Resolve, "ok": alert.Resolve, "recovery": alert.Resolve,
}

// simpleTaken is what a script hears of one alert.
type simpleTaken struct {
	Dedup string `json:"dedup_key"`
	Alert string `json:"alert,omitempty"`
	Did   string `json:"did"`
}

// takeSimple takes alerts of scripts: one as an object or a form, several as a list. All
// of a list are taken, or none.
func (s *site) takeSimple(w http.ResponseWriter, r *http.Request, body []byte) int {
	key := secret.New(strings.TrimPrefix(r.URL.Path, intakePath))
	list, many, err := readSimple(body)
	if err != nil {
		return answerJSON(w, http.StatusBadRequest, intakeFault(fault.Say(err)))
	}
	events := make([]alert.Event, len(list))
	for i, one := range list {
		if events[i], err = one.event(); err != nil {
			say := fault.Say(err)
			if many {
				say = fmt.Sprintf("Nothing was taken. Of alert %d: %s", i+1, say)
			}
			return answerJSON(w, http.StatusBadRequest, intakeFault(say))
		}
	}
	taken, err := s.Alerts.Take(r.Context(), key, events...)
	switch {
	case alert.IsUnknownKey(err):
		return answerJSON(w, http.StatusNotFound, intakeFault(s.Commands.Localize(fault.Say(err))))
	case err != nil:
		return s.turnAway(w, err)
	}
	out := make([]simpleTaken, len(taken))
	for i, t := range taken {
		out[i] = simpleTaken{Dedup: events[i].DedupKey, Did: string(t.Did)}
		if t.Alert != 0 {
			out[i].Alert = alert.Ref(t.Alert)
		}
	}
	if many {
		return answerJSON(w, http.StatusAccepted, jsonOf(map[string]any{"status": "success", "alerts": out}))
	}
	return answerJSON(w, http.StatusAccepted, jsonOf(struct {
		Status string `json:"status"`
		simpleTaken
	}{"success", out[0]}))
}

// readSimple reads what a script sent. Its content type is not asked: curl calls
// everything a form.
func readSimple(body []byte) (list []simpleAlert, many bool, err error) {
	body = bytes.TrimSpace(body)
	switch {
	case len(body) == 0:
		return nil, false, fault.New(fault.Invalid, `There is nothing in the body. Send {"summary": "what is wrong"}.`)
	case body[0] == '[':
		if json.Unmarshal(body, &list) != nil {
			return nil, true, errNoAlert
		}
		if len(list) > alert.MostEvents {
			return nil, true, fault.New(fault.Invalid, "A list may have %d alerts, and this one has %d. Nothing was taken.", alert.MostEvents, len(list))
		}
		return list, true, nil
	case body[0] == '{':
		var one simpleAlert
		if json.Unmarshal(body, &one) != nil {
			return nil, false, errNoAlert
		}
		return []simpleAlert{one}, false, nil
	}
	form, err := url.ParseQuery(string(body))
	if err != nil || form.Get("summary")+form.Get("dedup")+form.Get("dedup_key") == "" {
		return nil, false, errNoAlert
	}
	get := func(name string) word { return word(form.Get(name)) }
	return []simpleAlert{{
		Summary: get("summary"), Dedup: get("dedup"), DedupKey: get("dedup_key"), Source: get("source"), Severity: get("severity"), State: get("state"),
		Component: get("component"), Class: get("class"), Group: get("group"), URL: get("url"), Details: quoted(form.Get("details")),
	}}, false, nil
}

var errNoAlert = fault.New(fault.Invalid, `This is no alert. Send {"summary": "what is wrong"}, a list of such, or a form with a field "summary".`)

// event is the alert as the intake takes one. Without a name of its own it is named by
// its source and summary, so that the same words are the same alert.
func (a simpleAlert) event() (alert.Event, error) {
	action, known := simpleStates[strings.ToLower(strings.TrimSpace(string(a.State)))]
	if !known {
		return alert.Event{}, fault.New(fault.Invalid, "its state is triggered, acknowledged or resolved.")
	}
	dedup := string(a.Dedup)
	if dedup == "" {
		dedup = string(a.DedupKey)
	}
	summary := strings.TrimSpace(string(a.Summary))
	switch {
	case dedup == "" && summary == "":
		return alert.Event{}, fault.New(fault.Invalid, "it needs a summary, or a dedup to know it by.")
	case dedup == "":
		sum := sha256.Sum256([]byte(string(a.Source) + "\x00" + summary))
		dedup = "words-" + hex.EncodeToString(sum[:16])
	case !alert.GoodDedupKey(dedup):
		return alert.Event{}, fault.New(fault.Invalid, "its dedup may have %d letters, and no control characters.", alert.LongestDedupKey)
	}
	e := alert.Event{
		Action: action, DedupKey: dedup, Summary: summary, Source: string(a.Source), Severity: string(a.Severity),
		Component: string(a.Component), Class: string(a.Class), Part: string(a.Group), Details: plainDetails(a.Details),
	}
	if u, err := url.Parse(string(a.URL)); err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https") {
		e.Links = []alert.Link{{Href: u.String()}}
	}
	return e, nil
}

// plainDetails is what else was sent: a text as it is, anything else as JSON.
func plainDetails(raw json.RawMessage) string {
	var text string
	if len(raw) > 0 && raw[0] == '"' && json.Unmarshal(raw, &text) == nil {
		return text
	}
	if string(raw) == "null" {
		return ""
	}
	return string(raw)
}

func quoted(text string) json.RawMessage {
	if text == "" {
		return nil
	}
	return jsonOf(text)
}

func jsonOf(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		return nil // texts and lists of them: it cannot fail
	}
	return b
}

// intakeFault is a refusal, close to PagerDuty's shape.
func intakeFault(say string) []byte {
	return jsonOf(map[string]any{"status": "invalid event", "message": say, "errors": []string{say}})
}
