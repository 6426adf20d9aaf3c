package switchboard

import (
	"time"

	"batsignal/oncall/fault"
)

// What one grant opens at most.
const (
	PeoplePerSlot = 8               // people of one slot in all
	PeopleAtOnce  = 4               // people of one slot in any [AtOnce]
	AtOnce        = 5 * time.Minute // the design's rule for a switchboard that was broken into
)

// Opening is one person's sealed contact that was opened, or is to be, for a grant.
type Opening struct {
	Person int64
	Slot   string // of the hunt: "role:release-engineering"
	At     time.Time
}

// Judge tells whether another opening is within the budget of its grant. people is
// [Authority.People] of the grant, history all openings for it so far, read under the lock
// under which next is written. An error of kind Limited may pass with time, Forbidden does
// not. Somebody who was opened already for the slot, in another way, is no further person.
func Judge(people int, history []Opening, next Opening) error {
	all, slot, now := map[int64]bool{}, map[int64]bool{}, map[int64]bool{}
	for _, o := range history {
		all[o.Person] = true
		if o.Slot != next.Slot {
			continue
		}
		slot[o.Person] = true
		// One that is later than now, by a clock that was set back, counts as now.
		if next.At.Sub(o.At) < AtOnce {
			now[o.Person] = true
		}
	}
	switch {
	case !all[next.Person] && len(all) >= people:
		return fault.New(fault.Forbidden, "The two people who confirmed allowed sealed contacts of %d people, and as many were opened. Others need a new request: !unseal.", people)
	case !slot[next.Person] && len(slot) >= PeoplePerSlot:
		return fault.New(fault.Forbidden, "Sealed contacts of %d people were opened for this role, which is the most of one request. Others need a new one: !unseal.", PeoplePerSlot)
	case !now[next.Person] && len(now) >= PeopleAtOnce:
		return fault.New(fault.Limited, "Sealed contacts of %d people were opened for this role within 5 minutes. The next waits.", PeopleAtOnce)
	}
	return nil
}
