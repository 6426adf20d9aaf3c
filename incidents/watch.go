package incidents

import (
	"context"
	"strconv"
	"strings"
	"sync"
)

// Watch tells whoever looks on that an incident has changed, inside one process.
// It is fed with the notifications of [ChannelIncident] and carries hints, never
// the news itself: who hears one looks at the rows.
//
// The zero Watch is ready for use.
type Watch struct {
	mu       sync.Mutex
	watchers map[chan int64]bool
	closed   bool
}

// Several is sent in place of a number when more than one incident may have
// changed: look at everything.
const Several int64 = 0

// Publish tells every watcher of a notification's payload, such as "INC-7". It
// never blocks: a watcher that has not looked yet is told once of all it missed.
func (w *Watch) Publish(payload string) {
	id, err := strconv.ParseInt(strings.TrimPrefix(payload, "INC-"), 10, 64)
	if err != nil || id < 0 {
		id = Several
	}
	w.tell(id)
}

// PublishAll tells every watcher to look at everything. It belongs after each time
// that notifications may have been lost.
func (w *Watch) PublishAll() { w.tell(Several) }

// Subscribe returns a channel on which numbers of changed incidents arrive until
// ctx is over or the Watch is closed; it is closed then. Changes that come faster
// than they are read are merged: into one if they concern the same incident, into
// [Several] if not.
func (w *Watch) Subscribe(ctx context.Context) <-chan int64 {
	ch := make(chan int64, 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed || ctx.Err() != nil {
		close(ch)
		return ch
	}
	if w.watchers == nil {
		w.watchers = map[chan int64]bool{}
	}
	w.watchers[ch] = true
	context.AfterFunc(ctx, func() { w.leave(ch) })
	return ch
}

// Close ends every subscription, and those that come later at once: a server that
// shuts down waits for its longest answers, and these have no end of their own.
func (w *Watch) Close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	for ch := range w.watchers {
		delete(w.watchers, ch)
		close(ch)
	}
}

func (w *Watch) leave(ch chan int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.watchers[ch] {
		delete(w.watchers, ch)
		close(ch)
	}
}

// tell puts a number into each watcher's channel of one. Only tell sends, and only
// under the lock, so after what waits was taken out there is room.
func (w *Watch) tell(id int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for ch := range w.watchers {
		merged := id
		select {
		case waiting := <-ch:
			if waiting != id {
				merged = Several
			}
		default:
		}
		ch <- merged
	}
}
