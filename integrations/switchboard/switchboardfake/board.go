// Package switchboardfake has the two ends of the wire for tests: a switchboard and a bot
// with a memory, whose answers a test scripts, served over the real wire.
//
// Nothing is sealed, opened or dialled: what was asked is kept, to be looked at.
package switchboardfake

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"batsignal/oncall/fault"
	"batsignal/oncall/paging"
	"batsignal/oncall/secret"
	"batsignal/oncall/unseal"
)

// Dial is one call of Dial, with a half of its own.
type Dial struct {
	Route   string
	Message paging.Message
	Ask     bool
}

// End is one call of End.
type End struct {
	Route string
	Ended paging.Ended
}

// Board is a switchboard for tests. The zero Board works: it makes challenges C001, C002 …,
// and says that everything is dialled, each key once. It is safe for many goroutines; set
// the functions before it is used, or by Script.
type Board struct {
	// OnChallenge, OnDial, OnEnd and OnCheck are asked instead, if they are set. What OnDial
	// answers is not remembered.
	OnChallenge func(ctx context.Context, a unseal.Ask) (unseal.Challenge, error)
	OnDial      func(ctx context.Context, d Dial) (unseal.Dialled, error)
	OnEnd       func(ctx context.Context, e End) error
	OnCheck     func(route string) error
	// Is is what Status answers.
	Is unseal.Status
	// Now is the clock of the challenges; nil is one that stands in December 2026.
	Now func() time.Time

	mu     sync.Mutex
	asks   []unseal.Ask
	dials  []Dial
	ends   []End
	handed map[string]unseal.Dialled // by key
}

var _ unseal.Switchboard = (*Board)(nil)

// Script changes the functions while the board is in use.
func (b *Board) Script(change func(b *Board)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change(b)
}

// Asks are the challenges that were asked for.
func (b *Board) Asks() []unseal.Ask {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.asks)
}

// Dials are the calls of Dial, repetitions included.
func (b *Board) Dials() []Dial {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.dials)
}

// Ends are the calls of End.
func (b *Board) Ends() []End {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.ends)
}

// Challenge implements [unseal.Switchboard].
func (b *Board) Challenge(ctx context.Context, a unseal.Ask) (unseal.Challenge, error) {
	b.mu.Lock()
	b.asks = append(b.asks, a)
	n, scripted, now := len(b.asks), b.OnChallenge, b.now()
	b.mu.Unlock()
	if scripted != nil {
		return scripted(ctx, a)
	}
	code := fmt.Sprintf("C%03d", n)
	return unseal.Challenge{
		Code: code, Expires: now.Add(15 * time.Minute), People: 10, Heard: true,
		Line: code + " opens up to 10 people's sealed addresses, to be dialled. Someone else: !confirm " + code + " and your six digits.",
	}, nil
}

func (b *Board) now() time.Time {
	if b.Now == nil {
		return time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
	}
	return b.Now()
}

// Dial implements [unseal.Switchboard].
func (b *Board) Dial(ctx context.Context, route string, m paging.Message, ask bool) (unseal.Dialled, error) {
	if m.Sealed != nil { // theirs is wiped
		own := *m.Sealed
		own.Half = secret.NewBytes(bytes.Clone(own.Half.RevealBytes()))
		m.Sealed = &own
	}
	d := Dial{Route: route, Message: m, Ask: ask}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.dials = append(b.dials, d)
	if scripted := b.OnDial; scripted != nil {
		b.mu.Unlock()
		defer b.mu.Lock()
		return scripted(ctx, d)
	}
	if before, ok := b.handed[m.Key]; ok {
		return before, nil
	}
	if b.handed == nil {
		b.handed = map[string]unseal.Dialled{}
	}
	out := unseal.Dialled{Handed: paging.Handed{Note: "accepted by the " + route + " of the switchboard", Ref: fmt.Sprintf("ref-%d", len(b.handed)+1)}}
	b.handed[m.Key] = out
	return out, nil
}

// End implements [unseal.Switchboard].
func (b *Board) End(ctx context.Context, route string, e paging.Ended) error {
	b.mu.Lock()
	end, scripted := End{Route: route, Ended: e}, b.OnEnd
	b.ends = append(b.ends, end)
	b.mu.Unlock()
	if scripted != nil {
		return scripted(ctx, end)
	}
	return nil
}

// Check implements [unseal.Switchboard].
func (b *Board) Check(_ context.Context, route string) error {
	b.mu.Lock()
	scripted := b.OnCheck
	b.mu.Unlock()
	if scripted != nil {
		return scripted(route)
	}
	return nil
}

// Status implements [unseal.Switchboard].
func (b *Board) Status(context.Context) (unseal.Status, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Is, nil
}

// ErrDown is what a board or a bot may be scripted to say.
var ErrDown = fault.New(fault.Unready, "It is down, by the script of a test.")
