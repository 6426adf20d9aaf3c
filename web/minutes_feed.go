package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"net/http"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"batsignal/incidents/meeting"
	"batsignal/incidents/minutes"
	"batsignal/oncall"
)

// feedMost is how many meetings a feed tells of.
const feedMost = 30

// minutesFeed tells of the meetings that ended last: of all, of a room, or of a series. It
// is the same for everybody: readers of feeds are not signed in, and keep what they get.
func (s *site) minutesFeed(w http.ResponseWriter, r *http.Request) error {
	f := meeting.Filter{Most: feedMost}
	of, page := "Minutes", "/minutes"
	switch {
	case chi.URLParam(r, "room") != "":
		f.Room = roomOf(r)
		of, page = "Minutes of "+f.Room.Room+" on "+f.Room.Network, roomPath(f.Room.Network, f.Room.Room)
	case chi.URLParam(r, "name") != "":
		f.Name = segment(r, "name")
		of, page = "Minutes of "+f.Name, namePath(f.Name)
	}
	list, err := s.Meetings.LastEnded(r.Context(), f)
	if err != nil {
		return err
	}
	if len(list) == 0 && page != "/minutes" {
		return notFound(w, r)
	}
	ids := make([]int64, len(list))
	for i, m := range list {
		ids[i] = m.ID
	}
	outcomes, err := s.Meetings.Outcomes(r.Context(), ids)
	if err != nil {
		return err
	}
	feed := s.feed(of, page, list, outcomes)
	var b bytes.Buffer
	b.WriteString(xml.Header)
	out := xml.NewEncoder(&b)
	out.Indent("", " ")
	if err := out.Encode(feed); err != nil {
		return err
	}
	sum := sha256.Sum256(b.Bytes())
	updated, _ := time.Parse(time.RFC3339, feed.Updated)
	w.Header().Set("Content-Type", "application/atom+xml; charset=utf-8")
	if !fresh(w, r, `"`+hex.EncodeToString(sum[:8])+`"`, updated) {
		_, _ = w.Write(b.Bytes())
	}
	return nil
}

func (s *site) feed(of, page string, list []meeting.Summary, outcomes map[int64][]meeting.Outcome) atomFeed {
	feed := atomFeed{
		ID: s.tag(page), Title: visible(of), Author: atomAuthor{"Batsignal"}, Updated: s.Now().UTC().Format(time.RFC3339),
		Links: []atomLink{
			{"self", "application/atom+xml", s.absolute(page + "/feed.atom")},
			{"alternate", "text/html", s.absolute(page)},
		},
	}
	for i, m := range list {
		ended := m.EndedAt.UTC().Format(time.RFC3339)
		if i == 0 {
			feed.Updated = ended
		}
		author := m.StartedBy
		if author == "" {
			author = "Batsignal"
		}
		feed.Entries = append(feed.Entries, atomEntry{
			ID: s.tag(meetingPath(m.ID)), Title: visible(m.Title), Author: atomAuthor{visible(author)},
			Published: ended, Updated: ended,
			Links:   []atomLink{{"alternate", "text/html", s.absolute(meetingPath(m.ID))}},
			Content: atomContent{"text", contentOf(m, outcomes[m.ID])},
		})
	}
	return feed
}

// contentOf says in plain text what came of a meeting.
func contentOf(m meeting.Summary, outcomes []meeting.Outcome) string {
	var decisions, actions []string
	for _, o := range outcomes {
		switch {
		case o.Kind == minutes.Action:
			actions = append(actions, visible(o.Text))
		case o.Kind == minutes.Agreed:
			decisions = append(decisions, visible(o.Text))
		default:
			decisions = append(decisions, kindLabel(o.Kind)+": "+visible(o.Text))
		}
	}
	var b strings.Builder
	part := func(title string, list []string) {
		b.WriteString(title)
		if len(list) == 0 {
			b.WriteString(": none\n")
			return
		}
		b.WriteString(":\n")
		for _, one := range list {
			b.WriteString("- " + one + "\n")
		}
	}
	b.WriteString(visible(m.Room) + " on " + visible(m.Network) + ", " + m.StartedAt.UTC().Format("2 Jan 2006 15:04") + " to " +
		m.EndedAt.UTC().Format("2 Jan 2006 15:04") + " UTC, " + oncall.Plural(m.Lines, "line", "lines") + ".\n\n")
	part("Decisions", decisions)
	part("Actions", actions)
	return b.String()
}
