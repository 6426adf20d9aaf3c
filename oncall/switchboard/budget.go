package switchboard

import (
	"time"

	"batsignal/oncall"
	"batsignal/oncall/fault"
)

// What one grant opens at most, and what all grants of an incident do.
const (
	PeoplePerSlot = 8               // people of one slot in all
	PeopleAtOnce  = 4               // people of one slot in any [AtOnce], by all grants
	AtOnce        = 5 * time.Minute // the design's rule for a switchboard that was broken into
)

// Opening is one person's sealed contact that was opened, or is to be, for a grant.
type Opening struct {
	Person int64
	Slot   string // of the hunt: "role:release-engineering"
}

// Judge tells whether another opening is within the budget of its grant. people is
// [Authority.People] of the grant, history all openings for it so far, read under the lock
// under which next is written. Somebody who was opened already for the slot, in another way,
// is no further person. [PeopleAtOnce] is for the caller to count, over all grants.
func Judge(people int, history []Opening, next Opening) error {
	all, slot := map[int64]bool{}, map[int64]bool{}
	for _, o := range history {
		all[o.Person] = true
		if o.Slot == next.Slot {
			slot[o.Person] = true
		}
	}
	switch {
	case !all[next.Person] && len(all) >= people:
		return fault.New(fault.Forbidden, "The two people who confirmed allowed sealed contacts of %s, and as many were opened. Others need a new request: !unseal.", oncall.Plural(people, "person", "people"))
	case !slot[next.Person] && len(slot) >= PeoplePerSlot:
		return fault.New(fault.Forbidden, "Sealed contacts of %d people were opened for this role, which is the most of one request. Others need a new one: !unseal.", PeoplePerSlot)
	}
	return nil
}
