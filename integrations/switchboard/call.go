package switchboard

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"syscall"
	"time"

	"batsignal/oncall/fault"
)

const (
	// longest is how much of a request or an answer is read, in bytes: a page that folds
	// some thousand alerts, and no more.
	longest = 1 << 20
	// kept bounds the connections that are kept for the next call: a ring of many people
	// reuses these.
	kept            = 64
	connectPatience = 3 * time.Second
)

// caller speaks to one address. What it says of failures names neither that address nor
// what was sent or answered.
type caller struct {
	who    string // "the switchboard"
	base   string
	client *http.Client
}

func newCaller(who, address string, ours Identity, peer Pin) (*caller, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || (u.Path != "" && u.Path != "/") || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("the address of %s must be written like https://10.0.0.5:8444", who)
	}
	conf, err := ours.clientTLS(peer)
	if err != nil {
		return nil, err
	}
	dialer := net.Dialer{Timeout: connectPatience}
	return &caller{who: who, base: "https://" + u.Host + "/v1/", client: &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		// No proxy, not even the environment's: nobody stands between the two.
		Transport: &http.Transport{
			DialContext: dialer.DialContext, TLSClientConfig: conf, TLSHandshakeTimeout: 2 * connectPatience,
			MaxIdleConns: kept, MaxIdleConnsPerHost: kept, IdleConnTimeout: 90 * time.Second,
			DisableCompression: true, MaxResponseHeaderBytes: 16 << 10,
		},
	}}, nil
}

func (c *caller) close() { c.client.CloseIdleConnections() }

// call makes one call and reads its answer.
func call[Out any](ctx context.Context, c *caller, name string, patience time.Duration, in any) (out Out, err error) {
	body, err := json.Marshal(in)
	if err != nil {
		return out, fault.Wrap(fault.Internal, err, "What %s was to be told cannot be written.", c.who)
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+name, bytes.NewReader(body))
	if err != nil {
		return out, fault.New(fault.Internal, "The address of %s cannot be asked.", c.who)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "batsignal")
	resp, err := c.client.Do(req)
	if err != nil {
		return out, c.unheard(ctx, err)
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, longest+1))
	defer clear(answer) // there may be half of a key in it
	switch {
	case err != nil:
		return out, c.unheard(ctx, err)
	case len(answer) > longest:
		return out, fault.New(fault.Unready, "%s answered more than makes sense.", sentence(c.who))
	case resp.StatusCode != http.StatusOK:
		return out, c.refused(resp.StatusCode, answer)
	}
	if err := decode(answer, &out); err != nil {
		var none Out
		return none, fault.New(fault.Unready, "%s answered what cannot be read here. Is it of another version?", sentence(c.who))
	}
	return out, nil
}

// refusal is the body of every answer but 200.
type refusal struct {
	Kind string `json:"kind"`
	Say  string `json:"say"`
}

// kinds are what a refusal may be called, and its status.
var kinds = map[fault.Kind]int{
	fault.Invalid: http.StatusBadRequest, fault.Forbidden: http.StatusForbidden, fault.NotFound: http.StatusNotFound,
	fault.Conflict: http.StatusConflict, fault.Limited: http.StatusTooManyRequests,
	fault.Unready: http.StatusServiceUnavailable, fault.Internal: http.StatusInternalServerError,
}

// refused is the fault that the other side met. Its sentence is for people, so it must be
// one: what does not look like it is not repeated.
func (c *caller) refused(code int, answer []byte) error {
	var r refusal
	if err := decode(answer, &r); err == nil {
		for kind, status := range kinds {
			if status == code && kind.String() == r.Kind {
				return fault.New(kind, "%s", tame(r.Say))
			}
		}
	}
	return fault.New(fault.Unready, "%s answered %d, which means nothing here. Is it of another version, or something else?", sentence(c.who), code)
}

// unheard names the kind of a failure to reach the other side. The errors of the HTTP
// client quote addresses and the other side's bytes, so none is repeated; that of a wrong
// pin is ours.
func (c *caller) unheard(ctx context.Context, err error) error {
	if pin := (wrongPin{}); errors.As(err, &pin) {
		return fault.New(fault.Unready, "%s is not who it should be: %s.", sentence(c.who), pin.Error())
	}
	alert := alertOf(err)
	if alert == "tls: bad certificate" || alert == "tls: certificate required" {
		return fault.New(fault.Unready, "%s does not know our key: its configuration needs our pin, which `%s` prints here.", sentence(c.who), PinCommand)
	}
	switch ended := ctx.Err(); {
	case errors.Is(ended, context.DeadlineExceeded):
		return fault.Wrap(fault.Unready, ended, "%s did not answer in time.", sentence(c.who))
	case ended != nil:
		return fault.Wrap(fault.Unready, ended, "The call to %s was broken off.", c.who)
	}
	var (
		name    *net.DNSError
		record  tls.RecordHeaderError
		number  syscall.Errno
		timeout net.Error
	)
	why := "the call did not get through"
	switch {
	case errors.As(err, &name):
		why = "its name could not be resolved"
	case errors.As(err, &record), alert != "", errors.Is(err, http.ErrSchemeMismatch):
		why = "TLS could not be agreed on"
	case errors.As(err, &number):
		why = number.Error()
	case errors.As(err, &timeout) && timeout.Timeout():
		why = "no answer in time"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		why = "it closed the connection"
	}
	return fault.New(fault.Unready, "%s cannot be reached: %s.", sentence(c.who), why)
}

// alertOf is the alert by which the other side ended TLS, as crypto/tls words it: it has
// no type that could be asked for. "" is none.
func alertOf(err error) string {
	if op := (*net.OpError)(nil); errors.As(err, &op) && op.Op == "remote error" {
		return op.Err.Error()
	}
	return ""
}
