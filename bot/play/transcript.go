package play

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"batsignal/bot/console"
)

// Transcript is a story in text: lines that people say, stage directions, and
// under each of them, indented, what the bot said and did.
//
//	maria #ops: !batsignal remote code execution in openssl
//	  #ops <batsignal> This rings 5 people at once …
//	wait 90s
//	  (to jan) [INC-1] Page P7 …
//	~jan #ops: !confirm          a borrowed nick: "~" has no account behind it
//	maria: !whoami               in private
//	maria #ops: /me waves        what somebody does
//	prometheus rings by the policy night     a tool has a key
//	prometheus triggers db1: db1 is down     and sends; it may also be "resolves db1"
//	# a remark
//
// On several networks people are named with theirs, and so is what the bot said:
//
//	maria@libera #ops: !status
//	  libera #ops <batsignal> INC-1 …
type Transcript struct {
	Stage *Stage
	heard []console.Line
}

// Hear is to be called for every line of the stage's Show.
func (t *Transcript) Hear(l console.Line) { t.heard = append(t.heard, l) }

var spoken = regexp.MustCompile(`^(~?)([a-z0-9._-]+)(?:@([a-z0-9_-]+))?(?: (#[^ :]+))?: (.*)$`)

// parse reads a line that somebody says.
func parse(line string) (s Spoken, ok bool) {
	m := spoken.FindStringSubmatch(line)
	if m == nil {
		return s, false
	}
	text, did := strings.CutPrefix(m[5], "/me ")
	return Spoken{Borrowed: m[1] != "", Who: m[2], Network: m[3], Room: m[4], Text: text, Did: did}, true
}

// Speakers are those who say something in a story on a network, each once; whoever
// borrows a name is "~name". A line that names no network may be said on any.
func Speakers(story, network string) []string {
	var names []string
	for line := range strings.Lines(story) {
		s, ok := parse(strings.TrimRight(line, "\n"))
		if !ok || s.Network != "" && s.Network != network {
			continue
		}
		name := s.Who
		if s.Borrowed {
			name = "~" + name
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// Play plays a story and returns it as it went: the same lines said, with what
// the bot really answered.
func (t *Transcript) Play(ctx context.Context, story string) (string, error) {
	var out strings.Builder
	for n, line := range strings.Split(strings.TrimRight(story, "\n"), "\n") {
		if strings.HasPrefix(line, "  ") {
			continue // what it answered when this was written
		}
		out.WriteString(line + "\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		t.heard = nil
		if err := t.act(ctx, line); err != nil {
			return out.String(), fmt.Errorf("line %d, %q: %w", n+1, line, err)
		}
		for _, l := range inOrder(t.heard) {
			out.WriteString("  " + l.String() + "\n")
		}
	}
	return out.String(), nil
}

func (t *Transcript) act(ctx context.Context, line string) error {
	if d, ok := strings.CutPrefix(line, "wait "); ok {
		span, err := time.ParseDuration(d)
		if err != nil {
			return err
		}
		return t.Stage.WaitUntil(ctx, t.Stage.Now().Add(span))
	}
	if known, err := t.Stage.tool(ctx, line); known {
		return err
	}
	s, ok := parse(line)
	if !ok {
		return fmt.Errorf(`neither "wait 90s" nor "maria #ops: words"`)
	}
	return t.Stage.Speak(ctx, s)
}

// inOrder sorts lines by place, and keeps their order within a place: between two
// rooms no network promises one.
func inOrder(lines []console.Line) []console.Line {
	out := slices.Clone(lines)
	slices.SortStableFunc(out, func(a, b console.Line) int { return strings.Compare(place(a), place(b)) })
	return out
}

func place(l console.Line) string {
	if l.Room != "" {
		return l.Network + " " + l.Room
	}
	return l.Network + " ~" + l.Account // after every room
}
