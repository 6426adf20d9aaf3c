package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"batsignal/bot/command"
	"batsignal/incidents/reminder"
	"batsignal/integrations/job/freeze"
	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/when"
)

const calendarPath = "/calendar"

// calendarRoutes are the pages of when nothing risky is done, and of what is to be
// remembered.
func (s *site) calendarRoutes(r chi.Router) {
	r.Get(calendarPath, s.signedIn(s.showCalendar))
	r.Post("/freezes", s.needs(command.LetIn, s.addFreeze))
	r.Post("/freezes/{id}/lift", s.needs(command.LetIn, s.liftFreeze))
	if s.Reminders != nil {
		s.reminderRoutes(r)
	}
}

// calendarBody is freezes and reminders.
type calendarBody struct {
	Frozen    string // why nothing risky is done now; "" is no freeze
	Until     time.Time
	Weekly    string // the days of each week, in words; "" is none
	Windows   []freeze.Window
	Reminders []reminder.Reminder
	Remembers bool // there are reminders
	MaySet    bool
	Me        string // a handle
	Admin     bool
	Freeze    freezeForm
	Reminder  reminderForm
	Now       time.Time
}

// freezeForm is a freeze that is to be set, as it was sent.
type freezeForm struct {
	Time, Title string
	Wrong       string
}

func (s *site) showCalendar(w http.ResponseWriter, r *http.Request) error {
	return s.renderCalendar(w, r, http.StatusOK, calendarBody{})
}

func (s *site) renderCalendar(w http.ResponseWriter, r *http.Request, status int, body calendarBody) (err error) {
	ctx := r.Context()
	v := s.visitor(r)
	body.Now, body.MaySet, body.Me, body.Admin = s.Now(), v.May(command.LetIn), v.Handle, v.Admin()
	if body.Windows, err = freeze.List(ctx, s.DB, body.Now); err != nil {
		return err
	}
	body.Frozen, body.Until = s.Freezes.At(body.Windows, body.Now)
	body.Weekly = oncall.UpperFirst(s.Freezes.Words())
	if body.Remembers = s.Reminders != nil; body.Remembers {
		if body.Reminders, err = s.Reminders.List(ctx); err != nil {
			return err
		}
	}
	if body.Reminder.What == "" {
		body.Reminder = reminderForm{What: string(reminder.Rhythm), Ahead: "0"}
	}
	return s.render(w, r, status, "calendar", view{Title: "Calendar", Here: jobsPath, Under: calendarPath, Body: body})
}

// Began tells whether a freeze is on.
func (b calendarBody) Began(w freeze.Window) bool { return !w.BeginsAt.After(b.Now) }

// MayLift tells whether the visitor may end a freeze: whoever made it, and admins.
func (b calendarBody) MayLift(w freeze.Window) bool { return b.MaySet && (b.Admin || w.MadeBy == b.Me) }

func (s *site) addFreeze(w http.ResponseWriter, r *http.Request) error {
	f := freezeForm{Time: field(r, "time"), Title: field(r, "title")}
	v := s.visitor(r)
	span, err := when.Reader{Now: s.Now(), Zone: v.Zone}.Span(f.Time)
	if err == nil {
		_, err = freeze.Add(r.Context(), s.DB, s.Now(), v.Actor(), span.From, span.Until, f.Title)
	}
	return s.after(w, r, calendarPath, err, func(status int, wrong string) error {
		f.Wrong = wrong
		return s.renderCalendar(w, r, status, calendarBody{Freeze: f})
	})
}

func (s *site) liftFreeze(w http.ResponseWriter, r *http.Request) error {
	id, err := strconv.ParseInt(strings.TrimPrefix(chi.URLParam(r, "id"), "F"), 10, 64)
	if err != nil {
		return fault.New(fault.NotFound, "A freeze has a number, such as F3.")
	}
	_, err = freeze.Lift(r.Context(), s.DB, s.Now(), s.visitor(r).Actor(), s.visitor(r).Admin(), id)
	return s.after(w, r, calendarPath, err, func(status int, wrong string) error {
		return s.renderCalendar(w, r, status, calendarBody{Freeze: freezeForm{Wrong: wrong}})
	})
}
