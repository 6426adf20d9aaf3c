package main

import (
	"context"
	"fmt"
	"time"
)

const (
	aimFanout     = time.Second
	goalertFirst  = "GoAlert: median 3.77 s, max 7.08 s"
	goalertFanout = "GoAlert: 32 to 50 s"
)

// alertsLatency is how long it takes from an alert to the first page.
func alertsLatency(ctx context.Context, b *bench) (all []figure, err error) {
	h, err := b.takeAlerts(ctx, "alerts-latency")
	if err != nil {
		return nil, err
	}
	defer func() { err = h.closeWith(err) }()
	key, err := h.key(ctx, "latency", oneRings)
	if err != nil {
		return nil, err
	}
	var first, stored durations
	for i := range b.runs(200, 3) {
		if err := b.pause(ctx); err != nil {
			return nil, err
		}
		dedup, before := fmt.Sprintf("latency-%04d", i), len(h.sink.Arrivals())
		began, err := h.send(ctx, key, "trigger", dedup)
		if err != nil {
			return nil, err
		}
		stored = append(stored, time.Since(began))
		pages, err := await(h.sink, before, 1, tellsOf(dedup))
		if err != nil {
			return nil, err
		}
		first = append(first, pages[0].At.Sub(began))
		if _, err := h.send(ctx, key, "resolve", dedup); err != nil {
			return nil, err
		}
	}
	return []figure{{
		what: "alert to the first page", got: first.list(0.5, 0.95, 0.99, 1),
		aim: "median ≤ 50 ms, p99 ≤ 250 ms (" + goalertFirst + ")", met: first.median() <= aimMedian && first.at(0.99) <= aimWorst,
		how: fmt.Sprintf("%d alerts with pauses of random length, each of its own and resolved before the next, so that each rings; "+
			"from the start of the POST to `%s` to the first byte of the page at the sink", len(first), enqueue),
	}, {
		what: "alert to its 202", got: stored.list(0.5, 0.95, 0.99, 1),
		how: "the same alerts, to the answer, which comes after the commit",
	}}, nil
}

// alertsFanout is how long it takes from one alert to the last of many people.
func alertsFanout(ctx context.Context, b *bench) (all []figure, err error) {
	h, err := b.takeAlerts(ctx, "alerts-fanout")
	if err != nil {
		return nil, err
	}
	defer func() { err = h.closeWith(err) }()
	key, err := h.key(ctx, "fanout", allRing)
	if err != nil {
		return nil, err
	}
	var first, last durations
	for i := range b.runs(10, 1) {
		if err := b.pause(ctx); err != nil {
			return nil, err
		}
		dedup, before := fmt.Sprintf("fanout-%04d", i), len(h.sink.Arrivals())
		began, err := h.send(ctx, key, "trigger", dedup)
		if err != nil {
			return nil, err
		}
		pages, err := await(h.sink, before, alertCrowd, tellsOf(dedup))
		if err != nil {
			return nil, err
		}
		reached, soonest, latest := map[string]bool{}, pages[0].At, pages[0].At
		for _, p := range pages {
			reached[p.Page.Person] = true
			if p.At.Before(soonest) {
				soonest = p.At
			}
			if p.At.After(latest) {
				latest = p.At
			}
		}
		if len(reached) != alertCrowd {
			return nil, fmt.Errorf("%d pages reached %d people of %d", len(pages), len(reached), alertCrowd)
		}
		first, last = append(first, soonest.Sub(began)), append(last, latest.Sub(began))
		if _, err := h.send(ctx, key, "resolve", dedup); err != nil {
			return nil, err
		}
	}
	return []figure{{
		what: "30 people on one alert, the last of them", got: last.list(0.5, 1),
		aim: "≤ 1 s (" + goalertFanout + ")", met: last.most() <= aimFanout,
		how: fmt.Sprintf("%d alerts, each by a key whose policy rings a role of %d people at once; from the start of the POST to the first byte "+
			"of the last page at the sink; each person has a webhook and a page of their own, every attempt and its outcome is committed to disk "+
			"(the first of them: %s)", len(last), alertCrowd, first.list(0.5, 1)),
	}}, nil
}
