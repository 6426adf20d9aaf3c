package job

import (
	"context"
	"time"
)

// WorkOnce is what River has done, without River.
func (s *Service) WorkOnce(ctx context.Context, args WorkArgs) (rest time.Duration, err error) {
	return s.work(ctx, args)
}

// Check reads values for a job.
func (d Definition) Check(given Params) (Params, error) { return d.check(given) }

// Nearest is the name that somebody may have meant.
func Nearest(word string, names []string) string { return nearest(word, names) }

// Next is what a run is after a try.
func (r Row) Next(outcome State, final bool) (State, int, int) {
	return r.next(verdict{outcome: outcome, final: final})
}

// What tests of limits need to know.
const (
	MostLines   = mostLines
	LongestLine = longestLine
	StuckAfter  = stuckAfter
	RequestLife = requestLife
)
