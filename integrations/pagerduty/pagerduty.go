// Package pagerduty owns all that we have to do with PagerDuty: the route that rings
// whoever is on call at a service there, the helplines (incidents there for a role that is
// hunted for here), the questions to its REST API (who is on call, which incidents are
// open), what its webhooks tell us, and how to read the events that monitoring tools send
// to it, for our own intake.
//
// It does not decide who is rung (oncall/paging does), and keeps nothing but who it was
// told is on call, for a minute ([Glance]).
//
// # Why a repeated page rings once
//
// A page is an event "trigger" whose dedup key is made of the key of its delivery, the
// same for every try. PagerDuty adds a trigger to the open alert that has its key, and
// calls nobody again. So a try whose end we never heard is safely sent once more. Only
// if somebody resolved the incident between the two would a repeat ring again, which is
// why [Route.Ask] looks first, where there is a token for the REST API.
//
// # What "accepted" is worth
//
// Nothing: PagerDuty has answered success for a day and called nobody. That an incident
// was opened is known from its webhook "incident.triggered" only, which is a receipt
// here; without a receipt in time the pager gives the delivery up.
//
// # Whose keys
//
// Two installations of ours that share a service (the real one and the one for trying
// things out, or one whose database began anew) would have the same keys, and the pages
// of one would vanish in the open incidents of the other. So keys carry the name of the
// installation: see Config.Name.
package pagerduty

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"batsignal/oncall/secret"
)

// Name is what delivery rows, contacts and accounts call this route.
const Name = "pagerduty"

// Where PagerDuty is, for accounts in the United States. Accounts of the European
// region are at api.eu.pagerduty.com and events.eu.pagerduty.com.
const (
	DefaultEventsURL = "https://events.pagerduty.com"
	DefaultAPIURL    = "https://api.pagerduty.com"
)

// Config says which PagerDuty, and who we are there.
type Config struct {
	EventsURL string        // "" is [DefaultEventsURL]
	APIURL    string        // "" is [DefaultAPIURL]
	Token     secret.Text   // for the REST API; empty if it is not used
	From      string        // mail address of a person there, in whose name incidents are opened; only with Token
	Name      string        // of this installation, in keys: letters, digits, "." and "-"; "" puts none in
	Seals     []secret.Text // secrets that seal our keys there, see [Keys]; none leaves them open
	WebURL    string        // our own web address, shown beside events; "" is none
	Receipts  bool          // webhooks tell us of incidents that were opened
	Timeout   time.Duration
	Transport Transport // nil is one of our own
}

// New makes the route and, if there is a token, the client of the REST API, which is nil
// otherwise. It does not connect. Its errors are plain sentences for the operator.
func New(c Config) (*Route, *Client, error) {
	for _, u := range []*string{&c.EventsURL, &c.APIURL} {
		if *u == "" {
			*u = DefaultEventsURL
			if u == &c.APIURL {
				*u = DefaultAPIURL
			}
		}
		*u = strings.TrimRight(*u, "/")
		if err := checkBase(*u); err != nil {
			return nil, nil, err
		}
	}
	switch {
	case !isName(c.Name):
		return nil, nil, errors.New("the name of this installation at PagerDuty may hold up to 64 letters, digits, \".\" and \"-\"")
	case c.From != "" && !strings.Contains(c.From, "@"), strings.ContainsAny(c.From, " \r\n"):
		return nil, nil, errors.New("incidents at PagerDuty are opened in somebody's name: write the mail address of a person there")
	case !c.Token.Empty() && !headerSafe(c.Token):
		return nil, nil, errors.New("the token for PagerDuty's REST API must be one line without spaces: look at the file that holds it")
	}
	if c.Timeout <= 0 {
		c.Timeout = 10 * time.Second
	}
	if c.Transport == nil {
		c.Transport = newTransport(c.Timeout)
	}
	r := &Route{
		keys: Keys{Name: c.Name, Seals: c.Seals}, webURL: c.WebURL, timeout: c.Timeout, receipts: c.Receipts,
		events: newEvents(c),
	}
	if !c.Token.Empty() {
		r.rest = newClient(c)
	}
	r.close = c.Transport.CloseIdleConnections
	return r, r.rest, nil
}

// checkBase refuses what cannot be the beginning of an address, and plain http to other
// machines: keys and tokens would be sent in the clear.
func checkBase(base string) error {
	u, err := url.Parse(base)
	switch {
	case err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return fmt.Errorf("the address of PagerDuty must be one such as %s", DefaultAPIURL)
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return errors.New("PagerDuty by http is allowed on this machine only, or keys would be sent in the clear: use https")
	}
	return nil
}

func isName(s string) bool {
	return len(s) <= 64 && strings.IndexFunc(s, func(c rune) bool {
		return (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '.' && c != '-'
	}) < 0
}
