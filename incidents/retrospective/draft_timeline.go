package retrospective

import (
	"fmt"
	"time"

	"batsignal/incidents"
)

// told are the kinds of lines that a timeline is drafted of, with what marks them. The
// ringing has a section of its own.
var told = map[string]string{
	"opened": "**Opened**, ", "resolved": "**Resolved.** ", "reopened": "**Reopened.** ",
	"note": "**Note** by ", "decision": "**Decision** by ", "info": "**Info** by ", "action": "**To do** by ",
	"signal": "", "ack": "", "role": "", "baton": "", "exhausted": "", "severity": "", "renamed": "",
}

// timeline lists what happened, a heading for each day if it took several.
func timeline(f facts) string {
	l := list{room: roomTimeline}
	stands := standing(f.Items)
	days := len(f.Timeline) > 0 && !sameDay(f.Timeline[0].At, f.Timeline[len(f.Timeline)-1].At)
	var day time.Time
	for _, e := range f.Timeline {
		mark, ok := told[e.Kind]
		if !ok {
			continue
		}
		if days && !sameDay(day, e.At) {
			if !day.IsZero() {
				l.line("")
			}
			l.line("### %s\n", e.At.UTC().Format(onDay))
		}
		day = e.At
		l.line("- %s %s%s", e.At.UTC().Format(atSecond), mark, words(e, stands))
	}
	return "All times are in UTC.\n\n" + l.end("Nothing is on record.")
}

// words puts the author before what somebody said; other lines name their people. What
// is in the minutes no more is not repeated here.
func words(e incidents.Entry, stands map[string]bool) string {
	switch e.Kind {
	case "decision", "info":
		if !stands[e.Text] {
			return named(e.Who) + ": (changed or taken back since)"
		}
		return named(e.Who) + ": " + quote(e.Text)
	case "note", "action":
		return named(e.Who) + ": " + quote(e.Text)
	case "signal":
		return quote(e.Who + " " + e.Text)
	}
	return quote(e.Text)
}

// standing is what the minutes say now, as a timeline has it.
func standing(items []item) map[string]bool {
	const most = 2000 // letters of a line of a timeline
	stands := map[string]bool{}
	for _, it := range items {
		text := []rune(it.Text)
		switch {
		case it.Gone:
		case len(text) > most:
			stands[string(text[:most-1])+"…"] = true
		default:
			stands[it.Text] = true
		}
	}
	return stands
}

// addendum is what is written under a document when its incident was opened again and
// is over once more.
func addendum(f facts, reopened time.Time) string {
	f = f.since(reopened)
	title := fmt.Sprintf("\n## Reopened %s\n\n", instant(reopened))
	text := title
	if f.Incident.ResolvedAt != nil {
		text += fmt.Sprintf("- Resolved again: %s, after %s more\n- Lead: %s\n", instant(*f.Incident.ResolvedAt), length(f.Incident.ResolvedAt.Sub(reopened)), leads(f))
	}
	text += "\n### What happened then\n\n" + timeline(f)
	if made := decisions(f); made != none+"\n" {
		text += "\n### What was decided then\n\n" + made
	}
	if len(f.Todo) > 0 {
		text += "\n### Actions of then\n\n" + actions(f)
	}
	return text + "\n### Who was reached then\n\n" + reached(f)
}
