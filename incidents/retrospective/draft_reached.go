package retrospective

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"batsignal/incidents"
	"batsignal/oncall"
	"batsignal/oncall/paging"
)

// reached lists who was rung for what, by which kinds of ways, and what came of it.
// There is no address in it: the rows that it is made of have none.
func reached(f facts) string {
	if len(f.Pages) == 0 {
		return "Nobody was rung.\n"
	}
	l := list{room: roomReached}
	for _, slot := range slots(f) {
		l.line("\n**%s**\n", quote(slot.title))
		for _, p := range slot.pages {
			l.line("- %s (P%d): rung %s %s; %s", quote(p.Handle), p.ID, rung(p, f), ways(p), answer(p, f))
		}
	}
	return counts(f) + l.end("")
}

// counts sums it up.
func counts(f facts) string {
	people, came, not := map[string]bool{}, map[string]bool{}, map[string]bool{}
	var first time.Duration
	for _, p := range f.Pages {
		people[p.Handle] = true
		switch p.State {
		case paging.PageAcked:
			if p.AnsweredAt != nil {
				if d := p.AnsweredAt.Sub(p.OpenedAt); len(came) == 0 || d < first {
					first = d
				}
			}
			came[p.Handle] = true
		case paging.PageDeclined:
			not[p.Handle] = true
		}
	}
	silent := 0
	for handle := range people {
		if !came[handle] && !not[handle] {
			silent++
		}
	}
	var words []string
	for _, part := range []struct {
		n    int
		what string
	}{{len(came), "came"}, {len(not), "declined"}, {silent, "did not answer"}} {
		if part.n > 0 {
			words = append(words, fmt.Sprintf("%d %s", part.n, part.what))
		}
	}
	text := fmt.Sprintf("%s rung: %s.", oncall.Plural(len(people), "person was", "people were"), strings.Join(words, ", "))
	if len(came) > 0 {
		text += fmt.Sprintf(" The quickest answer took %s.", length(first))
	}
	if f.Incident.Everyone {
		text += " Everybody of each role was called, not only the first to answer."
	}
	return text + "\n"
}

// slotPages are the pages that were to fill one slot.
type slotPages struct {
	slot  paging.Slot
	title string
	pages []incidents.PageStory
}

// slots gathers pages: roles in their order, then people asked for by name.
func slots(f facts) []*slotPages {
	var all []*slotPages
	for _, st := range f.Roles {
		all = append(all, &slotPages{slot: paging.RoleSlot(st.Role.Name), title: st.Role.Title})
	}
	for _, p := range f.Pages {
		i := slices.IndexFunc(all, func(s *slotPages) bool { return s.slot == p.Slot })
		if i < 0 {
			i = len(all)
			all = append(all, &slotPages{slot: p.Slot, title: slotTitle(p.Slot)})
		}
		all[i].pages = append(all[i].pages, p)
	}
	return slices.DeleteFunc(all, func(s *slotPages) bool { return len(s.pages) == 0 })
}

func slotTitle(slot paging.Slot) string {
	if handle, ok := slot.Person(); ok {
		return handle + ", asked for by name"
	}
	role, _ := slot.Role()
	return strings.ReplaceAll(role, "-", " ")
}

func rung(p incidents.PageStory, f facts) string {
	words := clock(p.OpenedAt, f.Incident.OpenedAt)
	if p.Round > 1 && p.RungAt.After(p.OpenedAt) {
		words += fmt.Sprintf(" and again until %s (round %d)", clock(p.RungAt, f.Incident.OpenedAt), p.Round)
	}
	return words
}

// slowHandover is from when on it is worth saying how long a way took to take a page.
const slowHandover = 10 * time.Second

// ways says which kinds of ways took the page, and which did not.
func ways(p incidents.PageStory) string {
	type outcome struct {
		name  string
		taken bool
		late  time.Duration
		bad   bool
	}
	var all []*outcome
	began := p.OpenedAt
	for _, w := range p.Ways {
		name := w.Route
		if w.Chat {
			name = "message on " + name
		}
		i := slices.IndexFunc(all, func(o *outcome) bool { return o.name == name })
		if i < 0 {
			i = len(all)
			all = append(all, &outcome{name: name})
		}
		switch {
		case w.State == "accepted" && !all[i].taken:
			all[i].taken = true
			if w.FinishedAt != nil && w.Ring == 1 {
				all[i].late = w.FinishedAt.Sub(began)
			}
		case w.State == "failed":
			all[i].bad = true
		}
	}
	var taken, not []string
	for _, o := range all {
		words := quote(o.name)
		switch {
		case o.taken && o.late >= slowHandover:
			taken = append(taken, words+" (handed over after "+length(o.late)+")")
		case o.taken:
			taken = append(taken, words)
		case o.bad:
			not = append(not, words+" failed")
		default:
			not = append(not, words+" not needed any more")
		}
	}
	switch {
	case len(all) == 0:
		return "but no way led to them"
	case len(taken) == 0:
		return "but nothing reached them (" + strings.Join(not, ", ") + ")"
	case len(not) == 0:
		return "by " + oncall.JoinNames(taken)
	}
	return "by " + oncall.JoinNames(taken) + " (" + strings.Join(not, ", ") + ")"
}

// answer says what came of a page, and how soon.
func answer(p incidents.PageStory, f facts) string {
	word := ""
	switch p.State {
	case paging.PageAcked:
		word = "answered"
	case paging.PageDeclined:
		word = "declined"
	default:
		return "no answer"
	}
	if p.AnsweredAt == nil {
		return word
	}
	text := fmt.Sprintf("%s %s, after %s", word, clock(*p.AnsweredAt, f.Incident.OpenedAt), length(p.AnsweredAt.Sub(p.OpenedAt)))
	switch {
	case p.Via == "link":
		text += ", by the link in a message"
	case p.Via != "":
		text += ", on " + quote(p.Via)
	}
	return text
}
