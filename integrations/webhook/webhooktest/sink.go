// Package webhooktest owns a receiver of webhooks that remembers everything and
// answers what it is told to, for tests and benchmarks.
//
// It checks signatures the way a real receiver should, and decides nothing about
// pages: what should have arrived is the business of the test that asks.
package webhooktest

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"testing"
	"time"

	"batsignal/integrations/webhook"
	"batsignal/oncall/secret"
)

// Arrival is one request as it came in.
type Arrival struct {
	At        time.Time // when its first byte was read from the connection
	Path      string
	Header    http.Header
	Body      []byte
	Page      webhook.Page // the decoded body; zero if it could not be decoded
	Signature error        // nil if the signature fits
	Status    int          // what was answered; 0 if the connection was cut
}

// Answer is one line of a script.
type Answer struct {
	Status int           // 0 means 204
	Header http.Header   // such as Location; may be nil
	Body   []byte        // may be nil
	Cut    bool          // close the connection instead of answering
	Wait   chan struct{} // if not nil, the answer waits until it is closed
}

// Sink is a receiver on the loopback. Its memory is in order of the answers.
type Sink struct {
	secret secret.Text
	server *httptest.Server

	mu       sync.Mutex
	changed  chan struct{} // closed and replaced at every arrival
	arrivals []Arrival
	script   []Answer
	opened   int
}

// Open starts a sink that speaks plain HTTP, or with secure HTTPS.
func Open(shared secret.Text, secure bool) (*Sink, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &Sink{secret: shared, changed: make(chan struct{})}
	s.server = &httptest.Server{
		Listener: &watchedListener{Listener: l, sink: s},
		Config: &http.Server{
			Handler:     http.HandlerFunc(s.receive),
			ErrorLog:    log.New(io.Discard, "", 0), // refused handshakes are what some tests are about
			ConnContext: rememberConn,
		},
	}
	if secure {
		s.server.StartTLS()
	} else {
		s.server.Start()
	}
	return s, nil
}

// Start is [Open] for a test: it fails the test, or closes the sink at its end.
func Start(tb testing.TB, shared secret.Text) *Sink { return start(tb, shared, false) }

// StartTLS is [Start] with HTTPS; the certificate is for 127.0.0.1 and example.com.
func StartTLS(tb testing.TB, shared secret.Text) *Sink { return start(tb, shared, true) }

func start(tb testing.TB, shared secret.Text, secure bool) *Sink {
	tb.Helper()
	s, err := Open(shared, secure)
	if err != nil {
		tb.Fatalf("the webhook sink did not start: %v", err)
	}
	tb.Cleanup(s.Close)
	return s
}

// Close cuts all connections and waits for requests under way.
func (s *Sink) Close() {
	s.server.CloseClientConnections()
	s.server.Close()
}

// URL is the address to page. It is secret like a real one.
func (s *Sink) URL() secret.Text { return secret.New(s.server.URL + "/hook") }

// Port is the port of the address to page.
func (s *Sink) Port() int { return s.server.Listener.Addr().(*net.TCPAddr).Port }

// Networks is what must be allowed for pages to reach the sink.
func (s *Sink) Networks() []netip.Prefix {
	return []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
}

// RootCAs trusts the sink's certificate; nil without HTTPS.
func (s *Sink) RootCAs() *x509.CertPool {
	if s.server.Certificate() == nil {
		return nil
	}
	pool := x509.NewCertPool()
	pool.AddCert(s.server.Certificate())
	return pool
}

// Script appends answers, each given once; without one the sink answers 204.
func (s *Sink) Script(answers ...Answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script = append(s.script, answers...)
}

// Arrivals returns all requests so far.
func (s *Sink) Arrivals() []Arrival {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Arrival(nil), s.arrivals...)
}

// Connections is how many were ever opened to the sink.
func (s *Sink) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.opened
}

// WaitFor waits until at least n requests came and returns them all.
func (s *Sink) WaitFor(n int, timeout time.Duration) ([]Arrival, error) {
	deadline := time.NewTimer(timeout)
	defer deadline.Stop()
	for {
		s.mu.Lock()
		enough, changed := len(s.arrivals) >= n, s.changed
		s.mu.Unlock()
		if enough {
			return s.Arrivals(), nil
		}
		select {
		case <-changed:
		case <-deadline.C:
			got := s.Arrivals()
			return got, fmt.Errorf("%d pages of %d arrived in %v", len(got), n, timeout)
		}
	}
}

func (s *Sink) receive(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	a := Arrival{At: firstByte(r.Context()), Path: r.URL.Path, Header: r.Header.Clone(), Body: body}
	if err == nil {
		_ = json.Unmarshal(body, &a.Page)
	}
	a.Signature = webhook.Verify(s.secret, r.Header.Get("Batsignal-Signature"), body, time.Now())
	answer := s.next()
	a.Status = answer.Status
	if answer.Cut {
		a.Status = 0
	}
	s.remember(a)
	if answer.Wait != nil {
		select {
		case <-answer.Wait:
		case <-r.Context().Done(): // the sender has given up, or the sink is closing
		}
	}
	if answer.Cut {
		panic(http.ErrAbortHandler) // the way of net/http to cut a connection
	}
	for name, values := range answer.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.Status)
	_, _ = w.Write(answer.Body)
}

func (s *Sink) next() Answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	answer := Answer{}
	if len(s.script) > 0 {
		answer, s.script = s.script[0], s.script[1:]
	}
	if answer.Status == 0 {
		answer.Status = http.StatusNoContent
	}
	return answer
}

func (s *Sink) remember(a Arrival) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.arrivals = append(s.arrivals, a)
	close(s.changed)
	s.changed = make(chan struct{})
}

type connKey struct{}

func rememberConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}
