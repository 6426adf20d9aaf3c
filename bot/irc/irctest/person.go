package irctest

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// Person is somebody with an IRC client. Its methods fail the test when the
// network does not do what they say within [Patience].
type Person struct {
	t    testing.TB // nil for the network's own operator
	nick string
	conn net.Conn

	writing sync.Mutex

	mu     sync.Mutex
	lines  []Line // shown, and not yet expected
	fences int
	passed map[string]bool
	ended  error
	change chan struct{} // closed and replaced on every line
}

// Person connects somebody to the first server; account "" is nobody in
// particular. It returns when the server has welcomed them, which takes
// InspIRCd about a second: connect people side by side where it matters.
func (n *Network) Person(t testing.TB, nick, account, password string) *Person {
	t.Helper()
	return n.person(t, 0, nick, account, password)
}

// PersonOnSecond connects somebody to the linked server.
func (n *Network) PersonOnSecond(t testing.TB, nick, account, password string) *Person {
	t.Helper()
	return n.person(t, 1, nick, account, password)
}

// People connects several at once to the first server; each is logged in to the
// account of the same name, whose password is taken from the options.
func (n *Network) People(t testing.TB, nicks ...string) []*Person {
	t.Helper()
	people, errs := make([]*Person, len(nicks)), make([]error, len(nicks))
	var all sync.WaitGroup
	for i, nick := range nicks {
		all.Go(func() {
			account, password := nick, n.opts.Accounts[nick]
			if password == "" {
				account = ""
			}
			people[i], errs[i] = n.connect(0, nick, account, password)
		})
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	for _, p := range people {
		p.t = t
	}
	return people
}

func (n *Network) person(t testing.TB, server int, nick, account, password string) *Person {
	t.Helper()
	p, err := n.connect(server, nick, account, password)
	if err != nil {
		t.Fatal(err)
	}
	p.t = t
	return p
}

func (n *Network) connect(server int, nick, account, password string) (*Person, error) {
	conn, err := net.DialTimeout("tcp", n.servers[server].plainAddr(), Patience)
	if err != nil {
		return nil, err
	}
	p := &Person{nick: nick, conn: conn, passed: map[string]bool{}, change: make(chan struct{})}
	n.mu.Lock()
	n.people = append(n.people, p)
	n.mu.Unlock()
	go p.read()
	if err := p.register(account, password); err != nil {
		p.close()
		return nil, fmt.Errorf("%s could not connect: %w", nick, err)
	}
	return p, nil
}

// read keeps every line until it is expected, and answers the server's pings.
func (p *Person) read() {
	lines := bufio.NewReader(p.conn)
	for {
		raw, err := lines.ReadString('\n')
		if err != nil {
			p.mu.Lock()
			p.ended = err
			close(p.change)
			p.change = make(chan struct{})
			p.mu.Unlock()
			return
		}
		l := parse(strings.TrimRight(raw, "\r\n"))
		if l.Command == "PING" {
			_ = p.write("PONG :%s", l.Text())
			continue
		}
		p.mu.Lock()
		switch {
		case l.Command == "PONG":
			p.passed[l.Text()] = true
		default:
			p.lines = append(p.lines, l)
		}
		close(p.change)
		p.change = make(chan struct{})
		p.mu.Unlock()
	}
}

func (p *Person) write(format string, args ...any) error {
	p.writing.Lock()
	defer p.writing.Unlock()
	_ = p.conn.SetWriteDeadline(time.Now().Add(Patience))
	_, err := fmt.Fprintf(p.conn, format+"\r\n", args...)
	return err
}

func (p *Person) close() { _ = p.conn.Close() }
