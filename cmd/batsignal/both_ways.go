package main

import (
	"context"

	"batsignal/oncall/paging"
)

// bothWays is a route that the bot and the switchboard both have. Open addresses go by the
// bot's own, which works while the switchboard is away; sealed ones by the switchboard's,
// since nothing else can open them.
type bothWays struct{ own, sealed paging.Route }

var (
	_ paging.Asker   = bothWays{}
	_ paging.Ender   = bothWays{}
	_ paging.Checker = bothWays{}
)

func (b bothWays) of(sealed bool) paging.Route {
	if sealed {
		return b.sealed
	}
	return b.own
}

// Name is that of both.
func (b bothWays) Name() string { return b.own.Name() }

// Traits are those of our own, as far as both can do it.
func (b bothWays) Traits() paging.Traits {
	t, theirs := paging.TraitsOf(b.own), paging.TraitsOf(b.sealed)
	t.Timeout = max(t.Timeout, theirs.Timeout)
	t.Ends, t.Receipts = t.Ends || theirs.Ends, t.Receipts || theirs.Receipts
	return t
}

// Send implements [paging.Route].
func (b bothWays) Send(ctx context.Context, m paging.Message) (paging.Handed, error) {
	return b.of(m.Sealed != nil).Send(ctx, m)
}

// Ask implements [paging.Asker].
func (b bothWays) Ask(ctx context.Context, m paging.Message) (paging.Handed, bool, error) {
	if asker, ok := b.of(m.Sealed != nil).(paging.Asker); ok {
		return asker.Ask(ctx, m)
	}
	return paging.Handed{}, false, nil
}

// End implements [paging.Ender]: of what went to a sealed address there is none.
func (b bothWays) End(ctx context.Context, e paging.Ended) error {
	if ender, ok := b.of(e.Address.Empty()).(paging.Ender); ok {
		return ender.End(ctx, e)
	}
	return nil
}

// Check looks whether our own lets us in; the switchboard is watched by itself.
func (b bothWays) Check(ctx context.Context) error {
	if checker, ok := b.own.(paging.Checker); ok {
		return checker.Check(ctx)
	}
	return nil
}
