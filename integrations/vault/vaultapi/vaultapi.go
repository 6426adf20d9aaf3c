// Package vaultapi owns speaking with one node of a Vault or an OpenBao, whose API is the
// same: is it sealed, here is a share, begin a rekey, give a snapshot.
//
// It decides nothing, tries nothing twice and keeps no share. Whom to ask for shares, and what
// is done about wrong ones, is package vault's business.
package vaultapi

import (
	"bytes"
	"cmp"
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
	"os"
	"strings"
	"time"

	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

// Config says where a node is.
type Config struct {
	Name    string // for people: "vault1"
	Address string // "https://vault1.example.org:8200"; http:// on this machine only
	// Socket is the unix socket of a server of our own, in place of an address.
	Socket string
	CAFile string // PEM of who signs its certificate; "" is whom the machine trusts
	// Timeout is for one question; 0 is five seconds. Snapshots have none but their context's.
	Timeout time.Duration
}

// Node is one node. Its methods may be called at once. An error is a [*Refusal] where the
// node said no, a [Silence] where it did not answer, and never holds an address or a secret.
type Node struct {
	Name    string
	address *url.URL
	client  *http.Client
	timeout time.Duration
}

// longestAnswer is in bytes; an answer is a few thousand.
const longestAnswer = 1 << 20

const usualTimeout = 5 * time.Second

// New makes a node of its configuration. Nothing is asked yet. The error is fault.Invalid.
func New(c Config) (*Node, error) {
	dial := (&net.Dialer{Timeout: cmp.Or(c.Timeout, usualTimeout)}).DialContext
	if c.Socket != "" {
		c.Address = "http://localhost"
		over := dial
		dial = func(ctx context.Context, _, _ string) (net.Conn, error) { return over(ctx, "unix", c.Socket) }
	}
	at, err := url.Parse(c.Address)
	if err != nil || at.Host == "" || at.Scheme != "https" && at.Scheme != "http" || at.User != nil || strings.Trim(at.Path, "/") != "" {
		return nil, fault.New(fault.Invalid, "The address of the node %s cannot be read: write it like https://vault1.example.org:8200.", c.Name)
	}
	if at.Scheme == "http" && !onThisMachine(at.Hostname()) {
		return nil, fault.New(fault.Invalid, "The node %s would be asked without TLS, and shares be readable on the way: use https://.", c.Name)
	}
	trust := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.CAFile != "" {
		pem, err := os.ReadFile(c.CAFile)
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, err, "The file %s, of who signs the certificate of %s, cannot be read.", c.CAFile, c.Name)
		}
		trust.RootCAs = x509.NewCertPool()
		if !trust.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fault.New(fault.Invalid, "The file %s holds no certificate in PEM.", c.CAFile)
		}
	}
	timeout := cmp.Or(c.Timeout, usualTimeout)
	n := &Node{Name: c.Name, address: &url.URL{Scheme: at.Scheme, Host: at.Host}, timeout: timeout}
	n.client = &http.Client{
		// No proxy, whatever the environment says: shares go straight to where they belong.
		Transport: &http.Transport{
			DialContext:         dial,
			TLSClientConfig:     trust,
			TLSHandshakeTimeout: timeout,
			MaxIdleConns:        2,
			IdleConnTimeout:     30 * time.Second,
		},
		// A standby sends us on to another host, which would be handed the share.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return n, nil
}

func onThisMachine(host string) bool {
	if host == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}

// Close lets go of idle connections.
func (n *Node) Close() { n.client.CloseIdleConnections() }

// Refusal is a node that answered, and not as one hoped.
type Refusal struct {
	Node   string
	Status int
	Says   []string // what it said
}

func (r *Refusal) Error() string {
	if len(r.Says) == 0 {
		return fmt.Sprintf("%s answered %d", r.Node, r.Status)
	}
	return fmt.Sprintf("%s answered %d: %s", r.Node, r.Status, strings.Join(r.Says, "; "))
}

// Silence is a node that did not answer: whether it is sealed, nobody knows.
type Silence struct {
	Node string
	Why  string // "the connection is refused"
}

func (s Silence) Error() string { return s.Node + " does not answer: " + s.Why }

// ask asks one question. body and answer may be nil; whoever made body clears it.
func (n *Node) ask(ctx context.Context, method, path string, body []byte, token secret.Text, answer any) error {
	ctx, cancel := context.WithTimeout(ctx, n.timeout)
	defer cancel()
	var from io.Reader
	if body != nil {
		from = bytes.NewReader(body)
	}
	resp, err := n.send(ctx, method, path, from, token)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, longestAnswer))
	if err != nil {
		return Silence{n.Name, whySilent(err)}
	}
	defer clear(text)
	if answer == nil || len(text) == 0 {
		return nil
	}
	if err := json.Unmarshal(text, answer); err != nil {
		return &Refusal{Node: n.Name, Status: resp.StatusCode, Says: []string{"something that is no answer of Vault"}}
	}
	return nil
}

// send sends a request; what is not 2xx is an error.
func (n *Node) send(ctx context.Context, method, path string, body io.Reader, token secret.Text) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, n.address.JoinPath("v1", path).String(), body)
	if err != nil {
		return nil, fault.New(fault.Invalid, "The node %s cannot be asked.", n.Name)
	}
	req.Header.Set("User-Agent", "batsignal")
	req.Header.Set("X-Vault-Request", "true")
	if !token.Empty() {
		req.Header.Set("X-Vault-Token", token.Reveal())
	}
	resp, err := n.client.Do(req)
	if err != nil {
		return nil, Silence{n.Name, whySilent(err)}
	}
	if resp.StatusCode/100 == 2 {
		return resp, nil
	}
	defer resp.Body.Close()
	refusal := &Refusal{Node: n.Name, Status: resp.StatusCode}
	if resp.StatusCode/100 == 3 {
		refusal.Says = []string{"it sends us to another node"}
		return nil, refusal
	}
	var said struct{ Errors []string }
	if json.NewDecoder(io.LimitReader(resp.Body, longestAnswer)).Decode(&said) == nil {
		for _, s := range said.Errors {
			refusal.Says = append(refusal.Says, oneLine(s))
		}
	}
	return nil, refusal
}

// whySilent says why nobody answered, without where.
func whySilent(err error) string {
	var timeout interface{ Timeout() bool }
	var noHost *net.DNSError
	var cert *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &cert):
		return "its certificate is not signed by whom we trust, or is of another name"
	case errors.As(err, &record), strings.Contains(err.Error(), "HTTP response to HTTPS client"):
		return "it speaks no TLS there"
	case errors.As(err, &noHost):
		return "its name is not known"
	case errors.Is(err, context.Canceled):
		return "we stopped asking"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "nothing came in time"
	case strings.Contains(err.Error(), "connection refused"):
		return "the connection is refused"
	}
	return "the connection broke"
}

// oneLine is a line of an error for a log: it may hold anything.
func oneLine(s string) string {
	const most = 200
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "?")), " ")
	if r := []rune(s); len(r) > most {
		s = string(r[:most])
	}
	return s
}
