package action

import (
	"time"

	"batsignal/oncall"
)

// occasion is why somebody is told of an action.
type occasion int

const (
	never occasion = iota
	soon           // it is due tomorrow
	late           // it was due yesterday
	today          // nobody on the roster has it, so its room is told on the day
)

const (
	// morning is when people are told at the earliest, on their own clock: who is awake
	// around the clock would be told at midnight.
	morning = 9 * time.Hour
	// settling is how long nothing is said about what was only just noted or changed.
	settling = 4 * time.Hour
	// stale is how long after its day an action is still worth a word: old minutes may
	// be read in, and what they left undone is for no one to be called about.
	stale = 14 // days
)

// history is what decides when somebody is told of an action.
type history struct {
	due   time.Time // the day, at midnight UTC
	since time.Time // when its day or its owners were last said: what came before is told anew
	mark  time.Time // when they were told last; zero is never
}

// forOwner tells whether an owner is to be told now, and why: once on the day before
// it is due, or on the day itself if it was noted late, and once on the day after. Each
// comes at the first moment of that span at which they are awake.
func (h history) forOwner(p oncall.Person, now time.Time) occasion {
	if !awakeFrom(p, now).Equal(now) {
		return never
	}
	before, after := h.moments(p)
	switch {
	case h.isDue(before, h.day(p, 1, 0), now):
		return soon
	case h.isDue(after, h.day(p, stale, 0), now):
		return late
	}
	return never
}

// moments are when an owner is to be told, before the day and after it.
func (h history) moments(p oncall.Person) (before, after time.Time) {
	return awakeFrom(p, h.settled(h.day(p, -1, morning))), awakeFrom(p, h.settled(h.day(p, 1, morning)))
}

// day is a time on the day that is n days after the one on which it is due, on the
// person's own clock.
func (h history) day(p oncall.Person, n int, at time.Duration) time.Time {
	return time.Date(h.due.Year(), h.due.Month(), h.due.Day()+n, int(at.Hours()), 0, 0, 0, oncall.Location(p.Zone))
}

// forRoom tells whether the room of an action that nobody on the roster has is to be
// told now: once, on its day. Rooms have no zone.
func (h history) forRoom(now time.Time) occasion {
	if h.isDue(h.roomMoment(), h.due.AddDate(0, 0, 3), now) {
		return today
	}
	return never
}

func (h history) roomMoment() time.Time { return h.settled(h.due.Add(morning)) }

func (h history) settled(at time.Time) time.Time {
	if quiet := h.since.Add(settling); quiet.After(at) {
		return quiet
	}
	return at
}

func (h history) isDue(at, until, now time.Time) bool {
	return !at.After(now) && now.Before(until) && at.After(h.mark)
}

// awakeFrom is the first moment from an instant on at which somebody is awake by their
// usual hours.
func awakeFrom(p oncall.Person, from time.Time) time.Time {
	p.HeardAt = nil // when they were heard last says nothing of tomorrow
	if p.Awake(from) {
		return from
	}
	there := from.In(oncall.Location(p.Zone))
	for day := range 2 {
		wakes := time.Date(there.Year(), there.Month(), there.Day()+day, p.Wakes/60, p.Wakes%60, 0, 0, there.Location())
		if wakes.After(from) {
			return wakes
		}
	}
	return from
}
