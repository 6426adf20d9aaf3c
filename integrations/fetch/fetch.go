// Package fetch owns how a list is read from an address of the configuration: bounded in
// size and time, and never from machines of our own network unless the operator allows
// it. It does not know what the lists say.
package fetch

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"batsignal/integrations/dial"
	"batsignal/oncall/fault"
)

const (
	mostBytes     = 8 << 20
	mostRedirects = 5
	longestHeader = 64 << 10 // bytes
)

// Config says where lists may be fetched.
type Config struct {
	AllowNetworks []netip.Prefix // networks that are allowed although they are not public, by http too
	Timeout       time.Duration  // for one whole list; 0 means 10 s
	RootCAs       *x509.CertPool // who may sign a server's certificate; nil means the system's list
	Resolver      *net.Resolver  // nil means the system's
}

// Client fetches. It is safe for many goroutines. Call [Client.Close] at the end.
type Client struct {
	http       *http.Client
	timeout    time.Duration
	transports byScheme
}

// New makes a client.
func New(c Config) *Client {
	if c.Timeout <= 0 {
		c.Timeout = 10 * time.Second
	}
	t := byScheme{
		"https": transport(c, dial.Guard{Allow: c.AllowNetworks, Public: true}),
		"http":  transport(c, dial.Guard{Allow: c.AllowNetworks}),
	}
	return &Client{timeout: c.Timeout, transports: t, http: &http.Client{Transport: t, CheckRedirect: mayFollow}}
}

// Close ends the connections that are kept.
func (c *Client) Close() {
	for _, t := range c.transports {
		t.CloseIdleConnections()
	}
}

// Fetch reads what is at an address, at most 8 MiB. The error names the host and not the
// address, of which a part may be meant for nobody.
func (c *Client) Fetch(ctx context.Context, place string) ([]byte, error) {
	u, err := url.Parse(place)
	if err != nil || u.Hostname() == "" || c.transports[u.Scheme] == nil || u.User != nil {
		return nil, fault.New(fault.Invalid, "That is no address that a list can be fetched from. It begins with https:// and holds no password.")
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, fault.New(fault.Invalid, "That is no address that a list can be fetched from. It begins with https:// and holds no password.")
	}
	req.Header.Set("User-Agent", "batsignal")
	req.Header.Set("Accept", "application/json, application/yaml, text/csv, text/plain, */*;q=0.1")
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, explain(ctx, u.Host, err)
	}
	defer func() { _ = resp.Body.Close() }() // all that matters was read, or failed
	if resp.StatusCode != http.StatusOK {
		return nil, fault.New(fault.Unready, "%s answered %d instead of a list.", u.Host, resp.StatusCode)
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, mostBytes+1))
	switch {
	case err != nil:
		return nil, explain(ctx, u.Host, err)
	case len(text) > mostBytes:
		return nil, fault.New(fault.Limited, "The list at %s is larger than %d MiB, which I do not fetch. Import it from a file.", u.Host, mostBytes>>20)
	}
	return text, nil
}

// explain words what the HTTP client returned; its own words, with the address in them,
// are dropped.
func explain(ctx context.Context, host string, err error) error {
	var name *net.DNSError
	switch {
	case errors.Is(err, dial.ErrForbidden):
		return fault.New(fault.Forbidden, "%s is in a network that lists are not fetched from, or would need https. An operator can allow it under components.allow_networks.", host)
	case errors.Is(err, errRedirect):
		return fault.New(fault.Unready, "%s sends me on from place to place, or from https to http. Give the address where the list is.", host)
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fault.New(fault.Unready, "%s did not give the list in time. It is tried again later.", host)
	case errors.As(err, &name):
		return fault.New(fault.Unready, "The name of %s cannot be resolved.", host)
	}
	var inner *url.Error
	if errors.As(err, &inner) {
		err = inner.Err // without the address
	}
	return fault.Wrap(fault.Unready, err, "The list at %s could not be fetched.", host)
}

var errRedirect = errors.New("a redirect that is not followed")

// mayFollow follows a few redirects, and none that leaves https.
func mayFollow(req *http.Request, via []*http.Request) error {
	if len(via) >= mostRedirects || req.URL.User != nil || via[0].URL.Scheme == "https" && req.URL.Scheme != "https" {
		return errRedirect
	}
	return nil
}

// byScheme takes the transport of a request's scheme, since the guard of each is its own.
type byScheme map[string]*http.Transport

func (b byScheme) RoundTrip(req *http.Request) (*http.Response, error) {
	t := b[req.URL.Scheme]
	if t == nil {
		return nil, errRedirect
	}
	return t.RoundTrip(req)
}

func transport(c Config, g dial.Guard) *http.Transport {
	dialer := &net.Dialer{Resolver: c.Resolver, ControlContext: g.Control, Timeout: c.Timeout}
	t := http.DefaultTransport.(*http.Transport).Clone()
	// Not even the environment's proxy: it would resolve the name itself, and the guard
	// would judge the proxy's address.
	t.Proxy = nil
	t.DialContext = dialer.DialContext
	t.TLSClientConfig = &tls.Config{RootCAs: c.RootCAs, MinVersion: tls.VersionTLS12}
	t.TLSHandshakeTimeout = c.Timeout
	t.MaxResponseHeaderBytes = longestHeader
	return t
}
