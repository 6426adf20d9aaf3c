package pagerduty

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"batsignal/oncall/secret"
)

// The limits of the Events API v2
// (developer.pagerduty.com/docs/events-api-v2/overview), and our own for what it
// leaves open.
const (
	LargestEvent    = 512 << 10 // bytes of a body
	LongestSummary  = 1024      // letters
	LongestDedupKey = 255       // letters
	longestText     = 1024      // letters of a source, a component, an address …: ours
	mostLinks       = 32        // links, and as many images: ours
	keyLetters      = 32        // of a routing key
)

// Action is what an event asks for.
type Action string

// The actions of the Events API v2.
const (
	Trigger     Action = "trigger"
	Acknowledge Action = "acknowledge"
	Resolve     Action = "resolve"
)

// Severity is how bad the sender thinks it is.
type Severity string

// The severities of the Events API v2, worst first.
const (
	Critical Severity = "critical"
	Error    Severity = "error"
	Warning  Severity = "warning"
	Info     Severity = "info"
)

// Event is one event of a monitoring tool, as PagerDuty's Events API v2 has it. Its
// texts hold no control characters and are as short as the constants say. All of it
// comes from outside: show it letter by letter.
type Event struct {
	RoutingKey secret.Text // 32 letters and digits
	Action     Action
	DedupKey   string // "" only with Trigger: see [NewDedupKey]
	// The rest is empty where the sender said nothing, as most do in Acknowledge and
	// Resolve; a Trigger has Summary, Source and Severity.
	Summary   string
	Shortened bool // Summary was longer than PagerDuty allows, and was cut
	Source    string
	Severity  Severity
	At        time.Time // when the sender saw it, in UTC; zero if it does not say, or not in words we know
	Component string
	Group     string
	Class     string
	Details   json.RawMessage // custom_details, most often an object, fit for a jsonb; nil if there are none
	Links     []Link
	Images    []Image
	Client    string
	ClientURL string // http or https
}

// Link is an address that the sender wants to be shown. Href is http or https.
type Link struct{ Href, Text string }

// Image is a picture that the sender wants to be shown. Src is https; Href is http,
// https or empty.
type Image struct{ Src, Href, Alt string }

// Decode reads the body of a request to /v2/enqueue. Its error is always an
// [*EventError], which is the answer to the sender too.
//
// It refuses what PagerDuty refuses, with one exception: a summary that is too long is
// cut. Senders notice a refusal rarely, and a refused alert is a fire that nobody hears
// of. What only adorns an event (a time, a link) never is a reason to refuse it.
func Decode(body []byte) (Event, error) {
	if len(body) > LargestEvent {
		return Event{}, &EventError{status: http.StatusRequestEntityTooLarge,
			Errors: []string{fmt.Sprintf("the event is larger than %d bytes", LargestEvent)}}
	}
	var w wireEvent
	if trimmed := bytes.TrimSpace(body); len(trimmed) == 0 || trimmed[0] != '{' || json.Unmarshal(trimmed, &w) != nil {
		return Event{}, refuse("the body is not a JSON object of the Events API v2")
	}
	if err := w.otherAPI(); err != nil {
		return Event{}, err
	}
	var errs faults
	e := Event{
		RoutingKey: secret.New(strings.TrimSpace(w.RoutingKey.s)),
		Action:     Action(strings.ToLower(w.Action.s)),
		DedupKey:   w.DedupKey.s,
		Client:     w.Client.line(longestText),
		ClientURL:  webAddress(w.ClientURL.s, "http", "https"),
	}
	errs.key(strings.TrimSpace(w.RoutingKey.s))
	errs.action(e.Action)
	errs.dedupKey(w.DedupKey, e.Action)
	if w.Payload != nil {
		w.Payload.into(&e)
	}
	if e.Action == Trigger {
		errs.payload(w.Payload, e)
	} else if !e.Severity.known() {
		e.Severity = ""
	}
	for _, l := range w.Links {
		if href := webAddress(l.Href.s, "http", "https"); href != "" && len(e.Links) < mostLinks {
			e.Links = append(e.Links, Link{Href: href, Text: l.Text.line(longestText)})
		}
	}
	for _, i := range w.Images {
		if src := webAddress(i.Src.s, "https"); src != "" && len(e.Images) < mostLinks {
			e.Images = append(e.Images, Image{Src: src, Href: webAddress(i.Href.s, "http", "https"), Alt: i.Alt.line(longestText)})
		}
	}
	if len(errs) > 0 {
		return Event{}, &EventError{status: http.StatusBadRequest, Errors: errs}
	}
	return e, nil
}

// otherAPI tells senders that speak another of PagerDuty's interfaces so, in words.
func (w *wireEvent) otherAPI() error {
	switch {
	case w.Action.s != "":
		return nil
	case w.ServiceKey.s != "" || w.EventType.s != "":
		return refuse("this is an event of the Events API v1 ('service_key', 'event_type'); send it as v2 ('routing_key', 'event_action')")
	case w.Payload != nil && w.Payload.Severity.s == "" && w.Payload.Summary.s != "":
		return ChangeRefused()
	}
	return nil
}

// ChangeRefused is the answer to a change event ("a deploy has finished"), here and at
// PagerDuty's own path for them, /v2/change/enqueue.
func ChangeRefused() *EventError {
	return refuse("change events are not taken here: they page nobody. Send alert events, with an 'event_action'")
}

func refuse(why string) *EventError {
	return &EventError{status: http.StatusBadRequest, Errors: []string{why}}
}

// faults are what is wrong with an event, in words like PagerDuty's own. None of them
// repeats what was sent: it may hold a key.
type faults []string

func (f *faults) add(format string, args ...any) { *f = append(*f, fmt.Sprintf(format, args...)) }

func (f *faults) key(k string) {
	switch {
	case k == "":
		f.add("'routing_key' is missing or blank")
	case !isKey(k):
		f.add("'routing_key' is the wrong length or holds more than letters and digits (should be %d of them)", keyLetters)
	}
}

func (f *faults) action(a Action) {
	switch a {
	case Trigger, Acknowledge, Resolve:
	case "":
		f.add("'event_action' is missing or blank")
	default:
		f.add("'event_action' is invalid (must be one of: 'trigger', 'acknowledge', 'resolve')")
	}
}

func (f *faults) dedupKey(k text, a Action) {
	switch {
	case k.wrong:
		f.add("'dedup_key' must be a string")
	case k.s == "" && a != Trigger:
		f.add("'dedup_key' is missing or blank")
	case utf8.RuneCountInString(k.s) > LongestDedupKey:
		// Cut, it could be the key of something else.
		f.add("'dedup_key' is too long (maximum is %d characters)", LongestDedupKey)
	case k.s != oneLine(k.s, LongestDedupKey):
		f.add("'dedup_key' holds control characters, or blanks at an end")
	}
}

func (f *faults) payload(p *wirePayload, e Event) {
	if p == nil {
		f.add("'payload' is missing")
		return
	}
	if e.Summary == "" {
		f.add("'payload.summary' is missing or blank")
	}
	if e.Source == "" {
		f.add("'payload.source' is missing or blank")
	}
	switch {
	case e.Severity == "":
		f.add("'payload.severity' is missing or blank")
	case !e.Severity.known():
		f.add("'payload.severity' is invalid (must be one of: 'critical', 'error', 'warning', 'info')")
	}
}

func (s Severity) known() bool {
	return s == Critical || s == Error || s == Warning || s == Info
}

// isKey tells whether a text looks like a routing key.
func isKey(s string) bool {
	return len(s) == keyLetters && strings.IndexFunc(s, func(c rune) bool {
		return (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z')
	}) < 0
}
