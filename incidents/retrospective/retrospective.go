// Package retrospective owns the document that is written about an incident when it is
// over: the draft that is made of the rows, every edition that people save, the links by
// which they edit it, and the meeting that is held about it.
//
// An edition is a row that is never changed. The document is Markdown; reading that is
// for package markdown, and showing it for whoever shows it. It does not send: it leaves
// notices.
package retrospective

import (
	"fmt"
	"log/slog"
	"strings"
	"time"

	"batsignal/incidents"
	"batsignal/incidents/meeting"
	"batsignal/migrations/pg"
	"batsignal/oncall/notice"
)

// Longest is how much a document holds, in letters.
const Longest = 200_000

// Service drafts, keeps and hands out retrospectives.
type Service struct {
	DB        pg.DB
	Queue     notice.Queue
	Now       func() time.Time
	Log       *slog.Logger
	Incidents *incidents.Service
	Meetings  *meeting.Service // holds follow-up meetings; nil holds none
	PublicURL string           // where the web pages are seen from; "" has none
	NewToken  func() string    // makes the tokens of links; nil makes real ones
}

// Edition is a document as it was at one time.
type Edition struct {
	Incident int64
	Number   int
	At       time.Time
	By       string // handle; "" is the bot itself
	Letters  int
	Text     string // Markdown; "" in lists
}

// The sections of a draft, in their order.
const (
	Summary   = "Summary"
	Timeline  = "Timeline"
	Decisions = "Decisions"
	Actions   = "Actions"
	Reached   = "Who was reached when"
	Sealed    = "Sealed contacts opened"
	Well      = "What went well"
	Bad       = "What did not"
	Lucky     = "Where we were lucky"
	FollowUp  = "Follow-up"
)

// prompts are what stands in a section until somebody writes it.
var prompts = map[string]string{
	Summary:  "*What happened, whom it touched, and how it ended: three sentences for somebody who was not there.*",
	Well:     "*What would we do in the same way the next time?*",
	Bad:      "*What was slow, missing or misunderstood? Name things and ways of working, not people.*",
	Lucky:    "*What could have gone worse, and did not by chance only?*",
	FollowUp: "*What has to change, so that this is less likely or is over sooner? Who does it, and until when?*",
}

// Path is where the document of an incident is shown.
func Path(incident int64) string { return fmt.Sprintf("/incidents/%d/retro", incident) }

// URL is the address of the document of an incident, "" without web pages.
func (s *Service) URL(incident int64) string {
	if s.PublicURL == "" {
		return ""
	}
	return strings.TrimRight(s.PublicURL, "/") + Path(incident)
}
