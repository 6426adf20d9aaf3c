package web

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/go-chi/chi/v5"

	"batsignal/oncall"
	"batsignal/oncall/access"
	"batsignal/oncall/fault"
	"batsignal/oncall/ical"
	"batsignal/oncall/rota"
	"batsignal/oncall/schedule"
	"batsignal/oncall/secret"
)

const (
	feedBack  = 30 * 24 * time.Hour  // how long ago a shift may have ended that a calendar shows
	feedAhead = 180 * 24 * time.Hour // how far ahead it looks
)

// feedRoutes are the calendars that people subscribe to. The secret in the address is all
// the proof there is: cookies count for nothing.
func (s *site) feedRoutes(r chi.Router) {
	r.Get(access.FeedPath+"{token}.ics", s.calendar)
}

// calendar is what a secret address shows. What goes wrong is said in plain text: who
// reads it is a program, and a person only looks when it stays empty.
func (s *site) calendar(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "private, no-cache")
	feed, err := s.Access.Feed(r.Context(), secret.New(chi.URLParam(r, "token")))
	if err == nil {
		err = s.writeCalendar(w, r, feed)
	}
	if err == nil || r.Context().Err() != nil {
		return
	}
	status := statusOf(err)
	switch {
	case status == http.StatusNotFound && feed.RevokedAt != nil:
		status = http.StatusGone
	case status >= http.StatusInternalServerError:
		s.Log.Error("a calendar failed", "route", routeOf(r), "error", err)
	}
	http.Error(w, fault.Say(err), status)
}

func (s *site) writeCalendar(w http.ResponseWriter, r *http.Request, feed access.Feed) error {
	c, err := s.calendarOf(r, feed)
	if err != nil {
		return err
	}
	// The tag is of what is in it. The instant at which it was written is not: otherwise
	// nobody would ever have what there is.
	sum := sha256.Sum256(c.Bytes())
	tag := `W/"` + hex.EncodeToString(sum[:12]) + `"`
	h := w.Header()
	h.Set("ETag", tag)
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	c.Stamp = s.Now()
	h.Set("Content-Type", ical.ContentType)
	h.Set("Content-Disposition", `inline; filename="oncall.ics"`)
	_, _ = w.Write(c.Bytes()) // who went away meanwhile needs no answer
	return nil
}

// calendarOf gathers what a calendar shows.
func (s *site) calendarOf(r *http.Request, feed access.Feed) (ical.Calendar, error) {
	now := s.Now().UTC()
	// Whole days, so that what goes on beyond them is cut elsewhere once a day at most.
	from, until := now.Add(-feedBack).Truncate(24*time.Hour), now.Add(feedAhead).Truncate(24*time.Hour)
	book, err := rota.Load(r.Context(), s.DB, from, until)
	if err != nil {
		return ical.Calendar{}, err
	}
	c := ical.Calendar{Name: "On call: " + feed.Of, Refresh: time.Hour}
	schedules := book.Schedules
	switch {
	case feed.OfSchedule != 0:
		schedules = slices.DeleteFunc(slices.Clone(schedules), func(one schedule.Schedule) bool { return one.ID != feed.OfSchedule })
		if len(schedules) == 0 {
			return c, fault.New(fault.NotFound, "This schedule has ended. Remove its calendar, or choose another one on your account page.")
		}
	case feed.OfRole != "":
		schedules = book.OfRole(feed.OfRole)
	}
	var turns []turn
	for _, one := range schedules {
		for _, sh := range book.Shifts(one, from, until) {
			if feed.OfPerson == 0 || (sh.Person == feed.OfPerson && !sh.Away) {
				turns = append(turns, turn{one, whole(book, one, sh, from, until)})
			}
		}
	}
	handles, err := s.feedHandles(r, turns)
	if err != nil {
		return c, err
	}
	for _, t := range turns {
		c.Events = append(c.Events, s.shiftEvent(t, handles, feed.OfPerson != 0))
	}
	if feed.OfPerson != 0 && feed.OfPerson == feed.PersonID {
		for _, a := range book.Absences(feed.OfPerson) {
			c.Events = append(c.Events, ical.Event{UID: fmt.Sprintf("absence-%d@batsignal", a.ID), Summary: "Away", Description: a.Note, From: a.From, Until: a.Until})
		}
	}
	slices.SortStableFunc(c.Events, func(x, y ical.Event) int { return x.From.Compare(y.From) })
	return c, nil
}

// turn is a shift with the schedule that it is of.
type turn struct {
	schedule.Schedule
	schedule.Shift
}

// whole gives a shift that was cut where the calendar begins or ends its real ends: they
// do not move from day to day. One without an end keeps the cut.
func whole(b rota.Book, s schedule.Schedule, sh schedule.Shift, from, until time.Time) schedule.Shift {
	if !sh.From.Equal(from) && !sh.Until.Equal(until) {
		return sh
	}
	for _, real := range b.On(s, sh.From) {
		if real.Layer == sh.Layer && real.Person == sh.Person {
			sh.From = real.From
			if !real.Endless() {
				sh.Until = real.Until
			}
		}
	}
	return sh
}

// shiftEvent is a shift as a calendar shows it.
func (s *site) shiftEvent(t turn, handles map[int64]string, own bool) ical.Event {
	of, sh := t.Schedule, t.Shift
	e := ical.Event{
		UID:  fmt.Sprintf("shift-%d-%d-%d-%s@batsignal", of.ID, sh.From.Unix(), sh.Person, layerMark(sh.Layer)),
		From: sh.From, Until: sh.Until,
	}
	if s.PublicURL != "" {
		e.URL = s.absolute("/schedules/" + of.Name)
	}
	who := handles[sh.Person]
	switch {
	case sh.Away:
		e.Summary = "Nobody: " + of.Title + " (" + who + " is away)"
	case sh.Shadow && own:
		e.Summary = "Looking on: " + of.Title
	case sh.Shadow:
		e.Summary = who + " looks on: " + of.Title
	case own:
		e.Summary = "On call: " + of.Title
	default:
		e.Summary = who + ": " + of.Title
	}
	if sh.Layer != "" {
		e.Description = "By the layer " + sh.Layer + "."
	} else {
		e.Description = "In addition to the rotation."
	}
	if sh.Of != 0 && sh.Of != sh.Person {
		e.Description += " Instead of " + handles[sh.Of] + "."
	}
	return e
}

// layerMark tells layers apart in what names an event, whatever letters they have.
func layerMark(layer string) string {
	sum := sha256.Sum256([]byte(layer))
	return hex.EncodeToString(sum[:4])
}

// feedHandles names everybody who is on.
func (s *site) feedHandles(r *http.Request, turns []turn) (map[int64]string, error) {
	var ids []int64
	for _, t := range turns {
		ids = append(ids, t.Person, t.Of)
	}
	slices.Sort(ids)
	people, err := oncall.PeopleAmong(r.Context(), s.DB, slices.Compact(ids))
	out := map[int64]string{}
	for _, one := range people {
		out[one.ID] = one.Handle
	}
	return out, err
}
