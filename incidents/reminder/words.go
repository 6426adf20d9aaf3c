package reminder

import (
	"fmt"
	"strings"
	"time"

	"batsignal/oncall"
)

// Head says how a reminder stands, before its title: "R3, due 2026-12-24, every 150 days,
// maria". The zone of its days is the reminder's own.
func (r Reminder) Head(now time.Time) string {
	day, _ := today(now, r.Zone)
	parts := []string{Ref(r.ID)}
	verb, past := "due", "overdue since"
	if r.What == End {
		verb, past = "ends", "ended"
	}
	date := r.Due.Format(time.DateOnly)
	switch days := between(day, r.Due); {
	case r.GoneAt != nil:
		parts = append(parts, "no more since "+r.GoneAt.UTC().Format(time.DateOnly))
	case days == 0:
		parts = append(parts, verb+" today ("+date+")")
	case days == 1:
		parts = append(parts, verb+" tomorrow ("+date+")")
	case days < 0:
		parts = append(parts, past+" "+date)
	default:
		parts = append(parts, verb+" "+date)
	}
	if r.Every != nil {
		parts = append(parts, "every "+oncall.Plural(*r.Every, "day", "days"))
	}
	return strings.Join(append(parts, r.whose()), ", ")
}

func (r Reminder) whose() string {
	if r.Owner == "" {
		return "nobody's yet"
	}
	return r.Owner
}

// line tells a room of a reminder: what it is, whose, and what to do; the longer it is late,
// the more urgently.
func (r Reminder) line(o occasion, now time.Time) string {
	var b strings.Builder
	switch {
	case o.late >= 4:
		fmt.Fprintf(&b, "Reminder, %d weeks late, told %s and not answered: ", o.late, oncall.Times(r.Told))
	case o.late > 0:
		fmt.Fprintf(&b, "Reminder, %s late: ", oncall.Plural(o.late, "week", "weeks"))
	default:
		b.WriteString("Reminder: ")
	}
	b.WriteString(r.Head(now) + ": " + ended(oncall.Clip(r.Title, 200)))
	if r.Means != "" {
		verb := "Its end means"
		if r.What == Rhythm {
			verb = "If it is left"
		}
		b.WriteString(" " + verb + ": " + ended(r.Means))
	}
	if r.Owner == "" && o.late >= 0 {
		b.WriteString(" Somebody has to take it: !reminder owner " + Ref(r.ID) + " NAME.")
	}
	switch did := "!reminder done " + Ref(r.ID); {
	case o.late >= 4 && r.What == End:
		b.WriteString(" Whoever leads this team: decide now. !reminder renew " + Ref(r.ID) + " DATE if it goes on, " + did + " if it is replaced, or !reminder remove " + Ref(r.ID) + " if nobody needs it.")
	case o.late >= 4:
		b.WriteString(" Whoever leads this team: name a day and somebody who does it. Say " + did + " then, or !reminder remove " + Ref(r.ID) + " if it is not to be done any more.")
	case r.What == End:
		b.WriteString(" Say !reminder renew " + Ref(r.ID) + " DATE when it is renewed, or " + did + " when it is dealt with.")
	default:
		b.WriteString(" Say " + did + " when it is done.")
	}
	return b.String()
}

// ended makes a sentence of somebody's words.
func ended(text string) string {
	if strings.HasSuffix(text, ".") || strings.HasSuffix(text, "?") || strings.HasSuffix(text, "!") || strings.HasSuffix(text, "…") {
		return text
	}
	return text + "."
}
