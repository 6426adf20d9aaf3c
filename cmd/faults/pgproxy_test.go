package faults

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// pgProxy stands between one process and Postgres. It understands so much of the protocol
// that it sees each COMMIT, and whether a connection is at rest.
type pgProxy struct {
	dir    string // holds the socket
	target string
	listen net.Listener
	slow   atomic.Int64 // how long each piece from the server is held back
	holed  atomic.Bool  // nothing passes in either direction, and nobody is told
	refuse atomic.Bool  // connections are closed as they come
	commit func(*pgConn) verdict

	mu    sync.Mutex
	conns map[*pgConn]bool
	over  bool
	wait  sync.WaitGroup
}

// verdict is what becomes of a COMMIT.
type verdict int

const (
	pass       verdict = iota
	cutBefore          // it is never sent
	cutAfter           // it is sent, and its answer is lost
	passSlowly         // it takes a while
)

// pgConn is one connection.
type pgConn struct {
	proxy          *pgProxy
	client, server net.Conn
	pages          atomic.Bool  // it is one of those that page
	owed           atomic.Int64 // answers that the server owes
	inTx           atomic.Bool
	last           atomic.Int64 // when something passed last
	swallow        atomic.Bool  // answers are swallowed
}

const socketName = ".s.PGSQL.5432"

func newPgProxy(dir, target string, commit func(*pgConn) verdict) (*pgProxy, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	l, err := net.Listen("unix", filepath.Join(dir, socketName))
	if err != nil {
		return nil, err
	}
	p := &pgProxy{dir: dir, target: target, listen: l, commit: commit, conns: map[*pgConn]bool{}}
	p.wait.Go(p.accept)
	return p, nil
}

func (p *pgProxy) accept() {
	for {
		client, err := p.listen.Accept()
		if err != nil {
			return
		}
		if p.refuse.Load() {
			_ = client.Close()
			continue
		}
		server, err := net.Dial("unix", p.target)
		if err != nil {
			_ = client.Close()
			continue
		}
		c := &pgConn{proxy: p, client: client, server: server}
		p.mu.Lock()
		if p.over {
			p.mu.Unlock()
			c.cut()
			return
		}
		p.conns[c] = true
		p.mu.Unlock()
		p.wait.Go(func() { c.forward(); c.cut() })
		p.wait.Go(func() {
			c.back()
			c.cut()
			p.mu.Lock()
			delete(p.conns, c)
			p.mu.Unlock()
		})
	}
}

// close ends all of it.
func (p *pgProxy) close() {
	p.mu.Lock()
	p.over = true
	p.mu.Unlock()
	_ = p.listen.Close()
	p.cutAll()
	p.wait.Wait()
}

// cutAll breaks every connection that is open now.
func (p *pgProxy) cutAll() {
	for _, c := range p.open() {
		c.cut()
	}
}

func (p *pgProxy) open() (list []*pgConn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		list = append(list, c)
	}
	return list
}

// still tells whether no connection that pages is at work, and when one was last.
func (p *pgProxy) still() (atRest bool, last time.Time) {
	atRest = true
	var at int64
	for _, c := range p.open() {
		if c.pages.Load() {
			atRest = atRest && c.owed.Load() == 0 && !c.inTx.Load()
			at = max(at, c.last.Load())
		}
	}
	return atRest, time.Unix(0, at)
}

func (c *pgConn) cut() {
	_ = c.client.Close()
	_ = c.server.Close()
}

// gate holds a piece back as the proxy is told; false ends the connection.
func (c *pgConn) hold(slow bool) {
	if d := time.Duration(c.proxy.slow.Load()); slow && d > 0 {
		time.Sleep(d)
	}
	for c.proxy.holed.Load() {
		time.Sleep(time.Millisecond)
	}
}

// forward passes on what the client says.
func (c *pgConn) forward() {
	in, out := bufio.NewReader(c.client), bufio.NewWriter(c.server)
	hello, err := message(in, false)
	if err != nil {
		return
	}
	c.pages.Store(strings.Contains(string(hello), pagerName))
	for {
		c.hold(false)
		c.last.Store(time.Now().UnixNano())
		if _, err := out.Write(hello); err != nil {
			return
		}
		if in.Buffered() == 0 {
			if err := out.Flush(); err != nil {
				return
			}
		}
		if hello, err = message(in, true); err != nil {
			return
		}
		if hello[0] == 'Q' || hello[0] == 'S' {
			c.owed.Add(1)
		}
		if hello[0] != 'Q' || !strings.EqualFold(strings.TrimRight(string(hello[5:]), "\x00;"), "commit") || !c.pages.Load() {
			continue
		}
		switch c.proxy.commit(c) {
		case cutBefore:
			return
		case cutAfter:
			c.swallow.Store(true)
		case passSlowly:
			time.Sleep(50 * time.Millisecond)
		}
	}
}

// back passes on what the server answers.
func (c *pgConn) back() {
	in, out := bufio.NewReader(c.server), bufio.NewWriter(c.client)
	for {
		m, err := message(in, true)
		if err != nil {
			return
		}
		if in.Buffered() == 0 {
			c.hold(true)
		}
		if c.swallow.Load() {
			return
		}
		if _, err := out.Write(m); err != nil {
			return
		}
		if in.Buffered() == 0 {
			if err := out.Flush(); err != nil {
				return
			}
		}
		c.last.Store(time.Now().UnixNano())
		if m[0] == 'Z' && len(m) == 6 {
			c.inTx.Store(m[5] != 'I')
			c.owed.Store(max(c.owed.Load()-1, 0))
		}
	}
}

// message reads one message whole. The first one of a connection has no letter.
func message(in *bufio.Reader, letter bool) ([]byte, error) {
	head := 4
	if letter {
		head = 5
	}
	b := make([]byte, head)
	if _, err := io.ReadFull(in, b); err != nil {
		return nil, err
	}
	n := int(binary.BigEndian.Uint32(b[head-4:]))
	if n < 4 || n > 1<<24 {
		return nil, errors.New("that is not how Postgres speaks")
	}
	b = append(b, make([]byte, n-4)...)
	_, err := io.ReadFull(in, b[head:])
	return b, err
}
