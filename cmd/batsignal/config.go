package main

import (
	"net/netip"
	"time"

	"batsignal/oncall/secret"
)

// Config is everything that an operator may decide. The tags are its only
// description: the annotated example, the list of known keys, the environment
// variables and the hints for misspelt keys are all drawn from them.
//
//	mapstructure  the key
//	doc           what the key means, for a person
//	example       what the example file shows where the default says too little
//	secret        the neighbouring key that names the file with this secret
//	file          a file that must be there: "read", "private" for keys, or
//	              "authorities" for certificates to trust
type Config struct {
	StateDir  string          `mapstructure:"state_dir" doc:"The directory for the private Postgres and everything else that must outlive a restart. Default: /var/lib/batsignal for root, else $XDG_STATE_HOME/batsignal or ~/.local/state/batsignal." example:"/var/lib/batsignal"`
	Database  databaseConfig  `mapstructure:"database" doc:"Where incidents, people and pages are kept."`
	Web       webConfig       `mapstructure:"web" doc:"The web pages."`
	Log       logConfig       `mapstructure:"log" doc:"The log, on standard error."`
	Commands  commandsConfig  `mapstructure:"commands" doc:"How people speak to the bot."`
	IRC       []ircConfig     `mapstructure:"irc" doc:"The IRC networks, one entry each."`
	Slack     []slackConfig   `mapstructure:"slack" doc:"The Slack workspaces, one entry each."`
	Bridge    bridgeConfig    `mapstructure:"bridge" doc:"Incidents that are on several networks at once."`
	Mail      mailConfig      `mapstructure:"mail" doc:"Pages by mail."`
	Webhook   webhookConfig   `mapstructure:"webhook" doc:"Pages by signed HTTP requests to addresses that people gave."`
	Paging    pagingConfig    `mapstructure:"paging" doc:"How people are rung, whatever the way."`
	Inbound   inboundConfig   `mapstructure:"inbound" doc:"Where providers tell what became of a page, and hand in answers."`
	Twilio    twilioConfig    `mapstructure:"twilio" doc:"Pages by phone: calls and texts."`
	PagerDuty pagerdutyConfig `mapstructure:"pagerduty" doc:"Pages through PagerDuty."`
	Ntfy      ntfyConfig      `mapstructure:"ntfy" doc:"Pages by push, through a ntfy server."`
	Inbox     inboxConfig     `mapstructure:"inbox" doc:"The mailbox where pages are answered by mail."`
	Alerts    alertsConfig    `mapstructure:"alerts" doc:"What monitoring tools send."`
	Watch     watchConfig     `mapstructure:"watch" doc:"How the bot looks after itself."`
	Roles     []roleConfig    `mapstructure:"roles" doc:"The roles that an emergency needs filled, in this order. A list given here is the list, and only changed here. Without one the default list is stored once, and is looked after on the web and by batsignal apply."`
	// RolesGiven tells that somebody wrote the list down.
	RolesGiven bool          `mapstructure:"-"`
	Guard      guardConfig   `mapstructure:"guard" doc:"Who may light the bat-signal, and how often. Where people are listed, write a handle (maria), role:NAME (everybody who fills that role), @roster (everybody approved who said yes to a role) or @known (everybody whose account is linked)."`
	Admins     []string      `mapstructure:"admins" doc:"Who may look after the roster and act for others: accounts as network/account; on Slack that is network/TEAM/USER, such as slack/T0123ABCD/U0456EFGH." example:"[libera/maria]"`
	Baton      batonConfig   `mapstructure:"baton" doc:"The baton: who leads an incident."`
	Roster     rosterConfig  `mapstructure:"roster" doc:"How people come onto the roster."`
	Minutes    minutesConfig `mapstructure:"minutes" doc:"Meetings and their minutes."`

	Components componentsConfig `mapstructure:"components" doc:"What is looked after, and by whom."`

	Jobs jobsConfig `mapstructure:"jobs" doc:"What operators may have done from chat: unseal, back up, prove that a restore works, run."`

	Switchboard switchboardConfig `mapstructure:"switchboard" doc:"Sealed addresses: the second process, which alone can open them and dials."`
}

type databaseConfig struct {
	URL          secret.Text `mapstructure:"url" secret:"url_file" doc:"The database, as the bot's own role, which must neither own the tables nor be a superuser. Empty, and without url_file: a private Postgres in state_dir, on a unix socket only." example:"postgres://batsignal@db.example.org/batsignal?sslmode=verify-full"`
	URLFile      string      `mapstructure:"url_file" doc:"A file with that address, for when it holds a password." example:"database-url"`
	OwnerURL     secret.Text `mapstructure:"owner_url" secret:"owner_url_file" doc:"The same database as the role that owns the tables; only batsignal migrate reads it." example:"postgres://batsignal_owner@db.example.org/batsignal?sslmode=verify-full"`
	OwnerURLFile string      `mapstructure:"owner_url_file" doc:"A file with that address." example:"database-owner-url"`
	PGBinDir     string      `mapstructure:"pg_bindir" doc:"Where the private Postgres finds postgres and initdb. Empty: the newest installed version." example:"/usr/lib/postgresql/15/bin"`
}

type webConfig struct {
	Listen    string       `mapstructure:"listen" doc:"The address to listen on. People sign in to change something; most of what there is to read is for everybody who can reach the pages."`
	PublicURL string       `mapstructure:"public_url" doc:"How people reach these pages; links in mails begin with it. Only with https is signing in safe, and do passkeys work. Empty: http:// and the address of web.listen." example:"http://127.0.0.1:8373"`
	OIDC      []oidcConfig `mapstructure:"oidc" doc:"Identity providers (OpenID Connect) by which people may sign in, one entry each. Everybody can sign in by a link from chat anyway."`
}

type logConfig struct {
	Level  string `mapstructure:"level" doc:"The least important lines to show: debug, info, warn or error."`
	Format string `mapstructure:"format" doc:"text for people, json for machines, auto for text on a terminal and json elsewhere."`
}

type commandsConfig struct {
	Prefix    string        `mapstructure:"prefix" doc:"What a command in a room begins with."`
	Emergency string        `mapstructure:"emergency" doc:"The name of the emergency command, without the prefix."`
	Aliases   []aliasConfig `mapstructure:"aliases" doc:"More names for commands."`
}

type aliasConfig struct {
	Alias string `mapstructure:"alias" doc:"What is typed, without the prefix." example:"inc"`
	Means string `mapstructure:"means" doc:"What it stands for; what follows the alias is added." example:"incident list"`
}

type mailConfig struct {
	Host         string      `mapstructure:"host" doc:"The server that takes our mail. Empty: no pages by mail." example:"mail.example.org"`
	Port         int         `mapstructure:"port" doc:"Its port. 0: 587 for starttls, 465 for tls, 25 for none." example:"587"`
	TLS          string      `mapstructure:"tls" doc:"starttls (required, never skipped), tls, or none, which is for servers on this machine only."`
	ServerName   string      `mapstructure:"server_name" doc:"The name in its certificate, where that differs from host." example:"mail.example.org"`
	CAFile       string      `mapstructure:"ca_file" file:"authorities" doc:"The certificate authorities to trust instead of the system's." example:"mail-ca.pem"`
	Username     string      `mapstructure:"username" doc:"Who logs in. Empty: no login." example:"batsignal"`
	PasswordFile string      `mapstructure:"password_file" doc:"A file with the password." example:"mail-password"`
	Password     secret.Text `mapstructure:"-" secret:"password_file"`
	From         string      `mapstructure:"from" doc:"The sender of our mail." example:"'Batsignal <batsignal@example.org>'"`
}

type webhookConfig struct {
	SecretFile    string         `mapstructure:"secret_file" doc:"A file with the secret that signs each request, at least 16 characters. Empty: no pages by webhook." example:"webhook-secret"`
	Secret        secret.Text    `mapstructure:"-" secret:"secret_file"`
	AllowNetworks []netip.Prefix `mapstructure:"allow_networks" doc:"Networks of yours that a request may go to, by http too. Everything else must be a public address, by https." example:"[10.20.0.0/16]"`
}

type roleConfig struct {
	Name         string        `mapstructure:"name" doc:"What is typed in commands: small letters, digits and hyphens." example:"coordination"`
	Title        string        `mapstructure:"title" doc:"What is shown. Empty: the name with spaces for hyphens."`
	Leads        bool          `mapstructure:"leads" doc:"Whoever fills this role first is given the baton if nobody holds it. At most one role leads."`
	PatienceSev1 time.Duration `mapstructure:"patience_sev1" doc:"How long one person is waited for before the next one is rung too, at severity 1."`
	Patience     time.Duration `mapstructure:"patience" doc:"The same at every other severity."`
}

type guardConfig struct {
	Confirmations   int           `mapstructure:"confirmations" doc:"How many other people must confirm before anybody is rung: 1, or 0 for none."`
	Window          time.Duration `mapstructure:"window" doc:"How long a request waits for its confirmation."`
	PerPerson       int           `mapstructure:"per_person" doc:"How many times one person may ask in a period."`
	PerOrganisation int           `mapstructure:"per_organisation" doc:"How many times everybody together may ask in a period."`
	Period          time.Duration `mapstructure:"period" doc:"The period that these limits count over."`
	MayFire         []string      `mapstructure:"may_fire" doc:"Who may ask."`
	MayConfirm      []string      `mapstructure:"may_confirm" doc:"Who may confirm what somebody else asked."`
}

type batonConfig struct {
	AbsentAfter time.Duration `mapstructure:"absent_after" doc:"A holder not heard from for this long may be relieved at once."`
	Patience    time.Duration `mapstructure:"patience" doc:"How long a pass waits to be accepted, and a holder to speak up against being relieved."`
}

type rosterConfig struct {
	Join        string        `mapstructure:"join" doc:"approved: an admin approves everybody who wants to join. open: whoever joins is approved."`
	RemindAhead time.Duration `mapstructure:"remind_ahead" doc:"How long before a shift whoever has it is reminded. 0: not at all."`
}
