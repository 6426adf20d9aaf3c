package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"batsignal/incidents/meeting"
	"batsignal/oncall/fault"
)

// meetingListBody is one shelf of the archive: a room, a series, or a span of days.
type meetingListBody struct {
	Heading  string // somebody's word, or a date of ours
	About    string
	Here     string // the address of the newest part of the list
	Meetings []meeting.Summary
	First    bool
	Next     int64  // before which meeting the list goes on; 0: it does not
	Room     string // "network/room" of a room's; "" of another
	Actions  string // where their actions are listed; "" is nowhere

	Restricted bool // something listed is not for everybody
}

func (s *site) minutesOfRoom(w http.ResponseWriter, r *http.Request) error {
	by, err := s.reader(r)
	if err != nil {
		return err
	}
	if done, err := s.serveFile(w, r, by); done || err != nil {
		return err // a room that is called "room" has files whose addresses look like this
	}
	at := roomOf(r)
	body := meetingListBody{Here: roomPath(at.Network, at.Room)}
	if err := s.shelf(r, &body, meeting.Filter{Room: at, For: by}); err != nil {
		return err
	}
	if len(body.Meetings) > 0 {
		at = roomIn(body.Meetings[0])
		body.Actions = actionsPath("network", at.Network, "room", at.Room)
	} else if body.First {
		return s.noMinutes(r, by, "There are no minutes of this room.")
	}
	body.Heading, body.About, body.Room = at.Room, "on "+at.Network, at.Network+"/"+at.Room
	return s.meetingList(w, r, body, body.Here+"/feed.atom")
}

func (s *site) minutesOfName(w http.ResponseWriter, r *http.Request) error {
	by, err := s.reader(r)
	if err != nil {
		return err
	}
	if done, err := s.serveFile(w, r, by); done || err != nil {
		return err
	}
	name := segment(r, "name")
	body := meetingListBody{Here: namePath(name), Heading: name, About: "meetings of this name", Actions: actionsPath("series", name)}
	if err := s.shelf(r, &body, meeting.Filter{Name: name, For: by}); err != nil {
		return err
	}
	if len(body.Meetings) == 0 && body.First || name == "" {
		return s.noMinutes(r, by, "There are no minutes of meetings of this name.")
	}
	return s.meetingList(w, r, body, body.Here+"/feed.atom")
}

// minutesOfMonth lists a month, or a day of it, in UTC.
func (s *site) minutesOfMonth(w http.ResponseWriter, r *http.Request) error {
	layout, text := "2006/01", chi.URLParam(r, "year")+"/"+chi.URLParam(r, "month")
	if day := chi.URLParam(r, "day"); day != "" {
		layout, text = "2006/01/02", text+"/"+day
	}
	from, err := time.Parse(layout, text)
	if err != nil {
		return fault.New(fault.NotFound, "There is no such day. A month is /minutes/2026/11, a day /minutes/2026/11/28.")
	}
	by, err := s.reader(r)
	if err != nil {
		return err
	}
	body := meetingListBody{Here: "/minutes/" + text, Heading: from.Format("January 2006"), About: "meetings that began in this month, by UTC"}
	to := from.AddDate(0, 1, 0)
	if layout != "2006/01" {
		body.Heading, body.About, to = from.Format("2 January 2006"), "meetings that began on this day, by UTC", from.AddDate(0, 0, 1)
	}
	if err := s.shelf(r, &body, meeting.Filter{From: from, To: to, For: by}); err != nil {
		return err
	}
	return s.meetingList(w, r, body, "/minutes/feed.atom")
}

// shelf reads the part of a list that a request asks for.
func (s *site) shelf(r *http.Request, body *meetingListBody, f meeting.Filter) (err error) {
	if f.Before, err = beforeOf(r); err != nil {
		return err
	}
	f.Most, body.First = listMost+1, f.Before == 0
	if body.Meetings, err = s.Meetings.Meetings(r.Context(), f); err != nil {
		return err
	}
	if len(body.Meetings) > listMost {
		body.Meetings = body.Meetings[:listMost]
		body.Next = body.Meetings[listMost-1].ID
	}
	body.Restricted = someRestricted(body.Meetings)
	return nil
}

func (s *site) meetingList(w http.ResponseWriter, r *http.Request, body meetingListBody, feed string) error {
	if len(body.Meetings) > 0 && !someOpen(body.Meetings) {
		feed = "" // of meetings that are in none
	}
	return s.render(w, r, http.StatusOK, "meetings", view{
		Title: "Minutes: " + body.Heading, Here: "/minutes", Feed: feed, Body: body,
	})
}

// meetingID reads the number in an address.
func meetingID(r *http.Request) (int64, error) {
	id, err := strconv.ParseInt(strings.TrimLeft(chi.URLParam(r, "id"), "0"), 10, 64)
	if err != nil || id < 1 {
		return 0, fault.New(fault.NotFound, "A meeting has a number, as in /minutes/m/7.")
	}
	return id, nil
}

func meetingPath(id int64) string { return "/minutes/m/" + strconv.FormatInt(id, 10) }
