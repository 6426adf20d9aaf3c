// Package retention owns the rule of which backups are kept and which are deleted. It is
// pure: backups, a policy and an instant go in, a decision comes out.
//
// It does not know where backups are, does not delete, and asks nobody: whoever deletes
// obeys [Decision.Stop].
//
// The rule (GFS-V): only backups that are complete and verified, and not dated in the
// future, count. Of these the newest of each day, then of each ISO week, then of each month
// is kept, each backup counted once, until the numbers of the policy are reached; a tier that
// runs out keeps the oldest backup as well. What is held, dated in the future, young, or newer
// than the newest verified backup is kept whatever the numbers say.
package retention

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Policy says how many backups are kept: the newest of so many days, of so many other
// weeks, and of so many other months that have one.
type Policy struct {
	Daily   int
	Weekly  int
	Monthly int
}

// Item is a backup: one or several members that count only together.
type Item struct {
	ID       string
	At       time.Time // when it was taken, by our clock
	Verified bool      // a restore of it was proven
	Have     int       // how many members there are
	Want     int       // how many there must be
	Hold     bool      // somebody wants it kept
}

// eligible says whether it counts, at an instant.
func (i Item) eligible(now time.Time) bool {
	return i.Verified && i.complete() && !future(i.At, now)
}

func (i Item) complete() bool { return i.Want > 0 && i.Have >= i.Want }

// Kept is a backup that stays, and why: "daily#3", "weekly[oldest]#2", or one of the
// reasons of this package.
type Kept struct {
	ID     string
	Reason string
}

// The reasons to keep what does not count, or is not needed for the numbers.
const (
	Held        = "hold"
	Quarantined = "quarantine-future" // its date is ahead: an alarm, not a backup
	Incomplete  = "incomplete"        // members are missing; young, or newer than the newest verified
	Unverified  = "unverified"        // young, or newer than the newest verified
)

// Stop says why nothing may be deleted for now.
type Stop string

// The reasons to stop.
const (
	// Breaker is more than is deleted without being asked: two people must agree.
	Breaker Stop = "breaker"
	// NoneLeft is that no verified backup would remain, or only older ones that somebody holds.
	// Nobody can agree to that: the policy is wrong.
	NoneLeft Stop = "none-left"
)

// Decision is what becomes of each backup.
type Decision struct {
	Keep   []Kept   // the newest first
	Delete []string // the oldest first; empty is nothing to do. See Stop before acting on it
	Stop   Stop     // "" goes ahead
	Why    string   // for people, in one sentence, where Stop is set
	// Most is how many are deleted without asking: a fifth of those that count, at least 3.
	// What does not count raises it no more than it takes the place of what does.
	Most int
}

const (
	// ahead is how far clocks may differ.
	ahead = 10 * time.Minute
	// young is how long an unverified or incomplete backup may wait for what it lacks.
	young = 7 * 24 * time.Hour
)

func future(at, now time.Time) bool { return at.After(now.Add(ahead)) }

// Decide applies a policy, as of now, with days, weeks and months as in a zone.
func Decide(now time.Time, zone *time.Location, p Policy, items []Item) Decision {
	sorted := slices.Clone(items)
	slices.SortStableFunc(sorted, func(a, b Item) int {
		if c := b.At.Compare(a.At); c != 0 {
			return c
		}
		return strings.Compare(b.ID, a.ID)
	})
	var counting []int // what is eligible, as positions in sorted
	for i, item := range sorted {
		if item.eligible(now) {
			counting = append(counting, i)
		}
	}
	reasons := tiers(zone, p, sorted, counting)
	var newest time.Time // of the verified ones; zero: all are newer
	if len(counting) > 0 {
		newest = sorted[counting[0]].At
	}
	d := Decision{Most: max(3, len(counting)/5)}
	newestStays := false
	for i, item := range sorted {
		reason := reasons[i]
		if reason == "" {
			reason = exempt(now, newest, item)
		}
		if reason == "" {
			d.Delete = append(d.Delete, item.ID)
			continue
		}
		d.Keep = append(d.Keep, Kept{ID: item.ID, Reason: reason})
		if len(counting) > 0 && i == counting[0] {
			newestStays = true
		}
	}
	slices.Reverse(d.Delete)
	switch {
	case len(d.Delete) > 0 && !newestStays:
		d.Stop = NoneLeft
		d.Why = "Not even the newest verified backup would remain. The policy keeps none, so it must be changed."
	case len(d.Delete) > d.Most:
		d.Stop = Breaker
		d.Why = fmt.Sprintf("%d of %d would be deleted, and at most %d are without two people who agree.", len(d.Delete), len(items), d.Most)
	}
	return d
}

// exempt tells why a backup stays that the numbers do not keep; "" is no reason.
func exempt(now, newest time.Time, i Item) string {
	switch {
	case future(i.At, now):
		return Quarantined
	case i.Hold:
		return Held
	case i.eligible(now):
		return ""
	case now.Sub(i.At) > young && !i.At.After(newest):
		return ""
	case !i.complete():
		return Incomplete
	}
	return Unverified
}

// tiers tells why backups are kept by the numbers, by their positions in sorted. counting
// are the positions of those that count, the newest first.
func tiers(zone *time.Location, p Policy, sorted []Item, counting []int) map[int]string {
	kept := map[int]string{}
	for _, tier := range []struct {
		name   string
		n      int
		period func(time.Time) int
	}{
		{"daily", p.Daily, func(t time.Time) int { return t.Year()*1000 + t.YearDay() }},
		{"weekly", p.Weekly, func(t time.Time) int { y, w := t.ISOWeek(); return y*1000 + w }},
		{"monthly", p.Monthly, func(t time.Time) int { return t.Year()*1000 + int(t.Month()) }},
	} {
		if tier.n <= 0 {
			continue
		}
		n := 0
		// Not only the last period is remembered: where clocks go back over midnight, a day
		// comes again.
		seen := map[int]bool{}
		for _, i := range counting {
			period := tier.period(sorted[i].At.In(zone))
			if seen[period] {
				continue
			}
			seen[period] = true
			if kept[i] != "" {
				continue
			}
			n++
			kept[i] = fmt.Sprintf("%s#%d", tier.name, n)
			if n == tier.n {
				break
			}
		}
		if n < tier.n && len(counting) > 0 {
			if oldest := counting[len(counting)-1]; kept[oldest] == "" {
				kept[oldest] = fmt.Sprintf("%s[oldest]#%d", tier.name, n+1)
			}
		}
	}
	return kept
}
