package main

import (
	"fmt"
	"time"

	"batsignal/migrations/pg/leader"
)

// leads says for people whether a process is on the networks, and whether another one would
// take over. Which ones is for the log: rooms need not know what our machines are called.
func leads(s leader.Standing, now time.Time) string {
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
