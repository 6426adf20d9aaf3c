package main

import (
	"cmp"
	"net/mail"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"batsignal/oncall/contact"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

// pagingConfig is how people are rung, whatever the way.
type pagingConfig struct {
	ForgottenAfter time.Duration `mapstructure:"forgotten_after" doc:"When somebody who acknowledged and was not heard since is rung again, at severity 1; at others it takes twice as long. 0: never."`
	Currency       string        `mapstructure:"currency" doc:"In what costs are written, for the report of costs." example:"EUR"`
}

// inboundConfig is where providers tell us what became of a message.
type inboundConfig struct {
	Listen    string `mapstructure:"listen" doc:"The address to listen on for what providers of phones, mail and paging services send back. It is another one than web.listen, so that a firewall can let only them in. Empty: nothing comes back." example:"127.0.0.1:8374"`
	PublicURL string `mapstructure:"public_url" doc:"How providers reach it. They sign this address, so it must be exactly what they are told." example:"https://in.batsignal.example.org"`
}

type twilioConfig struct {
	AccountSID    string      `mapstructure:"account_sid" doc:"The account, which begins with AC. Empty: no calls and no texts." example:"AC00000000000000000000000000000000"`
	AuthTokenFile string      `mapstructure:"auth_token_file" doc:"A file with its auth token; a second line may hold the one that is about to replace it." example:"twilio-auth-token"`
	AuthToken     secret.Text `mapstructure:"-" secret:"auth_token_file"`
	From          string      `mapstructure:"from" doc:"The number that calls and writes, as +442079460000 in quotes." example:"'+442079460000'"`
	SMSFrom       string      `mapstructure:"sms_from" doc:"The number, or messaging service (MG and 32 digits), that writes, where it is another one than that which calls." example:"MG00000000000000000000000000000000"`
	Voice         string      `mapstructure:"voice" doc:"Who speaks, by the name that Twilio has for them." example:"Polly.Joanna"`
	Discreet      bool        `mapstructure:"discreet" doc:"Neither texts nor calls tell what is on fire: only which incident, and which role."`
	BaseURL       string      `mapstructure:"base_url" doc:"Where its API is, for a region of its own. Empty: https://api.twilio.com." example:"https://api.twilio.com"`
	CostSMS       int         `mapstructure:"cost_sms" doc:"What one text costs, in thousandths of the currency." example:"75"`
	CostVoice     int         `mapstructure:"cost_voice" doc:"What one call costs, in thousandths of the currency." example:"40"`
}

type pagerdutyConfig struct {
	Enabled           bool                     `mapstructure:"enabled" doc:"Whether people, and services that stand for people, may be paged through PagerDuty."`
	EventsURL         string                   `mapstructure:"events_url" doc:"Where its events go. Empty: PagerDuty's own; https://events.eu.pagerduty.com in Europe." example:"https://events.pagerduty.com"`
	APIURL            string                   `mapstructure:"api_url" doc:"Where its REST API is." example:"https://api.pagerduty.com"`
	TokenFile         string                   `mapstructure:"token_file" doc:"A file with a token of the REST API. Empty: who is on call there is not asked." example:"pagerduty-token"`
	Token             secret.Text              `mapstructure:"-" secret:"token_file"`
	From              string                   `mapstructure:"from" doc:"The mail address of somebody there, in whose name incidents are opened." example:"oncall@example.org"`
	WebhookSecretFile string                   `mapstructure:"webhook_secret_file" doc:"A file with the secret of its webhooks (version 3), so that an acknowledgement there is one here." example:"pagerduty-webhook-secret"`
	WebhookSecret     secret.Text              `mapstructure:"-" secret:"webhook_secret_file"`
	Services          []pagerdutyServiceConfig `mapstructure:"services" doc:"Services there whose people on call are shown by oncall, and called for a role that is hunted for here."`
}

// pagerdutyServiceConfig is a service there that stands for a role.
type pagerdutyServiceConfig struct {
	Role   string `mapstructure:"role" doc:"The role that it stands for: an incident is opened there when that is hunted for, and whoever acknowledges it fills the role. Empty: it is only shown." example:"package-fixing"`
	ID     string `mapstructure:"id" doc:"Its name, as in its address there: 7 to 14 letters and digits." example:"PF9KMXH"`
	Policy string `mapstructure:"policy" doc:"The escalation policy there that calls, by its name. Empty: that of the service." example:"PT20YPA"`
	AtOnce int    `mapstructure:"at_once" doc:"Up to which severity it is called at once, beside our own people; at milder ones when none of them is left. 0: only then."`
}

type ntfyConfig struct {
	URL           string         `mapstructure:"url" doc:"The ntfy server that takes our pushes. Empty: no pages by push." example:"https://ntfy.example.org"`
	TokenFile     string         `mapstructure:"token_file" doc:"A file with an access token for it." example:"ntfy-token"`
	Token         secret.Text    `mapstructure:"-" secret:"token_file"`
	Servers       []string       `mapstructure:"servers" doc:"Other servers, whose topics people may give by their whole address." example:"[https://ntfy.example.net]"`
	AllowNetworks []netip.Prefix `mapstructure:"allow_networks" doc:"Networks of yours that a push may go to, by http too." example:"[10.20.0.0/16]"`
}

type inboxConfig struct {
	Address      string      `mapstructure:"address" doc:"The mail address that answers to pages go to; mails of pages name it as the one to reply to. Empty: mails cannot be answered by mail." example:"ack@batsignal.example.org"`
	SecretFile   string      `mapstructure:"secret_file" doc:"A file with a secret of at least 16 characters that seals the names of our letters, so that nobody can pretend that one bounced." example:"inbox-secret"`
	Secret       secret.Text `mapstructure:"-" secret:"secret_file"`
	Host         string      `mapstructure:"host" doc:"The IMAP server where that mailbox is read. Empty: a mail server hands letters to batsignal mail-in instead." example:"imap.example.org"`
	Port         int         `mapstructure:"port" doc:"Its port. 0: 993, or 143 without TLS." example:"993"`
	TLS          string      `mapstructure:"tls" doc:"tls, starttls, or none, which is for servers on this machine only."`
	CAFile       string      `mapstructure:"ca_file" file:"authorities" doc:"The certificate authorities to trust instead of the system's." example:"imap-ca.pem"`
	Username     string      `mapstructure:"username" doc:"Who logs in." example:"ack"`
	PasswordFile string      `mapstructure:"password_file" doc:"A file with the password." example:"imap-password"`
	Password     secret.Text `mapstructure:"-" secret:"password_file"`
	Folder       string      `mapstructure:"folder" doc:"The folder that is read." example:"INBOX"`
}

// watchConfig is how the bot looks after itself.
type watchConfig struct {
	Every            time.Duration  `mapstructure:"every" doc:"How often the bot looks at itself: its database, networks and routes."`
	HeartbeatURLFile string         `mapstructure:"heartbeat_url_file" doc:"A file with the address that is asked each time the bot has looked at itself and could page somebody: a dead man's switch outside that misses it when it does not come. Empty: none." example:"heartbeat-url"`
	HeartbeatURL     secret.Text    `mapstructure:"-" secret:"heartbeat_url_file"`
	Canaries         []canaryConfig `mapstructure:"canaries" doc:"Addresses of yours to which a synthetic page goes each day, one for a route, so that a dead route is seen before it is needed."`
}

type canaryConfig struct {
	Route       string      `mapstructure:"route" doc:"Which route: mail, webhook, sms, voice, ntfy or pagerduty." example:"sms"`
	AddressFile string      `mapstructure:"address_file" doc:"A file with the address." example:"canary-number"`
	Address     secret.Text `mapstructure:"-" secret:"address_file"`
}

var (
	accountSID  = regexp.MustCompile(`^AC[0-9a-fA-F]{32}$`)
	phoneNumber = regexp.MustCompile(`^\+[1-9][0-9]{7,14}$`)
)

func (c *Config) checkPaging(found *problems) {
	between(found, "paging.forgotten_after", c.Paging.ForgottenAfter, 0, 24*time.Hour)
	between(found, "watch.every", c.Watch.Every, time.Second, 3*time.Minute) // what is older says nothing: selfwatch.Holds
	if c.Inbound.Listen != "" {
		checkHostPort(found, "inbound.listen", c.Inbound.Listen, "127.0.0.1:8374")
		if c.Inbound.Listen == c.Web.Listen {
			found.add("inbound.listen", "must be another address than web.listen")
		}
		checkWebAddress(found, "inbound.public_url", c.Inbound.PublicURL, "https://in.batsignal.example.org")
	}
	if t := c.Twilio; t.AccountSID != "" {
		if !accountSID.MatchString(t.AccountSID) {
			found.add("twilio.account_sid", "is not an account of Twilio: AC and 32 letters and digits")
		}
		if t.AuthToken.Empty() {
			found.add("twilio.auth_token_file", "set it: it names the file with the auth token of the account")
		}
		if !phoneNumber.MatchString(t.From) {
			found.add("twilio.from", "write the number in quotes with its country, such as '+442079460000'")
		}
		if c.Inbound.Listen == "" {
			found.add("inbound.listen", "set it: without it nobody can acknowledge by phone")
		}
		if t.BaseURL != "" {
			checkWebAddress(found, "twilio.base_url", t.BaseURL, "https://api.twilio.com")
		}
		if t.CostSMS < 0 || t.CostVoice < 0 {
			found.add("twilio.cost_sms", "a page costs nothing or more, in thousandths of the currency")
		}
	}
	if p := c.PagerDuty; p.Enabled {
		for key, address := range map[string]string{"pagerduty.events_url": p.EventsURL, "pagerduty.api_url": p.APIURL} {
			if address != "" {
				checkWebAddress(found, key, address, "https://events.pagerduty.com")
			}
		}
		if !p.WebhookSecret.Empty() && c.Inbound.Listen == "" {
			found.add("inbound.listen", "set it: PagerDuty's webhooks come there")
		}
	}
	c.PagerDuty.checkServices(found, c.Roles)
	if c.Ntfy.URL != "" {
		checkWebAddress(found, "ntfy.url", c.Ntfy.URL, "https://ntfy.example.org")
	}
	c.Inbox.check(found, c.Mail)
	c.Watch.check(found)
}

func (p pagerdutyConfig) checkServices(found *problems, roles []roleConfig) {
	if len(p.Services) == 0 {
		return
	}
	if !p.Enabled {
		found.add("pagerduty.enabled", "set it to true: services there are of no use without it")
	}
	if p.Token.Empty() {
		found.add("pagerduty.token_file", "set it: it names the file with a token of the REST API, by which services are asked and called")
	}
	names := make([]string, len(roles))
	for i, r := range roles {
		names[i] = r.Name
	}
	seen := map[[2]string]bool{}
	stands := false
	for n, one := range p.Services {
		at := entry("pagerduty.services", n)
		if !paging.IsPlace(one.ID) {
			found.add(at+"id", "must be the name of a service there, such as PF9KMXH: it is in the address of its page")
		}
		if one.Policy != "" && !paging.IsPlace(one.Policy) {
			found.add(at+"policy", "must be the name of an escalation policy there, such as PT20YPA: it is in the address of its page")
		}
		if one.Role != "" && !slices.Contains(names, one.Role) {
			found.add(at+"role", "there is no role %q; the roles are %s", one.Role, strings.Join(names, ", "))
		}
		if one.AtOnce < 0 || one.AtOnce > 4 {
			found.add(at+"at_once", "must be a severity, 1 to 4, or 0 to call it only when none of our own people is left")
		}
		key := [2]string{one.Role, one.ID}
		if seen[key] {
			found.add(at+"id", "stands for %s already", cmp.Or(one.Role, "no role"))
		}
		seen[key] = true
		stands = stands || one.Role != ""
	}
	if !stands {
		return
	}
	if p.From == "" {
		found.add("pagerduty.from", "set it: incidents there are opened in the name of somebody there")
	}
	if p.WebhookSecret.Empty() {
		found.add("pagerduty.webhook_secret_file", "set it: without webhooks nobody there could fill a role")
	}
}

func (i inboxConfig) check(found *problems, m mailConfig) {
	if i.Address == "" {
		if i.Host != "" {
			found.add("inbox.address", "set it: it is where people send their answers")
		}
		return
	}
	if _, err := mail.ParseAddress(i.Address); err != nil {
		found.add("inbox.address", "is not a mail address; write it like ack@example.org")
	}
	if m.Host == "" {
		found.add("mail.host", "set it: an inbox hears answers to mails, and none are sent")
	}
	if i.Secret.Empty() {
		found.add("inbox.secret_file", "set it: it names a file with at least 16 characters that nobody can guess")
	}
	if i.Host == "" {
		return
	}
	oneOf(found, "inbox.tls", i.TLS, "tls", "starttls", "none")
	if i.Username == "" || i.Password.Empty() {
		found.add("inbox.username", "set it and inbox.password_file: a mailbox is read by whoever owns it")
	}
}

func (w watchConfig) check(found *problems) {
	seen := map[string]bool{}
	for n, one := range w.Canaries {
		at := entry("watch.canaries", n)
		switch {
		case !slices.Contains(contact.Kinds(), one.Route):
			found.add(at+"route", "is none of %s", strings.Join(contact.Kinds(), ", "))
		case seen[one.Route]:
			found.add(at+"route", "has an address already: one for each route")
		case one.Address.Empty():
			found.add(at+"address_file", "set it: it names the file with the address")
		}
		seen[one.Route] = true
	}
}

func checkWebAddress(found *problems, key, address, example string) {
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		found.add(key, "must be an address such as %s", example)
	}
}

// defaultPagerDutyService is what an entry of the list of services begins as: what is bad
// does not wait until our own people are exhausted.
func defaultPagerDutyService() pagerdutyServiceConfig { return pagerdutyServiceConfig{AtOnce: 2} }

func defaultInbox() inboxConfig { return inboxConfig{TLS: "tls", Folder: "INBOX"} }
