package irctest

import (
	"bufio"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"regexp"
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

// caps are what a person's client asks for; enough to see who said what.
const caps = "message-tags server-time account-tag batch extended-join"

func (p *Person) register(account, password string) error {
	steps := []string{"CAP LS 302", "NICK " + p.nick, "USER " + p.nick + " 0 * :" + p.nick}
	for _, s := range steps {
		if err := p.write("%s", s); err != nil {
			return err
		}
	}
	if err := p.wait("the capabilities", command("CAP")); err != nil {
		return err
	}
	for c := range strings.FieldsSeq(caps) { // one by one: a server may lack some
		if err := p.write("CAP REQ :%s", c); err != nil {
			return err
		}
	}
	if account != "" {
		if err := p.login(account, password); err != nil {
			return err
		}
	}
	if err := p.write("CAP END"); err != nil {
		return err
	}
	return p.wait("the end of the welcome", command("376", "422"))
}

func (p *Person) login(account, password string) error {
	if err := p.write("CAP REQ :sasl"); err != nil {
		return err
	}
	if err := p.wait("sasl", func(l Line) bool { return l.Command == "CAP" && strings.TrimSpace(l.Text()) == "sasl" }); err != nil {
		return err
	}
	if err := p.write("AUTHENTICATE PLAIN"); err != nil {
		return err
	}
	if err := p.wait("AUTHENTICATE", command("AUTHENTICATE", "904", "908")); err != nil {
		return err
	}
	if err := p.write("AUTHENTICATE %s", base64.StdEncoding.EncodeToString([]byte("\x00"+account+"\x00"+password))); err != nil {
		return err
	}
	return p.wait("the login", func(l Line) bool { return l.Command == "903" })
}

func command(names ...string) func(Line) bool {
	return func(l Line) bool {
		for _, n := range names {
			if l.Command == n {
				return true
			}
		}
		return false
	}
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

// take waits for the first kept line that fits, and removes it.
func (p *Person) take(what string, fits func(Line) bool) (Line, error) {
	timeout := time.NewTimer(Patience)
	defer timeout.Stop()
	for {
		p.mu.Lock()
		for i, l := range p.lines {
			if fits(l) {
				p.lines = append(p.lines[:i:i], p.lines[i+1:]...)
				p.mu.Unlock()
				return l, nil
			}
		}
		ended, change := p.ended, p.change
		p.mu.Unlock()
		if ended != nil {
			return Line{}, fmt.Errorf("%s lost the connection (%w) waiting for %s; was shown:\n%s", p.nick, ended, what, p.transcript())
		}
		select {
		case <-change:
		case <-timeout.C:
			return Line{}, fmt.Errorf("%s waited %s in vain for %s; was shown:\n%s", p.nick, Patience, what, p.transcript())
		}
	}
}

func (p *Person) wait(what string, fits func(Line) bool) error {
	_, err := p.take(what, fits)
	return err
}

// sync returns when the server has answered everything sent so far.
func (p *Person) sync() error {
	p.mu.Lock()
	p.fences++
	token := fmt.Sprintf("fence-%d", p.fences)
	p.mu.Unlock()
	if err := p.write("PING :%s", token); err != nil {
		return err
	}
	timeout := time.NewTimer(Patience)
	defer timeout.Stop()
	for {
		p.mu.Lock()
		done, ended, change := p.passed[token], p.ended, p.change
		p.mu.Unlock()
		if done {
			return nil
		}
		if ended != nil {
			return ended
		}
		select {
		case <-change:
		case <-timeout.C:
			return fmt.Errorf("%s: no answer to PING within %s", p.nick, Patience)
		}
	}
}

func (p *Person) has(fits func(Line) bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, l := range p.lines {
		if fits(l) {
			return true
		}
	}
	return false
}

func (p *Person) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lines = nil
}

// transcript is the last lines that nobody expected, for messages.
func (p *Person) transcript() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	from := max(0, len(p.lines)-40)
	var b strings.Builder
	for _, l := range p.lines[from:] {
		fmt.Fprintf(&b, "  %s\n", l.Raw)
	}
	return b.String()
}

func (p *Person) close() { _ = p.conn.Close() }

func inRoom(room, what string, text func(string) bool) (string, func(Line) bool) {
	name := room
	if room == "" {
		name = "private"
	}
	room = strings.ToLower(room)
	return fmt.Sprintf("%s in %s", what, name), func(l Line) bool {
		r, ok := l.message()
		return ok && r == room && text(l.Text())
	}
}

func containing(room, part string) (string, func(Line) bool) {
	return inRoom(room, fmt.Sprintf("%q", part), func(s string) bool { return strings.Contains(s, part) })
}

func matching(room, expr string) (string, func(Line) bool) {
	re := regexp.MustCompile(expr)
	return inRoom(room, "/"+expr+"/", re.MatchString)
}
