package web

import (
	"net/http"
	"slices"
	"time"

	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/rota"
	"batsignal/oncall/schedule"
	"batsignal/oncall/when"
)

// mostHits is how many shifts are named that somebody has while away.
const mostHits = 20

// awayForm is when somebody is away, and the forms by which that changes.
type awayForm struct {
	When, Note string // as typed
	Wrong      map[string]string
	Looked     string    // how it was understood; "" was not looked at
	Span       stretched // what will be noted
	Hits       []oncall.Shift

	List      []rota.Noted
	Calendars []string // that were imported
	Source    string   // the name of the calendar, as typed
	Imported  *imported
}

// stretched is a time from one instant until another, as forms carry it.
type stretched struct{ From, Until time.Time }

// Begin and End are how a form carries an exact instant.
func (s stretched) Begin() string { return s.From.UTC().Format(time.RFC3339) }

// End is the end of it.
func (s stretched) End() string { return s.Until.UTC().Format(time.RFC3339) }

// WhenBox is the field for when.
func (f *awayForm) WhenBox() box {
	return box{ID: "away-when", Name: "when", Label: "When", Value: f.When, Most: 120, Wide: true, Problem: f.Wrong["when"], Help: "as in 24 dec to 2 jan, tomorrow, friday 12:00 for 4h"}
}

// NoteBox is the field for why.
func (f *awayForm) NoteBox() box {
	return box{ID: "away-note", Name: "note", Label: "Note", Value: f.Note, Most: 200, Wide: true, Problem: f.Wrong["note"], Help: "only for you and administrators"}
}

// SourceBox is the field for the name of a calendar.
func (f *awayForm) SourceBox() box {
	return box{ID: "away-source", Name: "source", Label: "What to call the calendar", Value: f.Source, Most: 64, Problem: f.Wrong["source"], Help: "the same name again replaces it"}
}

// addAbsences reads when somebody is away.
func (s *site) addAbsences(r *http.Request, body *personBody) (err error) {
	if body.Away == nil {
		body.Away = &awayForm{}
	}
	f := body.Away
	if f.List, err = rota.AbsencesAfter(r.Context(), s.DB, body.Person.ID, s.Now()); err != nil {
		return err
	}
	for _, a := range f.List {
		if a.Source != "" && !slices.Contains(f.Calendars, a.Source) {
			f.Calendars = append(f.Calendars, a.Source)
		}
	}
	if f.Source == "" {
		f.Source = "vacations"
	}
	return nil
}

// sendAbsence notes that somebody is away. First it shows how the time was understood;
// what was seen is noted, and a time that was changed since is shown again.
func (s *site) sendAbsence(w http.ResponseWriter, r *http.Request, p oncall.Person) error {
	f := &awayForm{When: trimmed(r.PostForm, "when"), Note: trimmed(r.PostForm, "note")}
	if from, until, ok := seenSpan(r, f.When); ok {
		v := s.visitor(r)
		_, _, err := s.Rota.AddAbsence(r.Context(), v.Actor(), v.Admin(), schedule.Absence{Person: p.ID, From: from, Until: until, Note: f.Note})
		if err == nil {
			return toPerson(w, r, p, "away", "absences")
		}
		return s.awayAgain(w, r, p, f, "note", err)
	}
	span, err := when.Reader{Now: s.Now(), Zone: p.Zone}.Span(f.When)
	if err != nil {
		return s.awayAgain(w, r, p, f, "when", err)
	}
	f.Looked, f.Span = span.String(), stretched{span.From, span.Until}
	shifts, err := rota.Calendar{}.Shifts(r.Context(), s.DB, p.ID, span.From, span.Until)
	if err != nil {
		return err
	}
	f.Hits = joinedShifts(shifts)
	f.Hits = f.Hits[:min(len(f.Hits), mostHits)]
	return s.renderPerson(w, r, http.StatusOK, p, personBody{Away: f})
}

// seenSpan is the time that was shown for what is typed now.
func seenSpan(r *http.Request, typed string) (from, until time.Time, ok bool) {
	if r.PostForm.Get("seen") == "" || r.PostForm.Get("seen") != typed {
		return from, until, false
	}
	from, err1 := time.Parse(time.RFC3339, r.PostForm.Get("from"))
	until, err2 := time.Parse(time.RFC3339, r.PostForm.Get("until"))
	return from, until, err1 == nil && err2 == nil
}

// awayAgain shows the form again, with what is wrong beside a field.
func (s *site) awayAgain(w http.ResponseWriter, r *http.Request, p oncall.Person, f *awayForm, field string, err error) error {
	if statusOf(err) >= http.StatusInternalServerError {
		return err
	}
	f.Wrong = map[string]string{field: s.said(err)}
	return s.renderPerson(w, r, statusOf(err), p, personBody{Away: f})
}

func (s *site) removeAbsence(w http.ResponseWriter, r *http.Request, p oncall.Person) error {
	v := s.visitor(r)
	_, err := s.Rota.RemoveAbsence(r.Context(), v.Actor(), v.Admin(), numberOf(r))
	if fault.KindOf(err) == fault.NotFound {
		err = nil // it is gone already
	}
	return s.afterButton(w, r, p, err, "there", "absences")
}
