// Package mailtest owns the mail servers that tests deliver to: one inside the
// test process with a memory and a script, and a real exim4 as a child.
//
// It is for tests and benchmarks only and decides nothing about letters: what a
// letter should look like is the business of the test that reads it. The scripted
// server can fail at every step in ways a real one does once a year; the real one
// is there because a server that we scripted agrees with us too easily.
package mailtest

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

// Options shape a [Server]. The zero value offers STARTTLS and wants no login.
type Options struct {
	Username, Password string // a login that is then required before MAIL
	ImplicitTLS        bool   // TLS from the first byte
	Plain              bool   // offers no TLS at all
	UTF8               bool   // offers SMTPUTF8
}

// Server is a mail server inside this process. It keeps every letter it accepts.
type Server struct {
	Host string // "127.0.0.1"
	Port int

	options Options
	keys    KeyPair
	smtp    *smtp.Server
	listen  net.Listener
	serving sync.WaitGroup

	mu      sync.Mutex
	changed chan struct{} // closed and replaced whenever something below changes
	mails   []Mail
	script  []Answer
	gate    chan struct{} // nil, or DATA waits until it is closed
	inData  int
	most    int
	opened  int
	closed  int
}

// Open starts a server on a free port of this machine.
func Open(o Options) (*Server, error) {
	keys, err := NewKeyPair()
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &Server{
		Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port,
		options: o, keys: keys, changed: make(chan struct{}),
	}
	s.smtp = smtp.NewServer(smtp.BackendFunc(s.session))
	s.smtp.Domain = "mail.test"
	s.smtp.AllowInsecureAuth = o.Plain
	s.smtp.EnableSMTPUTF8 = o.UTF8
	s.smtp.ErrorLog = log.New(io.Discard, "", 0) // broken connections are what some tests are about
	s.smtp.ReadTimeout, s.smtp.WriteTimeout = time.Minute, time.Minute
	if !o.Plain {
		config := &tls.Config{Certificates: []tls.Certificate{keys.certificate}}
		if o.ImplicitTLS {
			l = tls.NewListener(l, config)
		} else {
			s.smtp.TLSConfig = config
		}
	}
	s.listen = l
	s.serving.Go(func() { _ = s.smtp.Serve(l) })
	return s, nil
}

// Start is [Open] for a test: it fails the test, or closes the server at its end.
func Start(tb testing.TB, o Options) *Server {
	tb.Helper()
	s, err := Open(o)
	if err != nil {
		tb.Fatalf("the mail server for tests did not start: %v", err)
	}
	tb.Cleanup(s.Close)
	return s
}

// Close ends all connections and waits until nothing of the server runs.
func (s *Server) Close() {
	s.mu.Lock()
	if s.gate != nil {
		close(s.gate)
		s.gate = nil
	}
	s.mu.Unlock()
	_ = s.smtp.Close()
	_ = s.listen.Close() // the library closes it only if Serve has already come to know it
	s.serving.Wait()
	_ = s.WaitClosed(10 * time.Second)
}

// RootCAs trusts this server's certificate and no other.
func (s *Server) RootCAs() *x509.CertPool { return s.keys.pool }

// Script appends answers. The first unused one for a step is given the next time
// that step is reached; without one the server says yes.
func (s *Server) Script(answers ...Answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script = append(s.script, answers...)
}

// Hold makes every letter wait inside DATA until the returned function is called.
func (s *Server) Hold() (release func()) {
	gate := make(chan struct{})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gate = gate
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.gate == gate {
			close(gate)
			s.gate = nil
		}
	}
}

// All returns every letter accepted so far, in order of arrival.
func (s *Server) All() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Mail(nil), s.mails...)
}

// Inbox returns the letters accepted for one address.
func (s *Server) Inbox(address string) []Mail { return addressed(s.All(), address) }

// WaitFor waits until at least n letters were accepted and returns them all.
func (s *Server) WaitFor(n int, timeout time.Duration) ([]Mail, error) {
	err := s.wait(timeout, func() bool { return len(s.mails) >= n })
	if err != nil {
		return nil, fmt.Errorf("%d letters of %d arrived: %w", len(s.All()), n, err)
	}
	return s.All(), nil
}

// WaitHeld waits until n letters at once are inside DATA (see [Server.Hold]).
func (s *Server) WaitHeld(n int, timeout time.Duration) error {
	return s.wait(timeout, func() bool { return s.inData >= n })
}

// WaitClosed waits until every session that was opened has also ended.
func (s *Server) WaitClosed(timeout time.Duration) error {
	return s.wait(timeout, func() bool { return s.opened == s.closed })
}

// Most is the largest number of letters that were inside DATA at the same time.
func (s *Server) Most() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.most
}

// change runs f under the lock and wakes everybody who waits.
func (s *Server) change(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *Server) wait(timeout time.Duration, done func() bool) error {
	deadline := time.NewTimer(timeout)
	defer deadline.Stop()
	for {
		s.mu.Lock()
		ok, changed := done(), s.changed
		s.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-changed:
		case <-deadline.C:
			return fmt.Errorf("gave up after %v", timeout)
		}
	}
}
