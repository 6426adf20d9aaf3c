package main

import (
	"context"
	"fmt"
	"sync"
)

// work is a part that runs until its context ends.
type work struct {
	name string
	do   func(context.Context) error
}

type works []work

// run does all of them until ctx ends or one fails, and returns when all have stopped: with
// the first failure, or nil because ctx is over.
func (all works) run(ctx context.Context) (failure error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var running sync.WaitGroup
	var first sync.Once
	for _, w := range all {
		running.Go(func() {
			err := w.do(ctx)
			if err == nil || ctx.Err() != nil {
				return // what ends late complains of its end
			}
			first.Do(func() { failure = fmt.Errorf("%s: %w", w.name, err) })
			cancel()
		})
	}
	running.Wait()
	return failure
}
