package job

import (
	"cmp"
	"time"
)

const (
	defaultTimeout = time.Hour
	defaultRest    = time.Minute
	// requestLife is how long people may agree to a run.
	requestLife = 24 * time.Hour
	// overrides is how many people have to agree to what is risky in a freeze.
	overrides = 2
	// crashesOfAFailure is how often a worker may die before that is a try that failed: a
	// machine that is restarted is not the fault of the job, but a job may be what kills it.
	crashesOfAFailure = 3

	defaultLease = 30 * time.Second
	defaultRenew = 10 * time.Second
)

func (p Policy) timeout() time.Duration { return cmp.Or(p.Timeout, defaultTimeout) }
func (p Policy) tries() int             { return min(max(p.Tries, 1), 100) }
func (p Policy) rest() time.Duration    { return cmp.Or(p.Rest, defaultRest) }

// alone is the word of which one run at a time holds.
func (d Definition) alone() string { return cmp.Or(d.Policy.Exclusive, d.Name) }

func (s *Service) lease() time.Duration { return cmp.Or(s.Lease, defaultLease) }
func (s *Service) renew() time.Duration { return cmp.Or(s.Renew, defaultRenew) }

// verdict is how a try ended.
type verdict struct {
	outcome State // Succeeded, Failed, TimedOut, Cancelled, Lost if its worker died; Queued if its process was stopped
	final   bool  // another try would fail alike
}

// next is what a run will be when what the try left is taken back, and how many of its tries
// failed or died by then.
func (r Row) next(v verdict) (outcome State, failures, crashes int) {
	failures, crashes = r.Failures, r.Crashes
	switch v.outcome {
	case Succeeded, Cancelled:
		return v.outcome, failures, crashes
	case Failed, TimedOut:
		failures++
	case Lost:
		crashes++
	}
	switch {
	case v.outcome != Queued && (v.final || failures+crashes/crashesOfAFailure >= r.Tries):
		return v.outcome, failures, crashes
	case r.CancelAt != nil:
		return Cancelled, failures, crashes
	}
	return Queued, failures, crashes
}

// undoRests are how long a run rests after each time that taking back failed.
var undoRests = [...]time.Duration{5 * time.Second, 15 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute}

// stuckAfter is after how many failures people are told: about two minutes.
const stuckAfter = 5

func undoRest(tries int) time.Duration { return undoRests[min(max(tries, 1), len(undoRests))-1] }
