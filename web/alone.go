package web

import (
	"context"
	"time"
)

// wholeReads is how often everybody together may have the whole ledger read in a minute.
const wholeReads = 30

// Alone lets one at a time have the whole ledger in memory, and everybody together not too
// often: anybody may ask for it.
type Alone struct {
	reads *budget
	one   chan struct{}
}

// NewAlone makes one, for a process.
func NewAlone() *Alone { return &Alone{newBudget(wholeReads), make(chan struct{}, 1)} }

// Enter waits until nobody else is there. The caller calls the result when it is done.
func (a *Alone) Enter(ctx context.Context, now time.Time) (done func(), err error) {
	if err := a.reads.take(now); err != nil {
		return nil, err
	}
	select {
	case a.one <- struct{}{}:
		return func() { <-a.one }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
