package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"batsignal/bot/command"
	"batsignal/incidents/reminder"
	"batsignal/oncall/fault"
)

func (s *site) reminderRoutes(r chi.Router) {
	r.Post("/reminders", s.needs(command.LetIn, s.addReminder))
	r.Get("/reminders/{id}", s.signedIn(s.showReminder))
	r.Post("/reminders/{id}", s.needs(command.LetIn, s.onReminder))
}

// reminderForm is a reminder that is to be added, as it was sent.
type reminderForm struct {
	What, Title, Means, Every, Day, Ahead, Owner string
	Wrong                                        string
}

func (s *site) addReminder(w http.ResponseWriter, r *http.Request) error {
	f := reminderForm{
		What: field(r, "what"), Title: field(r, "title"), Means: field(r, "means"), Every: field(r, "every"), Day: field(r, "day"),
		Ahead: field(r, "ahead"), Owner: field(r, "owner"),
	}
	one, err := f.read()
	if err == nil {
		one, err = s.Reminders.Add(r.Context(), s.visitor(r).Actor(), one)
	}
	return s.after(w, r, reminderPath(one.ID), err, func(status int, wrong string) error {
		f.Wrong = wrong
		return s.renderCalendar(w, r, status, calendarBody{Reminder: f})
	})
}

// read reads the form: the fields that the sort of reminder has.
func (f reminderForm) read() (one reminder.Reminder, err error) {
	one = reminder.Reminder{What: reminder.What(f.What), Title: f.Title, Means: f.Means, Owner: f.Owner}
	if one.What == reminder.Rhythm {
		every, err := strconv.Atoi(f.Every)
		if err != nil {
			return one, fault.New(fault.Invalid, "A rhythm is a number of days, such as 150.")
		}
		one.Every = &every
	}
	if f.Ahead != "" {
		if one.Ahead, err = strconv.Atoi(f.Ahead); err != nil {
			return one, fault.New(fault.Invalid, "How many days ahead people are told is a number, such as 7.")
		}
	}
	if f.Day != "" {
		one.DueOn, err = dayFrom(f.Day)
	}
	return one, err
}

// dayFrom reads a day as forms send it.
func dayFrom(text string) (time.Time, error) {
	day, err := time.Parse(time.DateOnly, strings.TrimSpace(text))
	if err != nil {
		err = fault.New(fault.Invalid, "Write the day like 2027-06-30.")
	}
	return day, err
}

// reminderBody is one reminder.
type reminderBody struct {
	reminder.Reminder
	History []reminder.Done
	Head    string
	MayAct  bool
	Wrong   string
	Sent    reminderSent
}

// reminderSent is what stood in the forms.
type reminderSent struct{ Note, Day, Owner string }

func (s *site) showReminder(w http.ResponseWriter, r *http.Request) error {
	id, err := reminderID(r)
	if err != nil {
		return err
	}
	return s.renderReminder(w, r, http.StatusOK, id, reminderBody{})
}

func (s *site) renderReminder(w http.ResponseWriter, r *http.Request, status int, id int64, body reminderBody) (err error) {
	if body.Reminder, err = s.Reminders.Get(r.Context(), id); err != nil {
		return err
	}
	if body.History, err = s.Reminders.History(r.Context(), id); err != nil {
		return err
	}
	body.Head = body.Reminder.Head(s.Now())
	body.MayAct = s.visitor(r).May(command.LetIn) && body.GoneAt == nil
	if body.Wrong == "" {
		body.Sent.Owner = body.Owner
	}
	return s.render(w, r, status, "reminder", view{Title: body.Title, Here: jobsPath, Under: calendarPath, Body: body})
}

// onReminder does what a button says.
func (s *site) onReminder(w http.ResponseWriter, r *http.Request) error {
	id, err := reminderID(r)
	if err != nil {
		return err
	}
	by, sent, page := s.visitor(r).Actor(), reminderSent{Note: field(r, "note"), Day: field(r, "day"), Owner: field(r, "owner")}, reminderPath(id)
	switch field(r, "do") {
	case "done":
		_, err = s.Reminders.Done(r.Context(), by, id, sent.Note)
	case "renew":
		var day time.Time
		if day, err = dayFrom(sent.Day); err == nil {
			_, err = s.Reminders.Renew(r.Context(), by, id, day, sent.Note)
		}
	case "owner":
		_, err = s.Reminders.SetOwner(r.Context(), by, id, sent.Owner)
	case "remove":
		page = calendarPath
		_, err = s.Reminders.Remove(r.Context(), by, id)
	default:
		return fault.New(fault.Invalid, "This form can only say done, renew, owner or remove.")
	}
	return s.after(w, r, page, err, func(status int, wrong string) error {
		return s.renderReminder(w, r, status, id, reminderBody{Wrong: wrong, Sent: sent})
	})
}

func reminderID(r *http.Request) (int64, error) {
	id, err := strconv.ParseInt(strings.TrimPrefix(strings.ToUpper(chi.URLParam(r, "id")), "R"), 10, 64)
	if err != nil || id < 1 {
		return 0, fault.New(fault.NotFound, "A reminder has a number, such as R3.")
	}
	return id, nil
}

func reminderPath(id int64) string { return "/reminders/" + strconv.FormatInt(id, 10) }
