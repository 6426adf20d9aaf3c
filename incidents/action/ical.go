package action

import (
	"io"
	"net/url"
	"strconv"
	"time"

	"batsignal/oncall/ical"
)

// WriteICal writes actions as a calendar of to-dos (RFC 5545). base is where the web
// pages are seen from; it makes the identity of a to-do one that no other installation
// has. now dates what has no date of its own.
func WriteICal(w io.Writer, items []Item, base string, now time.Time) error {
	var c ical.Lines
	c.Add("BEGIN", "VCALENDAR")
	c.Add("VERSION", "2.0")
	c.Add("PRODID", "-//batsignal//actions//EN")
	c.Add("CALSCALE", "GREGORIAN")
	c.Add("X-WR-CALNAME", "Actions")
	for _, it := range items {
		addTodo(&c, it, base, now)
	}
	if len(items) == 0 {
		c.AddNothing()
	}
	c.Add("END", "VCALENDAR")
	_, err := w.Write(c.Bytes())
	return err
}

// statuses are what RFC 5545 calls how far a to-do is.
var statuses = map[State]string{Open: "NEEDS-ACTION", Done: "COMPLETED", Dropped: "CANCELLED"}

func addTodo(c *ical.Lines, it Item, base string, now time.Time) {
	changed := it.ChangedAt
	if changed.IsZero() {
		changed = now
	}
	c.Add("BEGIN", "VTODO")
	c.Add("UID", "action-"+strconv.FormatInt(it.ID, 10)+"@"+hostOf(base))
	c.Add("DTSTAMP", ical.Instant(changed)) // without a METHOD it is the same as LAST-MODIFIED
	c.Add("LAST-MODIFIED", ical.Instant(changed))
	if !it.CreatedAt.IsZero() {
		c.Add("CREATED", ical.Instant(it.CreatedAt))
	}
	c.Add("SUMMARY", ical.Escape(Ref(it.ID)+": "+it.Text))
	about := "Owner: " + it.Whose()
	if where := it.Where(); where != "" {
		about += "\nNoted: " + where
	}
	if it.IssueURL != "" {
		about += "\nTracked: " + it.IssueURL
	}
	c.Add("DESCRIPTION", ical.Escape(about))
	if !it.Due.IsZero() {
		c.Add("DUE;VALUE=DATE", it.Due.Format("20060102"))
	}
	c.Add("STATUS", statuses[it.State])
	if it.State == Done {
		if !it.ClosedAt.IsZero() {
			c.Add("COMPLETED", ical.Instant(it.ClosedAt))
		}
		c.Add("PERCENT-COMPLETE", "100")
	}
	if base != "" {
		c.Add("URL", PageOf(base, it.ID))
	}
	c.Add("END", "VTODO")
}

// hostOf is the host of an address, as the right side of an identity.
func hostOf(base string) string {
	if u, err := url.Parse(base); err == nil && u.Hostname() != "" {
		return u.Hostname()
	}
	return "batsignal.invalid"
}
