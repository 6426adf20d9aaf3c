package switchboard

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"batsignal/oncall/fault"
	"batsignal/oncall/unseal"
)

const (
	pushRest     = 25 * time.Millisecond // after the first tries: the bot may be about to write down the incident
	pushSoon     = 80                    // tries that have the same rest between them; a ring waits for them
	pushMostRest = 5 * time.Second
	newsHolds    = 2 * time.Minute // who wants to know of a code that was refused longer ago
	mostPushes   = 500
)

// Pusher tells the bot of grants and refusals, each until it was taken or is of no use any
// more. What it has not told when the process ends, the authority tells again.
type Pusher struct {
	bot unseal.Bot
	now func() time.Time
	log *slog.Logger

	mu    sync.Mutex
	under map[unseal.Grant]bool // told of right now
	fresh chan unseal.Grant
}

// NewPusher makes one; [Pusher.Run] is what tells.
func NewPusher(bot unseal.Bot, now func() time.Time, log *slog.Logger) *Pusher {
	return &Pusher{bot: bot, now: now, log: log, under: map[unseal.Grant]bool{}, fresh: make(chan unseal.Grant, mostPushes)}
}

// Push has the bot told. It waits for nobody; what the bot is being told of already is
// told once.
func (p *Pusher) Push(g unseal.Grant) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.under[g] {
		return
	}
	select {
	case p.fresh <- g:
		p.under[g] = true
	default:
		p.log.Error("too much waits to be told to the bot already", "code", g.Code)
	}
}

// Run tells, one beside the other, until ctx ends: none waits for another.
func (p *Pusher) Run(ctx context.Context) {
	var telling sync.WaitGroup
	defer telling.Wait()
	for {
		select {
		case g := <-p.fresh:
			telling.Go(func() { p.tell(ctx, g) })
		case <-ctx.Done():
			return
		}
	}
}

func (p *Pusher) tell(ctx context.Context, g unseal.Grant) {
	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.under, g)
	}()
	until := g.Until
	if g.Refused != "" || g.Waits {
		until = p.now().Add(newsHolds)
	}
	rest := pushRest
	for try := 1; ; try++ {
		if try > pushSoon {
			rest = min(2*rest, pushMostRest)
		}
		err := p.bot.Granted(ctx, g)
		if err == nil || ctx.Err() != nil {
			return
		}
		// What the bot understood and refused stays refused: nobody asked for it there.
		if p.now().After(until) || fault.KindOf(err) == fault.Forbidden {
			p.log.Error("the bot was not told of a code", "code", g.Code, "granted", g.Refused == "" && !g.Waits, "error", err)
			return
		}
		select {
		case <-time.After(rest):
		case <-ctx.Done():
			return
		}
	}
}
