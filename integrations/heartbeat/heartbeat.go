// Package heartbeat owns the sign of life that is sent to somebody outside: one GET to
// an address that misses it when it does not come (a dead man's switch).
//
// It does not decide whether all is well: oncall/selfwatch does.
package heartbeat

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"

	"batsignal/oncall/fault"
	"batsignal/oncall/secret"
)

// Sender sends heartbeats to one address.
type Sender struct {
	address secret.Text // whoever knows it can pretend that we live
	client  *http.Client
}

// budget is the longest that one heartbeat may take.
const budget = 10 * time.Second

// New checks the address and makes a sender. Its errors are sentences for the operator,
// and do not hold the address.
func New(address secret.Text) (*Sender, error) {
	u, err := url.Parse(address.Reveal())
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" {
		return nil, errors.New("the address of the heartbeat is no web address: write it like https://hc.example.org/ping/…")
	}
	return &Sender{address: address, client: &http.Client{
		Timeout: budget,
		// A redirect is no heartbeat taken: a page for signing in answers 200 as well, and
		// would be told the address in a header.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Beat sends one heartbeat. Anything but an answer of 2xx, a redirect included, is a
// [fault.Error] that holds neither the address nor what was answered.
func (s *Sender) Beat(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.address.Reveal(), nil)
	if err != nil {
		return fault.New(fault.Unready, "The address of the heartbeat cannot be asked.")
	}
	req.Header.Set("User-Agent", "batsignal")
	resp, err := s.client.Do(req)
	if err != nil {
		var timeout interface{ Timeout() bool }
		if errors.As(err, &timeout) && timeout.Timeout() {
			return fault.New(fault.Unready, "Whoever takes the heartbeat did not answer in time.")
		}
		return fault.New(fault.Unready, "Whoever takes the heartbeat cannot be reached.")
	}
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10)
	_ = resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		return fault.New(fault.Unready, "Whoever takes the heartbeat answered %d.", resp.StatusCode)
	}
	return nil
}
