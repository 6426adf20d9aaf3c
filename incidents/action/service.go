package action

import (
	"log/slog"
	"time"

	"batsignal/migrations/pg"
	"batsignal/oncall/notice"
)

// Service is what can be asked about actions and done to them, from whichever door.
type Service struct {
	DB    pg.DB
	Queue notice.Queue
	Now   func() time.Time
	Log   *slog.Logger

	// Networks are the chat networks that there are: nobody is reminded on another one.
	Networks []string
	// Mails tells whether reminders go out by mail too, from here or another process.
	Mails bool
	// Localize writes commands as they are typed here, in what is mailed; nil leaves
	// them as they are. What is said in chat is localized on its way out.
	Localize func(string) string
	// Base is where the web pages are seen from; "" has none.
	Base string

	// Tracker is where actions may be exported to; nil is nowhere.
	Tracker Tracker
	// Labels are put on every issue.
	Labels []string
}
