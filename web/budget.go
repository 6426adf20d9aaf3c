package web

import (
	"sync"
	"time"

	"batsignal/oncall/fault"
)

// budget is how often something may be asked for in a minute by everybody together: behind
// a web server all come from one address. It is kept in memory, for each process.
type budget struct {
	most float64 // a minute, and at once

	mu   sync.Mutex
	have allowance
}

func newBudget(most float64) *budget { return &budget{most: most, have: allowance{left: most}} }

var errBusy = fault.New(fault.Limited, "Too many ask for this just now. Wait a minute, then try again.")

// take counts one, or says that there were too many.
func (b *budget) take(now time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.have.at.IsZero() {
		b.have.left = min(b.most, b.have.left+max(0, now.Sub(b.have.at).Minutes())*b.most)
	}
	b.have.at = now
	if b.have.left < 1 {
		return errBusy
	}
	b.have.left--
	return nil
}
