package web

import (
	"slices"
	"strings"
	"time"

	"batsignal/incidents"
	"batsignal/oncall/paging"
)

// dayLines are the lines of one day of a timeline, newest first.
type dayLines struct {
	Day   time.Time
	Lines []incidents.Entry
}

// byDay turns a timeline around and parts it by days of UTC.
func byDay(lines []incidents.Entry) []dayLines {
	var days []dayLines
	for _, e := range slices.Backward(lines) {
		day := e.At.UTC().Truncate(24 * time.Hour)
		if len(days) == 0 || !days[len(days)-1].Day.Equal(day) {
			days = append(days, dayLines{Day: day})
		}
		last := &days[len(days)-1]
		last.Lines = append(last.Lines, e)
	}
	return days
}

// slotStory is what was done to fill one slot.
type slotStory struct {
	Title   string
	Pages   []pageStory
	LeftOut int // pages that are not shown
	Open    int
	Acked   int
}

// pageStory is one page in words.
type pageStory struct {
	incidents.PageStory
	Ways    []wayStory
	ViaChat bool // the answer came on a network
}

// Path is the address of its own page.
func (p pageStory) Path() string { return pagePath(p.ID) }

// Answered says by which way the answer came.
func (p pageStory) Answered() string { return viaWord(p.Via, p.ViaChat) }

// bySlot gathers pages under the slots that they are to fill: roles in their order,
// then people asked for by name. most bounds the pages of a slot; 0 does not.
func bySlot(v incidents.View, most int, now time.Time) []slotStory {
	var slots []slotStory
	at := map[paging.Slot]int{}
	for _, st := range v.Roles {
		at[paging.RoleSlot(st.Role.Name)] = len(slots)
		slots = append(slots, slotStory{Title: st.Role.Title})
	}
	for _, p := range v.Pages {
		i, known := at[p.Slot]
		if !known {
			i = len(slots)
			at[p.Slot] = i
			slots = append(slots, slotStory{Title: slotTitle(p.Slot)})
		}
		slot := &slots[i]
		switch p.State {
		case paging.PageOpen:
			slot.Open++
		case paging.PageAcked:
			slot.Acked++
		}
		if most > 0 && len(slot.Pages) >= most {
			slot.LeftOut++
			continue
		}
		slot.Pages = append(slot.Pages, inWords(p, now))
	}
	return slices.DeleteFunc(slots, func(s slotStory) bool { return len(s.Pages) == 0 })
}

// slotTitle names a slot that is no role in use.
func slotTitle(slot paging.Slot) string {
	if handle, ok := slot.Person(); ok {
		return handle + ", by name"
	}
	if policy, ok := slot.Policy(); ok {
		return "the policy " + policy
	}
	role, _ := slot.Role()
	return strings.ReplaceAll(role, "-", " ")
}

func inWords(p incidents.PageStory, now time.Time) pageStory {
	story := pageStory{PageStory: p}
	for _, w := range p.Ways {
		story.Ways = append(story.Ways, wayInWords(w, now))
		if w.Route == p.Via {
			story.ViaChat = w.Chat
		}
	}
	return story
}
