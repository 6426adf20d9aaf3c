package web

import (
	"net/http"

	"batsignal/incidents/action"
	"batsignal/incidents/meeting"
	"batsignal/incidents/minutes"
	"batsignal/incidents/minutes/write"
	"batsignal/oncall/fault"
)

const (
	meetingRefresh = 15 // seconds, without script, while it goes on
	meetingSaid    = 12 // lines of what is being said
)

// meetingBody is one meeting.
type meetingBody struct {
	meeting.Summary
	meetingStory
	Said  []minutes.Line // what was said last, newest first, while it goes on
	Files []fileLink
	Topic string // what is being talked about
}

// OneDay tells whether the meeting ended on the day on which it began.
func (b meetingBody) OneDay() bool {
	return b.EndedAt != nil && dayOf(*b.EndedAt).Equal(dayOf(b.StartedAt))
}

// readMeeting reads one that whoever asks may read.
func (s *site) readMeeting(r *http.Request, id int64) (m meeting.Summary, d write.Doc, err error) {
	by, err := s.reader(r)
	if err != nil {
		return m, d, err
	}
	if m, err = s.Meetings.Summary(r.Context(), by, id); err == nil {
		d, err = s.doc(r.Context(), by, m)
	}
	if fault.KindOf(err) == fault.NotFound {
		return m, d, s.noMinutes(r, by, "There is no meeting %d.", id)
	}
	m.Restricted = m.Restricted || d.Restricted // since a moment ago
	return m, d, err
}

func (s *site) meeting(w http.ResponseWriter, r *http.Request) error {
	id, err := meetingID(r)
	if err != nil {
		return err
	}
	if own := meetingPath(id); r.URL.Path != own {
		http.Redirect(w, r, own, http.StatusPermanentRedirect)
		return nil
	}
	m, d, err := s.readMeeting(r, id)
	if err != nil {
		return err
	}
	var actions []action.Item
	if s.Actions != nil {
		if actions, err = s.Actions.List(r.Context(), action.Filter{Meeting: id, Restricted: m.Restricted}); err != nil {
			return err
		}
	}
	body := meetingBody{Summary: m, meetingStory: storyOf(id, d, actions), Files: filesOf(m)}
	out := view{Title: m.Title, Here: "/minutes", Feed: feedOf(m)}
	if m.GoesOn() {
		body.Said, body.Topic = lastSaid(d.Lines, meetingSaid), d.Now
		out.Refresh, out.Events = meetingRefresh, s.eventsAt(meetingPath(id)+"/events")
	}
	out.Body = body
	return s.render(w, r, http.StatusOK, "meeting", out)
}

// noMeeting is what is said of a meeting that is not there, or not for everybody.
func noMeeting(id int64) error {
	return fault.New(fault.NotFound, "There is no meeting %d.", id)
}

// feedOf is the feed that a meeting will be told in; "" is none.
func feedOf(m meeting.Summary) string {
	if m.Restricted {
		return ""
	}
	if m.Name != "" && m.Incident == 0 {
		return namePath(m.Name) + "/feed.atom"
	}
	return roomPath(m.Network, m.Room) + "/feed.atom"
}
