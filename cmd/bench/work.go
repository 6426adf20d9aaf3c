package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

const (
	fewPeople = 15 // three for each role

	aimMedian  = 50 * time.Millisecond
	aimWorst   = 250 * time.Millisecond
	aimCrowd   = 3 * time.Second
	crowd      = 1000
	roleCount  = 5 // as the configuration has by default
	crowdSmall = 30
)

// latency is how long a confirmed signal takes to leave the house.
func (in *installation) latency(ctx context.Context, b *bench) ([]figure, error) {
	first, last, err := b.alarms(ctx, func(ctx context.Context) (alarm, error) { return in.fire(ctx, false, roleCount) })
	if err != nil {
		return nil, err
	}
	return []figure{{
		what: "`!confirm` to the first page", got: first.list(0.5, 0.95, 0.99, 1),
		aim: "median ≤ 50 ms, p99 ≤ 250 ms", met: first.median() <= aimMedian && first.at(0.99) <= aimWorst,
		how: fmt.Sprintf("%d signals with pauses of random length; from the moment before the client writes the line to its IRC server "+
			"(so the way through InspIRCd counts in) to the first byte of the first page at the sink", len(first)),
	}, {
		what: "`!confirm` to the fifth page", got: last.list(0.5, 0.95, 0.99, 1),
		how: "the same signals: one person of each of the five roles is rung",
	}}, nil
}

// alarms lights signal after signal, with pauses, and tells how long after each its
// first and its last page were there.
func (b *bench) alarms(ctx context.Context, fire func(context.Context) (alarm, error)) (first, last durations, err error) {
	for i := range b.runs(200, 3) {
		if err := b.pause(ctx); err != nil {
			return nil, nil, err
		}
		a, err := fire(ctx)
		if err != nil {
			return nil, nil, fmt.Errorf("signal %d: %w", i+1, err)
		}
		first, last = append(first, a.first), append(last, a.last)
	}
	return first, last, nil
}

// pause is of no rhythm, so that nothing that ticks is always met at the same moment.
func (b *bench) pause(ctx context.Context) error {
	return rest(ctx, 20*time.Millisecond+rand.N(b.span(500*time.Millisecond, 30*time.Millisecond)))
}

// crowds is how long it takes to ring many people at once.
func (in *installation) crowds(ctx context.Context, b *bench) ([]figure, error) {
	var all []figure
	for _, people := range []int{crowdSmall, b.runs(crowd, 60)} {
		b.say("measuring: %d people at once", people)
		if err := enrol(ctx, in.db, people, byWebhook(in.sink.Port())); err != nil {
			return nil, err
		}
		var first, last durations
		for range b.runs(5, 1) {
			a, err := in.fire(ctx, true, people)
			if err != nil {
				return nil, err
			}
			first, last = append(first, a.first), append(last, a.last)
		}
		all = append(all, figure{
			what: fmt.Sprintf("%d people at once", people),
			got:  fmt.Sprintf("first page %s, last page %s (slowest run %s)", short(first.median()), short(last.median()), short(last.most())),
			aim:  "last ≤ 3 s", met: last.most() <= aimCrowd,
			how: fmt.Sprintf("`!batsignal --all`, %d runs, median; each person is another one and has a webhook; all pages are counted at the sink, "+
				"every attempt and its outcome is committed to disk", len(last)),
		})
	}
	return all, nil
}
