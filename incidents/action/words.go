package action

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Head says how an action stands, before its text: "A12, due tomorrow (2026-12-24),
// maria". The zone is the reader's.
func (it Item) Head(now time.Time, zone string) string {
	parts := []string{Ref(it.ID)}
	switch {
	case it.State != Open:
		parts = append(parts, fmt.Sprintf("%s %s", it.State, it.ClosedAt.Format(time.DateOnly)))
	case !it.Due.IsZero():
		parts = append(parts, dueWords(it.Due, local(now, zone)))
	}
	if len(it.Owners) > 0 {
		parts = append(parts, it.Whose())
	} else if it.State == Open {
		parts = append(parts, "nobody's yet")
	}
	return strings.Join(parts, ", ")
}

// dueWords tell a day from where one stands.
func dueWords(due, now time.Time) string {
	date := due.Format(time.DateOnly)
	switch days := int(due.Sub(midnight(now)).Hours() / 24); {
	case days == 0:
		return "due today (" + date + ")"
	case days == 1:
		return "due tomorrow (" + date + ")"
	case days < 0:
		return "overdue since " + date
	}
	return "due " + date
}

// Where says where an action was noted: "INC-7, in #ops on libera". It is "" if that is
// nowhere to be named.
func (it Item) Where() string {
	var parts []string
	if it.Incident != 0 {
		parts = append(parts, fmt.Sprintf("INC-%d", it.Incident))
	}
	if it.Series != "" {
		parts = append(parts, "the meeting "+it.Series)
	}
	if it.Room != "" {
		parts = append(parts, "in "+it.Room+" on "+it.Network)
	}
	return strings.Join(parts, ", ")
}

// PageOf is the address of the page that shows an action.
func PageOf(base string, id int64) string { return pageOf(base) + "/" + strconv.FormatInt(id, 10) }

func pageOf(base string) string { return strings.TrimRight(base, "/") + "/actions" }

func shorten(text string, most int) string {
	text = strings.Join(strings.Fields(text), " ")
	if r := []rune(text); len(r) > most {
		return strings.TrimRight(string(r[:most-1]), " ") + "…"
	}
	return text
}

// ended makes a sentence of somebody's words.
func ended(text string) string {
	if strings.HasSuffix(text, ".") || strings.HasSuffix(text, "?") || strings.HasSuffix(text, "!") || strings.HasSuffix(text, "…") {
		return text
	}
	return text + "."
}
