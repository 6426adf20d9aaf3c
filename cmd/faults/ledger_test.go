package faults

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// ledger is the story of a run, and what its faults excuse.
type ledger struct {
	now   func() time.Time
	began time.Time

	mu      sync.Mutex
	lines   []string
	excuses []excuse
	count   map[string]int
}

// excuse is a time in which a message may have been sent twice: somebody was killed or
// frozen, the database was away, or the clock jumped.
type excuse struct {
	from, to time.Time // to is zero while it lasts
	what     string
}

func newLedger(now func() time.Time) *ledger {
	return &ledger{now: now, began: time.Now(), count: map[string]int{}}
}

func (l *ledger) say(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, fmt.Sprintf("%5d ms  %s  %s", time.Since(l.began).Milliseconds(), l.now().Format("Jan _2 15:04:05"), fmt.Sprintf(format, args...)))
}

// fault notes a fault that is over at once, and counts it.
func (l *ledger) fault(kind, format string, args ...any) {
	l.say(format, args...)
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count[kind]++
	l.excuses = append(l.excuses, excuse{from: now, to: now, what: kind})
}

// begins notes a fault that lasts until the returned function is called.
func (l *ledger) begins(kind, format string, args ...any) (over func()) {
	l.say(format, args...)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count[kind]++
	at := len(l.excuses)
	l.excuses = append(l.excuses, excuse{from: time.Now(), what: kind})
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.excuses[at].to = time.Now()
	}
}

func (l *ledger) counted(kind string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count[kind]++
}

// excused tells whether there was a fault between two moments.
func (l *ledger) excused(from, to time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.excuses {
		if !e.from.After(to) && (e.to.IsZero() || !e.to.Before(from)) {
			return true
		}
	}
	return false
}

func (l *ledger) story() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines, "\n")
}
