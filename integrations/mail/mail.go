// Package mail owns the paging route that rings a person by e-mail: it writes the
// letter, hands it to one SMTP server and says in safe words what came of it.
//
// It does not decide who is rung or when to try again (oncall/paging does), does not read
// what comes back (integrations/inbox does, by the identities that are made here), keeps
// no queue and reuses no connection: a try is one connection from greeting to
// goodbye, so that nothing is left half-sent when the process dies. A server's
// answers quote addresses, and what this package returns is stored and shown;
// so every word of a server passes through withhold before it leaves.
package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"os"
	"strings"
	"time"
	"unicode"

	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

// The three ways to protect the connection to the mail server.
const (
	StartTLS = "starttls" // plain greeting, then TLS or nothing
	TLS      = "tls"      // TLS from the first byte
	None     = "none"     // no TLS; only to a server on this machine
)

// Config says which server to use and how the letters look.
type Config struct {
	Host       string         // name or address of the mail server
	Port       int            // 0 means 587 for starttls, 465 for tls, 25 for none
	TLS        string         // [StartTLS] (also if empty), [TLS] or [None]
	ServerName string         // name that the server's certificate must carry; empty means Host
	RootCAs    *x509.CertPool // who may sign that certificate; nil means the system's list
	Username   string         // empty means no login
	Password   secret.Text
	From       string        // "batsignal@example.org" or "Batsignal <batsignal@example.org>"
	Timeout    time.Duration // for one whole try, from dialing to goodbye; 0 means 30 s

	// Concurrency bounds the connections open at once; 0 means 8. Mail servers
	// refuse a client that opens hundreds, and that would lose pages.
	Concurrency int

	// ReplyTo is the mailbox whose letters are read (integrations/inbox). Letters name the
	// code to answer with only if there is one.
	ReplyTo string
	// BounceTo is where mail servers send the news that a letter cannot be delivered;
	// empty means From. Many servers want it to be the address of the user that logs in.
	BounceTo string
	// Secret seals the Message-IDs, so that a bounce can be believed ([KeyOf]); at least 16
	// characters. Without it, nothing that comes back tells which page it belongs to.
	Secret secret.Text

	Prefix string           // what starts a command in chat; empty means "!"
	Now    func() time.Time // for the Date header; nil means time.Now
}

// Route rings people by e-mail. It is safe for many goroutines.
type Route struct {
	host, port string
	security   string
	tls        *tls.Config
	username   string
	password   secret.Text
	from       netmail.Address
	replyTo    string // bare; "" if answers are not read
	bounceTo   string // bare
	secret     secret.Text
	hello      string
	timeout    time.Duration
	prefix     string
	now        func() time.Time
	slots      chan struct{}
}

var (
	_ paging.Route   = (*Route)(nil)
	_ paging.Checker = (*Route)(nil)
)

// New checks a configuration and makes a route of it. It does not connect: use
// [Route.Check] for that. Its errors are plain sentences for the operator.
func New(c Config) (*Route, error) {
	from, err := netmail.ParseAddress(c.From)
	switch {
	case err != nil:
		return nil, errors.New("the sender of mails is not a mail address: write it like batsignal@example.org")
	case c.Host == "" || strings.ContainsAny(c.Host, " \r\n/"):
		return nil, errors.New("the mail server needs the name of its host, without a scheme or a port")
	case c.Username != "" && c.Password.Empty():
		return nil, errors.New("the mail server has a user name but no password: name the file that holds it")
	case !c.Secret.Empty() && len(c.Secret.Reveal()) < 16:
		return nil, errors.New("the secret that seals the identities of mails must have at least 16 characters")
	}
	replyTo, err := bare(c.ReplyTo, "")
	if err != nil {
		return nil, errors.New("the mailbox for answers is not a mail address: write it like ack@example.org")
	}
	bounceTo, err := bare(c.BounceTo, from.Address)
	if err != nil {
		return nil, errors.New("the address for mails that come back is not a mail address: write it like bounces@example.org")
	}
	port := c.Port
	security := c.TLS
	switch security {
	case StartTLS, "":
		security, port = StartTLS, or(port, 587)
	case TLS:
		port = or(port, 465)
	case None:
		port = or(port, 25)
		if ip := net.ParseIP(c.Host); c.Host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return nil, errors.New("mail without TLS is allowed to a server on this machine only: use starttls or tls")
		}
	default:
		return nil, fmt.Errorf("%q is no way to protect mail: choose starttls, tls or none", security)
	}
	if port < 1 || port > 65535 {
		return nil, fmt.Errorf("%d is not a port of a mail server", port)
	}
	serverName := c.ServerName
	if serverName == "" {
		serverName = c.Host
	}
	r := &Route{
		host: c.Host, port: fmt.Sprint(port), security: security,
		tls:      &tls.Config{ServerName: serverName, RootCAs: c.RootCAs, MinVersion: tls.VersionTLS12},
		username: c.Username, password: c.Password,
		from: *from, replyTo: replyTo, bounceTo: bounceTo, secret: c.Secret, hello: helloName(),
		timeout: or(c.Timeout, 30*time.Second), prefix: c.Prefix, now: c.Now,
		slots: make(chan struct{}, or(c.Concurrency, 8)),
	}
	if r.prefix == "" {
		r.prefix = "!"
	}
	if r.now == nil {
		r.now = time.Now
	}
	return r, nil
}

// bare is the address alone of a configured one, or another if there is none.
func bare(configured, otherwise string) (string, error) {
	if configured == "" {
		return otherwise, nil
	}
	a, err := netmail.ParseAddress(configured)
	if err != nil {
		return "", err
	}
	return a.Address, nil
}

// Name is how delivery rows call this route.
const Name = "mail"

// Name is how delivery rows call this route.
func (r *Route) Name() string { return Name }

// Traits are what everybody may know of it. A mail server's yes says nothing about
// arrival, and nothing tells of arrival later; only a bounce may come.
func (r *Route) Traits() paging.Traits {
	return paging.Traits{Name: Name, Timeout: r.timeout, Parallel: cap(r.slots)}
}

// Send hands one page, or a code, to the mail server. A refusal of this sender, person or
// letter with a code of 500 or above wraps [paging.ErrPermanent], and is a
// [paging.BadAddress] if the server says that the mailbox cannot be. Anything else that
// fails may be tried again, because it says nothing about this page: no connection, TLS
// and our login wrap [paging.ErrProvider], and so does a server that closes or is busy for
// everybody (421). Neither the receipt nor the error holds the address or the link.
//
// When the connection breaks between the last byte and the answer, nobody can
// know whether the letter was taken: that is an error to try again, and the
// equal Message-ID lets the receiver drop the second copy.
func (r *Route) Send(ctx context.Context, m paging.Message) (paging.Handed, error) {
	to, err := netmail.ParseAddress(m.Address.Reveal())
	if err != nil {
		return paging.Handed{}, fmt.Errorf("%w: what is stored for this person is not a mail address", paging.ErrPermanent)
	}
	letter, err := r.letter(m, to.Address)
	if err != nil {
		// A library's own words may quote the address, so they stop here.
		return paging.Handed{}, fmt.Errorf("%w: the letter could not be written", paging.ErrPermanent)
	}
	answer, err := r.hand(ctx, letter, to.Address)
	if err != nil {
		return paging.Handed{}, err
	}
	if words := withhold(to.Address)(answer); words != "" {
		return paging.Handed{Note: "accepted by the mail server: " + words}, nil
	}
	return paging.Handed{Note: "accepted by the mail server"}, nil
}

// hand gives one letter to the mail server and returns the server's raw answer. Its
// errors are fit to be stored and shown.
func (r *Route) hand(ctx context.Context, letter []byte, to string) (answer string, err error) {
	select {
	case r.slots <- struct{}{}:
		defer func() { <-r.slots }()
	case <-ctx.Done():
		return "", fmt.Errorf("no mail connection was free in time: %w", ctx.Err())
	}
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	s, err := r.open(ctx)
	if err != nil {
		return "", err
	}
	defer s.close()
	if answer, err = s.deliver(letter, r.bounceTo, to); err != nil {
		return "", explain(ctx, err, withhold(to))
	}
	return answer, nil
}

// helloName is how this machine greets the server; "localhost" is what clients
// without a name of their own say.
func helloName() string {
	name, err := os.Hostname()
	odd := func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) && c != '-' && c != '.' }
	if err != nil || name == "" || strings.ContainsFunc(name, odd) {
		return "localhost"
	}
	return name
}

func or[T int | time.Duration](v, fallback T) T {
	if v <= 0 {
		return fallback
	}
	return v
}
