package slack

import (
	"context"
	"sync"
	"time"
)

// answers are what is on its way to people. Nobody waits for it: an answer that Slack
// puts off must not hold up the next line, which may be somebody who takes a page.
// Answers to one place keep their order.
type answers struct {
	door *Door
	ctx  context.Context // ends some time after the door is closed
	end  context.CancelFunc

	mu    sync.Mutex
	queue map[string][]func(context.Context) error // by place; one goroutine works each
	quiet chan struct{}                            // closed when nothing is on its way
}

const (
	// answerBudget is how long an answer may take; later nobody remembers the question.
	answerBudget = time.Minute
	// lastAnswers is how long the door waits for answers when it is closed.
	lastAnswers = 3 * time.Second
	// mostAnswers is how many may wait for one place; a room that is asked more has
	// other sorrows than the answers.
	mostAnswers = 200
)

func newAnswers(d *Door) *answers {
	a := &answers{door: d, queue: map[string][]func(context.Context) error{}, quiet: make(chan struct{})}
	a.ctx, a.end = context.WithCancel(context.Background())
	close(a.quiet)
	return a
}

// later has something sent to a place after all that was to be sent there before.
func (a *answers) later(place string, send func(context.Context) error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	waiting, busy := a.queue[place]
	if len(waiting) >= mostAnswers {
		a.door.log.Warn("an answer was left out: too many wait for that place", "place", place)
		return
	}
	if len(a.queue) == 0 {
		a.quiet = make(chan struct{})
	}
	a.queue[place] = append(waiting, send)
	if !busy {
		go a.work(place)
	}
}

func (a *answers) work(place string) {
	for {
		a.mu.Lock()
		waiting := a.queue[place]
		if len(waiting) == 0 {
			delete(a.queue, place)
			if len(a.queue) == 0 {
				close(a.quiet)
			}
			a.mu.Unlock()
			return
		}
		send := waiting[0]
		a.queue[place] = waiting[1:]
		a.mu.Unlock()

		ctx, cancel := context.WithTimeout(a.ctx, answerBudget)
		if err := send(ctx); err != nil && a.ctx.Err() == nil {
			a.door.log.Warn("an answer could not be sent", "place", place, "error", err)
		}
		cancel()
	}
}

// close waits for what is on its way, for a while, and ends the rest.
func (a *answers) close() {
	ctx, cancel := context.WithTimeout(context.Background(), lastAnswers)
	defer cancel()
	_ = a.wait(ctx) // what is left is ended
	a.end()
	_ = a.wait(context.Background())
}

func (a *answers) wait(ctx context.Context) error {
	a.mu.Lock()
	quiet := a.quiet
	a.mu.Unlock()
	select {
	case <-quiet:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Quiet returns when every answer has arrived that was on its way.
func (d *Door) Quiet(ctx context.Context) error { return d.answers.wait(ctx) }
