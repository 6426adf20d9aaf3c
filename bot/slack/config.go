package slack

import (
	"log/slog"
	"net/http"

	"batsignal/incidents"
	"batsignal/migrations/pg"
	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

// Config is one Slack workspace, and the app that we are in it.
type Config struct {
	Name     string      // what we call the network: "slack"
	BotToken secret.Text // xoxb-…
	// AppToken (xapp-…) lets us open a connection on which events arrive. Empty:
	// they come by HTTP to [Door.Handler], signed with SigningSecret.
	AppToken      secret.Text
	SigningSecret secret.Text
	APIURL        string // where Slack's methods are; "" is Slack itself

	Rooms    []string // channels to be in, the home room among them: "#ops"
	Fallback string   // where incidents go if we may make no channels

	Prefix      string // of commands; "" is "!"
	SlashPrefix string // what the app's slash commands begin with, so that they clash with no other app's
	Emergency   string // what the emergency command is called; "" is "batsignal"

	DB        pg.DB
	Incidents *incidents.Service // what the app's home shows; nil shows none
	PublicURL string             // where the web pages are seen from; "" has none

	Pace Pace
	Log  *slog.Logger
	HTTP *http.Client // nil is one with time-outs
}

// Pace is how many messages a channel gets: so many at once, then so many a second.
// The zero Pace holds nothing up but what Slack itself does.
type Pace struct {
	Burst     int
	PerSecond float64
}

func (c Config) check() error {
	switch {
	case c.Name == "":
		return fault.New(fault.Invalid, "A Slack workspace needs a name.")
	case c.BotToken.Empty():
		return fault.New(fault.Invalid, "slack %s: the bot token is missing.", c.Name)
	case c.AppToken.Empty() && c.SigningSecret.Empty():
		return fault.New(fault.Invalid, "slack %s: either an app token (Socket Mode) or a signing secret (events by HTTP) is needed.", c.Name)
	case len(c.Rooms) == 0:
		return fault.New(fault.Invalid, "slack %s: no channel to be in.", c.Name)
	}
	return nil
}
