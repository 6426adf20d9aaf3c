package slack

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"batsignal/migrations/pg"
)

// inbox keeps what Slack delivered until it is worked. Slack forgets what we have
// acknowledged, and delivers again what we have not: so it is stored first, under a
// key that makes a second delivery harmless, and a process that is killed leaves rows
// that the next one works.
type inbox struct {
	db      pg.DB
	network string
	worker  string // this run of the program
	now     func() time.Time
	log     *slog.Logger

	mu      sync.Mutex
	arrived waiting       // to be stored
	ready   waiting       // to be worked
	come    chan struct{} // has a value when something may have arrived
	more    chan struct{} // has a value when something may be ready
}

const (
	mostAtOnce  = 200             // arrivals stored in one statement
	inboxLoud   = 10_000          // waiting arrivals at which the log complains
	storeBudget = 2 * time.Second // of the three seconds that Slack gives us
	answerIn    = 2500 * time.Millisecond
	storePause  = 100 * time.Millisecond

	// orphanedAfter is how long a row may be unfinished before another process takes
	// its worker for dead.
	orphanedAfter = 10 * time.Second
	orphansEvery  = 2 * time.Second
	forgetAfter   = 24 * time.Hour // Slack has long given up delivering again
	forgetEvery   = time.Hour
)

func newInbox(db pg.DB, network string, now func() time.Time, log *slog.Logger) *inbox {
	b := make([]byte, 8)
	_, _ = rand.Read(b) // never fails, see crypto/rand
	return &inbox{
		db: db, network: network, worker: hex.EncodeToString(b), now: now, log: log,
		come: make(chan struct{}, 1), more: make(chan struct{}, 1),
	}
}

// put takes an arrival in. It never blocks.
func (in *inbox) put(a arrival) {
	a.answer = once(a.answer)
	if a.late {
		// Whatever happens, Slack gets its answer in time.
		answer := a.answer
		time.AfterFunc(answerIn, func() { answer(nil) })
	}
	in.mu.Lock()
	in.arrived.add(a)
	if n := in.arrived.len(); n%inboxLoud == 0 {
		in.log.Error("many deliveries of Slack wait to be stored", "waiting", n)
	}
	in.mu.Unlock()
	poke(in.come)
}

// store writes down what arrives and acknowledges it, many at once, until ctx ends.
func (in *inbox) store(ctx context.Context) {
	for {
		batch := in.take(&in.arrived, mostAtOnce)
		if len(batch) == 0 {
			select {
			case <-in.come:
				continue
			case <-ctx.Done():
				return
			}
		}
		fresh, err := in.insert(ctx, batch)
		if ctx.Err() != nil {
			return // not acknowledged: it comes again
		}
		if err != nil {
			in.log.Error("deliveries of Slack could not be stored", "deliveries", len(batch), "error", err)
			fresh = in.unstored(batch)
			rest(ctx, storePause)
		}
		in.mu.Lock()
		in.ready.add(fresh...)
		in.mu.Unlock()
		poke(in.more)
	}
}

// unstored are worked all the same: who asked should hear that the database is away.
// An event is not acknowledged, so that Slack delivers it again when it may be back;
// nothing else is ever delivered again.
func (in *inbox) unstored(batch []arrival) []arrival {
	for i := range batch {
		batch[i].unstored = true
		if batch[i].kind != kindEvent && !batch[i].late {
			batch[i].answer(nil)
		}
	}
	return batch
}

// work hands out what is ready, one after the other in order, and what is urgent before
// the rest, until ctx ends.
func (in *inbox) work(ctx context.Context, handle func(context.Context, arrival)) {
	var done []string
	for ctx.Err() == nil {
		next := in.take(&in.ready, 1) // something urgent may have come by then
		if len(next) == 0 {
			done = in.finish(ctx, done)
			select {
			case <-in.more:
			case <-ctx.Done():
			}
			continue
		}
		a := next[0]
		in.protect(ctx, a, handle)
		if a.answer != nil && a.late {
			a.answer(nil) // nobody had anything to say
		}
		if !a.unstored && ctx.Err() == nil {
			done = append(done, a.key) // else the next process works it
		}
		if len(done) >= mostAtOnce {
			done = in.finish(ctx, done)
		}
	}
}

// protect works one delivery. A mistake in ours with a strange one must not take the bot
// down while people are being paged, nor be met again at the next start.
func (in *inbox) protect(ctx context.Context, a arrival, handle func(context.Context, arrival)) {
	defer func() {
		if p := recover(); p != nil {
			in.log.Error("a delivery of Slack could not be worked", "kind", a.kind, "key", a.key, "panic", p, "stack", string(debug.Stack()))
		}
	}()
	handle(ctx, a)
}

// finish notes what is done, and returns what could not be noted: that is noted later,
// or worked once more by the next process, which finds its commands done.
func (in *inbox) finish(ctx context.Context, keys []string) (left []string) {
	if len(keys) == 0 {
		return keys
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeBudget)
	defer cancel()
	if err := in.done(ctx, keys); err != nil {
		in.log.Warn("finished deliveries of Slack could not be noted", "error", err)
		return keys[max(0, len(keys)-inboxLoud):]
	}
	return keys[:0]
}

// keep takes over what dead processes left, and forgets what is long done.
func (in *inbox) keep(ctx context.Context) {
	forgotten := time.Time{}
	for {
		orphans, err := in.adopt(ctx)
		if len(orphans) > 0 {
			in.log.Info("going on with what a process before left", "deliveries", len(orphans))
			in.mu.Lock()
			in.ready.add(orphans...)
			in.mu.Unlock()
			poke(in.more)
		}
		if err == nil && in.now().Sub(forgotten) >= forgetEvery {
			forgotten = in.now()
			err = in.forget(ctx)
		}
		if err != nil && ctx.Err() == nil {
			in.log.Warn("the rows of what Slack delivered cannot be looked through", "error", err)
		}
		if !rest(ctx, orphansEvery) {
			return
		}
	}
}

func (in *inbox) take(from *waiting, most int) []arrival {
	in.mu.Lock()
	defer in.mu.Unlock()
	return from.take(most)
}

// waiting are arrivals in order, with the urgent ones first.
type waiting struct{ urgent, rest []arrival }

func (w *waiting) add(all ...arrival) {
	for _, a := range all {
		if a.urgent {
			w.urgent = append(w.urgent, a)
		} else {
			w.rest = append(w.rest, a)
		}
	}
}

func (w *waiting) len() int { return len(w.urgent) + len(w.rest) }

// take takes so many at most, of one kind at a time.
func (w *waiting) take(most int) []arrival {
	from := &w.rest
	if len(w.urgent) > 0 {
		from = &w.urgent
	}
	n := min(len(*from), most)
	batch := (*from)[:n:n]
	if *from = (*from)[n:]; len(*from) == 0 {
		*from = nil
	}
	return batch
}

func poke(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}

// once lets only the first answer through, and tells which that was.
func once(answer func(any) bool) func(any) bool {
	var gone atomic.Bool
	return func(payload any) bool { return gone.CompareAndSwap(false, true) && answer(payload) }
}
