// Package consul owns what is asked of a Consul: whether it has a leader, a few rows of its
// key-value store, and snapshots, which it backs up and proves on a server that is thrown away.
//
// It does not seal, store or schedule (packages seal, place and job do), and it restores
// nothing into a Consul that serves anybody.
package consul

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

// Config is how one reaches a Consul.
type Config struct {
	Name    string // what people call it: "prod"
	Address string // https://consul.example.org:8501, or http:// on the loopback
	Token   secret.Text
	RootCAs *x509.CertPool   // who may sign its certificate; nil means the system's list
	Client  *tls.Certificate // ours, where it wants one; may be nil
	// Datacenter is asked for by name; "" is the one of the server that answers.
	Datacenter string

	socket string // of a server of ours
}

// Client asks one Consul. Its methods may be called at once. Their errors are [fault.Error]s
// that hold neither the address nor the token.
type Client struct {
	cfg  Config
	base *url.URL
	http *http.Client
}

// Limits of one call. A snapshot has its own: it takes as long as its run may.
const (
	budget     = 30 * time.Second
	headBudget = 15 * time.Minute // until an answer begins: a snapshot is made before
	mostAnswer = 64 << 20
)

// New checks how a Consul is reached. A token goes over TLS only, or to this machine.
func New(c Config) (*Client, error) {
	base, err := url.Parse(c.Address)
	if err != nil || (base.Scheme != "https" && base.Scheme != "http") || base.Host == "" || base.User != nil || base.RawQuery != "" || strings.Trim(base.Path, "/") != "" {
		return nil, fault.New(fault.Invalid, "The address of the Consul %s cannot be understood: write it like https://consul.example.org:8501.", c.Name)
	}
	if base.Scheme == "http" && !onThisMachine(base.Hostname()) {
		return nil, fault.New(fault.Invalid, "The Consul %s would be asked without TLS, and its token and snapshots be readable on the way: use https://, or an agent on this machine (http://127.0.0.1:8500).", c.Name)
	}
	base.Path = ""
	conf := &tls.Config{RootCAs: c.RootCAs, MinVersion: tls.VersionTLS12}
	if c.Client != nil {
		conf.Certificates = []tls.Certificate{*c.Client}
	}
	dialer := net.Dialer{Timeout: 10 * time.Second}
	transport := &http.Transport{
		Proxy:                 nil, // whatever the environment says
		DialContext:           dialer.DialContext,
		TLSClientConfig:       conf,
		ForceAttemptHTTP2:     true,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: headBudget,
		MaxIdleConnsPerHost:   2,
		IdleConnTimeout:       time.Minute,
		DisableCompression:    true,
	}
	if c.socket != "" {
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "unix", c.socket)
		}
	}
	return &Client{cfg: c, base: base, http: &http.Client{
		Transport: transport,
		// The token would go where we are sent, and a sign-in page is no answer.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Close lets go of idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

func onThisMachine(host string) bool {
	if host == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}

// call is one request.
type call struct {
	method, path string
	query        url.Values
	body         io.Reader
	size         int64 // of the body; 0 is none or not known
}

// begin makes a call and gives the answer, which is 200.
func (c *Client) begin(ctx context.Context, what call) (*http.Response, error) {
	at := *c.base
	at.Path = what.path
	query := what.query
	if query == nil {
		query = url.Values{}
	}
	if c.cfg.Datacenter != "" {
		query.Set("dc", c.cfg.Datacenter)
	}
	at.RawQuery = query.Encode()
	request, err := http.NewRequestWithContext(ctx, what.method, at.String(), what.body)
	if err != nil {
		return nil, err
	}
	if what.size > 0 {
		request.ContentLength = what.size
	}
	request.Header.Set("User-Agent", "batsignal")
	if token := c.cfg.Token.Reveal(); token != "" {
		request.Header.Set("X-Consul-Token", token)
	}
	answer, err := c.http.Do(request)
	if err != nil {
		return nil, c.unreached(ctx, err)
	}
	if answer.StatusCode == http.StatusOK {
		return answer, nil
	}
	said, _ := io.ReadAll(io.LimitReader(answer.Body, 4<<10)) // it only explains
	_ = answer.Body.Close()
	return nil, c.refused(answer.StatusCode, string(said))
}

// unreached leaves out the address, which stands in what the library says.
func (c *Client) unreached(ctx context.Context, err error) error {
	if ctx.Err() != nil && !errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
		return context.Cause(ctx)
	}
	var about *url.Error
	if errors.As(err, &about) {
		err = about.Err
	}
	var cert *tls.CertificateVerificationError
	var timeout interface{ Timeout() bool }
	switch {
	case errors.As(err, &cert):
		return fault.Wrap(fault.Unready, err, "The certificate of the Consul %s is not one that we trust: name its authority in the file of jobs.", c.cfg.Name)
	case errors.As(err, &timeout) && timeout.Timeout():
		return fault.Wrap(fault.Unready, err, "The Consul %s did not answer in time.", c.cfg.Name)
	}
	return fault.Wrap(fault.Unready, err, "The Consul %s cannot be reached.", c.cfg.Name)
}

// refusal is an answer that is none.
type refusal struct {
	status int
	said   string
}

func (r *refusal) Error() string {
	return fmt.Sprintf("status %d: %s", r.status, strings.ToValidUTF8(strings.TrimSpace(r.said), "?"))
}

// leaderless tells whether it may answer a moment later.
func (r *refusal) leaderless() bool { return strings.Contains(r.said, "No cluster leader") }

// errNone is what a row that is not there answers.
var errNone = errors.New("there is no such row")

func (c *Client) refused(status int, said string) error {
	cause := &refusal{status, said}
	switch {
	case status == http.StatusNotFound:
		return fault.Wrap(fault.NotFound, errors.Join(errNone, cause), "The Consul %s does not know what it was asked for.", c.cfg.Name)
	case status == http.StatusForbidden || status == http.StatusUnauthorized:
		return fault.Wrap(fault.Forbidden, cause, "The Consul %s refuses our token. Snapshots need one with acl = \"write\", and key and service rights to read and to plant the sentinel.", c.cfg.Name)
	case status >= 300 && status < 400:
		return fault.Wrap(fault.Unready, cause, "The Consul %s sends us elsewhere (%d), where we do not go: the address may be wrong.", c.cfg.Name, status)
	case cause.leaderless():
		return fault.Wrap(fault.Unready, cause, "The Consul %s has no leader at the moment.", c.cfg.Name)
	}
	return fault.Wrap(fault.Unready, cause, "The Consul %s answered %d.", c.cfg.Name, status)
}

// ask makes a call and reads its answer as JSON. The header tells how fresh it is.
func (c *Client) ask(ctx context.Context, what call, into any) (http.Header, error) {
	ctx, cancel := context.WithTimeout(ctx, budget)
	defer cancel()
	answer, err := c.begin(ctx, what)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, mostAnswer+1))
	if err != nil {
		return nil, c.unreached(ctx, err)
	}
	if len(text) > mostAnswer {
		return nil, fault.New(fault.Unready, "The Consul %s answered more than can be read.", c.cfg.Name)
	}
	if into != nil {
		if err := json.Unmarshal(text, into); err != nil {
			return nil, fault.Wrap(fault.Unready, err, "What answers at the address of the Consul %s is no Consul.", c.cfg.Name)
		}
	}
	return answer.Header, nil
}
