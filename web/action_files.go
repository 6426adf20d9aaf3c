package web

import (
	"bytes"
	"io"
	"net/http"

	"batsignal/incidents/action"
)

// actionCalendar is a list of actions for calendars and lists of what is to do.
func (s *site) actionCalendar(w http.ResponseWriter, r *http.Request) error {
	return s.actionFile(w, r, "text/calendar; charset=utf-8", func(out io.Writer, list []action.Item) error {
		return action.WriteICal(out, list, s.PublicURL, s.Now())
	})
}

// actionData is the same list for programs.
func (s *site) actionData(w http.ResponseWriter, r *http.Request) error {
	return s.actionFile(w, r, "application/json", func(out io.Writer, list []action.Item) error {
		return action.WriteJSON(out, list, s.PublicURL)
	})
}

func (s *site) actionFile(w http.ResponseWriter, r *http.Request, kind string, write func(io.Writer, []action.Item) error) error {
	f, _, err := s.actionFilter(r)
	if err != nil {
		return err
	}
	list, err := s.actions(r, f)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := write(&b, list); err != nil {
		return err
	}
	w.Header().Set("Content-Type", kind)
	_, _ = w.Write(b.Bytes())
	return nil
}
