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
		l.line("- %s %s%s", e.At.UTC().Format(atSecond), mark, words(e))
	}
	return "All times are in UTC.\n\n" + l.end("Nothing is on record.")
}

// words puts the author before what somebody said; other lines name their people.
func words(e incidents.Entry) string {
	switch e.Kind {
	case "decision", "info", "note", "action":
		return named(e.Who) + ": " + quote(e.Text)
	case "signal":
		return quote(e.Who + " " + e.Text)
	}
	return quote(e.Text)
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
