package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

const (
	stormAlerts = 100
	stormLasts  = 1500 * time.Millisecond
)

// alertsStorm sends many alerts that concern one person, at nearly the same time, and
// counts what that person gets.
func alertsStorm(ctx context.Context, b *bench) (all []figure, err error) {
	h, err := b.takeAlerts(ctx, "alerts-storm")
	if err != nil {
		return nil, err
	}
	defer func() { err = h.closeWith(err) }()
	key, err := h.key(ctx, "storm", oneRings)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	var sending sync.WaitGroup
	failed := make(chan error, stormAlerts)
	for i := range stormAlerts {
		sending.Go(func() {
			at := began.Add(time.Duration(i) * stormLasts / stormAlerts)
			err := rest(ctx, time.Until(at))
			if err == nil {
				_, err = h.send(ctx, key, "trigger", stormName(i))
			}
			failed <- err
		})
	}
	sending.Wait()
	sent := time.Since(began)
	for range stormAlerts {
		if err := <-failed; err != nil {
			return nil, err
		}
	}
	named, first, last, err := h.namedAfter(ctx, began)
	if err != nil {
		return nil, err
	}
	messages := len(h.sink.Arrivals())
	return []figure{{
		what: "storm: 100 alerts to one person",
		got:  fmt.Sprintf("%d messages, %d alerts named", messages, named),
		aim:  "all named (GoAlert: 1 message that names none)", met: named == stormAlerts,
		how: fmt.Sprintf("%d alerts by one key within %s, whose policy rings one person; the first message after %s, and the one that names the last of them "+
			"after %s: what joins a page later is folded into one message each 30 s", stormAlerts, short(sent), short(first), short(last)),
	}}, nil
}

func stormName(i int) string { return fmt.Sprintf("storm-%04d", i) }

// namedAfter waits until pages name all alerts of the storm, or nothing new comes for a
// long time, and tells how many were named, and when the first and the last.
func (h *alertHouse) namedAfter(ctx context.Context, began time.Time) (named int, first, last time.Duration, err error) {
	waiting := map[int]bool{}
	for i := range stormAlerts {
		waiting[i] = true
	}
	seen := 0
	for deadline := time.Now().Add(patience); len(waiting) > 0 && time.Now().Before(deadline); {
		if ctx.Err() != nil {
			return 0, 0, 0, ctx.Err()
		}
		all := h.sink.Arrivals()
		for _, a := range all[seen:] {
			if a.Signature != nil {
				return 0, 0, 0, fmt.Errorf("a page with a wrong signature: %w", a.Signature)
			}
			if first == 0 {
				first = a.At.Sub(began)
			}
			for i := range waiting {
				if tellsOf(stormName(i))(a) {
					delete(waiting, i)
					last = a.At.Sub(began)
				}
			}
		}
		if seen = len(all); len(waiting) > 0 {
			_, _ = h.sink.WaitFor(seen+1, time.Second) // nothing came: look at the time
		}
	}
	return stormAlerts - len(waiting), first, last, nil
}
