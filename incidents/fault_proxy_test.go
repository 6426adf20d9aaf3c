package incidents_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"batsignal/migrations/pg"
)

// proxy stands between a pool and its server, reads what is sent, and does something to
// the connection that says commit.
type proxy struct {
	mu sync.Mutex
	at func(*proxied, []byte) error // takes the next commit; nil lets it pass
}

// commitMessage is a commit as it is on the wire.
var commitMessage = []byte("Q\x00\x00\x00\x0bcommit\x00")

var errCut = errors.New("the cable was cut")

// proxyPool opens a pool through a proxy.
func proxyPool(t testing.TB, dsn string, o pg.Options) (*pgxpool.Pool, *proxy) {
	t.Helper()
	cfg, err := pg.Config(dsn, o)
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{}
	cfg.ConnConfig.DialFunc = func(c context.Context, network, address string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(c, network, address)
		if err != nil {
			return nil, err
		}
		return &proxied{Conn: conn, p: p}, nil
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool, p
}

// nextCommit has something done to the next commit, once.
func (p *proxy) nextCommit(do func(*proxied, []byte) error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at = do
}

// passed tells whether the next commit has come.
func (p *proxy) passed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.at == nil
}

// cutBefore cuts the connection before the server has the commit.
func cutBefore(c *proxied, _ []byte) error {
	c.cut.Store(true)
	_ = c.Conn.Close()
	return errCut
}

// cutAfter cuts it when the server has committed and says so, which nobody hears.
func cutAfter(c *proxied, b []byte) error {
	c.cut.Store(true)
	if _, err := c.Conn.Write(b); err != nil {
		return err
	}
	for answer, buffer := []byte{}, make([]byte, 512); !bytes.Contains(answer, []byte("Z\x00\x00\x00\x05I")); {
		n, err := c.Conn.Read(buffer)
		if err != nil {
			return err
		}
		answer = append(answer, buffer[:n]...)
	}
	_ = c.Conn.Close()
	return nil
}

// proxied is one connection.
type proxied struct {
	net.Conn
	p   *proxy
	cut atomic.Bool
}

func (c *proxied) Write(b []byte) (int, error) {
	if bytes.HasSuffix(b, commitMessage) {
		c.p.mu.Lock()
		do := c.p.at
		c.p.at = nil
		c.p.mu.Unlock()
		if do != nil {
			return len(b), do(c, b)
		}
	}
	return c.Conn.Write(b)
}

func (c *proxied) Read(b []byte) (int, error) {
	if c.cut.Load() {
		return 0, errCut
	}
	return c.Conn.Read(b)
}
