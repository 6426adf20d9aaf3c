package pagerduty

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
)

// wireEvent is an event as it is sent. Tools send numbers where words belong, and that
// is no reason to lose an alert: see text.
type wireEvent struct {
	RoutingKey text           `json:"routing_key"`
	Action     text           `json:"event_action"`
	DedupKey   text           `json:"dedup_key"`
	Payload    *wirePayload   `json:"payload"`
	Links      lax[wireLink]  `json:"links"`
	Images     lax[wireImage] `json:"images"`
	Client     text           `json:"client"`
	ClientURL  text           `json:"client_url"`
	ServiceKey text           `json:"service_key"` // of the Events API v1
	EventType  text           `json:"event_type"`  // of the Events API v1
}

type wirePayload struct {
	Summary   text            `json:"summary"`
	Source    text            `json:"source"`
	Severity  text            `json:"severity"`
	Timestamp text            `json:"timestamp"`
	Component text            `json:"component"`
	Group     text            `json:"group"`
	Class     text            `json:"class"`
	Details   json.RawMessage `json:"custom_details"`
}

type wireLink struct {
	Href text `json:"href"`
	Text text `json:"text"`
}

type wireImage struct {
	Src  text `json:"src"`
	Href text `json:"href"`
	Alt  text `json:"alt"`
}

func (p *wirePayload) into(e *Event) {
	e.Summary = p.Summary.line(LongestSummary)
	e.Shortened = e.Summary != p.Summary.line(len(p.Summary.s))
	e.Source = p.Source.line(longestText)
	e.Severity = Severity(strings.ToLower(p.Severity.s))
	e.At = moment(p.Timestamp.s)
	e.Component = p.Component.line(longestText)
	e.Group = p.Group.line(longestText)
	e.Class = p.Class.line(longestText)
	e.Details = tame(p.Details)
}

// text is a string, or a number or a truth that somebody sent instead of one.
type text struct {
	s     string
	wrong bool // it was a list or an object
}

func (t *text) UnmarshalJSON(b []byte) error {
	*t = text{}
	switch b[0] {
	case '"':
		return json.Unmarshal(b, &t.s)
	case '{', '[':
		t.wrong = true
	case 'n':
	default:
		t.s = string(b)
	}
	return nil
}

// line is the text on one line, at most so many letters long.
func (t text) line(most int) string { return oneLine(t.s, most) }

// lax is a list whose unreadable parts are left out.
type lax[T any] []T

func (l *lax[T]) UnmarshalJSON(b []byte) error {
	*l = nil
	var parts []json.RawMessage
	if json.Unmarshal(b, &parts) != nil {
		return nil
	}
	for _, part := range parts {
		var one T
		if json.Unmarshal(part, &one) == nil {
			*l = append(*l, one)
		}
	}
	return nil
}

// oneLine makes control characters blanks and keeps so many letters, the last of which
// is "…" if there were more.
func oneLine(s string, most int) string {
	s = strings.TrimSpace(strings.Map(func(c rune) rune {
		if unicode.IsControl(c) || c == '\u2028' || c == '\u2029' {
			return ' '
		}
		return c
	}, strings.ToValidUTF8(s, "\uFFFD")))
	if letters := []rune(s); len(letters) > most {
		return strings.TrimSpace(string(letters[:most-1])) + "…"
	}
	return s
}

// webAddress is an absolute address of one of the schemes, or "".
func webAddress(s string, schemes ...string) string {
	s = strings.TrimSpace(s)
	if len(s) > 2*longestText || s != oneLine(s, len(s)) {
		return ""
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || !slices.Contains(schemes, strings.ToLower(u.Scheme)) {
		return ""
	}
	return u.String()
}

// moment reads ISO 8601 as monitoring tools write it; without a zone it is UTC. The
// first form is that of PagerDuty's own documentation.
func moment(s string) time.Time {
	for _, form := range [...]string{"2006-01-02T15:04:05.999999999Z0700", time.RFC3339Nano,
		"2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999"} {
		if t, err := time.Parse(form, strings.TrimSpace(s)); err == nil && t.Year() >= 1970 && t.Year() < 3000 {
			return t.UTC()
		}
	}
	return time.Time{}
}
