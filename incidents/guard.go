package incidents

import (
	"time"

	"batsignal/oncall"
	"batsignal/oncall/fault"
)

// Guard is the promise that the bat-signal is only used when the internet is on
// fire, as policy.
type Guard struct {
	Confirmations   int           // how many other people must confirm: 1, or 0 where policy says so
	Window          time.Duration // how long a request waits for its confirmation
	PerPerson       int           // most requests by one person within Period
	PerOrganisation int           // most requests by everybody within Period
	Period          time.Duration
	// Same is how long after a signal a second one is taken for the same fire.
	Same time.Duration
}

// DefaultGuard is the policy where the configuration says nothing.
func DefaultGuard() Guard {
	return Guard{
		Confirmations: 1, Window: 15 * time.Minute,
		PerPerson: 3, PerOrganisation: 6, Period: 24 * time.Hour, Same: 15 * time.Minute,
	}
}

// Uses is what the public record says of the current period.
type Uses struct {
	ByPerson int
	ByAll    int
}

// Judge says whether one more request fits the limits. A nil result means yes.
func (g Guard) Judge(u Uses) *fault.Error {
	switch {
	case u.ByPerson >= g.PerPerson:
		return fault.New(fault.Limited, "You have used the bat-signal %s in the last %s; that is the limit for one person. Somebody else may light it.",
			times(u.ByPerson), span(g.Period))
	case u.ByAll >= g.PerOrganisation:
		return fault.New(fault.Limited, "The bat-signal was used %s in the last %s; that is the limit for everybody. !page <person|role> <why> still works.",
			times(u.ByAll), span(g.Period))
	}
	return nil
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return oncall.Plural(n, "time", "times")
}

// span writes a duration of policy in words.
func span(d time.Duration) string {
	switch {
	case d%(24*time.Hour) == 0 && d > 24*time.Hour:
		return oncall.Plural(int(d/(24*time.Hour)), "day", "days")
	case d%time.Hour == 0:
		return oncall.Plural(int(d/time.Hour), "hour", "hours")
	case d%time.Minute == 0:
		return oncall.Plural(int(d/time.Minute), "minute", "minutes")
	case d >= 2*time.Minute:
		return oncall.Plural(int(d/time.Minute), "minute", "minutes") + " " + oncall.Plural(int(d%time.Minute/time.Second), "second", "seconds")
	}
	return oncall.Plural(int(d/time.Second), "second", "seconds")
}
