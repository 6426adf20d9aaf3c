package retrospective

import (
	"fmt"
	"strings"

	"batsignal/incidents"
	"batsignal/incidents/action"
	"batsignal/incidents/minutes"
	"batsignal/oncall"
)

// How much the sections have room for, in bytes: all of a draft fits into [Longest].
const (
	roomTimeline = 80_000
	roomReached  = 50_000
	roomList     = 20_000
)

// drafted is the first edition of a document.
func drafted(f facts) string {
	var b strings.Builder
	section := func(title, text string) {
		b.WriteString("\n## " + title + "\n\n" + text)
	}
	b.WriteString("# Retrospective of " + f.Incident.Ref() + ": " + quote(f.Incident.Title) + "\n\n")
	b.WriteString(head(f))
	section(Summary, prompts[Summary]+"\n")
	section(Timeline, timeline(f))
	section(Decisions, decisions(f))
	section(Actions, actions(f))
	section(Reached, reached(f))
	section(Sealed, sealed(f))
	for _, title := range []string{Well, Bad, Lucky, FollowUp} {
		section(title, prompts[title]+"\n")
	}
	return b.String()
}

// head says what it was, how long it took, and who led.
func head(f facts) string {
	inc := f.Incident
	l := list{room: roomList}
	l.line("- Severity: %d", inc.Severity)
	by := ""
	if inc.OpenedBy != "" {
		by = ", by " + quote(inc.OpenedBy)
	}
	l.line("- Opened: %s%s", instant(inc.OpenedAt), by)
	if inc.ResolvedAt != nil {
		words := ""
		if inc.FalseAlarm {
			words = ", as a false alarm"
		}
		l.line("- Resolved: %s, after %s%s", instant(*inc.ResolvedAt), length(inc.ResolvedAt.Sub(inc.OpenedAt)), words)
	}
	l.line("- Lead: %s", leads(f))
	l.line("- Roles: %s", roles(f.Roles))
	var rooms []string
	for _, r := range f.Rooms {
		rooms = append(rooms, quote(r.Room)+" on "+quote(r.Network))
	}
	if len(rooms) > 0 {
		l.line("- Worked on in: %s", oncall.JoinNames(rooms))
	}
	for _, address := range f.Minutes {
		l.line("- Minutes: <%s>", strings.NewReplacer("<", "%3C", ">", "%3E", " ", "%20").Replace(address))
	}
	return l.end("")
}

// leads is the history of the baton.
func leads(f facts) string {
	var words []string
	for _, h := range f.Leads {
		until := "on"
		if h.EndedAt != nil {
			until = "to " + clock(*h.EndedAt, f.Incident.OpenedAt)
		}
		words = append(words, fmt.Sprintf("%s (%s %s)", quote(h.Handle), clock(h.Since, f.Incident.OpenedAt), until))
	}
	if len(words) == 0 {
		return "nobody held the baton"
	}
	return strings.Join(words, ", then ")
}

// roles says who had which role at the end.
func roles(states []incidents.RoleState) string {
	var words []string
	for _, st := range states {
		var who []string
		for _, r := range st.Filled {
			who = append(who, quote(r.Handle))
		}
		words = append(words, quote(st.Role.Title)+": "+oncall.JoinNames(who))
	}
	if len(words) == 0 {
		return "there were none"
	}
	return strings.Join(words, "; ")
}

// decided are the kinds of items that decide something, with what each says beyond that.
var decided = map[string]string{
	string(minutes.Agreed): "", string(minutes.Accepted): "accepted: ", string(minutes.Rejected): "rejected: ", string(minutes.VoteItem): "voted: ",
}

func decisions(f facts) string {
	l := list{room: roomList}
	for _, it := range f.Items {
		if how, ok := decided[it.Kind]; ok && !it.Gone {
			l.line("- %s %s%s (%s)", clock(it.At, f.Incident.OpenedAt), how, quote(it.Text), named(it.ByNick))
		}
	}
	return l.end(none)
}

// none stands in a section about which the rows have nothing.
const none = "None is on record."

// actions are what has to be done, with their numbers, and what was only said so on
// the timeline.
func actions(f facts) string {
	l := list{room: roomList}
	known := map[string]bool{}
	for _, it := range f.Todo {
		known[it.Text] = true
		l.line("- `%s` %s, %s: %s", action.Ref(it.ID), owners(it), state(it), quote(it.Text))
	}
	for _, e := range f.Timeline {
		if e.Kind == "action" && !f.Minuted[e.ID] && !known[e.Text] && !f.Noted[e.Text] {
			l.line("- without a number, noted by %s: %s", named(e.Who), quote(e.Text))
		}
	}
	return l.end(none)
}

func owners(it action.Item) string {
	var names []string
	for _, o := range it.Owners {
		name := o.Handle
		if name == "" {
			name = o.Name
		}
		names = append(names, quote(name))
	}
	return "for " + oncall.JoinNames(names)
}

func state(it action.Item) string {
	const day = "2 January 2006"
	switch {
	case it.State == action.Done:
		return "done on " + it.ClosedAt.UTC().Format(day)
	case it.State == action.Dropped:
		return "dropped on " + it.ClosedAt.UTC().Format(day)
	case it.Due.IsZero():
		return "open"
	}
	return "open, due on " + it.Due.UTC().Format(day)
}
