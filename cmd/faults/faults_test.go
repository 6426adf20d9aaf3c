package faults

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"batsignal/migrations/pgtest"
)

// What `make faults` says.
var (
	seedFlag = flag.Uint64("seed", 0, "the first seed; 0 draws one")
	runsFlag = flag.Int("runs", 0, "how many runs; 0 is the short form")
	sideFlag = flag.Int("side", 4, "how many runs side by side")
)

// TestMain is also the main of the processes that a run starts in order to kill them.
func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		os.Exit(child())
	}
	pgtest.Main(m)
}

// TestFaults plays plans. Without flags these are a few that never change.
func TestFaults(t *testing.T) {
	first, n := *seedFlag, *runsFlag
	switch {
	case n == 0 && first == 0:
		first, n = 1, 5
	case first == 0:
		first = rand.Uint64N(1 << 32)
	}
	n = max(n, 1)
	sum := summary{count: map[string]int{}, began: time.Now()}
	var all sync.WaitGroup
	seeds := make(chan uint64)
	for range min(*sideFlag, n) {
		all.Go(func() {
			for seed := range seeds {
				t.Run(fmt.Sprint("seed", seed), func(t *testing.T) { sum.add(play(t, drawPlan(seed, routeNames()), n == 1)) })
			}
		})
	}
	for i := range n {
		seeds <- first + uint64(i)
		if i%100 == 99 {
			t.Log(sum.String())
		}
	}
	close(seeds)
	all.Wait()
	t.Log(sum.String())
}

// play plays one plan and tells its story if anything was wrong.
func play(t *testing.T, p plan, tell bool) *run {
	r := newRun(t, p)
	r.drive()
	r.finish()
	r.judge()
	if len(r.wrong) > 0 {
		t.Errorf("%v\n\n%s\n\n%s\n\nto replay it: make faults SEED=%d", strings.Join(r.wrong, "\n"), p, r.log.story(), p.Seed)
	} else if tell {
		t.Logf("%s\n\n%s", p, r.log.story())
	}
	return r
}

// summary is what goes on record.
type summary struct {
	mu     sync.Mutex
	began  time.Time
	runs   int
	failed int
	count  map[string]int
}

func (s *summary) add(r *run) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.runs++
	if len(r.wrong) > 0 {
		s.failed++
	}
	for kind, n := range r.log.count {
		s.count[kind] += n
	}
	s.count["messages"] += len(r.rings())
	s.count["answers"] += len(r.answered)
}

func (s *summary) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var parts []string
	for _, kind := range slices.Sorted(maps.Keys(s.count)) {
		parts = append(parts, fmt.Sprintf("%d %s", s.count[kind], kind))
	}
	return fmt.Sprintf("%d runs, %d failed, in %v: %s", s.runs, s.failed, time.Since(s.began).Round(time.Second), strings.Join(parts, ", "))
}
