package alert

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"batsignal/oncall"
)

// Action is what a source wants.
type Action string

// The actions.
const (
	Trigger     Action = "trigger"
	Acknowledge Action = "acknowledge"
	Resolve     Action = "resolve"
)

// Event is what a source says once. Without a summary, a trigger is told by its dedup
// key.
type Event struct {
	Action    Action
	DedupKey  string // must be given; whoever reads the wire makes one up for a trigger without
	Summary   string
	Source    string
	Severity  string // the sender's word: the key says what it means
	Component string
	Class     string
	Part      string
	Details   string
	Links     []Link
}

// In letters, as the columns have it; details are in bytes.
const (
	LongestDedupKey = 255
	longestText     = 1024
	longestTitle    = 600
	mostDetails     = 4096
	mostLinks       = 16
)

// clean makes an event one that the database takes: nothing that is only too long is a
// reason to lose an alert. Not so the dedup key, which cut would be another's.
func (e *Event) clean() {
	for _, text := range []*string{&e.Summary, &e.Source, &e.Component, &e.Class, &e.Part} {
		*text = plain(*text, longestText)
	}
	if e.Summary == "" {
		e.Summary = plain(e.DedupKey, longestText)
	}
	if e.Summary == "" {
		e.Summary = "an alert without words"
	}
	e.Details = cutBytes(strings.ReplaceAll(strings.ToValidUTF8(e.Details, "\uFFFD"), "\x00", ""), mostDetails)
	if len(e.Links) > mostLinks {
		e.Links = e.Links[:mostLinks]
	}
	for i, l := range e.Links {
		e.Links[i] = Link{Href: plain(l.Href, longestText), Text: plain(l.Text, longestText)}
	}
}

// GoodDedupKey tells whether a text can name an alert.
func GoodDedupKey(text string) bool {
	return text != "" && utf8.ValidString(text) && utf8.RuneCountInString(text) <= LongestDedupKey && !strings.ContainsFunc(text, unicode.IsControl)
}

// plain is a text on one line.
func plain(text string, most int) string {
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, "\uFFFD")
	}
	if strings.ContainsFunc(text, unicode.IsControl) {
		text = strings.Map(func(r rune) rune {
			if unicode.IsControl(r) {
				return ' '
			}
			return r
		}, text)
	}
	if text = strings.TrimSpace(text); len(text) <= most {
		return text
	}
	return oncall.Clip(text, most)
}

// cutBytes shortens a text to so many bytes; its end tells that it did.
func cutBytes(text string, most int) string {
	const mark = "…"
	if len(text) <= most {
		return text
	}
	cut := most - len(mark)
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + mark
}

// usual is what the words of senders mean where the key says nothing else. None of them
// is severity 1: whether the internet is on fire is for people to say.
func usual(word string) (int, bool) {
	switch word {
	case "critical", "error":
		return 2, true
	case "warning":
		return 3, true
	case "info":
		return Quiet, true
	}
	return 0, false
}

// Words are the words of senders that have a usual meaning, worst first.
func Words() []string { return []string{"critical", "error", "warning", "info"} }

// Means is the severity that a word of a sender has by this key.
func (k Key) Means(word string) int {
	word = strings.ToLower(strings.TrimSpace(word))
	if n, ok := k.Severities[word]; ok && n >= 1 && n <= 4 {
		return n
	}
	if n, ok := usual(word); ok {
		return n
	}
	return k.Default
}

// Taken is what became of an event.
type Taken struct {
	Alert int64 // its number; 0 if the event was about an alert that is not open
	Did   Did
}

// Did is what an event did.
type Did string

// What events do.
const (
	DidOpen    Did = "triggered"    // a new alert
	DidRepeat  Did = "repeated"     // an open one was triggered again
	DidAck     Did = "acknowledged" // an open one
	DidResolve Did = "resolved"     // an open one
	DidNothing Did = "nothing"      // there is no open alert of that name, or it was acknowledged before
)

// latest is the later of two instants: a clock that steps back turns no alert back.
func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
