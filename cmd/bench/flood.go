package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// flood is an IRC server with one room in which many people talk as fast as the one
// client reads. A real server could not be made to: it has its own work to do.
type flood struct {
	listener net.Listener
	done     sync.WaitGroup

	mu   sync.Mutex
	conn net.Conn // of the last client; nil before
}

const (
	talkers   = 50
	blockSize = 1000   // lines
	mostAhead = 20_000 // lines written and not judged yet
)

// talk is what people say.
var talk = [...]string{
	"has anybody looked at the build on arm64?",
	"yes, it is the usual: the mirror was slow, I started it again",
	"ok",
	"then let us wait with the announcement until tomorrow, the translators will be glad as well",
	"I read the report. The parser trusts a length that comes from the wire; a patch is in review",
	"https://example.org/tickets/40123 for those who missed it",
	"what about the older branch? !important: it has another allocator",
	"größer als gedacht, aber machbar",
	"lunch, back in an hour",
	"+1",
}

func openFlood() (*flood, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	f := &flood{listener: l}
	f.done.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			f.mu.Lock()
			f.conn = conn
			f.mu.Unlock()
			f.serve(conn)
			_ = conn.Close()
		}
	})
	return f, nil
}

func (f *flood) address() string { return f.listener.Addr().String() }

func (f *flood) close() {
	_ = f.listener.Close()
	f.mu.Lock()
	if f.conn != nil {
		_ = f.conn.Close()
	}
	f.mu.Unlock()
	f.done.Wait()
}

// serve answers what a client must hear to feel at home.
func (f *flood) serve(conn net.Conn) {
	say := func(format string, args ...any) { _ = f.write(conn, []byte(fmt.Sprintf(format+"\r\n", args...))) }
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		word, rest, _ := strings.Cut(lines.Text(), " ")
		switch word {
		case "CAP":
			switch sub, caps, _ := strings.Cut(rest, " "); sub {
			case "LS":
				say(":flood CAP * LS :message-tags server-time account-tag batch extended-join account-notify")
			case "REQ":
				say(":flood CAP * ACK %s", caps)
			case "END":
				say(":flood 001 %[1]s :welcome\r\n:flood 005 %[1]s CASEMAPPING=ascii :are supported\r\n:flood 422 %[1]s :no motd", botNick)
			}
		case "JOIN":
			say(":%s!bot@flood JOIN %s * :bot", botNick, strings.TrimPrefix(rest, ":"))
		case "PING":
			say(":flood PONG flood %s", rest)
		case "QUIT":
			return
		}
	}
}

// write writes whole lines: answers must not fall into the middle of the talk.
func (f *flood) write(conn net.Conn, text []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, err := conn.Write(text)
	return err
}

// pour writes lines of talk, never far ahead of the judge: a door drops what would
// fill its memory.
func (f *flood) pour(ctx context.Context, lines int64, judged *atomic.Int64) error {
	f.mu.Lock()
	conn := f.conn
	f.mu.Unlock()
	block := f.block()
	for sent := int64(0); sent < lines; sent += blockSize {
		if err := until(ctx, "the talk was judged", func() bool { return sent-judged.Load() < mostAhead }); err != nil {
			return err
		}
		if err := f.write(conn, block); err != nil {
			return err
		}
	}
	return nil
}

// block is what the people say, as a server sends it.
func (f *flood) block() []byte {
	var b strings.Builder
	now := time.Now().UTC().Format("2006-01-02T15:04:05.000Z")
	for i := range blockSize {
		who := fmt.Sprintf("person%d", i%talkers)
		fmt.Fprintf(&b, "@time=%s;msgid=flood%010d;account=%[3]s :%[3]s!%[3]s@users.example.org PRIVMSG %s :%s\r\n",
			now, i, who, homeRoom, talk[i%len(talk)])
	}
	return []byte(b.String())
}
