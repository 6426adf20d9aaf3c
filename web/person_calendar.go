package web

import (
	"io"
	"net/http"

	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/ical"
	"batsignal/oncall/rota"
)

const (
	calendarYears = 2  // how far ahead a calendar is read
	mostProblems  = 20 // that are named
)

// imported tells what came of a calendar.
type imported struct {
	rota.Imported
	Source   string
	Problems []ical.Problem
	Hits     []rota.Hit
	More     int // problems that are not named
}

// importCalendar makes the absences of a calendar those of a file.
func (s *site) importCalendar(w http.ResponseWriter, r *http.Request, p oncall.Person) error {
	f := &awayForm{Source: trimmed(r.PostForm, "source")}
	text, err := uploaded(r, "file", ical.MostBytes)
	if err != nil {
		return s.awayAgain(w, r, p, f, "file", err)
	}
	now := s.Now()
	events, problems, err := ical.Read(text, p.Zone, now, now.AddDate(calendarYears, 0, 0))
	if err != nil {
		return s.awayAgain(w, r, p, f, "file", err)
	}
	list := make([]rota.Event, len(events))
	for i, e := range events {
		list[i] = rota.Event{UID: e.UID, From: e.From, Until: e.Until, Note: e.Summary}
	}
	v := s.visitor(r)
	done, hits, err := s.Rota.ImportAbsences(r.Context(), v.Actor(), v.Admin(), p.ID, f.Source, list)
	if err != nil {
		return s.awayAgain(w, r, p, f, "source", err)
	}
	f.Imported = &imported{Imported: done, Source: f.Source, Problems: problems, Hits: hits[:min(len(hits), mostHits)]}
	if more := len(problems) - mostProblems; more > 0 {
		f.Imported.Problems, f.Imported.More = problems[:mostProblems], more
	}
	return s.renderPerson(w, r, http.StatusOK, p, personBody{Away: f})
}

// forgetCalendar forgets what a calendar said.
func (s *site) forgetCalendar(w http.ResponseWriter, r *http.Request, p oncall.Person) error {
	v := s.visitor(r)
	_, _, err := s.Rota.ImportAbsences(r.Context(), v.Actor(), v.Admin(), p.ID, trimmed(r.PostForm, "source"), nil)
	return s.afterButton(w, r, p, err, "forgotten", "absences")
}

// uploaded reads a file of a form, of at most so many bytes.
func uploaded(r *http.Request, field string, most int64) ([]byte, error) {
	file, head, err := r.FormFile(field)
	if err != nil {
		return nil, fault.New(fault.Invalid, "Choose a file first.")
	}
	defer file.Close()
	if head.Size > most {
		return nil, fault.New(fault.Invalid, "That file has more than %d KiB. Export less.", most>>10)
	}
	return io.ReadAll(io.LimitReader(file, most))
}
