package web

import (
	"strings"
	"time"
	"unicode"

	"batsignal/incidents"
	"batsignal/oncall"
	"batsignal/oncall/paging"
)

// wayStory is one delivery in words.
type wayStory struct {
	Name     string // "message on libera", "mail"
	Word     string // how it stands
	Bad      bool
	Round    int
	At       *time.Time
	Attempts []attemptStory
}

// attemptStory is one try in words.
type attemptStory struct {
	N    int
	At   time.Time
	Word string
}

func wayInWords(w incidents.WayStory, now time.Time) wayStory {
	out := wayStory{Name: wayName(w.Route, w.Chat), Round: w.Ring, At: w.FinishedAt}
	out.Word, out.Bad = wayWord(w.State, w.Tries, w.DueAt, now)
	if w.State == "queued" && (w.Tries > 0 || w.DueAt.After(now)) {
		out.At = &w.DueAt
	}
	for _, a := range w.Attempts {
		out.Attempts = append(out.Attempts, attemptStory{a.N, a.StartedAt, attemptWord(a.Outcome)})
	}
	// One try that went well says nothing that the way has not said.
	if len(out.Attempts) == 1 && w.State == "accepted" {
		out.Attempts = nil
	}
	return out
}

func wayName(route string, chat bool) string {
	if chat {
		return "message on " + route
	}
	return route
}

// wayWord says how a delivery stands. That a provider took it, or delivered it, is never
// said to have reached anybody.
func wayWord(state string, tries int, due, now time.Time) (word string, bad bool) {
	switch state {
	case "queued":
		switch {
		case tries > 0:
			return "is tried again", false
		case due.After(now):
			return "is used later", false
		}
		return "waits to be sent", false
	case "leased", "submitted":
		return "is being sent", false
	case "accepted":
		return "handed over", false
	case "delivered":
		return "delivered", false
	case "acked":
		return "answered", false
	case "expired":
		return "handed over, and never heard of again", true
	case "failed":
		if tries == 0 {
			return "not used: as many pages as its limit allows went there", true
		}
		return "given up", true
	case "cancelled":
		return "not needed any more", false
	}
	return state, false
}

func attemptWord(outcome string) string {
	switch paging.Outcome(outcome) {
	case paging.Accepted:
		return "handed over"
	case paging.Temporary:
		return "did not work, may work later"
	case paging.Permanent:
		return "refused for good"
	case paging.Unknown:
		return "the sender went away, so nobody knows"
	}
	return "under way"
}

// eventWord says what came back on a way.
func eventWord(what string) string {
	switch what {
	case string(paging.NewsAccepted):
		return "its provider has it"
	case string(paging.NewsDelivered):
		return "its provider says that it was delivered"
	case string(paging.NewsFailed):
		return "its provider says that it will not arrive"
	case "reply":
		return "an answer in writing came"
	case "keys":
		return "keys were pressed"
	case string(paging.PageAcked):
		return "it was acknowledged there"
	case string(paging.PageDeclined):
		return "it was declined there"
	case string(paging.PageClosed):
		return "it was closed there"
	case "stop":
		return "its owner had their texts stopped"
	case "start":
		return "its owner had their texts started again"
	}
	return what
}

// viaWord says by which way somebody answered, to stand after the verb.
func viaWord(via string, chat bool) string {
	switch {
	case via == "":
		return ""
	case via == "link":
		return "by the link in a message"
	case via == oncall.Web:
		return "on the web"
	case via == oncall.API:
		return "by a program"
	case chat:
		return "on " + via
	case via == "sms" || via == "mail" || via == "voice" || via == "pagerduty" || via == "ntfy":
		return "by " + via
	}
	return "on " + via
}

// harmless is what a route told of a try, if it cannot hold an address. Routes must not
// tell any; a page that everybody reads does not rely on it.
func harmless(detail string) string {
	if strings.Contains(detail, "@") || strings.Contains(detail, "://") || strings.Contains(detail, "+") {
		return ""
	}
	digits := 0
	for _, r := range detail {
		switch {
		case unicode.IsDigit(r):
			if digits++; digits > 5 {
				return ""
			}
		case !strings.ContainsRune(" -.()/", r):
			digits = 0
		}
	}
	return detail
}

// pageStateWord says where a page stands.
func pageStateWord(state paging.PageState) string {
	switch state {
	case paging.PageOpen:
		return "no answer yet"
	case paging.PageAcked:
		return "acknowledged"
	}
	return string(state)
}
