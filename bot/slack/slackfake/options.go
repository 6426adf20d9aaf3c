package slackfake

import (
	"time"
)

// Options are all optional.
type Options struct {
	Team       string // the ID of the workspace, T…
	TeamName   string // "Fake Workspace"
	Domain     string // "fake", as in fake.slack.com
	Enterprise string // the ID of the organisation, E…; "" for none

	BotName string   // the bot's user name, "batsignal"
	Scopes  []string // what the bot token may do and which events it gets; nil is everything

	// ClientTime is the workspace's clock: of timestamps, event times, signatures,
	// and of the end of triggers and response URLs. Nil is time.Now. How long the app
	// may take to acknowledge, and the limits, are always real time.
	ClientTime func() time.Time

	AckTimeout time.Duration   // how long the app may take to acknowledge; 3 s
	Retries    []time.Duration // the pauses before an event is sent again; 0, 1 s, 3 s
	Pings      time.Duration   // between websocket pings; 10 s
	Parallel   int             // how many events may be under way at once over HTTP; 1, which keeps their order

	// EnforceLimits answers 429 with Retry-After to whoever exceeds the documented
	// limits: the tier of the method, and one message a second in a channel with a
	// small burst.
	EnforceLimits bool

	RawSlash bool // slash commands come as typed, without <@U…|name> and &amp;

	Log func(format string, args ...any) // what happens, for a test that fails; may be nil
}

func (o Options) withDefaults() Options {
	fill := func(s *string, to string) {
		if *s == "" {
			*s = to
		}
	}
	fill(&o.TeamName, "Fake Workspace")
	fill(&o.Domain, "fake")
	fill(&o.BotName, "batsignal")
	if o.ClientTime == nil {
		o.ClientTime = time.Now
	}
	if o.AckTimeout <= 0 {
		o.AckTimeout = 3 * time.Second
	}
	if o.Retries == nil {
		o.Retries = []time.Duration{0, time.Second, 3 * time.Second}
	}
	if o.Pings <= 0 {
		o.Pings = 10 * time.Second
	}
	if o.Parallel <= 0 {
		o.Parallel = 1
	}
	if o.Log == nil {
		o.Log = func(string, ...any) {}
	}
	return o
}
