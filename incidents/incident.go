// Package incidents owns the work: the bat-signal and its guard, the incident, its
// roles and their responders, the baton, the timeline, and the workers that ring
// people, call helplines (other paging services that stand for a role), and hear the
// answers.
//
// Each change is one transaction: the state, its line on the timeline, the pages
// and the announcements it causes. It does not speak to any network: it leaves
// rows, and calls the routes that cmd joined in.
package incidents

import (
	"strconv"
	"strings"
	"time"

	"batsignal/oncall"
)

// Incident is one emergency.
type Incident struct {
	ID         int64
	Title      string
	Slug       string // short form of the first title, for room names; it never changes
	Severity   int    // 1 the internet is on fire … 4 minor
	Status     string // "open" or "resolved"
	Everyone   bool   // everybody of each role was wanted, not just the first
	OpenedBy   string // handle
	OpenedAt   time.Time
	ResolvedAt *time.Time
	FalseAlarm bool
}

// Ref is how people write it: INC-7.
func (i Incident) Ref() string { return Ref(i.ID) }

// Open tells whether it still goes on.
func (i Incident) Open() bool { return i.Status == "open" }

// Ref writes an incident's number as people do.
func Ref(id int64) string { return "INC-" + strconv.FormatInt(id, 10) }

// Network is one chat network as incidents need to know it.
type Network struct {
	Name     string
	Home     string // the room where everybody hears of emergencies
	RoomName string // how an incident's own room is called: {id} and {slug} are filled in; "" makes no room

	Summaries  bool          // the network shows how an incident stands in its room
	CloseAfter time.Duration // how long after its end the room of an incident is left; 0 is never
}

func (n Network) roomFor(id int64, slug string) string {
	return strings.NewReplacer("{id}", strconv.FormatInt(id, 10), "{slug}", slug).Replace(n.RoomName)
}

// stopwords say nothing about what is on fire, so they do not name a room.
var stopwords = map[string]bool{
	"a": true, "an": true, "the": true, "in": true, "on": true, "of": true, "for": true, "to": true, "and": true,
	"is": true, "are": true, "it": true, "this": true, "that": true, "all": true, "with": true, "at": true, "by": true, "from": true,
	"remote": true, "code": true, "execution": true, "critical": true, "urgent": true, "security": true, "update": true,
	"vulnerability": true, "bug": true, "issue": true, "problem": true,
}

// slugOf shortens a title to what a room name can carry: the last telling word, as
// in "remote code execution in openssl", or the first letters of the title.
func slugOf(title string) string {
	var last, first string
	for _, word := range strings.FieldsFunc(strings.ToLower(title), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-'
	}) {
		word = strings.Trim(word, "-")
		if word == "" {
			continue
		}
		if first == "" {
			first = word
		}
		if !stopwords[word] {
			last = word
		}
	}
	slug := last
	if slug == "" {
		slug = first
	}
	if slug == "" {
		slug = "incident"
	}
	return strings.TrimRight(slug[:min(len(slug), 20)], "-")
}

// cause names an incident for paging, to which it is opaque.
func cause(id int64) string { return "incident:" + strconv.FormatInt(id, 10) }

// incidentOf reads a cause back; false for a call that belongs to no incident.
func incidentOf(cause string) (int64, bool) {
	rest, ok := strings.CutPrefix(cause, "incident:")
	if !ok {
		return 0, false
	}
	id, err := strconv.ParseInt(rest, 10, 64)
	return id, err == nil
}

// callCause names a call without an incident by the place it was made in, where
// its answer is announced: a room, or "@" and the account of whoever made it in
// private.
func callCause(a oncall.Actor) string {
	place := a.Room
	if place == "" && a.Account != "" {
		place = "@" + a.Account
	}
	return "call:" + a.Network + "/" + place
}

// placeOf reads the place out of a call's cause.
func placeOf(cause string) (network, place string) {
	rest, _ := strings.CutPrefix(cause, "call:")
	network, place, _ = strings.Cut(rest, "/")
	return network, place
}

// ended makes a sentence of somebody's words.
func ended(text string) string {
	if strings.HasSuffix(text, ".") || strings.HasSuffix(text, "?") || strings.HasSuffix(text, "!") {
		return text
	}
	return text + "."
}

// agoText writes how long ago something was, to the minute.
func agoText(then *time.Time, now time.Time) string {
	if then == nil {
		return "never heard so far"
	}
	if d := now.Sub(*then).Round(time.Minute); d >= time.Minute {
		return "last heard " + strings.TrimSuffix(d.String(), "0s") + " ago"
	}
	return "heard just now"
}
