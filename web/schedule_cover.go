package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"batsignal/oncall"
	"batsignal/oncall/fault"
	"batsignal/oncall/rota"
	"batsignal/oncall/schedule"
	"batsignal/oncall/when"
)

// coverForm asks somebody, or anybody, to take a shift; with a shift in return it is a
// swap.
type coverForm struct {
	Mine, Theirs            []shiftChoice
	Shift, Of, Return, Note string
	Problem                 problem
}

// shiftChoice is a shift that can be chosen.
type shiftChoice struct{ Value, Title string }

// mostChoices is how many shifts are offered.
const mostChoices = 60

// requestLine is an open request.
type requestLine struct {
	rota.Request
	Ref      string
	Says     string
	Echo     string
	Return   string // "" offers nothing
	Accept   bool   // the visitor may
	Decline  bool
	Withdraw bool
}

// fill offers the shifts that are to come: one's own, and of others for a swap. Whoever is
// away by then has the shift all the same: it is theirs to give, and most in need of it.
func (f *coverForm) fill(b rota.Book, sched schedule.Schedule, now time.Time, v visitor, people cast) {
	if !v.SignedIn() {
		return
	}
	for _, s := range b.Shifts(sched, now, b.Until) {
		if s.Shadow {
			continue
		}
		value, title, away := shiftValue(s), when.EchoSpan(s.From, s.Until, v.Zone), ""
		if s.Away {
			away = ", away then"
		}
		switch {
		case s.Person == v.PersonID && len(f.Mine) < mostChoices:
			f.Mine = append(f.Mine, shiftChoice{value, title + away})
		case s.Person != v.PersonID && len(f.Theirs) < mostChoices:
			f.Theirs = append(f.Theirs, shiftChoice{value, people.Handle(s.Person) + ": " + title + away})
		}
	}
}

// shiftValue writes a shift for a form.
func shiftValue(s schedule.Shift) string {
	return strconv.FormatInt(s.Person, 10) + " " + s.From.UTC().Format(time.RFC3339) + " " + s.Until.UTC().Format(time.RFC3339) + " " + s.Layer
}

// readShift reads what shiftValue wrote.
func readShift(text string) (s schedule.Shift, ok bool) {
	parts := strings.SplitN(text, " ", 4)
	if len(parts) != 4 {
		return s, false
	}
	person, err := strconv.ParseInt(parts[0], 10, 64)
	from, err1 := time.Parse(time.RFC3339, parts[1])
	until, err2 := time.Parse(time.RFC3339, parts[2])
	return schedule.Shift{Person: person, From: from, Until: until, Layer: parts[3]}, err == nil && err1 == nil && err2 == nil
}

// requestLines puts open requests into words.
func requestLines(all []rota.Request, v visitor, people cast) []requestLine {
	out := make([]requestLine, 0, len(all))
	for _, q := range all {
		line := requestLine{Request: q, Ref: rota.Ref(q.ID), Echo: when.EchoSpan(q.From, q.Until, v.Zone)}
		line.Says = people.Handle(q.Person) + " asks anybody who can come"
		if q.Of != 0 {
			line.Says = people.Handle(q.Person) + " asks " + people.Handle(q.Of) + " to come"
		}
		if q.Swap() {
			line.Return = when.EchoSpan(*q.ReturnFrom, *q.ReturnUntil, v.Zone)
		}
		line.Accept = v.SignedIn() && v.PersonID != q.Person && (q.Of == 0 || q.Of == v.PersonID)
		line.Decline = v.SignedIn() && q.Of == v.PersonID && q.Of != 0
		line.Withdraw = v.SignedIn() && (q.Person == v.PersonID || v.Admin())
		out = append(out, line)
	}
	return out
}

// sendCover asks.
func (s *site) sendCover(w http.ResponseWriter, r *http.Request) error {
	sched, err := s.scheduleNamed(r)
	if err != nil {
		return err
	}
	f := coverForm{Shift: r.PostForm.Get("shift"), Of: field(r, "of"), Return: r.PostForm.Get("return"), Note: field(r, "note")}
	q, wrong := s.readCover(r, sched, f)
	status := http.StatusBadRequest
	if wrong.Say == "" {
		v := s.visitor(r)
		_, err := s.Rota.Ask(r.Context(), v.Actor(), v.Admin(), q)
		if err == nil {
			http.Redirect(w, r, schedulePath(sched.Name)+"?did=asked#requests", http.StatusSeeOther)
			return nil
		}
		if status = statusOf(err); status >= http.StatusInternalServerError {
			return err
		}
		wrong = problem{Say: fault.Say(err)}
	}
	f.Problem = wrong
	return s.renderSchedule(w, r, status, sched, scheduleBody{Cover: f})
}

// readCover reads the form. What is wrong is said of one field.
func (s *site) readCover(r *http.Request, sched schedule.Schedule, f coverForm) (q rota.Request, wrong problem) {
	shift, ok := readShift(f.Shift)
	if !ok || shift.Person != s.visitor(r).PersonID {
		return q, problem{"shift", "Choose one of your shifts."}
	}
	q = rota.Request{Schedule: sched.ID, Person: shift.Person, From: shift.From, Until: shift.Until, Layer: shift.Layer, Note: f.Note}
	if f.Of != "" {
		p, err := oncall.PersonByHandle(r.Context(), s.DB, strings.ToLower(f.Of))
		if err != nil {
			return q, problem{"of", fault.Say(err)}
		}
		q.Of = p.ID
	}
	if f.Return == "" {
		return q, problem{}
	}
	theirs, ok := readShift(f.Return)
	switch {
	case !ok:
		return q, problem{"return", "Choose one of their shifts, or none."}
	case q.Of != 0 && q.Of != theirs.Person:
		return q, problem{"return", "That is a shift of somebody else than whom you ask. Choose one of theirs, or leave empty whom you ask."}
	}
	q.Of, q.ReturnFrom, q.ReturnUntil, q.ReturnLayer = theirs.Person, &theirs.From, &theirs.Until, theirs.Layer
	return q, problem{}
}

// answerCover says yes or no to a request, or withdraws it.
func (s *site) answerCover(w http.ResponseWriter, r *http.Request) error {
	sched, err := s.scheduleNamed(r)
	if err != nil {
		return err
	}
	v, id, answer := s.visitor(r), numberOf(r), chi.URLParam(r, "answer")
	switch answer {
	case "accept":
		_, err = s.Rota.Accept(r.Context(), v.Actor(), id)
	case "decline":
		_, err = s.Rota.Decline(r.Context(), v.Actor(), id)
	default:
		_, err = s.Rota.Withdraw(r.Context(), v.Actor(), v.Admin(), id)
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, schedulePath(sched.Name)+"?did="+answer+"#requests", http.StatusSeeOther)
	return nil
}
