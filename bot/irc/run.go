package irc

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"batsignal/bot"
)

const (
	firstPause = time.Second
	mostPause  = time.Minute
	healthy    = time.Minute // a connection that lasted so long starts the pauses anew
)

// Run connects, hears and reconnects until ctx ends, and then returns nil.
func (d *Door) Run(ctx context.Context, ear func(context.Context, bot.Heard)) error {
	in := newInbox(d.log)
	var listener sync.WaitGroup
	listener.Go(func() { in.deliver(ctx, ear) })
	defer listener.Wait()

	pause := firstPause
	for {
		began := time.Now()
		err := d.connect(ctx, in.put)
		if ctx.Err() != nil {
			d.setLive(nil, context.Cause(ctx))
			return nil
		}
		d.setLive(nil, err)
		if time.Since(began) >= healthy {
			pause = firstPause
		}
		// Spread out, so that not everybody comes back in the same second.
		wait := pause/2 + rand.N(pause/2)
		d.log.Warn("no connection; trying again", "server", d.cfg.Server, "reason", err, "in", wait.Round(time.Millisecond))
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil
		}
		pause = min(2*pause, mostPause)
	}
}
