// Package twilio owns all that we have to do with Twilio: the two routes that ring a
// phone, by text ([SMS]) and by call ([Voice]), and the handler of what comes back
// ([Hook]): answers, keys, and what became of a message.
//
// It does not decide who is rung (oncall/paging does), does not know what an answer means
// (whoever is the [paging.Ear] does), and keeps nothing.
//
// # What Twilio does not promise
//
// It documents no way to send the same message twice and have it arrive once. So a try
// whose end we never heard is asked for before the next one:
//
//   - A text carries a mark of its delivery ("P12-57") beside its code. Among the last
//     texts to that number there is one with both, or it was never taken. That is exact.
//   - A call has nothing of ours that Twilio would give back: the address of its callback
//     is not part of what can be read again. What can be known is which calls went to that
//     number within the last minutes, and which of those belong to other deliveries of ours
//     (Config.Whose). If one single call is left, it is the one; if there are none, or
//     several, the phone is rung again: a second ring beats none.
//
// Callbacks carry our key in their address, so whatever arrives names its delivery, even
// if the answer to our request was lost.
//
// # What "accepted" is worth
//
// Nothing. Twilio answers 201 to what it may never deliver. A text is delivered when the
// carrier says so; a call when somebody, or something, picked it up; and nobody is reached
// before they answer. A voicemail cannot: the numbers to key differ from call to call, and
// it keys none.
//
// # What Twilio sees
//
// The numbers, and what is said or written. Config.Discreet leaves out what is on fire.
package twilio

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"batsignal/oncall/secret"
)

// What delivery rows and contacts call the two routes.
const (
	NameSMS   = "sms"
	NameVoice = "voice"
)

// DefaultBaseURL is where Twilio's REST API is, for accounts in the United States, which
// is where accounts are unless their owner chose otherwise.
const DefaultBaseURL = "https://api.twilio.com"

// Config says which account of Twilio we use, and how.
type Config struct {
	BaseURL    string // "" is [DefaultBaseURL]
	AccountSID string // "AC" and 32 digits
	// Tokens are the auth tokens of the account. The first one signs us in; all of them
	// may have signed what comes back, so that a token can be replaced.
	Tokens []secret.Text
	// KeySID and KeySecret are an API key that signs us in instead; "" is none. What comes
	// back is signed with the auth token all the same.
	KeySID    string
	KeySecret secret.Text
	From      string // the number that we call from, "+14155550100"
	SMSFrom   string // the number or messaging service ("MG…") that we text from; "" is From
	// InboundURL is where Twilio reaches the [Hook]: "https://in.example.org", in front of
	// /twilio/. Whoever answers by phone answers there.
	InboundURL string
	Voice      string        // who speaks, as Twilio calls them: "Polly.Joanna"; "" is Twilio's own
	Ring       time.Duration // how long a phone rings; 0 is 35 s, shorter than most voicemails wait
	Discreet   bool          // neither texts nor calls tell what is on fire
	Timeout    time.Duration // for one request; 0 is 8 s
	CostSMS    int           // of one text, in thousandths of the currency of the configuration
	CostVoice  int           // of one call
	Transport  http.RoundTripper
	// Whose finds our keys of messages by Twilio's names of them, among those that are on
	// record; the others are missing. Nil: a call whose answer was lost is made again.
	Whose func(ctx context.Context, route string, refs []string) (map[string]string, error)
}

// Account is an account at Twilio: two routes that share a client.
type Account struct {
	sms   *SMS
	voice *Voice
	hook  links
	api   *client
}

// New makes the routes. It does not connect. Its errors are plain sentences for the
// operator.
func New(c Config) (*Account, error) {
	if c.BaseURL == "" {
		c.BaseURL = DefaultBaseURL
	}
	if c.SMSFrom == "" {
		c.SMSFrom = c.From
	}
	if c.Ring <= 0 {
		c.Ring = 35 * time.Second
	}
	if c.Timeout <= 0 {
		c.Timeout = defaultTimeout
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	a := &Account{
		api:  newClient(c),
		hook: links{base: strings.TrimRight(c.InboundURL, "/")},
	}
	a.sms = &SMS{account: a, from: c.SMSFrom, discreet: c.Discreet, cost: c.CostSMS}
	a.voice = &Voice{
		account: a, from: c.From, voice: c.Voice, ring: c.Ring, discreet: c.Discreet, cost: c.CostVoice, whose: c.Whose,
	}
	return a, nil
}

// SMS is the route that writes.
func (a *Account) SMS() *SMS { return a.sms }

// Voice is the route that calls.
func (a *Account) Voice() *Voice { return a.voice }

// Close ends the connections that are kept.
func (a *Account) Close() { a.api.http.CloseIdleConnections() }

func (c Config) check() error {
	switch {
	case !isSID(c.AccountSID, "AC"):
		return errors.New("an account of Twilio is called AC and 32 digits: the console shows it as Account SID")
	case len(c.Tokens) == 0 || c.Tokens[0].Empty():
		return errors.New("Twilio needs the auth token of the account: name the file that holds it")
	case (c.KeySID == "") != c.KeySecret.Empty():
		return errors.New("an API key of Twilio is its SID and its secret: give both or neither")
	case c.KeySID != "" && !isSID(c.KeySID, "SK"):
		return errors.New("an API key of Twilio is called SK and 32 digits")
	case !isNumber(c.From):
		return errors.New("Twilio needs a number to call from, written like +14155550100")
	case !isNumber(c.SMSFrom) && !isSID(c.SMSFrom, "MG"):
		return errors.New("texts come from a number such as +14155550100, or from a messaging service (MG and 32 digits)")
	case c.Ring < 5*time.Second || c.Ring > 10*time.Minute:
		return errors.New("a phone rings for 5 seconds to 10 minutes")
	}
	if err := checkAddress("of Twilio", c.BaseURL, DefaultBaseURL); err != nil {
		return err
	}
	return checkAddress("at which Twilio reaches us", c.InboundURL, "https://in.example.org")
}

// checkAddress refuses what cannot be the beginning of an address, and plain http to other
// machines: a token or a number would travel in the clear.
func checkAddress(what, base, example string) error {
	u, err := url.Parse(base)
	switch {
	case err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return fmt.Errorf("the address %s must be one such as %s", what, example)
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return fmt.Errorf("the address %s may begin with http on this machine only: numbers would travel in the clear. Use https", what)
	}
	return nil
}
