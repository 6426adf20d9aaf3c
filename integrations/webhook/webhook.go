// Package webhook owns the paging route that rings a person by one signed POST to
// an address of theirs, the check that a receiver makes of the signature, and the receiver
// of our own synthetic page ([Canary]).
//
// It does not decide who is rung or when to try again (oncall/paging does). The
// address comes from a person, so every dial goes past the guard that keeps the bot
// from being sent at machines of its own network (integrations/dial), and nothing
// that is returned holds the address or anything that the other side said.
//
// # What a receiver gets
//
//	POST /whatever
//	Content-Type: application/json
//	Idempotency-Key: the same for every try of one delivery; drop what you have seen
//	Batsignal-Attempt: 1, 2, 3 …
//	Batsignal-Signature: t=1795402800,v1=852f9c9189…
//
// The body is a [Page]. The signature covers the time and the body: see [Verify].
// The headers beside it are not signed; the key is in the body too.
//
// Answer 2xx once the page is safely yours. 408, 425, 429 and 5xx are tried again;
// any other answer ends this delivery. Redirects are not followed: a signed page
// goes to the address that its owner registered and to no other, and an address
// that has moved is better told to its owner than chased at three in the morning.
//
// # Where pages may go
//
// To public addresses, by https. To networks that the operator allows by name,
// also by plain http: there, the operator answers for the wire.
package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"time"

	"batsignal/integrations/dial"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
)

const (
	// longestAnswer is how much of an answer is read, in bytes: enough that a
	// well-behaved receiver's connection can be used again.
	longestAnswer = 64 << 10
	// idleConnections bounds the connections kept for the next page, to one
	// receiver and in all. A mass page to one gateway reuses these.
	idleConnections = 64
)

// Config says how pages are signed and where they may go.
type Config struct {
	Secret        secret.Text    // signs every page of this installation; at least 16 bytes
	AllowNetworks []netip.Prefix // networks that are allowed although they are not public
	Timeout       time.Duration  // for one whole try; 0 means 10 s
	RootCAs       *x509.CertPool // who may sign a receiver's certificate; nil means the system's list
	Resolver      *net.Resolver  // nil means the system's
	Now           func() time.Time
}

// Route rings people by webhook. It is safe for many goroutines and does not bound
// how many send at once: the caller does. Call [Route.Close] at the end.
type Route struct {
	secret  secret.Text
	timeout time.Duration
	now     func() time.Time
	clients map[string]*http.Client // by scheme
}

var _ paging.Route = (*Route)(nil)

// New makes a route. Its errors are plain sentences for the operator.
func New(c Config) (*Route, error) {
	if len(c.Secret.Reveal()) < 16 {
		return nil, errors.New("webhooks need a secret of at least 16 characters to sign pages with: name the file that holds it")
	}
	for _, p := range c.AllowNetworks {
		if !p.IsValid() || p.Addr().Is4In6() {
			return nil, fmt.Errorf("%v is not a network: write it like 10.1.0.0/16 or fd00:1::/64", p)
		}
	}
	r := &Route{secret: c.Secret, timeout: c.Timeout, now: c.Now}
	if r.timeout <= 0 {
		r.timeout = 10 * time.Second
	}
	if r.now == nil {
		r.now = time.Now
	}
	r.clients = map[string]*http.Client{
		"https": client(c, r.timeout, dial.Guard{Allow: c.AllowNetworks, Public: true}),
		"http":  client(c, r.timeout, dial.Guard{Allow: c.AllowNetworks}),
	}
	return r, nil
}

func client(c Config, timeout time.Duration, g dial.Guard) *http.Client {
	// The transport lets a dial go on after its request has given up, since the
	// next one may use the connection; so the dial needs a limit of its own.
	dialer := &net.Dialer{Resolver: c.Resolver, ControlContext: g.Control, Timeout: timeout}
	return &http.Client{
		// The last answer is the answer: no redirect is followed.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			// No Proxy, not even the environment's: a proxy would resolve the name
			// itself, and the guard would judge the proxy's address.
			DialContext:            dialer.DialContext,
			TLSClientConfig:        &tls.Config{RootCAs: c.RootCAs, MinVersion: tls.VersionTLS12},
			MaxIdleConns:           idleConnections,
			MaxIdleConnsPerHost:    idleConnections,
			IdleConnTimeout:        90 * time.Second,
			TLSHandshakeTimeout:    timeout,
			DisableCompression:     true, // an answer is thrown away, so it need not be unpacked
			MaxResponseHeaderBytes: longestAnswer,
		},
	}
}

// Name is how delivery rows call this route.
func (r *Route) Name() string { return "webhook" }

// Close ends the connections kept for later pages.
func (r *Route) Close() {
	for _, c := range r.clients {
		c.CloseIdleConnections()
	}
}

// Send posts one page. An address that can never work, one that the guard
// refuses, a redirect and an answer of 4xx other than 408, 425 and 429 wrap
// [paging.ErrPermanent]; everything else that fails may be tried again. Neither
// the receipt nor the error holds the address or words of the receiver.
func (r *Route) Send(ctx context.Context, m paging.Message) (paging.Handed, error) {
	u, err := url.Parse(m.Address.Reveal())
	if err != nil || u.Hostname() == "" || r.clients[u.Scheme] == nil {
		return paging.Handed{}, fmt.Errorf("%w: what is stored for this person is not a web address", paging.ErrPermanent)
	}
	body, err := pageOf(m).encode()
	if err != nil {
		return paging.Handed{}, fmt.Errorf("%w: the page could not be written", paging.ErrPermanent)
	}
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(body))
	if err != nil {
		return paging.Handed{}, fmt.Errorf("%w: what is stored for this person is not a web address", paging.ErrPermanent)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "batsignal")
	req.Header.Set("Batsignal-Attempt", strconv.Itoa(m.Attempt))
	req.Header.Set("Batsignal-Signature", sign(r.secret, r.now(), body))
	// Beside telling the receiver, this lets the transport send once more by
	// itself when a kept connection turns out to be dead.
	req.Header.Set("Idempotency-Key", headerSafe(m.Key))

	resp, err := r.clients[u.Scheme].Do(req)
	if err != nil {
		return paging.Handed{}, explain(ctx, err)
	}
	// The status has decided; a failure to read the rest changes nothing.
	_, _ = io.CopyN(io.Discard, resp.Body, longestAnswer)
	_ = resp.Body.Close()
	return judge(resp.StatusCode)
}

// judge says what a status means.
func judge(status int) (paging.Handed, error) {
	switch {
	case status >= 200 && status < 300:
		return paging.Handed{Note: fmt.Sprintf("accepted by the webhook with %d", status)}, nil
	case status >= 300 && status < 400:
		return paging.Handed{}, fmt.Errorf("%w: the webhook answered with a redirect (%d), which is not followed", paging.ErrPermanent, status)
	case status == http.StatusRequestTimeout, status == http.StatusTooEarly, status == http.StatusTooManyRequests, status >= 500:
		return paging.Handed{}, fmt.Errorf("the webhook answered %d", status)
	}
	return paging.Handed{}, fmt.Errorf("%w: the webhook refused with %d", paging.ErrPermanent, status)
}
