package main

import (
	"time"

	"batsignal/oncall/secret"
)

// ircConfig is one IRC network.
type ircConfig struct {
	ID             string        `mapstructure:"id" doc:"What this network is called here, in commands, pages and the list of admins." example:"libera"`
	Server         string        `mapstructure:"server" doc:"Its address, with the port." example:"irc.libera.chat:6697"`
	TLS            bool          `mapstructure:"tls" doc:"Whether the connection is encrypted. false is for servers on this machine only."`
	ServerName     string        `mapstructure:"server_name" doc:"The name in its certificate, where that differs from server." example:"irc.libera.chat"`
	CAFile         string        `mapstructure:"ca_file" file:"authorities" doc:"The certificate authorities to trust instead of the system's." example:"irc-ca.pem"`
	CertFile       string        `mapstructure:"cert_file" file:"read" doc:"Our own certificate, for sasl external." example:"irc-cert.pem"`
	KeyFile        string        `mapstructure:"key_file" file:"private" doc:"The key of that certificate." example:"irc-key.pem"`
	Nick           string        `mapstructure:"nick" doc:"Our nick."`
	User           string        `mapstructure:"user" doc:"Our user name."`
	RealName       string        `mapstructure:"real_name" doc:"Our real name, as whois shows it."`
	SASL           saslConfig    `mapstructure:"sasl" doc:"How we log in to the network's services."`
	Home           string        `mapstructure:"home" doc:"The room where we announce." example:"'#security'"`
	Rooms          []string      `mapstructure:"rooms" doc:"More rooms to listen in." example:"['#infra']"`
	IncidentRoom   string        `mapstructure:"incident_room" doc:"The room of an incident: {id} is its number, {slug} a short form of its title. Empty: no room of its own."`
	LeaveAfter     time.Duration `mapstructure:"leave_after" doc:"How long after its end we leave the room of an incident. 0s: never."`
	Burst          int           `mapstructure:"burst" doc:"How many lines we may send at once after a pause."`
	LinesPerSecond float64       `mapstructure:"lines_per_second" doc:"How many lines a second we may send after that."`
}

type saslConfig struct {
	Mechanism    string      `mapstructure:"mechanism" doc:"plain (account and password), external (our certificate) or none." example:"plain"`
	Account      string      `mapstructure:"account" doc:"Our services account." example:"batsignal"`
	PasswordFile string      `mapstructure:"password_file" doc:"A file with its password." example:"irc-password"`
	Password     secret.Text `mapstructure:"-" secret:"password_file"`
}

// slackConfig is one Slack workspace. docs/slack.md is the way there.
type slackConfig struct {
	ID                string        `mapstructure:"id" doc:"What this workspace is called here, in commands, pages and the list of admins." example:"slack"`
	BotTokenFile      string        `mapstructure:"bot_token_file" doc:"A file with the app's bot token (xoxb-...)." example:"slack-bot-token"`
	BotToken          secret.Text   `mapstructure:"-" secret:"bot_token_file"`
	AppTokenFile      string        `mapstructure:"app_token_file" doc:"A file with its app token (xapp-...), for Socket Mode: we connect to Slack, and Slack need not reach us." example:"slack-app-token"`
	AppToken          secret.Text   `mapstructure:"-" secret:"app_token_file"`
	SigningSecretFile string        `mapstructure:"signing_secret_file" doc:"Instead of an app token: a file with the app's signing secret. Slack then posts to web.public_url, below /slack/." example:"slack-signing-secret"`
	SigningSecret     secret.Text   `mapstructure:"-" secret:"signing_secret_file"`
	Home              string        `mapstructure:"home" doc:"The channel where we announce." example:"'#security'"`
	Rooms             []string      `mapstructure:"rooms" doc:"More channels to listen in." example:"['#infra']"`
	IncidentRoom      string        `mapstructure:"incident_room" doc:"The channel of an incident: {id} is its number, {slug} a short form of its title. Empty: no channel of its own."`
	FallbackRoom      string        `mapstructure:"fallback_room" doc:"The channel for incidents where the workspace does not let apps make channels. Empty: the one in home." example:"'#incidents'"`
	ArchiveAfter      time.Duration `mapstructure:"archive_after" doc:"How long after its end the channel of an incident is archived. 0s: never."`
	SlashPrefix       string        `mapstructure:"slash_prefix" doc:"What our slash commands begin with, so that they clash with no other app's: bs- makes /bs-page." example:"bs-"`
	Burst             int           `mapstructure:"burst" doc:"How many messages a channel may get at once after a pause."`
	MessagesPerSecond float64       `mapstructure:"messages_per_second" doc:"How many messages a second a channel may get after that. Slack allows about one."`
	APIURL            string        `mapstructure:"api_url" doc:"Where the methods of Slack's Web API are. Empty: Slack's own." example:"https://slack.com/api/"`
}

// bridgeConfig is what the rooms of one incident on several networks share.
type bridgeConfig struct {
	Relay bool `mapstructure:"relay" doc:"Whether talk in one room of an incident is carried to its rooms on the other networks. Announcements, baton and timeline are common in any case. Mind who can read the other rooms."`
}
