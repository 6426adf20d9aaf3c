package pagerduty

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"strings"
)

// EventError says why an event was not taken, to people and, by [EventError.Body], to
// the tool that sent it. It holds nothing of what was sent.
type EventError struct {
	Errors []string // each in words
	status int
}

func (e *EventError) Error() string {
	return "This is no event of PagerDuty's Events API v2: " + strings.Join(e.Errors, "; ") + "."
}

// Status is the status of the answer: 400, or 413 if it was too large. Neither is tried
// again by tools that know PagerDuty.
func (e *EventError) Status() int { return e.status }

// Body is the answer as PagerDuty would write it.
func (e *EventError) Body() []byte {
	return answer(map[string]any{"status": "invalid event", "message": "Event object is invalid", "errors": e.Errors})
}

// Accepted is the body of the answer (with status 202) to an event that was taken.
func Accepted(dedupKey string) []byte {
	return answer(map[string]any{"status": "success", "message": "Event processed", "dedup_key": dedupKey})
}

// Throttled is the body of the answer (with status 429) to somebody who sends too much.
// Tools that know PagerDuty send the event again later.
func Throttled() []byte {
	return answer(map[string]any{"status": "throttle exceeded", "message": "Requests for this service are arriving too quickly. Please retry later."})
}

// UnknownKey is the answer to a routing key that is well written and nobody's.
func UnknownKey() *EventError { return refuse("'routing_key' is not known here") }

// NewDedupKey makes the key of a trigger that came without one.
func NewDedupKey() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

func answer(v map[string]any) []byte {
	b, _ := json.Marshal(v) // strings only: it cannot fail
	return b
}
