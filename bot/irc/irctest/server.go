// Package irctest owns a real IRC network for tests: InspIRCd, Atheme's services
// beside it, a second linked server on request, and people who talk on it.
//
// It does not fake anything and knows nothing of the bot: people here are raw
// clients written apart from the code that they test. Every server is a direct
// child on loopback ports of its own, in a directory of its own, as an ordinary
// account, and ends with the test process. It is a package of its own because
// other packages' tests need a network too.
package irctest

import (
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"batsignal/migrations/childtest"
)

// ErrMissing says that a program which the network needs is not installed.
var ErrMissing = errors.New("a program for the IRC test network is not installed")

// Patience is how long anything here is waited for before a test is given up.
// It is long on purpose: a busy machine is slow, a fast one never waits for it.
const Patience = 90 * time.Second

// Options say what kind of network is wanted. The zero value is one server
// without services, without flood limits and without history.
type Options struct {
	// Accounts are the services accounts with their passwords. Any makes
	// services start (NickServ and SaslServ).
	Accounts map[string]string
	// Fingerprints are SHA-256 fingerprints in hex of client certificates that
	// may log in to an account without a password (SASL EXTERNAL).
	Fingerprints map[string]string
	// Services starts services even without accounts.
	Services bool
	// FakeLag makes the server as slow for a talker as public networks are:
	// about one line a second after a burst of ten.
	FakeLag bool
	// History is how many lines a room with mode +H plays back on joining.
	History int
	// Linked starts a second server, linked to the first.
	Linked bool
	// Without names InspIRCd modules to leave out, such as "ircv3_accounttag".
	Without []string
}

// Network is a running IRC network.
type Network struct {
	opts  Options
	dir   string
	ca    authority
	cred  *account
	ports ports

	servers  []*ircd
	services *childtest.Child

	mu     sync.Mutex
	people []*Person
	oper   *Person
}

// Run starts a network that ends with the test. Where a program is missing the
// test is skipped, or fails when the environment says CI.
func Run(t testing.TB, o Options) *Network {
	t.Helper()
	n, err := Start(o)
	if errors.Is(err, ErrMissing) {
		childtest.Lacks(t, err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Close)
	return n
}

// Start starts a network. The caller must [Network.Close] it. It fails with
// [ErrMissing] where InspIRCd or Atheme is not installed.
func Start(o Options) (*Network, error) {
	if len(o.Accounts) > 0 || len(o.Fingerprints) > 0 {
		o.Services = true
	}
	for _, need := range []struct {
		program string
		wanted  bool
	}{{"inspircd", true}, {"atheme-services", o.Services}} {
		if !need.wanted {
			continue
		}
		if _, err := program(need.program); err != nil {
			return nil, fmt.Errorf("%w: %s (Debian: apt-get install inspircd atheme-services)", ErrMissing, need.program)
		}
	}
	n := &Network{opts: o}
	if err := n.start(); err != nil {
		n.Close()
		return nil, err
	}
	return n, nil
}

func (n *Network) start() (err error) {
	if n.cred, err = ordinaryAccount(); err != nil {
		return err
	}
	// Not testing.T's directory: its parents cannot be entered by others.
	if n.dir, err = os.MkdirTemp("", "irctest"); err != nil {
		return err
	}
	if err = os.Chmod(n.dir, 0o755); err != nil {
		return err
	}
	if n.ca, err = newAuthority(); err != nil {
		return err
	}
	count := 1
	if n.opts.Linked {
		count = 2
	}
	for i := range count {
		s, err := newIRCd(n, i)
		if err != nil {
			return err
		}
		n.servers = append(n.servers, s)
	}
	for _, s := range n.servers {
		if err := s.start(n); err != nil {
			return err
		}
	}
	if n.opts.Services {
		if err := n.StartServices(); err != nil {
			return err
		}
	}
	if n.opts.Linked {
		return n.Heal()
	}
	return nil
}

// Close ends everything and removes the files.
func (n *Network) Close() {
	n.mu.Lock()
	people := n.people
	n.people, n.oper = nil, nil
	n.mu.Unlock()
	for _, p := range people {
		p.close()
	}
	n.services.Kill()
	for _, s := range n.servers {
		s.proc.Kill()
	}
	n.ports.release()
	if n.dir != "" {
		_ = os.RemoveAll(n.dir)
	}
}

// Addr is the "host:port" of the first server for TLS.
func (n *Network) Addr() string { return n.servers[0].tlsAddr() }

// PlainAddr is the "host:port" of the first server without TLS.
func (n *Network) PlainAddr() string { return n.servers[0].plainAddr() }

// RootCAs trusts the network's own authority, and nobody else.
func (n *Network) RootCAs() *x509.CertPool { return n.ca.pool() }

// CAFile is a PEM file with the authority's certificate.
func (n *Network) CAFile() string { return filepath.Join(n.dir, "server0", "ca.pem") }

// Kill ends the first server at once, as a crash does.
func (n *Network) Kill() { n.servers[0].proc.Kill() }

// Restart starts the first server again on the same ports. Services find it by
// themselves; Restart waits for them.
func (n *Network) Restart() error {
	s := n.servers[0]
	s.proc.Kill()
	before := len(n.services.Said())
	if err := s.start(n); err != nil {
		return err
	}
	n.mu.Lock()
	n.oper = nil
	n.mu.Unlock()
	if n.services == nil {
		return nil
	}
	return n.servicesAreReady(before)
}

// program finds a program that Debian keeps in sbin, which is not on every PATH.
func program(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	return exec.LookPath("/usr/sbin/" + name)
}
