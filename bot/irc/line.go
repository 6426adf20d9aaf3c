package irc

import (
	"bufio"
	"errors"
	"io"
	"strings"

	"github.com/lrstanley/girc"
)

// maxLine is the longest line that we read: tags may have 8191 bytes, the rest
// 512. What is longer is skipped, so that no server can fill our memory.
const maxLine = 16 << 10

type lineReader struct{ r *bufio.Reader }

func newLineReader(r io.Reader) *lineReader { return &lineReader{bufio.NewReaderSize(r, maxLine)} }

// next returns the next line without its end, never an empty one. Broken UTF-8
// becomes U+FFFD and NUL is dropped here, once, so that nothing further in has
// to think of it.
func (l *lineReader) next() (string, error) {
	for {
		raw, err := l.r.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			for errors.Is(err, bufio.ErrBufferFull) {
				_, err = l.r.ReadSlice('\n')
			}
			if err == nil {
				continue
			}
		}
		if err != nil {
			return "", err
		}
		line := strings.TrimRight(string(raw), "\r\n")
		if strings.IndexByte(line, 0) >= 0 {
			line = strings.ReplaceAll(line, "\x00", "")
		}
		if line != "" {
			return strings.ToValidUTF8(line, "\uFFFD"), nil
		}
	}
}

// parse reads one line; nil is a line that means nothing.
func parse(line string) *girc.Event {
	ev := girc.ParseEvent(line)
	if ev == nil || ev.Command == "" {
		return nil
	}
	return ev
}

// param returns a parameter, "" if it is not there.
func param(ev *girc.Event, i int) string {
	if i >= len(ev.Params) {
		return ""
	}
	return ev.Params[i]
}

// refusal tells whether a numeric says that something was refused.
func refusal(command string) bool {
	return len(command) == 3 && (command[0] == '4' || command[0] == '5') || command == numTargetBlocks
}

// Numerics that girc has no or another name for.
const (
	numWelcome      = "001"
	numISupport     = "005"
	numWhoisAccount = "330"
	numInviting     = "341"
	numTopic        = "332"
	numNoTopic      = "331"
	numNames        = "353"
	numEndOfNames   = "366"
	numWhox         = "354"
	numEndOfWho     = "315"
	numEndOfMOTD    = "376"
	numNoMOTD       = "422"
	numNoSuchNick   = "401"
	numOnChannel    = "443"
	numTargetBlocks = "716" // the person takes messages only from those they accepted
	numLoggedIn     = "900"
	numLoggedOut    = "901"
)

// line writes a command. The last parameter may have spaces; the others are
// made harmless if they have any. It is the only place where lines are made, so
// nothing that we were given can become a second command.
func line(command string, params ...string) string {
	var b strings.Builder
	b.WriteString(command)
	for i, p := range params {
		p = strings.Map(func(r rune) rune {
			if r == '\r' || r == '\n' || r == 0 {
				return -1
			}
			return r
		}, p)
		if i == len(params)-1 {
			b.WriteString(" :" + p)
			break
		}
		if p = strings.ReplaceAll(strings.TrimLeft(p, ":"), " ", ""); p == "" {
			p = "*"
		}
		b.WriteString(" " + p)
	}
	return b.String()
}
