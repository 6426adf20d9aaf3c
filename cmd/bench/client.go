package main

import (
	"bufio"
	"context"
	"encoding/base64"
	"fmt"
	"net"
	"strings"
	"time"

	"batsignal/bot/irc/irctest"
)

// client is a person on IRC who notes when they said what.
type client struct {
	nick  string
	conn  net.Conn
	lines chan string // what the server sent, in order; closed at the end
}

// enter logs somebody in and brings them into the home room.
func enter(ctx context.Context, n *irctest.Network, nick string) (*client, error) {
	conn, err := (&net.Dialer{Timeout: patience}).DialContext(ctx, "tcp", n.PlainAddr())
	if err != nil {
		return nil, err
	}
	c := &client{nick: nick, conn: conn, lines: make(chan string, 1<<16)}
	go c.read()
	login := base64.StdEncoding.EncodeToString([]byte("\x00" + nick + "\x00" + password(nick)))
	for _, step := range []struct{ say, hear string }{
		{"CAP LS 302\r\nNICK " + nick + "\r\nUSER " + nick + " 0 * :" + nick + "\r\nCAP REQ :sasl", " ACK "},
		{"AUTHENTICATE PLAIN", "AUTHENTICATE "},
		{"AUTHENTICATE " + login, " 903 "},
		{"CAP END", " 422 "}, // there is no message of the day
		{"JOIN " + homeRoom, " 366 "},
	} {
		if _, err := c.write(step.say); err != nil {
			return nil, err
		}
		if _, err := c.hear(ctx, func(line string) bool { return strings.Contains(line, step.hear) }); err != nil {
			return nil, fmt.Errorf("%s logs in: %w", nick, err)
		}
	}
	return c, nil
}

func (c *client) read() {
	defer close(c.lines)
	for lines := bufio.NewScanner(c.conn); lines.Scan(); {
		line := lines.Text()
		if token, ok := strings.CutPrefix(line, "PING "); ok {
			_, _ = c.write("PONG " + token) // if it fails, so does what comes next
			continue
		}
		c.lines <- line
	}
}

// write sends a line and tells the instant right before.
func (c *client) write(line string) (time.Time, error) {
	_ = c.conn.SetWriteDeadline(time.Now().Add(patience)) // fails as the write then does
	at := time.Now()
	_, err := c.conn.Write([]byte(line + "\r\n"))
	return at, err
}

// say says something in the home room.
func (c *client) say(text string) (time.Time, error) {
	return c.write("PRIVMSG " + homeRoom + " :" + text)
}

// hear waits for a line that fits; lines before it are dropped.
func (c *client) hear(ctx context.Context, fits func(line string) bool) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	last := "nothing"
	for {
		select {
		case line, ok := <-c.lines:
			switch {
			case !ok:
				return "", fmt.Errorf("%s lost the connection, and last heard: %s", c.nick, last)
			case fits(line):
				return line, nil
			}
			last = line
		case <-ctx.Done():
			return "", fmt.Errorf("%s waited in vain, and last heard: %s", c.nick, last)
		}
	}
}
