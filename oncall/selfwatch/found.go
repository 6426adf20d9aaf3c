package selfwatch

import (
	"fmt"
	"strings"
	"time"

	"batsignal/migrations/pg/leader"
)

const (
	// Heartbeat is the name of the result that tells how the last heartbeat went.
	Heartbeat = "heartbeat"
	// Holds is how long a result says something. The checks are made at least every three minutes.
	Holds = 4 * time.Minute
)

// Stale tells that a check is not made any more: the process that made it may be gone.
func (r Result) Stale(now time.Time) bool { return now.Sub(r.At) > Holds }

// Good tells that there is nothing to look after.
func (r Result) Good(now time.Time) bool { return r.OK && !r.Stale(now) }

// HeldBack tells that the heartbeat was not sent on purpose: what failed is another check.
func (r Result) HeldBack() bool {
	return r.Name == Heartbeat && strings.HasPrefix(r.Detail, "held back")
}

// Word says how it is: "works".
func (r Result) Word(now time.Time) string {
	switch {
	case r.Stale(now):
		return "not checked any more"
	case r.OK:
		return "works"
	case r.HeldBack():
		return "held back"
	}
	return "fails"
}

// Leads says for people whether a process is on the networks, and whether another one would
// take over. Which ones is for the log: rooms need not know what our machines are called.
func Leads(s leader.Standing, now time.Time) string {
	others := "no other waits to take over"
	switch n := len(s.Waiting); {
	case n == 1:
		others = "another one waits to take over"
	case n > 1:
		others = fmt.Sprintf("%d others wait to take over", n)
	}
	if !s.Alive(now) {
		return "nobody: no process is on the networks; " + others
	}
	return "one process, since " + s.Since.UTC().Format("2006-01-02 15:04") + " UTC; " + others
}
