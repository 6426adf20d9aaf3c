package pagerduty

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"strconv"
	"time"
)

const (
	// longestAnswer is how much of an answer is read, in bytes: a page of a hundred
	// incidents.
	longestAnswer = 8 << 20
	// longestPause is how long a request to the REST API waits when PagerDuty wants a
	// pause, and tries how often it is made then. Its limits are by the minute; whoever
	// asked does not wait that long, and may ask again.
	longestPause = 5 * time.Second
	tries        = 3
)

// Transport is what makes requests.
type Transport interface {
	http.RoundTripper
	CloseIdleConnections()
}

func newTransport(timeout time.Duration) Transport {
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout: timeout,
		MaxIdleConnsPerHost: 16, // a mass page goes over few connections
		IdleConnTimeout:     90 * time.Second,
		ForceAttemptHTTP2:   true,
	}
}

// doer is the HTTP client that go-pagerduty is given. The library follows redirects, reads
// without end and forgets the cause of a failure; this one does not.
type doer struct {
	client  *http.Client
	patient bool // waits when the provider wants a pause
	pause   func(ctx context.Context, d time.Duration) error
}

func newDoer(c Config, patient bool) *doer {
	return &doer{
		client: &http.Client{
			Transport: c.Transport,
			Timeout:   c.Timeout,
			// A redirect would carry the key to wherever it points.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		patient: patient,
		pause:   sleep,
	}
}

// seen is what became of one call, as far as the library does not tell.
type seen struct {
	err    error // of the transport
	status int   // 0 if there was no answer
	body   []byte
	pause  time.Duration
}

type seenKey struct{}

// watched has the calls made with the context write what became of them.
func watched(ctx context.Context) (context.Context, *seen) {
	s := &seen{}
	return context.WithValue(ctx, seenKey{}, s), s
}

// Do makes a request. Each try is the same request, and one that was refused for being
// too many was not carried out, so that repeating it is safe for every method.
func (d *doer) Do(r *http.Request) (*http.Response, error) {
	r.Header.Set("User-Agent", "batsignal")
	s, _ := r.Context().Value(seenKey{}).(*seen)
	if s == nil {
		s = &seen{}
	}
	for try := 1; ; try++ {
		resp, err := d.once(r, s)
		if err != nil || resp.StatusCode != http.StatusTooManyRequests || !d.patient || try == tries || s.pause > longestPause {
			return resp, err
		}
		if err := d.pause(r.Context(), max(s.pause, time.Second)); err != nil {
			return resp, nil
		}
		if r.GetBody != nil {
			if r.Body, err = r.GetBody(); err != nil {
				return nil, err
			}
		}
	}
}

func (d *doer) once(r *http.Request, s *seen) (*http.Response, error) {
	*s = seen{}
	resp, err := d.client.Do(r)
	if err != nil {
		s.err = err
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	s.status = resp.StatusCode
	s.body, err = io.ReadAll(io.LimitReader(resp.Body, longestAnswer+1))
	if err == nil && len(s.body) > longestAnswer {
		err = errors.New("the answer is too long")
	}
	if err != nil {
		s.err = err
		return nil, err
	}
	for _, name := range [...]string{"Ratelimit-Reset", "Retry-After"} {
		if n, err := strconv.Atoi(resp.Header.Get(name)); err == nil && n >= 0 && n < 86400 && s.pause == 0 {
			s.pause = time.Duration(n) * time.Second
		}
	}
	resp.Body = io.NopCloser(bytes.NewReader(s.body))
	return resp, nil
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

func isLoopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.IsLoopback()
}
