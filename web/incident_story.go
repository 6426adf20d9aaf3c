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
	Ways []wayStory
}

// wayStory is one delivery in words.
type wayStory struct {
	Name     string // "message on libera", "mail"
	Word     string // how it stands
	Bad      bool
	Round    int
	At       *time.Time
	Attempts []attemptStory
}

// attemptStory is one try in words.
type attemptStory struct {
	N    int
	At   time.Time
	Word string
}

// bySlot gathers pages under the slots that they are to fill: roles in their order,
// then people asked for by name. most bounds the pages of a slot; 0 does not.
func bySlot(v incidents.View, most int) []slotStory {
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
		slot.Pages = append(slot.Pages, inWords(p))
	}
	return slices.DeleteFunc(slots, func(s slotStory) bool { return len(s.Pages) == 0 })
}

// slotTitle names a slot that is no role in use.
func slotTitle(slot paging.Slot) string {
	if handle, ok := slot.Person(); ok {
		return handle + ", by name"
	}
	role, _ := slot.Role()
	return strings.ReplaceAll(role, "-", " ")
}

func inWords(p incidents.PageStory) pageStory {
	story := pageStory{PageStory: p}
	for _, w := range p.Ways {
		story.Ways = append(story.Ways, wayInWords(w))
	}
	return story
}

func wayInWords(w incidents.WayStory) wayStory {
	out := wayStory{Name: w.Route, Round: w.Ring, At: w.FinishedAt}
	if w.Chat {
		out.Name = "message on " + w.Route
	}
	switch w.State {
	case "queued":
		out.Word = "waits to be sent"
		if w.Tries > 0 {
			out.Word, out.At = "is tried again", &w.DueAt
		}
	case "leased":
		out.Word = "is being sent"
	case "accepted":
		out.Word = "handed over"
	case "failed":
		out.Word, out.Bad = "given up", true
	case "cancelled":
		out.Word = "not needed any more"
	default:
		out.Word = w.State
	}
	for _, a := range w.Attempts {
		out.Attempts = append(out.Attempts, attemptStory{a.N, a.StartedAt, attemptWord(a.Outcome)})
	}
	// One try that went well says nothing that the way has not said.
	if len(out.Attempts) == 1 && w.State == "accepted" {
		out.Attempts = nil
	}
	return out
}

func attemptWord(outcome string) string {
	switch paging.Outcome(outcome) {
	case paging.Accepted:
		return "handed over"
	case paging.Temporary:
		return "did not work, may work later"
	case paging.Permanent:
		return "refused for good"
	case paging.Unknown:
		return "the sender went away, so nobody knows"
	}
	return "under way"
}
