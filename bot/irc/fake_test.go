package irc

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"
)

// fakeServer is a server that says what a real one would not. Its script runs
// for one connection; what it does not read is read and dropped.
type fakeServer struct {
	t     *testing.T
	conn  net.Conn
	lines *bufio.Scanner
}

// fake listens and plays the scripts, one for each connection in turn; the last
// one is played for all that follow.
func fake(t *testing.T, scripts ...func(*fakeServer)) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for i := 0; ; i++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_ = c.SetDeadline(time.Now().Add(patience))
			scripts[min(i, len(scripts)-1)](&fakeServer{t, c, bufio.NewScanner(c)})
			_ = c.Close()
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-ended })
	return l.Addr().String()
}

func (f *fakeServer) say(lines ...string) {
	for _, l := range lines {
		fmt.Fprintf(f.conn, "%s\r\n", l)
	}
}

// reads reads until a line that starts with the words.
func (f *fakeServer) reads(start string) string {
	for f.lines.Scan() {
		if strings.HasPrefix(f.lines.Text(), start) {
			return f.lines.Text()
		}
	}
	return ""
}

// greets welcomes a client that needs no login.
func (f *fakeServer) greets(caps string) {
	f.reads("CAP LS")
	f.say(":fake CAP * LS :" + caps)
	if caps != "" {
		asked := f.reads("CAP REQ")
		f.say(":fake CAP * ACK " + strings.TrimPrefix(asked, "CAP REQ "))
	}
	f.reads("CAP END")
	f.say(":fake 001 batsignal :welcome", ":fake 005 batsignal CASEMAPPING=ascii WHOX :are supported", ":fake 422 batsignal :no motd")
}

// serves answers PING and JOIN, and hands other lines to the script, until the
// client goes.
func (f *fakeServer) serves(other func(line string)) {
	for f.lines.Scan() {
		l := f.lines.Text()
		switch {
		case strings.HasPrefix(l, "PING "):
			f.say(":fake PONG fake " + strings.TrimPrefix(l, "PING "))
		case strings.HasPrefix(l, "JOIN "):
			f.say(":batsignal!b@h JOIN " + strings.TrimPrefix(l, "JOIN "))
		case strings.HasPrefix(l, "QUIT"):
			return
		default:
			other(l)
		}
	}
}

// nothing is a script's part for lines that do not matter.
func nothing(string) {}

// openFake runs a door against a fake server.
func openFake(t *testing.T, addr string, edits ...func(*Config)) *tester {
	t.Helper()
	cfg := Config{
		Name: "fake", Server: addr, Nick: "batsignal", Rooms: []string{"#ops"},
		Pace: Pace{Burst: 1000, PerSecond: 1000}, Log: logger(t),
	}
	for _, edit := range edits {
		edit(&cfg)
	}
	d, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return start(t, d)
}
