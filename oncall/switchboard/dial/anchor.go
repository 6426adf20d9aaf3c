package dial

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"batsignal/oncall/ledger"
)

// Anchor has heads of the ledger said in the home rooms and sees that they were said
// there: everybody who keeps a log of such a room is a witness then. However many wait,
// one line is under way at once, and it covers all leaves up to its size.
type Anchor struct {
	Say   func(ctx context.Context, line string) error     // in all home rooms, by the bot
	Alarm func(ctx context.Context, sentence string) error // to custodians and admins
	// Hear records in which room a head was said, as [ledger.Hear] does. One that is none of
	// this ledger's is an error.
	Hear func(ctx context.Context, prefix string, a ledger.Anchor) error
	Home func(network, room string) bool
	Now  func() time.Time
	Log  *slog.Logger
	// Patience is how long an opening waits for a room; 0 is 10 s.
	Patience time.Duration
	// Again is after how long a line that nobody heard is said again; 0 is 3 s. While no room
	// answers it is said ever more seldom: people may see it though we do not.
	Again time.Duration

	once   sync.Once
	poke   chan struct{}
	early  chan struct{} // ends a longer rest
	mu     sync.Mutex
	newest ledger.Head     // that somebody waits for, or waited
	said   []ledger.Head   // the last few
	seen   int64           // up to which size a room has it
	flying chan struct{}   // closed when what was said last was heard; nil: nothing is under way
	down   bool            // no room answered: nobody waits until one does
	missed int             // lines in a row that nobody heard since then
	signs  int             // of life, in rooms that did not show what was said then
	alarm  bool            // an alarm is due
	told   bool            // it is under way, or through
	heard  []heardLine     // not looked at yet
	wait   []*anchorWaiter // in no order
}

// heardLine is a line that was heard; prefix is "" if it says no head.
type heardLine struct {
	network, room, prefix string
	size                  int64
}

type anchorWaiter struct {
	size int64
	done chan struct{}
}

const (
	anchorPatience = 10 * time.Second
	anchorAgain    = 3 * time.Second
	seldom         = time.Minute // the longest rest between two lines while no room answers
	mostSigns      = 3           // for which a head is said before its time
	mostSaid       = 64          // heads that are remembered
	mostHeard      = 1000        // lines that wait to be looked at
)

func (a *Anchor) patience() time.Duration {
	if a.Patience > 0 {
		return a.Patience
	}
	return anchorPatience
}

func (a *Anchor) again() time.Duration {
	if a.Again > 0 {
		return a.Again
	}
	return anchorAgain
}

func (a *Anchor) wake() {
	a.once.Do(func() { a.poke, a.early = make(chan struct{}, 1), make(chan struct{}, 1) })
	signal(a.poke)
}

func signal(to chan struct{}) {
	select {
	case to <- struct{}{}:
	default:
	}
}

// HeardLine is told of every line that the ear heard, whoever said it: that a room has a
// head counts, not who brought it there. It returns at once.
func (a *Anchor) HeardLine(network, room, text string) {
	if !a.Home(network, room) {
		return
	}
	size, prefix, isHead := ledger.ParseLine(text)
	a.mu.Lock()
	if (isHead || a.down) && len(a.heard) < mostHeard {
		a.heard = append(a.heard, heardLine{network, room, prefix, size})
	}
	a.mu.Unlock()
	a.wake()
}

// Await returns when a head that covers this one was seen in a room, and true; or after
// patience, and false. While no room answers it returns at once: the first who waited in
// vain has told everybody.
func (a *Anchor) Await(ctx context.Context, head ledger.Head, patience time.Duration) (anchored bool) {
	if patience <= 0 || patience > a.patience() {
		patience = a.patience()
	}
	a.wake()
	a.mu.Lock()
	if head.Size > a.newest.Size {
		a.newest = head
		signal(a.early)
	}
	if head.Size <= a.seen || a.down {
		down := a.down && head.Size > a.seen
		a.mu.Unlock()
		a.wake()
		return !down
	}
	w := &anchorWaiter{head.Size, make(chan struct{})}
	a.wait = append(a.wait, w)
	a.mu.Unlock()
	a.wake()

	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-w.done:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.wait = slices.DeleteFunc(a.wait, func(one *anchorWaiter) bool { return one == w })
	if head.Size <= a.seen {
		return true
	}
	if ctx.Err() == nil && !a.down {
		a.down, a.alarm, a.told = true, true, false
		a.wake()
	}
	return false
}

// Down tells whether no room answers.
func (a *Anchor) Down() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.down
}

// Run says heads and listens for them until ctx is over.
func (a *Anchor) Run(ctx context.Context) error {
	a.wake()
	var under sync.WaitGroup
	defer under.Wait()
	for {
		a.look(ctx)
		if head, flying, ok := a.next(); ok {
			under.Go(func() { a.say(ctx, head, flying) })
		}
		if a.alarmDue() {
			under.Go(func() { a.raise(ctx) })
		}
		select {
		case <-ctx.Done():
			return nil
		case <-a.poke:
		}
	}
}

// next takes the head that is to be said now.
func (a *Anchor) next() (ledger.Head, chan struct{}, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.flying != nil || a.newest.Size <= a.seen {
		return ledger.Head{}, nil, false
	}
	a.flying = make(chan struct{})
	a.said = append(a.said, a.newest)
	if len(a.said) > mostSaid {
		a.said = slices.Delete(a.said, 0, len(a.said)-mostSaid)
	}
	return a.newest, a.flying, true
}

// say says one head, and rests until it was heard or it is time to say one again.
func (a *Anchor) say(ctx context.Context, head ledger.Head, flying chan struct{}) {
	rest := time.NewTimer(a.again())
	defer rest.Stop()
	saying, cancel := context.WithTimeout(ctx, a.again())
	if err := a.Say(saying, head.Line()); err != nil && ctx.Err() == nil {
		a.Log.Warn("a head of the ledger could not be said", "size", head.Size, "error", err)
	}
	cancel()
	select {
	case <-ctx.Done():
	case <-flying:
	case <-rest.C:
		a.restMore(ctx, flying)
	}
	a.mu.Lock()
	if a.flying == flying {
		a.flying = nil
	}
	a.mu.Unlock()
	a.wake()
}

// restMore rests on while no room answers, longer each time, or until there is a reason to
// try at once: a later head, or a room in which somebody speaks.
func (a *Anchor) restMore(ctx context.Context, flying chan struct{}) {
	a.mu.Lock()
	more := time.Duration(0)
	if a.down && a.flying == flying {
		a.missed++
		more = min(a.again()<<min(a.missed, 10), max(seldom, a.again())) - a.again()
	}
	a.mu.Unlock()
	rest := time.NewTimer(more)
	defer rest.Stop()
	select {
	case <-ctx.Done():
	case <-flying:
	case <-a.early:
	case <-rest.C:
	}
}

// land ends what is under way, so that the next head is said at once. Locked.
func (a *Anchor) land() {
	if a.flying != nil {
		close(a.flying)
		a.flying = nil
	}
}

// look judges what was heard.
func (a *Anchor) look(ctx context.Context) {
	a.mu.Lock()
	heard, down := a.heard, a.down
	a.heard = nil
	a.mu.Unlock()
	for _, line := range heard {
		if line.prefix == "" {
			if down { // a room answers, so it is worth saying the head there now
				a.mu.Lock()
				if a.signs++; a.signs <= mostSigns {
					signal(a.early)
				}
				a.mu.Unlock()
				down = false
			}
			continue
		}
		err := a.ours(line.size, line.prefix)
		if err == nil {
			err = a.Hear(ctx, line.prefix, ledger.Anchor{Size: line.size, Network: line.network, Room: line.room, At: a.Now()})
		}
		if err != nil {
			a.Log.Warn("a head of the ledger was said that does not count", "network", line.network, "room", line.room, "size", line.size, "error", err)
			continue
		}
		a.saw(line.size)
	}
}

var errNotOurs = errors.New("this is another head of that size than was signed here")

// ours refuses a head of a size that was said here with another hash, whatever the database
// says of it.
func (a *Anchor) ours(size int64, prefix string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, h := range a.said {
		if h.Size == size && h.Prefix() != prefix {
			return errNotOurs
		}
	}
	return nil
}

// saw lets go whoever waits for a head of this size or a smaller one.
func (a *Anchor) saw(size int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.seen = max(a.seen, size)
	a.missed, a.signs = 0, 0
	if len(a.said) > 0 && size >= a.said[len(a.said)-1].Size {
		a.land()
	}
	if a.down && a.seen >= a.newest.Size {
		a.down, a.alarm = false, false
		a.Log.Info("a room answers again: the ledger is anchored", "size", size)
	}
	a.wait = slices.DeleteFunc(a.wait, func(w *anchorWaiter) bool {
		if w.size > a.seen {
			return false
		}
		close(w.done)
		return true
	})
}

// alarmDue tells, once each time, that an alarm is to be raised.
func (a *Anchor) alarmDue() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	due := a.alarm && !a.told
	a.told = a.told || due
	return due
}

const sayUnanchored = "No home room shows the ledger's head, so sealed addresses are now opened without a witness. " +
	"They are marked in the ledger as unanchored, and the head is said as soon as a room is back. Please see whether the bot is in its rooms."

// raise tells everybody once, and tries until somebody took it or it is over.
func (a *Anchor) raise(ctx context.Context) {
	for ctx.Err() == nil {
		telling, cancel := context.WithTimeout(ctx, a.patience())
		err := a.Alarm(telling, sayUnanchored)
		cancel()
		a.mu.Lock()
		over := !a.alarm
		if err == nil {
			a.alarm = false
		}
		a.mu.Unlock()
		if err == nil || over {
			return
		}
		a.Log.Error("nobody could be told that openings have no witness", "error", err)
		rest := time.NewTimer(a.patience())
		select {
		case <-ctx.Done():
		case <-rest.C:
		}
		rest.Stop()
	}
}
