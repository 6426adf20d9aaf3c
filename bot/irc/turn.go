package irc

import (
	"strings"
	"time"

	"github.com/lrstanley/girc"
)

// idle is how long the writer rests when nothing waits; it is woken sooner.
const idle = time.Hour

// rest is how long the line that goes next must wait. Half of what we may send at
// once is kept for pages: announcements and answers alone never use it up, so a
// page leaves at once even among many of them.
func (s *session) rest(next *outgoing, now time.Time) time.Duration {
	if next == nil {
		return idle
	}
	if next.class == urgent {
		return 0
	}
	burst := s.pace.Burst()
	need := price(next.line)
	if next.class > page {
		need += burst / 2
	}
	missing := float64(min(need, burst)) - s.pace.TokensAt(now)
	if missing <= 0 {
		return 0
	}
	return time.Duration(missing/float64(s.pace.Limit())*float64(time.Second)) + time.Millisecond
}

// price is how many lines a line counts for. Servers hold up whoever invites many,
// and what we send next waits there behind it, be it a page: better it waits here,
// where the page goes first.
func price(text string) int {
	if verb, _, _ := strings.Cut(text, " "); verb == girc.INVITE {
		return 4
	}
	return 1
}
