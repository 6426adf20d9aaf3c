// Package ntfy owns the paging route that rings a person by a push message: it publishes
// to a topic of an ntfy server, which the person's telephone is subscribed to.
//
// It does not decide who is rung or when to try again (oncall/paging does), and hears
// nothing: a button of the message presses the same link as a mail's does. The topic is a
// secret of its owner, since whoever knows it reads along; nothing that is returned holds
// it, or anything that the server said.
//
// # What a telephone gets
//
// A title, the caller's words, a priority by severity, and buttons: "Acknowledge" makes
// one POST to the single-use link, "Open" shows its page. In ntfy's web app a browser
// refuses such a POST to another site; there "Open" is the button to press.
//
// Every message of one delivery has the same sequence id, made of its key. Servers and
// apps that know of those (ntfy 2.16) show a repeat, and the news that the page is over,
// in the place of the first message; older ones show another message.
//
// # Where pages may go
//
// To the servers of the configuration and nowhere else. The token goes to the first alone.
package ntfy

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"batsignal/integrations/dial"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

// Name is how delivery rows call this route.
const Name = "ntfy"

// mostAtOnce bounds the requests under way: ntfy lets a visitor make 60 at once, and
// refuses what is more.
const mostAtOnce = 16

// Config says which server pages are published on.
type Config struct {
	URL     string   // of the server: "https://ntfy.example.org"; a path is allowed
	Servers []string // others whose topics people may give by their whole address; no token goes there
	Token   secret.Text

	// AllowNetworks are networks that are allowed although they are not public; there,
	// plain http is allowed as well. An address that is written in URL or Servers as
	// numbers, and localhost, need not be repeated here.
	AllowNetworks []netip.Prefix
	Timeout       time.Duration  // for one whole try; 0 means 10 s
	RootCAs       *x509.CertPool // who may sign a server's certificate; nil means the system's list
	Resolver      *net.Resolver  // nil means the system's
	Prefix        string         // what starts a command in chat; empty means "!"

	// Ear is told that the daily synthetic page is kept by the server; nil tells nobody.
	Ear paging.Ear
	Now func() time.Time
}

// Route rings people by push. It is safe for many goroutines. Call [Route.Close] at the
// end.
type Route struct {
	servers []server // the first is the one of the configuration
	token   secret.Text
	timeout time.Duration
	prefix  string
	ear     paging.Ear
	now     func() time.Time
	client  *http.Client
}

var (
	_ paging.Route   = (*Route)(nil)
	_ paging.Asker   = (*Route)(nil)
	_ paging.Ender   = (*Route)(nil)
	_ paging.Checker = (*Route)(nil)
)

// New makes a route. It does not connect: use [Route.Check] for that. Its errors are
// plain sentences for the operator.
func New(c Config) (*Route, error) {
	r := &Route{token: c.Token, timeout: c.Timeout, prefix: c.Prefix, ear: c.Ear, now: c.Now}
	allow := c.AllowNetworks
	for _, p := range allow {
		if !p.IsValid() || p.Addr().Is4In6() {
			return nil, fmt.Errorf("%v is not a network: write it like 10.1.0.0/16 or fd00:1::/64", p)
		}
	}
	for i, text := range append([]string{c.URL}, c.Servers...) {
		s, err := readServer(text)
		if err != nil {
			return nil, err
		}
		if i == 0 && s.scheme == "http" && !c.Token.Empty() && !s.local() {
			return nil, errors.New("the token of ntfy would go over the wire for everybody to read: write the server's address with https")
		}
		r.servers = append(r.servers, s)
		allow = append(allow, s.networks()...)
	}
	if strings.ContainsFunc(c.Token.Reveal(), func(c rune) bool { return c <= ' ' || c > '~' }) {
		return nil, errors.New("the token of ntfy has letters that no token has: look into its file")
	}
	if r.timeout <= 0 {
		r.timeout = 10 * time.Second
	}
	if r.prefix == "" {
		r.prefix = "!"
	}
	if r.now == nil {
		r.now = time.Now
	}
	r.client = client(c, r.timeout, allow)
	return r, nil
}

func client(c Config, timeout time.Duration, allow []netip.Prefix) *http.Client {
	transport := func(g dial.Guard) *http.Transport {
		dialer := &net.Dialer{Resolver: c.Resolver, ControlContext: g.Control, Timeout: timeout}
		return &http.Transport{
			// No Proxy: it would resolve the name itself, and the guard would judge the
			// proxy's address.
			DialContext:            dialer.DialContext,
			TLSClientConfig:        &tls.Config{RootCAs: c.RootCAs, MinVersion: tls.VersionTLS12},
			MaxIdleConnsPerHost:    mostAtOnce,
			IdleConnTimeout:        90 * time.Second,
			TLSHandshakeTimeout:    timeout,
			MaxResponseHeaderBytes: longestAnswer,
		}
	}
	return &http.Client{
		// A redirect would carry the token and the topic to wherever it points.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: byScheme{
			"https": transport(dial.Guard{Allow: allow, Public: true}),
			"http":  transport(dial.Guard{Allow: allow}),
		},
	}
}

// byScheme goes to public addresses by https only.
type byScheme map[string]*http.Transport

func (b byScheme) RoundTrip(r *http.Request) (*http.Response, error) {
	if t := b[r.URL.Scheme]; t != nil {
		return t.RoundTrip(r)
	}
	return nil, dial.ErrForbidden
}

func (b byScheme) CloseIdleConnections() {
	for _, t := range b {
		t.CloseIdleConnections()
	}
}

// Name is how delivery rows call this route.
func (r *Route) Name() string { return Name }

// Close ends the connections kept for later pages.
func (r *Route) Close() { r.client.CloseIdleConnections() }

// Traits are what everybody may know of it: a push comes at once, and a telephone may be
// set to sleep through it.
func (r *Route) Traits() paging.Traits {
	return paging.Traits{Name: Name, Timeout: 2 * r.timeout, Parallel: mostAtOnce, Asks: true, Ends: true}
}

// server is one ntfy server.
type server struct {
	scheme, host, path string // "https", "ntfy.example.org:8443", "/push" or ""
}

func readServer(text string) (server, error) {
	u, err := url.Parse(strings.TrimSpace(text))
	switch {
	case err != nil, u.Host == "", u.Scheme != "https" && u.Scheme != "http":
		return server{}, errors.New("the address of the ntfy server is none: write it like https://ntfy.example.org")
	case u.User != nil, u.RawQuery != "", u.Fragment != "":
		return server{}, errors.New("the address of the ntfy server holds more than an address: give a token by its file")
	}
	return serverOf(u, u.Path), nil
}

func serverOf(u *url.URL, path string) server {
	host := strings.ToLower(u.Host)
	host = strings.TrimSuffix(host, map[string]string{"https": ":443", "http": ":80"}[u.Scheme])
	return server{scheme: u.Scheme, host: host, path: strings.TrimRight(path, "/")}
}

// at is the address of something on the server.
func (s server) at(parts ...string) string {
	return s.scheme + "://" + s.host + s.path + "/" + strings.Join(parts, "/")
}

func (s server) name() string {
	u := url.URL{Host: s.host}
	return u.Hostname()
}

// networks are those that the operator allowed by writing them down as numbers.
func (s server) networks() []netip.Prefix {
	if s.name() == "localhost" {
		return []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	}
	a, err := netip.ParseAddr(s.name())
	if err != nil {
		return nil
	}
	a = a.Unmap().WithZone("")
	return []netip.Prefix{netip.PrefixFrom(a, a.BitLen())}
}

func (s server) local() bool {
	list := s.networks()
	return len(list) > 0 && list[0].Addr().IsLoopback()
}
