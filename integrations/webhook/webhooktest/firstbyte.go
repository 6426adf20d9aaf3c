package webhooktest

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
	"time"
)

// watchedListener hands out connections that know when a request began.
type watchedListener struct {
	net.Listener
	sink *Sink
}

func (l *watchedListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.sink.mu.Lock()
	l.sink.opened++
	l.sink.mu.Unlock()
	return &watchedConn{Conn: c}, nil
}

// watchedConn notes when the first byte after the last request was read. A client
// sends nothing more before it has its answer, so that byte begins a request. (On
// a new HTTPS connection it begins the handshake.)
type watchedConn struct {
	net.Conn
	mu    sync.Mutex
	first time.Time
}

func (c *watchedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 {
		now := time.Now()
		c.mu.Lock()
		if c.first.IsZero() {
			c.first = now
		}
		c.mu.Unlock()
	}
	return n, err
}

// firstByte takes the note of the request's connection and starts a new one. It
// is called after the body was read and before the answer is written.
func firstByte(ctx context.Context) time.Time {
	c := ctx.Value(connKey{})
	if wrapped, ok := c.(*tls.Conn); ok {
		c = wrapped.NetConn()
	}
	watched, ok := c.(*watchedConn)
	if !ok {
		return time.Now()
	}
	watched.mu.Lock()
	defer watched.mu.Unlock()
	at := watched.first
	watched.first = time.Time{}
	return at
}
