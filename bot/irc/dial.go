package irc

import (
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"sync"
	"time"

	"batsignal/oncall/fault"
)

const (
	dialPatience  = 15 * time.Second
	writePatience = 15 * time.Second
)

// dial connects and finishes the TLS handshake, both within a time limit, which
// girc does not have for either.
func (d *Door) dial(ctx context.Context) (*wire, error) {
	ctx, cancel := context.WithTimeout(ctx, d.dialPatience)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", d.cfg.Server)
	if err != nil {
		return nil, fault.Wrap(fault.Unready, err, "The server %s cannot be reached.", d.cfg.Server)
	}
	if !d.cfg.TLS {
		return newWire(conn), nil
	}
	conf := &tls.Config{ServerName: d.cfg.ServerName, RootCAs: d.cfg.RootCAs, MinVersion: tls.VersionTLS12}
	if d.cfg.Certificate != nil {
		conf.Certificates = []tls.Certificate{*d.cfg.Certificate}
	}
	secure := tls.Client(conn, conf)
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, fault.Wrap(fault.Unready, err, "The server %s cannot prove that it is %s: %v.", d.cfg.Server, d.cfg.ServerName, err)
	}
	return newWire(secure), nil
}

// trusted tells whether nobody between the server and us can speak in its name.
// Only then an account that the server names is believed.
func (d *Door) trusted() bool { return d.cfg.TLS || isLoopback(d.host) }

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

// wire is a connection that is written whole lines at a time, by more than one
// goroutine, with a deadline for each.
type wire struct {
	net.Conn
	lines *lineReader

	mu sync.Mutex
}

func newWire(c net.Conn) *wire { return &wire{Conn: c, lines: newLineReader(c)} }

// put writes text, which must be whole lines with their line ends.
func (w *wire) put(text string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.SetWriteDeadline(time.Now().Add(writePatience)); err != nil {
		return err
	}
	_, err := w.Conn.Write([]byte(text))
	return err
}
