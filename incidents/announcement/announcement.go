// Package announcement owns what is told to the world outside of the channel: drafted by
// somebody, agreed to by somebody else, sent to the configured rooms and mailing lists.
//
// It does not decide whether one is due, and does not send: rooms hear it by oncall/notice,
// lists by a [Mailer]. Announcements of the bot about itself are notices, not these.
package announcement

import (
	"fmt"
	"log/slog"
	"time"

	"batsignal/incidents"
	"batsignal/migrations/pg"
	"batsignal/oncall/notice"
	"batsignal/oncall/rota"
)

// What an announcement is about.
const (
	Outage = "outage"
	News   = "news"
)

// State is how an announcement stands.
type State string

// The states. A change of the text makes a draft of what was approved.
const (
	Draft    State = "draft"
	Approved State = "approved"
	Sent     State = "sent"
	Dropped  State = "dropped"
)

// Announcement is one of them.
type Announcement struct {
	ID         int64
	What       string
	Text       string
	State      State
	Version    int    // goes up with each change of the text
	Incident   *int64 `db:"incident_id"`
	Run        *int64 `db:"run_id"` // the run of a job that it is about
	MadeWords  string
	MadeAt     time.Time
	EditedBy   *int64 // who wrote the text as it is
	EditedAt   time.Time
	ApprovedBy string `db:"approved_words"` // "" is nobody
	ApprovedAt *time.Time
	SentBy     string `db:"sent_words"`
	SentAt     *time.Time
}

// Ref names an announcement for people: "Announcement 3".
func Ref(id int64) string { return fmt.Sprintf("Announcement %d", id) }

// Subject is what a mail with it is called: the first sentence or line.
func (a Announcement) Subject() string {
	return map[string]string{Outage: "Outage: ", News: ""}[a.What] + firstSentence(a.Text)
}

// Copy is a place that one was sent to.
type Copy struct {
	Way     string // "room" or "list"
	Network string
	Place   string // the room, or the address of the list
	State   string // "waiting", "sent", "failed", or "unknown": whoever mailed it died in the last try
	At      time.Time
	Detail  string
}

// Service is every change that can be made to announcements.
type Service struct {
	DB        pg.DB
	Queue     notice.Queue
	Now       func() time.Time
	Log       *slog.Logger
	Incidents *incidents.Service
	Rooms     []rota.Room // where they are said
	Lists     []string    // the mailing lists that they go to; none where no mail is sent
	Home      []rota.Room // where people are asked to agree, beside where it was drafted
}
